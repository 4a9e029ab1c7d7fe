"""Signals within one process."""

from threading import Thread

from chatdesk.transport.signals import LocalSignals, Nudge, Told


def test_every_listener_hears_what_is_told() -> None:
    """Two listeners hear a signal, the one who told it too; who left hears nothing more."""
    signals = LocalSignals()
    first: list[Told] = []
    second: list[Told] = []
    leave = signals.subscribe(first.append)
    signals.subscribe(second.append)
    signals.publish(Nudge(1))
    leave()
    leave()
    signals.publish(Nudge(2))
    assert first == [Nudge(1)]
    assert second == [Nudge(1), Nudge(2)]


def test_the_same_listener_may_listen_twice() -> None:
    """Each subscription ends for itself."""
    signals = LocalSignals()
    heard: list[Told] = []
    leave = signals.subscribe(heard.append)
    signals.subscribe(heard.append)
    leave()
    signals.publish(Nudge(1))
    assert heard == [Nudge(1)]


def test_nobody_hears_after_closing() -> None:
    """Closed signals are silent, and raise nothing."""
    signals = LocalSignals()
    heard: list[Told] = []
    signals.subscribe(heard.append)
    signals.close()
    signals.publish(Nudge(1))
    assert heard == []


def test_listeners_may_come_and_go_while_others_tell() -> None:
    """B17: a listener that stays hears everything that four threads tell, others come and go."""
    signals = LocalSignals()
    heard: list[Told] = []
    signals.subscribe(heard.append)

    def tell() -> None:
        for number in range(500):
            leave = signals.subscribe(lambda _: None)
            signals.publish(Nudge(number))
            leave()

    threads = [Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 2000
    assert len(signals._listeners) == 1
