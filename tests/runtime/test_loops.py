"""Which event loop runs here."""

import asyncio
import gc
import threading
import weakref

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from chatdesk.runtime.loops import Flag, make_flag, running_loop, within


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


@pytest.mark.anyio
async def test_a_flag_wakes_who_waits() -> None:
    """A flag set before or during the wait ends it, on asyncio and on trio; twice is once."""
    early, late = make_flag(), make_flag()
    early.set()
    early.set()
    assert await early.wait()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_set_soon, late)
        assert await late.wait(100)


async def _set_soon(flag: Flag) -> None:
    await anyio.lowlevel.checkpoint()
    flag.set()


@pytest.mark.anyio
async def test_a_flag_nobody_sets() -> None:
    """Whoever waits for it is told when the time has passed, and may be cancelled before."""
    assert not await make_flag().wait(0.001)
    with anyio.move_on_after(0.001) as scope:
        await make_flag().wait()
    assert scope.cancelled_caught


@pytest.mark.anyio
async def test_everybody_is_told_when_his_time_has_passed() -> None:
    """Of many who wait, those nobody wakes are told so when their patience ends, the others not."""
    flags = [make_flag() for _ in range(40)]
    heard: dict[int, bool] = {}

    async def wait(number: int) -> None:
        heard[number] = await flags[number].wait(0.001 if number % 2 else 0.002)

    async with anyio.create_task_group() as tasks:
        for number in range(40):
            tasks.start_soon(wait, number)
        await anyio.lowlevel.checkpoint()
        for flag in flags[::4]:
            flag.set()
    assert heard == {number: number % 4 == 0 for number in range(40)}


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_nothing_is_kept_of_who_waited() -> None:
    """A loop that is gone is forgotten, with the flags that were waited for in it."""

    async def wait() -> weakref.ref[object]:
        assert not await make_flag().wait(0.001)
        flag = make_flag()
        flag.set()
        assert await flag.wait(100)
        return weakref.ref(asyncio.get_running_loop())

    def run() -> weakref.ref[object]:
        return asyncio.run(wait())

    loop = await anyio.to_thread.run_sync(run)
    gc.collect()
    assert loop() is None


@pytest.mark.anyio
async def test_patience_ends() -> None:
    """A block that takes too long is broken off; one that ends in time is not."""
    async with within(100):
        await anyio.lowlevel.checkpoint()
    with pytest.raises(TimeoutError):
        async with within(0.001):
            await anyio.sleep_forever()


@pytest.mark.anyio
async def test_a_cancelled_wait_is_no_timeout() -> None:
    """Who is cancelled from outside within his patience is cancelled, not out of patience."""
    with anyio.CancelScope() as scope:
        async with within(100):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
