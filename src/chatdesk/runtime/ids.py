"""New ids: nobody can guess one, and they sort by the time they were made."""

import secrets
import time
import uuid

_VERSION = 7 << 76
_VARIANT = 2 << 62
_RANDOM_BITS = 62


def fresh_id() -> str:
    """A UUID of version 7 (RFC 9562): milliseconds, their fraction in 12 bits, 62 random bits.

    Ids of one process sort by their making to a quarter of a microsecond.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    number = (milliseconds & ((1 << 48) - 1)) << 80 | _VERSION | fraction << 64 | _VARIANT
    return str(uuid.UUID(int=number | secrets.randbits(_RANDOM_BITS)))
