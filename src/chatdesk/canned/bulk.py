"""Reading many responses together: the same postings as one by one, in less time.

Most terms are pieces of words, and the same few thousand words make up all responses. So what a
word says in a response is worked out once, and the postings of a term are put together from those
of the words it is a piece of, which is sorting. Only where several words of a response share a term
is what they say together worked out for the term.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, groupby, islice
from operator import eq

import attrs

from chatdesk.canned import text
from chatdesk.canned.postings import SLOT
from chatdesk.canned.reading import Reading, Scale

COUNT = 24
"""Bits of a number of occurrences; that in the head stands above that in the body."""

MOST_WORDS = 200_000
"""Different words from which a batch takes no more; ordinary ones have a tenth of that."""

IN_BODY = (1 << COUNT) - 1

Piece = tuple["array[int]", "array[int]"]
"""Of a word, slot by slot: its postings, and its counts in head and body; or where it is typed, and
how likely."""


class _Says(dict[int, int]):
    """What a word says that occurs so often in head and body; worked out once a pair of counts."""

    def __init__(self, anywhere: Scale, in_head: Scale) -> None:
        super().__init__()
        self.anywhere, self.in_head = anywhere, in_head

    def __missing__(self, counts: int) -> int:
        head = counts >> COUNT
        said = self.anywhere[head + (counts & IN_BODY)] + self.in_head[head]
        self[counts] = said
        return said


class _Pieces(dict[str, Piece]):
    """Words with what is known of them."""

    def __missing__(self, word: str) -> Piece:
        self[word] = fresh = (array("I"), array("Q"))
        return fresh


@attrs.define
class Batch:
    """Responses in slots one after another, by their words."""

    first: int
    _says: list[_Says] = attrs.field(factory=list, init=False)
    _by_lengths: dict[tuple[int, int], _Says] = attrs.field(factory=dict, init=False)
    _scales: list[Scale] = attrs.field(factory=list, init=False)
    _subjects: _Pieces = attrs.field(factory=_Pieces, init=False)
    _stopped: _Pieces = attrs.field(factory=_Pieces, init=False)
    """Words that are stop words where they stand; those that are not are subjects."""
    _typed: _Pieces = attrs.field(factory=_Pieces, init=False)

    @property
    def full(self) -> bool:
        """Whether the next response should open another batch."""
        return len(self._subjects) + len(self._stopped) >= MOST_WORDS

    def take(self, reading: Reading) -> dict[str, int]:
        """Take the response of the next slot in. A few steps a word.

        Returns the terms of neighbouring words, seldom the same in two responses, with impacts.
        """
        slot = self.first + len(self._says)
        says = self._says_of(reading)
        self._says.append(says)
        self._scales.append(reading.typed())
        counts = Counter(reading.body)
        for word, count in Counter(reading.head).items():
            counts[word] += count << COUNT
        base, stops = slot << SLOT, reading.stops
        subjects, stopped = self._subjects, self._stopped
        for word, count in counts.items():
            postings, counted = (stopped if word in stops else subjects)[word]
            postings.append(base | says[count])
            counted.append(count)
        for word, tenths in reading.likely().items():
            slots, likely = self._typed[word]
            slots.append(slot)
            likely.append(tenths)
        return {pair: says[count << COUNT] for pair, count in reading.pairs().items()}

    def _says_of(self, reading: Reading) -> _Says:
        """What words say in a response as long as this one."""
        lengths = len(reading.body), len(reading.head)
        says = self._by_lengths.get(lengths)
        if says is None:
            says = _Says(reading.anywhere(), reading.in_head())
            self._by_lengths[lengths] = says
        return says

    def postings(self) -> Iterator[tuple[str, Sequence[int]]]:
        """All other terms with their postings, in order of slot."""
        return chain(self._of_words(), self._of_beginnings())

    def _of_words(self) -> Iterator[tuple[str, Sequence[int]]]:
        pieces = [(text.word_terms(w, False), piece) for w, piece in self._subjects.items()]  # noqa: FBT003
        pieces.extend(((word,), piece) for word, piece in self._stopped.items())
        for terms, words in _by_terms(pieces):
            found = words[0][0] if len(words) == 1 else self._together(words)
            yield from ((term, found) for term in terms)

    def _of_beginnings(self) -> Iterator[tuple[str, Sequence[int]]]:
        scales, first = self._scales, self.first
        pieces = [(text.prefixes(word), piece) for word, piece in self._typed.items()]
        for terms, words in _by_terms(pieces):
            likely = sorted(_added(words).items())
            found = [slot << SLOT | scales[slot - first][tenths] for slot, tenths in likely]
            yield from ((term, found) for term in terms)

    def _together(self, words: Sequence[Piece]) -> Sequence[int]:
        """The postings of a term of several words."""
        found = sorted(chain.from_iterable([postings for postings, _ in words]))
        slots = [posting >> SLOT for posting in found]
        twice = compress(slots, map(eq, slots, islice(slots, 1, None)))
        counts = dict.fromkeys(twice, 0)
        if not counts:
            return found
        for postings, counted in words:
            for posting, count in zip(postings, counted, strict=True):
                if posting >> SLOT in counts:
                    counts[posting >> SLOT] += count
        once = [p for p, slot in zip(found, slots, strict=True) if slot not in counts]
        says, first = self._says, self.first
        once.extend([slot << SLOT | says[slot - first][count] for slot, count in counts.items()])
        once.sort()
        return once


def _by_terms(
    pieces: Sequence[tuple[Iterable[str], Piece]],
) -> Iterator[tuple[Iterable[str], list[Piece]]]:
    """The terms of words with what is known of these; terms of the same words together.

    A term's words are a text whose letters are their places, for texts can be grouped, and the
    garbage collector, which would look through thousands of lists again and again, leaves them out.
    """
    holders: dict[str, str] = {}
    held_by = holders.get
    for place, (terms, _) in enumerate(pieces):
        letter = chr(place)
        for term in terms:
            holders[term] = held_by(term, "") + letter
    for letters, same in groupby(sorted(holders, key=holders.__getitem__), holders.__getitem__):
        yield same, [pieces[ord(letter)][1] for letter in letters]


def _added(parts: Iterable[Piece]) -> dict[int, int]:
    """The sums of what is known of several words, by slot."""
    first, *others = sorted(parts, key=_length, reverse=True)
    found = dict(zip(*first, strict=True))
    for part in others:
        more = dict(zip(*part, strict=True))
        both = [(slot, found[slot] + more[slot]) for slot in found.keys() & more.keys()]
        found.update(more)
        found.update(both)
    return found


def _length(piece: Piece) -> int:
    return len(piece[0])
