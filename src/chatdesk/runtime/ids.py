"""New ids: nobody can guess one, and they sort by the time they were made."""

import os
import time

_VERSION_AND_VARIANT = 7 << 76 | 2 << 62
_RANDOM = (1 << 62) - 1


def fresh_id() -> str:
    """A UUID of version 7 (RFC 9562): milliseconds, their fraction in 12 bits, 62 random bits.

    Ids of one process sort by their making to a quarter of a microsecond.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    time_bits = milliseconds << 80 | (rest << 12) // 1_000_000 << 64
    random_bits = int.from_bytes(os.urandom(8)) & _RANDOM
    digits = f"{time_bits | _VERSION_AND_VARIANT | random_bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
