"""Optional packages: what to install when one is missing."""

from importlib import import_module


class MissingExtra(ImportError):
    """A part of chatdesk was used whose optional packages are not installed.

    The message ends with the command that installs them. `extra` is the name of the extra, and
    `name` (of `ImportError`) the module that could not be imported.
    """

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(
            f"{module} is not installed. Install it with: pip install 'chatdesk[{extra}]'",
            name=module,
        )
        self.extra = extra


def require_extra(extra: str, *modules: str) -> None:
    """Import `modules`, or say which extra of chatdesk brings them.

    Call it where a part that needs an extra starts to be used, before the imports it guards. A
    module that is installed but fails while it is imported raises its own error: installing it
    again would not help.

    Raises:
        MissingExtra: one of the modules is not installed.
    """
    for module in modules:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not _is_part_of(module, error.name):
                raise
            raise MissingExtra(extra, module) from error


def _is_part_of(module: str, missing: str) -> bool:
    """Whether `missing` is `module` itself or a package that holds it."""
    return module == missing or module.startswith(f"{missing}.")
