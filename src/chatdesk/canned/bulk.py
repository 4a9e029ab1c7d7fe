"""Reading many responses together: the same postings as one by one, in less time.

Most terms are pieces of words, and the same few thousand words make up all responses. So what a
word says in a response is worked out once, and the postings of a term are put together from those
of the words it is a piece of, which is sorting. Only where several words of a response share a term
is what they say together worked out for the term.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, groupby

import attrs

from chatdesk.canned import text
from chatdesk.canned.postings import SLOT
from chatdesk.canned.reading import Reading, Scale

COUNT = 24
"""Bits of a number of occurrences; that in the head stands above that in the body."""

IN_BODY = (1 << COUNT) - 1
ONCE_IN_HEAD = 1 << COUNT

MOST_WORDS = 200_000
"""Different words from which a batch takes no more; ordinary ones have a tenth of that."""

MOST_HELD = 1_500_000
"""Words of responses, each counted once a response, from which a batch takes no more: twenty
thousand ordinary responses, which take 16 MB while they are put together."""

Piece = tuple["array[int]", "array[int]"]
"""Of a word, slot by slot: its postings, and its counts in head and body; or where it is typed, and
how likely."""


NOTHING: tuple[tuple[str, ...], Piece] = ((), (array("I"), array("Q")))


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
    _held: int = attrs.field(default=0, init=False)

    @property
    def full(self) -> bool:
        """Whether the next response should open another batch."""
        words = len(self._subjects) + len(self._stopped)
        return self._held >= MOST_HELD or words >= MOST_WORDS

    def take(self, reading: Reading) -> dict[str, int]:
        """Take the response of the next slot in. A few steps a word.

        Returns the terms of neighbouring words, seldom the same in two responses, with impacts.
        """
        slot = self.first + len(self._says)
        says = self._says_of(reading)
        self._says.append(says)
        self._scales.append(reading.typed())
        counts: dict[str, int] = Counter(reading.body)
        in_body = counts.get
        for word in reading.head:
            counts[word] = in_body(word, 0) + ONCE_IN_HEAD
        self._hold(slot << SLOT, counts, says, reading.stops)
        typed = self._typed
        for word, tenths in reading.likely().items():
            slots, likely = typed[word]
            slots.append(slot)
            likely.append(tenths)
        return {pair: says[count << COUNT] for pair, count in reading.pairs().items()}

    def _hold(
        self, base: int, counts: Mapping[str, int], says: _Says, stops: AbstractSet[str]
    ) -> None:
        """Keep a response's words with what they say and how often they occur."""
        subjects, stopped = self._subjects, self._stopped
        for word, count in counts.items():
            postings, counted = (stopped if word in stops else subjects)[word]
            postings.append(base | says[count])
            counted.append(count)
        self._held += len(counts)

    def _says_of(self, reading: Reading) -> _Says:
        """What words say in a response as long as this one."""
        lengths = len(reading.body), len(reading.head)
        says = self._by_lengths.get(lengths)
        if says is None:
            says = _Says(reading.anywhere(), reading.in_head())
            self._by_lengths[lengths] = says
        return says

    def postings(self) -> Iterator[tuple[str, "array[int]"]]:
        """All other terms with their postings, in order of slot; this empties the batch.

        What has been put together is given up on the way, for its memory can be used again.
        """
        return chain(self._of_beginnings(), self._of_words())

    def _of_words(self) -> Iterator[tuple[str, "array[int]"]]:
        pieces = [(text.word_terms(w, False), piece) for w, piece in self._subjects.items()]  # noqa: FBT003
        pieces.extend(((word,), piece) for word, piece in self._stopped.items())
        self._subjects.clear()
        self._stopped.clear()
        for terms, words in _by_terms(pieces):
            found = words[0][0] if len(words) == 1 else self._together(words)
            yield from ((term, found) for term in terms)

    def _of_beginnings(self) -> Iterator[tuple[str, "array[int]"]]:
        scales, first = self._scales, self.first
        pieces = [(text.prefixes(word), piece) for word, piece in self._typed.items()]
        self._typed.clear()
        for terms, words in _by_terms(pieces):
            found = array(
                "I", [slot << SLOT | scales[slot - first][much] for slot, much in _added(words)]
            )
            yield from ((term, found) for term in terms)

    def _together(self, words: Sequence[Piece]) -> "array[int]":
        """The postings of a term of several words: only what words share is worked out again."""
        *others, (postings, counted) = sorted(words, key=_length)
        said, counts, shared = dict[int, int](), dict[int, int](), list[int]()
        for more in others:
            for posting, count in zip(*more, strict=True):
                slot = posting >> SLOT
                if slot in counts:
                    counts[slot] += count
                    shared.append(slot)
                else:
                    said[slot], counts[slot] = posting, count
        found = list[int]()
        for posting, count in zip(postings, counted, strict=True):
            slot = posting >> SLOT
            if slot in counts:
                counts[slot] += count
                shared.append(slot)
            else:
                found.append(posting)
        says, first = self._says, self.first
        said.update([(slot, slot << SLOT | says[slot - first][counts[slot]]) for slot in shared])
        found.extend(said.values())
        found.sort()
        return array("I", found)


def _by_terms(
    pieces: list[tuple[tuple[str, ...], Piece]],
) -> Iterator[tuple[Iterable[str], list[Piece]]]:
    """The terms of words with what is known of these; terms of the same words together.

    A term's words are a text whose letters are their places, for texts can be grouped, and the
    garbage collector, which would look through thousands of lists again and again, leaves them out.
    Words come in order, so those before a group's first are not needed any more: they are taken out
    of `pieces`.
    """
    holders: dict[str, str] = {}
    held_by = holders.get
    for place, (terms, _) in enumerate(pieces):
        letter = chr(place)
        for term in terms:
            holders[term] = held_by(term, "") + letter
    done = 0
    for letters, same in groupby(sorted(holders, key=holders.__getitem__), holders.__getitem__):
        first = ord(letters[0])
        pieces[done:first] = [NOTHING] * (first - done)
        done = first
        yield same, [pieces[ord(letter)][1] for letter in letters]


def _added(parts: Sequence[Piece]) -> Iterable[tuple[int, int]]:
    """The sums of what is known of several words, by slot and in order of slot."""
    if len(parts) == 1:
        return zip(*parts[0], strict=True)
    slots = list(chain.from_iterable([part[0] for part in parts]))
    numbers = chain.from_iterable([part[1] for part in parts])
    found = dict.fromkeys(sorted(slots), 0)
    if len(found) == len(slots):
        found.update(zip(slots, numbers, strict=True))
    else:
        for slot, number in zip(slots, numbers, strict=True):
            found[slot] += number
    return found.items()


def _length(piece: Piece) -> int:
    return len(piece[0])
