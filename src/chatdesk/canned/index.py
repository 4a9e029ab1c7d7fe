"""The inverted index: which responses hold a term, and how much the term says about each.

A posting depends on nothing but its response, so an index changed a million times equals one built
afresh. The rarity of a term is computed when it is asked for.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice
from math import log

import attrs
from msgspec import Struct
from sortedcontainers import SortedDict

from chatdesk.canned.bulk import Batch
from chatdesk.canned.postings import SLOT, Postings
from chatdesk.canned.reading import TOP, impacts, languages_of, passages_of, read
from chatdesk.canned.responses import paths_above
from chatdesk.canned.stopwords import stop_words
from chatdesk.model.records import CannedResponse

CHAMPIONS = 200
"""Responses kept ready for a term too frequent to go through."""

MOST = 0.5
"""Share of the responses from which a filter is applied to what was found, not before."""

WORTH_A_BATCH = 50
"""Responses from which reading them together saves time."""


class Entry(Struct, frozen=True, gc=False):
    """One response as the index holds it: its title and keywords as words, one passage each.

    `title` is its words again, a space before each.
    """

    response: CannedResponse
    learned: tuple[str, ...]
    passages: tuple[tuple[str, ...], ...]
    title: str


def entry_of(response: CannedResponse, learned: tuple[str, ...]) -> Entry:
    """What the index holds of a response that has learned some questions."""
    passages = passages_of(response, learned)
    return Entry(response, learned, passages, " ".join(("", *passages[0])))


@attrs.define
class Index:
    """Responses by the terms in them, and by category and language.

    Slots are places in a list, taken again when free; nothing that can be seen depends on them.
    """

    _postings: Postings = attrs.field(factory=Postings, init=False)
    _entries: list[Entry | None] = attrs.field(factory=list, init=False)
    _slots: SortedDict[str, int] = attrs.field(factory=SortedDict, init=False)
    _free: list[int] = attrs.field(factory=list, init=False)
    _groups: dict[str, set[int]] = attrs.field(factory=dict, init=False)
    _limited: set[int] = attrs.field(factory=set, init=False)
    _languages: Counter[str] = attrs.field(factory=Counter, init=False)
    _champions: dict[str, tuple[int, ...]] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, response_id: object) -> bool:
        return response_id in self._slots

    def add(self, response: CannedResponse, learned: tuple[str, ...] = ()) -> None:
        """Put a response in, in the place of an earlier one of the same id."""
        entry = entry_of(response, learned)
        slot = self._slots.get(response.id)
        if slot is None:
            slot = self._put(entry)
        else:
            self._change(slot, entry)
        self._add_groups(slot, response)

    def add_all(self, responses: Iterable[tuple[CannedResponse, tuple[str, ...]]]) -> None:
        """Put responses in with what they have learned: as by `add`, in less time."""
        remaining = iter(responses)
        few = tuple(islice(remaining, WORTH_A_BATCH))
        if len(few) == WORTH_A_BATCH:
            self._add_batch(chain(few, remaining))
            return
        for response, learned in few:
            self.add(response, learned)

    def _add_batch(self, responses: Iterable[tuple[CannedResponse, tuple[str, ...]]]) -> None:
        together, later = Batch(len(self._entries)), []
        for response, learned in responses:
            if response.id in self._slots:
                later.append((response, learned))
                continue
            if together.full:
                self._put_batch(together)
                together = Batch(len(self._entries))
            entry = entry_of(response, learned)
            slot = self._take_slot(entry)
            self._postings.append(slot, together.take(read(response, entry.passages)))
            self._add_groups(slot, response)
        self._put_batch(together)
        for response, learned in later:
            self.add(response, learned)

    def _put_batch(self, together: Batch) -> None:
        for term, postings in together.postings():
            self._postings.extend(term, postings)
        self._champions.clear()

    def _put(self, entry: Entry) -> int:
        """Put a new response's entry and terms in a free slot, which is returned."""
        terms = impacts(read(entry.response, entry.passages))
        if self._free:
            slot = self._free.pop()
            self._entries[slot] = entry
            self._slots[entry.response.id] = slot
            self._postings.add(slot, terms)
        else:
            slot = self._take_slot(entry)
            self._postings.append(slot, terms)
        self._forget_champions(terms)
        return slot

    def _take_slot(self, entry: Entry) -> int:
        """Keep an entry in a slot above all others, which is returned."""
        self._entries.append(entry)
        self._slots[entry.response.id] = slot = len(self._entries) - 1
        return slot

    def _change(self, slot: int, entry: Entry) -> None:
        """Put an entry and its terms in the place of the earlier ones of the same response."""
        earlier = self.entry(slot)
        before = impacts(read(earlier.response, earlier.passages))
        after = impacts(read(entry.response, entry.passages))
        self._forget_champions(self._postings.change(slot, before, after))
        self._forget_groups(slot, earlier.response)
        self._entries[slot] = entry

    def _add_groups(self, slot: int, response: CannedResponse) -> None:
        """Put a slot in the groups of its response."""
        for group in _groups_of(response):
            self._groups.setdefault(group, set()).add(slot)
        if _is_limited(response):
            self._limited.add(slot)
        self._languages.update(languages_of(response))

    def discard(self, response_id: str) -> None:
        """Take a response out; nothing happens if there is none."""
        slot = self._slots.pop(response_id, None)
        if slot is None:
            return
        entry = self.entry(slot)
        terms = impacts(read(entry.response, entry.passages))
        self._postings.remove(slot, terms)
        self._forget_champions(terms)
        self._forget_groups(slot, entry.response)
        self._entries[slot] = None
        self._free.append(slot)

    def _forget_groups(self, slot: int, response: CannedResponse) -> None:
        """Take a slot out of the groups that its response put it in."""
        for group in _groups_of(response):
            self._groups[group].discard(slot)
            if not self._groups[group]:
                del self._groups[group]
        self._limited.discard(slot)
        self._languages.subtract(languages_of(response))

    def slot(self, response_id: str) -> int | None:
        """The slot of a response, None if it is not here."""
        return self._slots.get(response_id)

    def entry(self, slot: int) -> Entry:
        """What is kept in a slot that is taken."""
        entry = self._entries[slot]
        if entry is None:
            raise LookupError(f"slot {slot} is empty")
        return entry

    def entries(self) -> Iterator[Entry]:
        """Every entry, in no order that means anything."""
        return (entry for entry in self._entries if entry is not None)

    def postings(self, term: str) -> Sequence[int]:
        """The postings of a term in order of slot."""
        return self._postings.get(term)

    def count(self, term: str) -> int:
        """How many responses hold the term."""
        return self._postings.count(term)

    def rarity(self, term: str) -> float:
        """BM25's inverse document frequency of a term: 0 for one in every response."""
        holding = self._postings.count(term)
        return log(1 + (len(self._slots) - holding + 0.5) / (holding + 0.5))

    def ids(self) -> Iterator[str]:
        """Every response's id in order."""
        return iter(self._slots)

    def allowed(self, category: str | None, language: str | None) -> "AbstractSet[int] | None":
        """The slots of a category and a language, None where that leaves most responses.

        Responses that name no language are of every language.
        """
        found: AbstractSet[int] | None = None
        if category is not None:
            found = self._groups.get(f"category {category}", frozenset())
        if language is not None:
            spoken: AbstractSet[int] = self._groups.get(
                f"language {language[:2].lower()}", frozenset()
            )
            any_language: AbstractSet[int] = self._groups.get("language", frozenset())
            if found is not None:
                found = found & (spoken | any_language)
            elif len(spoken) + len(any_language) < len(self._slots) * MOST:
                found = spoken | any_language
        return found

    def languages(self) -> frozenset[str]:
        """The languages of the responses, in two letters; all known ones if one names none."""
        return frozenset(code for code, count in self._languages.items() if count > 0)

    def stops(self) -> frozenset[str]:
        """The stop words that apply to a query: those of every language here."""
        return stop_words(self.languages())

    def limited(self, slot: int) -> bool:
        """Whether the response is not for everybody at all times."""
        return slot in self._limited

    def champions(self, term: str) -> tuple[int, ...]:
        """The postings of highest impact of a term, ties by id; kept until one of them changes.

        Champion lists: Manning, Raghavan and Schütze, "Introduction to Information Retrieval",
        7.1.3.
        """
        known = self._champions.get(term)
        if known is None:
            known = tuple(self.best(self.postings(term)))
            self._champions[term] = known
        return known

    def best(self, postings: Iterable[int]) -> list[int]:
        """The `CHAMPIONS` postings of highest impact, ties by id."""
        by_impact: dict[int, list[int]] = {}
        for posting in postings:
            by_impact.setdefault(posting & TOP, []).append(posting)
        found: list[int] = []
        for impact in sorted(by_impact, reverse=True):
            wanted = CHAMPIONS - len(found)
            if wanted <= 0:
                break
            found.extend(heapq.nsmallest(wanted, by_impact[impact], key=self._id_of))
        return found

    def _id_of(self, posting: int) -> str:
        return self.entry(posting >> SLOT).response.id

    def _forget_champions(self, terms: Iterable[str]) -> None:
        if self._champions:
            for term in terms:
                self._champions.pop(term, None)

    def contents(self) -> dict[str, dict[str, int]]:
        """All postings by term and id, without slots: equal for equal responses.

        For comparing two indexes; costs time and memory of the whole index.
        """
        return {
            term: {self._id_of(p): p & TOP for p in self._postings.get(term)}
            for term in self._postings.terms()
        }


def _is_limited(response: CannedResponse) -> bool:
    limits = (response.team, response.owner, response.valid_from, response.valid_until)
    return response.retired or any(limit is not None for limit in limits)


def _groups_of(response: CannedResponse) -> set[str]:
    groups = {f"category {p}" for path in response.categories for p in paths_above(path)}
    if response.language:
        groups.add(f"language {response.language[:2].lower()}")
    else:
        groups.add("language")
    return groups
