"""New ids."""

import time
import uuid
from itertools import pairwise
from unittest.mock import patch

from chatdesk.runtime.ids import fresh_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    """RFC 9562 fixes the version, the variant and where the milliseconds stand."""
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(fresh_id())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


def test_ids_sort_by_their_making() -> None:
    """A later instant gives a greater id, also within a millisecond."""
    with patch("time.time_ns", side_effect=range(10**18, 10**18 + 10**6, 250)):
        made = [fresh_id() for _ in range(1000)]
    assert all(earlier < later for earlier, later in pairwise(made))


def test_ids_of_one_instant_differ() -> None:
    """62 bits are random, so nobody can guess the next one."""
    with patch("time.time_ns", return_value=10**18):
        made = {fresh_id() for _ in range(1000)}
    assert len(made) == 1000
