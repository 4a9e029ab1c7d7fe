"""Chance in streams, one for each purpose, so that what one part draws never shifts another's luck.

Two runs with the same seed meet the same customers, whatever their policies do: the arrivals, the
patience, the work and the skills of customer number n are the same (common random numbers).
"""

from random import Random
from typing import NewType

Seed = NewType("Seed", str)
"""What streams are made from: the user's number, and for a replication its own."""


def root(seed: int) -> Seed:
    """The seed of a run."""
    return Seed(str(seed))


def replication(seed: Seed, number: int) -> Seed:
    """The seed of one of several independent runs."""
    return Seed(f"{seed}/{number}")


def stream(seed: Seed, *purpose: str) -> Random:
    """The stream for a purpose; the same in every process and on every machine.

    Streams start from the SHA-512 of their name (what `random.Random` makes of a text), so no two
    of them overlap in any run one could finish.
    """
    return Random("/".join((seed, *purpose)))  # noqa: S311  # a simulation, not cryptography
