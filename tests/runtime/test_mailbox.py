"""What waits to be read by one subscriber."""

from chatdesk.runtime.jobs import ThreadBell
from chatdesk.runtime.mailbox import Mailbox, Parcel
from chatdesk.transport.frames import Bye, ByeCode, DownFrame, Reset


def parcels(number: int) -> list[Parcel]:
    """So many parcels."""
    return [Parcel(Reset(revision=revision)) for revision in range(number)]


def taken(mailbox: Mailbox) -> list[DownFrame]:
    """Everything that is there."""
    return [parcel.frame for parcel in iter(mailbox.take, None)]


def test_parcels_come_out_in_order() -> None:
    """First in, first out."""
    mailbox = Mailbox()
    for parcel in parcels(5):
        assert mailbox.put(parcel, {})
    assert taken(mailbox) == [parcel.frame for parcel in parcels(5)]
    assert not mailbox.is_over


def test_a_full_mailbox_says_goodbye() -> None:
    """The bound holds: what was in it is replaced by a farewell, and nothing comes after it."""
    mailbox = Mailbox(3)
    assert [mailbox.put(parcel, {}) for parcel in parcels(5)] == [True, True, True, False, False]
    assert taken(mailbox) == [Bye(code=ByeCode.SLOW)]
    assert mailbox.is_over


def test_one_who_reads_is_never_slow() -> None:
    """What was taken no longer counts against the bound."""
    mailbox = Mailbox(3)
    for parcel in parcels(100):
        assert mailbox.put(parcel, {})
        assert mailbox.take() is parcel


def test_the_farewell_comes_after_what_was_there() -> None:
    """A desk that stops lets its subscribers read to the end."""
    mailbox = Mailbox()
    mailbox.put(parcels(1)[0], {})
    mailbox.shut(ByeCode.STOPPING, {})
    mailbox.shut(ByeCode.SLOW, {})
    assert taken(mailbox) == [Reset(revision=0), Bye(code=ByeCode.STOPPING)]
    assert mailbox.is_over


def test_whoever_waits_is_told_once() -> None:
    """A bell rings for the first parcel, or is not needed because one is there."""
    mailbox, bell = Mailbox(), ThreadBell()
    assert mailbox.announce(bell)
    for parcel in parcels(2):
        mailbox.put(parcel, {})
    assert bell.wait(0)
    assert not bell.wait(0)
    assert not mailbox.announce(ThreadBell())


def test_all_is_taken_at_once_and_the_bell_rings_for_more() -> None:
    """Who takes everything is rung once for what comes afterwards, and not for what he took."""
    mailbox, bell = Mailbox(3), ThreadBell()
    for parcel in parcels(2):
        mailbox.put(parcel, {})
    assert len(mailbox.take_all(bell)) == 2
    assert not bell.wait(0)
    for parcel in parcels(3):  # none of what was taken counts any more
        assert mailbox.put(parcel, {})
    assert bell.wait(0)
    assert not bell.wait(0)
    assert len(mailbox.take_all(bell)) == 3
