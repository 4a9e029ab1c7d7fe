"""The inverted index: which responses hold a term, and how much the term says about each.

A posting packs a response's slot and its impact (0 to 255) in 32 bits, so a list is one array,
sorted by slot, and adding, looking up and taking out are bisections. The impact is the response's
side of BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009), at a fixed
pivot length instead of the average one: it then depends on nothing but the response, and an index
changed a million times equals one built afresh. The rarity of a term is computed when it is asked
for.
"""

import heapq
from array import array
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from math import log

import attrs
from msgspec import Struct
from sortedcontainers import SortedDict

from chatdesk.canned import text
from chatdesk.canned.responses import paths_above
from chatdesk.canned.stopwords import LANGUAGES, stop_words
from chatdesk.model.records import CannedResponse

SATURATION = 1.2
"""BM25's k1: how fast repeating a word stops counting."""

LENGTH = 0.75
"""BM25's b: how much a long text is held against it."""

PIVOT_ALL = 150
"""Words of a response at which length neither helps nor hurts."""

PIVOT_HEAD = 30
"""The same for title and keywords."""

TOP = 255
HEAD_SHARE = 85
"""Of 255, what title and keywords add to the whole text: half of what that counts."""

SUBJECT = 3.0
"""How much likelier an agent types a subject word of a title than a stop word."""

SHORTCUT_SHARE = 0.8
KEYWORD_SHARE = 0.1
"""How likely a word of a shortcut or of a keyword is typed, against one of the title."""

PREFIX_SATURATION = 2.0
PREFIX_LENGTH = 0.2
PREFIX_PIVOT = 6
"""The same as `SATURATION`, `LENGTH` and `PIVOT_HEAD` for beginnings of words."""

CHAMPIONS = 200
"""Responses kept ready for a term too frequent to go through."""

MOST = 0.5
"""Share of the responses from which a filter is applied to what was found, not before."""

SLOT = 8
"""Bits of a posting below the slot."""


class Entry(Struct, frozen=True, gc=False):
    """One response as the index holds it: its title and keywords as words, one passage each."""

    response: CannedResponse
    learned: tuple[str, ...]
    passages: tuple[tuple[str, ...], ...]


def languages_of(response: CannedResponse) -> frozenset[str]:
    """The languages whose stop words apply to a response; all known ones if it names none."""
    return frozenset({response.language[:2].lower()}) if response.language else LANGUAGES


