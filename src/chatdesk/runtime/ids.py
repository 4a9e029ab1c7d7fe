"""New ids: nobody can guess one, and they sort by the time they were made."""

import os
import secrets
import time
from functools import lru_cache
from hashlib import blake2b
from itertools import count
from struct import unpack

_secret = secrets.token_bytes(32)
_made = count()
_AT_ONCE = 8
"""How many ids share one hash."""


def fresh_id() -> str:
    """A UUID of version 7 (RFC 9562): milliseconds, their fraction in 12 bits, 62 random bits.

    Ids of one process sort by their making to a quarter of a microsecond.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    at, fraction, lot = f"{milliseconds:012x}", (rest << 12) // 1_000_000, _unguessable()
    variant = 0x8000 | lot >> 48 & 0x3FFF
    return f"{at[:8]}-{at[8:]}-7{fraction:03x}-{variant:04x}-{lot & 0xFFFF_FFFF_FFFF:012x}"


def _unguessable() -> int:
    """64 bits that nobody can tell who does not know this process's secret.

    A keyed hash of a counter: a system call for each id would let go of the interpreter's lock, and
    a busy committer gives it back late. The process id tells a forked child from its parent.
    """
    block, part = divmod(next(_made), _AT_ONCE)
    return _lots(os.getpid(), block)[part]


@lru_cache(64)
def _lots(pid: int, block: int) -> tuple[int, ...]:
    return unpack("8Q", blake2b(b"%d.%d" % (pid, block), key=_secret, digest_size=64).digest())
