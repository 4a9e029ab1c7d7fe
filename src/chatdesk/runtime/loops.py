"""The event loop that runs in this thread, if any, and how another thread calls into it."""

import asyncio
import sys
from collections.abc import Callable
from typing import TypeAlias

Post: TypeAlias = Callable[..., object]
"""Has an event loop call a function with arguments soon; may be called from any thread.

Raises `RuntimeError` when the loop has ended.
"""


def running_loop() -> Post | None:
    """How to call into the loop, asyncio's or trio's, that runs in this thread."""
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        pass
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    try:
        post: Post = trio.lowlevel.current_trio_token().run_sync_soon
    except RuntimeError:
        return None
    return post