def passages_of(response: CannedResponse, learned: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Title, keywords and learned questions, each as its words."""
    return tuple(tuple(text.words(p)) for p in (response.title, *response.keywords, *learned))


def impacts(response: CannedResponse, passages: Sequence[Sequence[str]]) -> dict[str, int]:
    """Every term of a response with its impact, 1 to 255. Linear in the text."""
    stops = stop_words(languages_of(response))
    head_words = list(chain.from_iterable(passages))
    body_words = text.words(f"{response.body}\n{' '.join(response.categories)}")
    head = _count_terms(head_words, stops)
    head.update(pair for passage in passages for pair in text.pair_terms(passage, stops))
    body = _count_terms(body_words, stops)
    found = _impacts(body, head, len(body_words), len(head_words))
    found.update(_prefix_impacts(response, passages, Counter(head_words), stops))
    return found


def _count_terms(words: Iterable[str], stops: AbstractSet[str]) -> Counter[str]:
    return Counter(chain.from_iterable([text.word_terms(word, word in stops) for word in words]))


def _impacts(
    body: Mapping[str, int], head: Mapping[str, int], body_total: int, head_total: int
) -> dict[str, int]:
    """The whole text's BM25 saturation and half as much of the head's, in 255 parts."""
    most = max(body.values(), default=0) + max(head.values(), default=0)
    anywhere = _saturated(TOP - HEAD_SHARE - 1, body_total + head_total, PIVOT_ALL, most)
    in_head = _saturated(HEAD_SHARE, head_total, PIVOT_HEAD, most)
    found = {term: anywhere[count] for term, count in body.items()}
    in_body = body.get
    for term, count in head.items():
        found[term] = anywhere[count + in_body(term, 0)] + in_head[count]
    return found


def _saturated(share: int, words: int, pivot: int, most: int) -> list[int]:
    """What a term adds that occurs 0, 1, 2 … times in a text of so many words; at least 1."""
    norm = SATURATION * (1 - LENGTH + LENGTH * words / pivot)
    return [1 + int(share * count / (count + norm)) for count in range(most + 1)]


def _prefix_impacts(
    response: CannedResponse,
    passages: Sequence[Sequence[str]],
    head_words: Mapping[str, int],
    stops: AbstractSet[str],
) -> dict[str, int]:
    """The beginnings of words of title, shortcuts and keywords, by how likely they are typed."""
    shares = {word: KEYWORD_SHARE * count for word, count in head_words.items()}
    for word in set(passages[0]):
        shares[word] += 1 - KEYWORD_SHARE
    for shortcut in response.shortcuts:
        for word in text.words(shortcut):
            shares[word] = shares.get(word, 0.0) + SHORTCUT_SHARE
    likely: dict[str, float] = {}
    so_far = likely.get
    for word, share in shares.items():
        weighted = share if word in stops else share * SUBJECT
        for prefix in text.prefixes(word):
            likely[prefix] = so_far(prefix, 0.0) + weighted
    norm = PREFIX_SATURATION * (1 - PREFIX_LENGTH + PREFIX_LENGTH * len(passages[0]) / PREFIX_PIVOT)
    most = TOP - 1
    return {prefix: int(most * share / (share + norm)) + 1 for prefix, share in likely.items()}


@attrs.define
class Postings:
    """Lists of postings by term. A list of one is kept as a bare number: most terms occur once."""

    _lists: "dict[str, int | array[int]]" = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._lists)

    def append(self, slot: int, terms: Mapping[str, int]) -> None:
        """Put in the terms of a response in a slot above all others. Constant a term."""
        lists, base = self._lists, slot << SLOT
        find = lists.get
        for term, impact in terms.items():
            known = find(term)
            if known is None:
                lists[term] = base | impact
            elif isinstance(known, int):
                lists[term] = array("I", (known, base | impact))
            else:
                known.append(base | impact)

    def add(self, slot: int, terms: Mapping[str, int]) -> None:
        """Put one response's terms in. One bisection a term."""
        lists, base = self._lists, slot << SLOT
        for term, impact in terms.items():
            posting, known = base | impact, lists.get(term)
            if known is None:
                lists[term] = posting
            elif isinstance(known, int):
                pair = (known, posting) if known < posting else (posting, known)
                lists[term] = array("I", pair)
            else:
                insort(known, posting)

    def change(self, slot: int, before: Mapping[str, int], after: Mapping[str, int]) -> set[str]:
        """Put a response's terms in the place of its earlier ones, touching those that differ.

        One bisection a differing term; lists keep their lengths where both hold the term. Returns
        the terms touched.
        """
        lists, base = self._lists, slot << SLOT
        gone = before.keys() - after.keys()
        fresh = {term: impact for term, impact in after.items() if term not in before}
        moved = {t: i for t, i in after.items() if t in before and before[t] != i}
        self.remove(slot, gone)
        self.add(slot, fresh)
        for term, impact in moved.items():
            known = lists[term]
            if isinstance(known, int):
                lists[term] = base | impact
            else:
                known[bisect_left(known, base)] = base | impact
        return gone | fresh.keys() | moved.keys()

    def remove(self, slot: int, terms: Iterable[str]) -> None:
        """Take one response's terms out; they must be those that were put in."""
        lists, base = self._lists, slot << SLOT
        for term in terms:
            known = lists[term]
            if isinstance(known, int):
                del lists[term]
                continue
            del known[bisect_left(known, base)]
            if len(known) == 1:
                lists[term] = known[0]

    def get(self, term: str) -> Sequence[int]:
        """The postings of a term in order of slot."""
        known = self._lists.get(term)
        if known is None:
            return ()
        return (known,) if isinstance(known, int) else known

    def count(self, term: str) -> int:
        """How many responses hold the term."""
        known = self._lists.get(term)
        if known is None:
            return 0
        return 1 if isinstance(known, int) else len(known)

    def terms(self) -> Iterator[str]:
        """Every term that a response holds."""
        return iter(self._lists)


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
        entry = Entry(response, learned, passages_of(response, learned))
        terms = impacts(response, entry.passages)
        slot = self._slots.get(response.id)
        if slot is None:
            slot = self._put(entry, terms)
        else:
            self._change(slot, entry, terms)
        for group in _groups_of(response):
            self._groups.setdefault(group, set()).add(slot)
        if _is_limited(response):
            self._limited.add(slot)
        self._languages.update(languages_of(response))

    def _put(self, entry: Entry, terms: Mapping[str, int]) -> int:
        """Put a new response's entry and terms in a free slot, which is returned."""
        if self._free:
            slot = self._free.pop()
            self._entries[slot] = entry
            self._postings.add(slot, terms)
        else:
            slot = len(self._entries)
            self._entries.append(entry)
            self._postings.append(slot, terms)
        self._slots[entry.response.id] = slot
        self._forget_champions(terms)
        return slot

    def _change(self, slot: int, entry: Entry, terms: Mapping[str, int]) -> None:
        """Put an entry and its terms in the place of the earlier ones of the same response."""
        earlier = self.entry(slot)
        before = impacts(earlier.response, earlier.passages)
        self._forget_champions(self._postings.change(slot, before, terms))
        self._forget_groups(slot, earlier.response)
        self._entries[slot] = entry

    def discard(self, response_id: str) -> None:
        """Take a response out; nothing happens if there is none."""
        slot = self._slots.pop(response_id, None)
        if slot is None:
            return
        entry = self.entry(slot)
        terms = impacts(entry.response, entry.passages)
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

    def stops(self) -> frozenset[str]:
        """The stop words that apply to a query: those of every language here."""
        return stop_words(frozenset(code for code, count in self._languages.items() if count > 0))

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
