"""What can be wrong with a question put to the formulas."""

from chatdesk.model.errors import ChatdeskError


class ModelError(ChatdeskError, ValueError):
    """A queueing model cannot answer the question as it was put."""


class InvalidParameter(ModelError):
    """A parameter is negative, not a number, infinite or of the wrong shape."""


class UnstableModel(ModelError):
    """More work arrives than can be done and nobody gives up, so no steady state exists."""


class OverloadedKinds(UnstableModel):
    """Kinds of customers without patience bring more than all crews who may serve them can do."""

    def __init__(self, message: str, *, kinds: tuple[str, ...], crews: tuple[str, ...]) -> None:
        super().__init__(message)
        self.kinds = kinds
        self.crews = crews


class TooManyStates(ModelError):
    """The exact method would need more states than its declared bound."""


class InvalidTarget(ModelError):
    """A service target could not be read."""


class UnreachableTarget(ModelError):
    """No allowed number of agents meets the target."""
