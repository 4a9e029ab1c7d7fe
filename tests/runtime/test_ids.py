"""New ids."""

import os
import subprocess
import sys
import time
import uuid
from itertools import pairwise
from unittest.mock import patch

import pytest

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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_makes_other_ids() -> None:
    """Parent and child share memory and secret, and yet no id."""
    program = (
        "import os\n"
        "from unittest.mock import patch\n"
        "from chatdesk.runtime.ids import fresh_id\n"
        "with patch('time.time_ns', return_value=10**18):\n"
        "    children = [os.fork() for _ in range(2)]\n"
        "    made = ''.join(fresh_id() + '\\n' for _ in range(100))\n"
        "    os.write(1, made.encode())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE)
    made = done.stdout.split()
    assert len(set(made)) == len(made) >= 100
