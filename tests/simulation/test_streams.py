"""Chance in streams, one for each purpose."""

from hashlib import sha512
from random import Random

from chatdesk.simulation.streams import replication, root, stream


def _numbers(found: Random) -> list[float]:
    return [found.random() for _ in range(5)]


def test_a_stream_is_the_same_whenever_and_wherever_it_is_made() -> None:
    """The first number of a named stream is written down here, so it never changes."""
    assert stream(root(1), "arrivals", "customer").random() == 0.26748874986708726
    assert _numbers(stream(root(1), "a")) == _numbers(stream(root(1), "a"))


def test_each_seed_replication_and_purpose_has_luck_of_its_own() -> None:
    """No two of them begin alike."""
    seeds = [root(1), root(2), replication(root(1), 0), replication(root(1), 1)]
    streams = [stream(seed, *names) for seed in seeds for names in (("a",), ("b",), ("a", "b"))]
    assert len({tuple(_numbers(one)) for one in streams}) == 12


def test_the_seed_is_the_hash_of_the_name() -> None:
    """As the standard library makes it of a text: its bytes and their SHA-512, as one number."""
    name = b"1/3/work/customer"
    number = int.from_bytes(name + sha512(name).digest(), "big")
    found = stream(replication(root(1), 3), "work", "customer")
    assert _numbers(found) == _numbers(Random(number))
