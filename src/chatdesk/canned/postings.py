"""Lists of postings: which responses hold a term, and how much the term says about each.

A posting packs a response's slot and its impact (0 to 255) in 32 bits, so a list is one array,
sorted by slot, and adding, looking up and taking out are bisections.
"""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

SLOT = 8
"""Bits of a posting below the slot."""


@attrs.define
class Postings:
    """Lists of postings by term. A list of one is kept as a bare number: most terms occur once."""

    _lists: "dict[str, int | array[int]]" = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._lists)

    def append(self, slot: int, terms: Mapping[str, int]) -> None:
        """Put in the terms of a response in a slot above all others. Constant a term."""
        lists, base = self._lists, slot << SLOT
        find, posting = lists.get, base
        for term, impact in terms.items():
            # most impacts are the one before: one number kept for all
            if posting != base | impact:
                posting = base | impact
            known = find(term)
            if known is None:
                lists[term] = posting
            elif isinstance(known, int):
                lists[term] = array("I", (known, posting))
            else:
                known.append(posting)

    def extend(self, term: str, postings: "array[int]") -> None:
        """Put in a term's postings of slots above all others, in order of slot; at least one."""
        known = self._lists.get(term)
        if isinstance(known, array):
            # unlike `known.extend` this keeps no room to spare
            self._lists[term] = known + postings
        elif known is not None:
            self._lists[term] = array("I", (known, *postings))
        else:
            self._lists[term] = postings[:] if len(postings) > 1 else postings[0]

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
