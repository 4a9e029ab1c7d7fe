"""The canned responses of a desk, with how they are used and what they have learned."""

from collections import Counter
from collections.abc import Iterator

from attrs import define, field
from msgspec import Struct

from chatdesk.canned.suggest import NO_FEEDBACK, Calibration
from chatdesk.model.errors import NotFound
from chatdesk.model.ids import AgentId, CustomerId
from chatdesk.model.records import CannedResponse, CannedUse, Learned, Record, Suggesting

SUGGESTING = "suggesting"


class ShelfNews(Struct, frozen=True):
    """What an index of the shelf has not taken yet: responses with their questions, and counts."""

    responses: tuple[tuple[CannedResponse, tuple[str, ...]], ...]
    uses: tuple[CannedUse, ...]


@define(eq=False)
class Shelf:
    """Every canned response and all that searching them needs."""

    responses: dict[str, CannedResponse] = field(factory=dict)
    uses: dict[str, CannedUse] = field(factory=dict)
    learned: dict[str, Learned] = field(factory=dict)
    suggesting: Suggesting | None = None
    uses_of: dict[str, dict[str, None]] = field(factory=dict)
    """Ids of the counts of each response."""
    by_shortcut: dict[str, dict[str, None]] = field(factory=dict)
    """Ids of the responses in use that have a shortcut, in small letters."""
    teams: Counter[str] = field(factory=Counter)
    """Teams that have responses, each with how many."""
    learned_by: dict[str, dict[str, None]] = field(factory=dict)
    """Ids of the questions that each response has learned."""
    _stale: dict[str, None] = field(factory=dict, init=False)
    """Responses that an index has to take anew."""
    _stale_uses: dict[str, None] = field(factory=dict, init=False)

    def news(self, *, everything: bool) -> ShelfNews:
        """What has changed since this was last called, or `everything` for a new index."""
        stale = self.responses if everything else self._stale
        ids = [id_ for id_ in stale if id_ in self.responses]
        responses = tuple((self.responses[id_], self._questions(id_)) for id_ in ids)
        counts = dict.fromkeys(self.uses if everything else self._stale_uses)
        for id_ in ids:
            counts.update(self.uses_of.get(id_, {}))
        self._stale.clear()
        self._stale_uses.clear()
        return ShelfNews(responses, tuple(self.uses[id_] for id_ in counts))

    def _questions(self, response: str) -> tuple[str, ...]:
        if not self.learned_by.get(response):  # most have none, and all are asked for after a load
            return ()
        return tuple(dict.fromkeys(each.question for each in self.questions_of(response)))

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

    def with_shortcuts_of(self, response: CannedResponse) -> Iterator[CannedResponse]:
        """The other responses in use that share a shortcut with this one."""
        ids = {id_ for each in _shortcuts(response) for id_ in self.by_shortcut.get(each, ())}
        return (self.responses[id_] for id_ in sorted(ids - {response.id}))

    def put_response(self, response: CannedResponse) -> None:
        """Takes a new version of a response."""
        before = self.responses.get(response.id)
        for shortcut in _shortcuts(before):
            del self.by_shortcut[shortcut][response.id]
        if before is not None and before.team is not None:
            self.teams -= Counter({before.team: 1})
        if response.team is not None:
            self.teams[response.team] += 1
        self.responses[response.id] = response
        for shortcut in _shortcuts(response):
            self.by_shortcut.setdefault(shortcut, {})[response.id] = None
        self._stale[response.id] = None

    def put_use(self, use: CannedUse) -> None:
        """Takes a new count."""
        self.uses[use.id] = use
        self.uses_of.setdefault(use.response, {})[use.id] = None
        self._stale_uses[use.id] = None

    def put_suggesting(self, suggesting: Suggesting) -> None:
        """Takes what agents did with suggestions."""
        self.suggesting = suggesting

    def put_learned(self, learned: Learned) -> None:
        """Takes a learned question, or drops it when it was taken away."""
        self._drop(learned.id)
        if not learned.removed:
            self.learned[learned.id] = learned
            self.learned_by.setdefault(learned.response, {})[learned.id] = None
        self._stale[learned.response] = None

    def questions_of(self, response: str) -> list[Learned]:
        """What a response has learned, the oldest first."""
        own = (self.learned[id_] for id_ in self.learned_by.get(response, ()))
        return sorted(own, key=lambda learned: (learned.at, learned.id))

    def forget_customer(self, customer: CustomerId) -> None:
        """Drops what an erased person asked."""
        for learned in [each for each in self.learned.values() if each.customer == customer]:
            self._drop(learned.id)

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
            self._stale[before.response] = None


def _shortcuts(response: CannedResponse | None) -> frozenset[str]:
    if response is None or response.retired:
        return frozenset()
    return frozenset(shortcut.casefold() for shortcut in response.shortcuts)


def use_id(response: str, agent: AgentId | None) -> str:
    """The id of the count of a response for an agent, or for all."""
    return f"{response}/{agent or ''}"
