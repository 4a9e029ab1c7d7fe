"""A lock that is handed on in order."""

from threading import Event, Thread

import pytest

from chatdesk.runtime.fairlock import FairLock


def test_one_at_a_time() -> None:
    """Eight threads count under the lock, and no count is lost."""
    lock, counted = FairLock(), [0]

    def count() -> None:
        for _ in range(2000):
            with lock:
                number = counted[0]
                counted[0] = number + 1

    threads = [Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [16000]


def test_first_come_first_served() -> None:
    """Who takes the lock again at once comes after those who wait."""
    lock, served = FairLock(), list[str]()

    def wait(name: str) -> None:
        with lock:
            served.append(name)

    with lock:
        threads = []
        for name in "abc":
            thread = Thread(target=wait, args=(name,))
            thread.start()
            threads.append(thread)
            until_waiting(lock, len(threads))
    with lock:
        served.append("again")
    for thread in threads:
        thread.join()
    assert served == ["a", "b", "c", "again"]


def until_waiting(lock: FairLock, number: int) -> None:
    """Returns when so many threads wait."""
    tick = Event()
    while len(lock._line) < number:
        tick.wait(0.001)


def test_an_error_lets_it_go() -> None:
    """The lock is free again after an exception inside it."""
    lock = FairLock()
    with pytest.raises(KeyError), lock:
        raise KeyError("inside")
    with lock:
        pass
    assert not lock._held
