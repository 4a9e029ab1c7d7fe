"""The canned responses of a desk, with how they are used and what they have learned."""

from collections.abc import Iterator

from attrs import define, field

from chatdesk.canned.suggest import NO_FEEDBACK, Calibration
from chatdesk.model.errors import NotFound
from chatdesk.model.ids import AgentId, CustomerId
from chatdesk.model.records import CannedResponse, CannedUse, Learned, Record, Suggesting

SUGGESTING = "suggesting"


@define(eq=False)
class Shelf:
    """Every canned response and all that searching them needs."""

    responses: dict[str, CannedResponse] = field(factory=dict)
    uses: dict[str, CannedUse] = field(factory=dict)
    learned: dict[str, Learned] = field(factory=dict)
    suggesting: Suggesting | None = None
    learned_by: dict[str, dict[str, None]] = field(factory=dict)
    """Ids of the questions that each response has learned."""
    stale: dict[str, None] = field(factory=dict)
    """Responses that an index has to take anew; whoever keeps one clears it."""
    stale_uses: dict[str, None] = field(factory=dict)

    def response(self, id_: str) -> CannedResponse:
        """A canned response in use; raises `NotFound`."""
        response = self.responses.get(id_)
        if response is None or response.retired:
            raise NotFound("canned response", id_)
        return response

    def calibration(self) -> Calibration:
        """What agents did with suggestions."""
        kept = self.suggesting
        return (
            NO_FEEDBACK if kept is None else Calibration(kept.wanted, kept.accepted, kept.ignored)
        )

    def put_response(self, response: CannedResponse) -> None:
        """Takes a new version of a response."""
        self.responses[response.id] = response
        self.stale[response.id] = None

    def put_use(self, use: CannedUse) -> None:
        """Takes a new count."""
        self.uses[use.id] = use
        self.stale_uses[use.id] = None

    def put_suggesting(self, suggesting: Suggesting) -> None:
        """Takes what agents did with suggestions."""
        self.suggesting = suggesting

    def put_learned(self, learned: Learned) -> None:
        """Takes a learned question, or drops it when it was taken away."""
        self._drop(learned.id)
        if not learned.removed:
            self.learned[learned.id] = learned
            self.learned_by.setdefault(learned.response, {})[learned.id] = None
        self.stale[learned.response] = None

    def questions_of(self, response: str) -> list[Learned]:
        """What a response has learned, the oldest first."""
        own = (self.learned[id_] for id_ in self.learned_by.get(response, ()))
        return sorted(own, key=lambda learned: (learned.at, learned.id))

    def forget_customer(self, customer: CustomerId) -> None:
        """Drops what an erased person asked."""
        for learned in [each for each in self.learned.values() if each.customer == customer]:
            self._drop(learned.id)
            self.stale[learned.response] = None

    def records(self) -> Iterator[Record]:
        """Every record on the shelf."""
        yield from self.responses.values()
        yield from self.uses.values()
        yield from self.learned.values()
        if self.suggesting is not None:
            yield self.suggesting

    def _drop(self, id_: str) -> None:
        before = self.learned.pop(id_, None)
        if before is not None:
            del self.learned_by[before.response][id_]


def use_id(response: str, agent: AgentId | None) -> str:
    """The id of the count of a response for an agent, or for all."""
    return f"{response}/{agent or ''}"
