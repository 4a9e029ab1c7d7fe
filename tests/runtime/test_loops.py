"""Which event loop runs here."""

import threading

import anyio
import pytest

from chatdesk.runtime.loops import running_loop


def test_none_in_a_plain_thread() -> None:
    """Without an event loop there is none to call into."""
    assert running_loop() is None


@pytest.mark.anyio
async def test_another_thread_calls_into_it() -> None:
    """What is posted from a thread runs in the loop, on asyncio and on trio."""
    post = running_loop()
    assert post is not None
    called, where = anyio.Event(), list[int]()

    def note() -> None:
        where.append(threading.get_ident())
        called.set()

    thread = threading.Thread(target=post, args=(note,))
    thread.start()
    await called.wait()
    thread.join()
    assert where == [threading.get_ident()]


@pytest.mark.anyio
async def test_the_same_loop_is_the_same_key() -> None:
    """Two askers in one loop are woken by one call: their posts are equal and hash alike."""
    assert {running_loop()} == {running_loop()}
