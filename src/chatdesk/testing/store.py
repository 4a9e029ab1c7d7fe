"""`StoreConformance`: what every store must do, as tests to inherit.

::

    class TestMyStore(StoreConformance):
        def open_store(self, home: Path) -> Store:
            return MyStore(home / "desk.db")

Needs pytest.
"""
# ruff: noqa: S101, S311, PLR2004 - a suite of tests: asserts, seeded randomness, plain numbers

import os
import random
import signal
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest
from msgspec.structs import replace

from chatdesk.model.commits import Need
from chatdesk.model.errors import NotFound, StorageError, StoreCorrupt, TurnTimeout
from chatdesk.model.events import CustomerErased
from chatdesk.model.records import Chat, Record
from chatdesk.model.values import ChatState, OfferState, TicketState, service
from chatdesk.storage.keys import kind_of
from chatdesk.storage.port import FINDABLE, Durability, Find, Store
from chatdesk.testing.factories import (
    NOON,
    a_batch,
    a_chat,
    a_customer,
    a_message,
    a_reply,
    a_ticket,
    a_visitor,
    an_event,
    an_offer,
    one_of_each,
)
from chatdesk.testing.store_scenes import (
    CANARY,
    WAIT_SECONDS,
    all_pages,
    by_key,
    check_whole,
    everything,
    fetch,
    in_child,
    in_pages,
    random_records,
    ranked,
    replayed,
    run_all,
    scattered,
    write,
    write_forever,
    write_person,
)


class StoreConformance:
    """Inherit it and say how the store is opened; pytest runs all that a store must do."""

    survives_fork = True
    """Whether a forked child may use the store."""

    def open_store(self, home: Path) -> Store:
        """Opens the store that lives in a folder; a second one must see what the first wrote."""
        raise NotImplementedError

    def surfaces(self, home: Path) -> Iterator[bytes]:
        """All bytes that the store keeps, for the search for erased text: by default, the files."""
        return (path.read_bytes() for path in home.rglob("*") if path.is_file())

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        """A folder for one store."""
        return tmp_path

    @pytest.fixture
    def store(self, home: Path) -> Iterator[Store]:
        """The store under test."""
        store = self.open_store(home)
        yield store
        store.close()

    # -- revisions -------------------------------------------------------------------------------

    def test_a_new_store_holds_nothing(self, store: Store) -> None:
        """A desk that nothing was written for is at revision 0."""
        assert store.load().records == ()
        assert (store.load().revision, store.head(), list(store.changes(0))) == (0, 0, [])

    def test_revisions_count_from_one_without_gaps(self, store: Store) -> None:
        """Each commit gets the next number, whatever it holds."""
        batches = [a_batch(an_event()), a_batch(), a_batch(a_chat()), a_batch(a_reply())]
        assert [write(store, batch) for batch in batches] == [1, 2, 3, 4]
        assert store.head() == 4
        assert [change.revision for change in store.changes(0)] == [1, 2, 3, 4]

    def test_a_turn_that_writes_nothing_takes_no_revision(self, store: Store) -> None:
        """Looking is free."""
        write(store, a_batch(a_chat()))
        with store.turn(1, timeout=WAIT_SECONDS) as turn:
            assert turn.revision == 1
        assert write(store, a_batch(a_chat("second"))) == 2

    def test_a_snapshot_says_when_the_desk_was(self, store: Store) -> None:
        """The instant of the last batch comes back to the microsecond."""
        write(store, a_batch(a_chat(), at=NOON + 1.000001))
        assert (store.load().revision, store.load().at) == (1, NOON + 1.000001)
        assert store.changes(0)[0].at == NOON + 1.000001

    # -- records ---------------------------------------------------------------------------------

    def test_every_kind_of_record_comes_back_as_it_was(self, store: Store) -> None:
        """What is written is what is read, for each kind."""
        records = one_of_each()
        write(store, a_batch(*records))
        needs = [Need(kind_of(record), record.id) for record in records]
        assert by_key(fetch(store, *needs)) == by_key(records)

    def test_the_last_version_wins(self, store: Store) -> None:
        """A record has one version, the newest, however it is read."""
        write(store, a_batch(a_chat(priority=1)))
        newest = a_chat(priority=2, agent="ada")
        write(store, a_batch(newest))
        assert store.load().records == (newest,)
        assert fetch(store, Need("chat", "chat")) == [newest]
        assert store.find(Find("chat")) == [newest]
        assert store.find(Find("chat", (("agent", ("ada",)),))) == [newest]

    def test_a_batch_keeps_the_last_of_two_versions(self, store: Store) -> None:
        """Of one record twice in a batch, the later counts."""
        write(store, a_batch(a_chat(priority=1), a_chat(priority=2)))
        assert store.load().records == (a_chat(priority=2),)

    def test_only_live_records_are_loaded(self, store: Store) -> None:
        """What is at rest stays findable, and is in no snapshot."""
        at_rest: list[Record] = [
            a_chat("closed", state=ChatState.CLOSED),
            a_visitor(),
            an_offer(state=OfferState.EXPIRED),
            a_ticket(state=TicketState.SOLVED),
            a_message(),
        ]
        write(store, a_batch(*at_rest, a_chat("open")))
        assert store.load().records == (a_chat("open"),)
        assert by_key(everything(store)) == by_key([*at_rest, a_chat("open")])

    def test_a_record_that_comes_to_rest_leaves_the_snapshot(self, store: Store) -> None:
        """Closing a chat takes it out of memory, reopening a ticket brings it back."""
        write(store, a_batch(a_chat(), a_ticket(state=TicketState.SOLVED)))
        write(store, a_batch(a_chat(state=ChatState.CLOSED), a_ticket()))
        assert store.load().records == (a_ticket(),)

    def test_any_text_comes_back_as_it_was(self, store: Store) -> None:
        """Emoji, combining and right-to-left signs, NUL in a text, quotes, a megabyte."""
        texts = [
            "🛒👩‍👩‍👧",
            "e\u0301é",
            "שלום עולם",
            "a\x00b",
            "'; DROP TABLE chats; --",
            "%s {} \\",
            "é" * 2**19,
        ]
        messages = [a_message(f"m{n}", seq=n, text=text) for n, text in enumerate(texts, 1)]
        person = a_customer("🧾", name="Zoë", email="ζ@例え.jp", attributes={"k🔑": "v"})
        write(store, a_batch(*messages, person))
        assert store.find(Find("message", order="seq")) == messages
        assert fetch(store, Need("customer", "ζ@例え.jp", "email")) == [person]

    def test_a_large_batch_is_one_commit(self, store: Store) -> None:
        """Two thousand records and events are one revision."""
        chats = [a_chat(f"chat-{n}") for n in range(2000)]
        events = [an_event(chat.id) for chat in chats]
        assert write(store, a_batch(*chats, *events)) == 1
        assert by_key(store.load().records) == by_key(chats)
        assert store.changes(0)[0].events == tuple(events)

    # -- changes ---------------------------------------------------------------------------------

    def test_changes_are_complete_and_in_order(self, store: Store) -> None:
        """Every event of every commit, in the order of the batches and within them."""
        batches = [
            a_batch(a_chat(f"c{n}"), *(an_event(f"{n}-{m}") for m in range(12)), at=NOON + n)
            for n in range(12)
        ]
        for batch in batches:
            write(store, batch)
        expected = [(n, b.at, b.records, b.events) for n, b in enumerate(batches, 1)]
        assert [(c.revision, c.at, c.records, c.events) for c in store.changes(0)] == expected

    def test_changes_start_after_a_revision_and_end_at_a_limit(self, store: Store) -> None:
        """A reader goes on where it was and takes as much as it wants."""
        for n in range(6):
            write(store, a_batch(an_event(f"c{n}")))
        assert [change.revision for change in store.changes(2)] == [3, 4, 5, 6]
        assert [change.revision for change in store.changes(2, limit=2)] == [3, 4]
        assert list(store.changes(6)) == []

    def test_changes_hold_all_kinds_but_replies(self, store: Store) -> None:
        """A message reaches the reader although no replica holds it."""
        records = one_of_each()
        write(store, a_batch(*records))
        expected = by_key(record for record in records if kind_of(record) != "reply")
        assert by_key(store.changes(0)[0].records) == expected

    def test_a_turn_sees_what_others_wrote(self, store: Store, home: Path) -> None:
        """Catching up gives live records and all events since the caller's revision."""
        write(store, a_batch(a_chat()))
        other = self.open_store(home)
        write(other, a_batch(a_chat("second"), an_event("second")))
        write(other, a_batch(a_chat("third"), an_event("third")))
        with store.turn(1, timeout=WAIT_SECONDS) as turn:
            assert turn.revision == 3
            assert [change.revision for change in turn.changes] == [2, 3]
            assert [change.records for change in turn.changes] == [
                (a_chat("second"),),
                (a_chat("third"),),
            ]
            assert [change.events for change in turn.changes] == [
                (an_event("second"),),
                (an_event("third"),),
            ]
        with store.turn(3, timeout=WAIT_SECONDS) as turn:
            assert list(turn.changes) == []
        other.close()

    @pytest.mark.parametrize("seed", range(3))
    def test_loading_gives_what_replaying_gives(self, store: Store, seed: int) -> None:
        """After random commits and erasures, changes in order give the same live records."""
        lots = random.Random(seed)
        for _ in range(40):
            write(store, a_batch(*random_records(lots), an_event()))
            if lots.random() < 0.1 and (people := store.find(Find("customer"))):
                store.erase(lots.choice(people).id, by=service(), at=NOON)
        assert replayed(store.changes(0)) == by_key(store.load().records)
        assert replayed(in_pages(store, 7)) == by_key(store.load().records)

    def test_a_store_behind_its_reader_says_so(self, store: Store) -> None:
        """After a restored backup nobody goes on from a revision that is gone."""
        write(store, a_batch(a_chat()))
        with pytest.raises(StoreCorrupt), store.turn(2, timeout=WAIT_SECONDS):
            pass
        with pytest.raises(StoreCorrupt):
            store.changes(2)
        assert store.head() == 1

    # -- looking up and searching ----------------------------------------------------------------

    def test_a_customer_is_found_by_each_key(self, store: Store) -> None:
        """By id, e-mail address and customer number, as they are now."""
        write(store, a_batch(a_customer("a", email="old@x.org"), a_customer("b", email="b@x.org")))
        newest = a_customer("a", email="new@x.org", customer_number="7")
        write(store, a_batch(newest))
        for need in (
            Need("customer", "a"),
            Need("customer", "new@x.org", "email"),
            Need("customer", "7", "customer_number"),
        ):
            assert fetch(store, need) == [newest]
        assert fetch(store, Need("customer", "old@x.org", "email")) == []

    def test_a_record_needed_twice_comes_once(self, store: Store) -> None:
        """Several needs may name one record, and others that do not exist."""
        person = a_customer("a", email="a@x.org")
        write(store, a_batch(person, a_chat()))
        needs = [
            Need("customer", "a"),
            Need("customer", "a@x.org", "email"),
            Need("customer", "b"),
            Need("chat", "a"),
        ]
        assert fetch(store, *needs) == [person]
        assert fetch(store) == []

    def test_what_cannot_be_looked_up_is_refused(self, store: Store) -> None:
        """A need that no index serves is a mistake of the program."""
        for need in (Need("chat", "x", "queue"), Need("customer", "x", "name"), Need("what", "x")):
            with pytest.raises(ValueError, match=r"looked up|kind"):
                fetch(store, need)

    def test_a_reply_is_kept_with_its_commit(self, store: Store) -> None:
        """A repeated command finds what it was answered."""
        reply = a_reply("agent:ada:1", result='{"text":"été"}'.encode())
        write(store, a_batch(a_chat(), reply))
        assert fetch(store, Need("reply", "agent:ada:1"), Need("reply", "agent:ada:2")) == [reply]

    def test_replies_are_forgotten_by_age(self, store: Store) -> None:
        """Old replies go, younger ones stay, and no revision is taken."""
        replies = [a_reply(f"agent:ada:{n}", at=NOON + n) for n in range(5)]
        write(store, a_batch(*replies))
        assert store.forget_replies(NOON + 3) == 3
        assert fetch(store, *(Need("reply", reply.id) for reply in replies)) == replies[3:]
        assert (store.forget_replies(NOON + 3), store.head()) == (0, 1)

    def test_forgets_who_was_there_and_asked_nothing(self, store: Store) -> None:
        """Who is there, has a chat, is a customer or was there lately stays."""
        gone = [a_visitor(f"v{n}", last_seen_at=NOON + n) for n in range(4)]
        kept = [
            a_visitor("here", last_seen_at=NOON, here_since=NOON, here_until=NOON + 60),
            a_visitor("talks", last_seen_at=NOON, chat="chat"),
            a_visitor("known", last_seen_at=NOON, customer="customer"),
        ]
        write(store, a_batch(*gone, *kept))
        assert store.forget_visitors(NOON + 3) == 3
        left = store.find(Find("visitor", limit=10))
        assert [record.id for record in left] == ["here", "known", "talks", "v3"]
        assert (store.forget_visitors(NOON + 3), store.head()) == (0, 1)

    @pytest.mark.parametrize("kind", FINDABLE)
    def test_searches_come_in_order_page_by_page(self, store: Store, kind: str) -> None:
        """Pages of any size, by any field, both ways round, give every row once and in order."""
        records = scattered(kind)
        write(store, a_batch(*records))
        for field, descending, size in product(FINDABLE[kind], (False, True), (1, 4, 100)):
            search = Find(kind, order=field, descending=descending, limit=size)
            expected = ranked(records, field, descending=descending)
            assert all_pages(store, search) == expected

    def test_searches_hold_all_conditions(self, store: Store) -> None:
        """Conditions are and-ed, the values of one or-ed; numbers and instants compare as such."""
        tickets = [
            a_ticket(f"t{n}", number=n, state=state, updated_at=NOON + n / 8)
            for n, state in enumerate(
                (TicketState.OPEN, TicketState.PENDING, TicketState.SPAM) * 3, 7
            )
        ]
        write(store, a_batch(*tickets))
        states = ("state", ("open", "spam"))
        wanted = [t for t in tickets if t.state in {"open", "spam"} and t.number in {7, 8, 9, 10}]
        number = ("number", ("7", "8", "9", "10"))
        assert store.find(Find("ticket", (states, number), order="number")) == wanted
        at = ("updated_at", (str(NOON + 8 / 8),))
        assert [t.id for t in store.find(Find("ticket", (at,)))] == ["t8"]
        assert store.find(Find("ticket", (states, ("number", ())))) == []

    def test_what_cannot_be_searched_is_refused(self, store: Store) -> None:
        """Fields that no column holds, and kinds that are not searched."""
        for search in (
            Find("chat", (("page", ("x",)),)),
            Find("chat", order="priority"),
            Find("reply"),
            Find("ticket", (("number", ("x",)),)),
        ):
            with pytest.raises(ValueError, match=r"cannot search|invalid literal"):
                store.find(search)

    # -- turns -----------------------------------------------------------------------------------

    def test_an_exception_undoes_the_turn(self, store: Store) -> None:
        """Nothing of the batch is there, and the next turn gets the same revision."""
        write(store, a_batch(a_chat(), an_event()))
        before = (store.load(), store.changes(0), everything(store))
        newer = a_batch(a_chat(priority=9), *one_of_each(), an_event("other"))
        with pytest.raises(ZeroDivisionError):  # noqa: PT012, SIM117
            with store.turn(1, timeout=WAIT_SECONDS) as turn:
                turn.write(newer)
                raise ZeroDivisionError
        assert (store.load(), store.changes(0), everything(store)) == before
        assert fetch(store, Need("reply", a_reply().id)) == []
        assert write(store, a_batch(a_chat())) == 2

    def test_a_turn_writes_once_and_ends(self, store: Store) -> None:
        """A second batch, or a turn kept for later, is refused and changes nothing."""
        with pytest.raises(StorageError):  # noqa: PT012, SIM117
            with store.turn(0, timeout=WAIT_SECONDS) as turn:
                turn.write(a_batch(a_chat()))
                turn.write(a_batch(a_chat("second")))
        with store.turn(0, timeout=WAIT_SECONDS) as kept:
            pass
        with pytest.raises(StorageError):
            kept.write(a_batch())
        with pytest.raises(StorageError):
            kept.fetch([])
        assert store.head() == 0

    def test_a_turn_that_does_not_come_times_out(self, store: Store, home: Path) -> None:
        """Who waits too long has done nothing, and may try again."""
        other = self.open_store(home)
        with store.turn(0, timeout=WAIT_SECONDS) as turn:
            turn.write(a_batch(a_chat()))
            late = a_batch(a_chat("late"))
            assert self._times_out_elsewhere(lambda: write(other, late, since=0, timeout=0.1))
        assert [record.id for record in store.load().records] == ["chat"]
        assert write(other, a_batch(a_chat("late"))) == 2
        other.close()

    def _times_out_elsewhere(self, act: Callable[[], object]) -> bool:
        """Whether an act in another thread ends in `TurnTimeout`."""
        outcome: list[bool] = []

        def run() -> None:
            try:
                act()
            except TurnTimeout:
                outcome.append(True)

        thread = Thread(target=run)
        thread.start()
        thread.join()
        return outcome == [True]

    def test_writers_in_threads_take_turns(self, store: Store, home: Path) -> None:
        """Two stores, two threads each: every batch once, every revision once."""
        others = [store, self.open_store(home)] * 2
        failures: list[BaseException] = []

        def work(writer: int) -> None:
            try:
                for n in range(10):
                    write(others[writer], a_batch(an_event(f"{writer}-{n}")), since=0)
            except BaseException as error:  # noqa: BLE001 - told to the thread that asserts
                failures.append(error)

        run_all([Thread(target=work, args=(writer,)) for writer in range(4)])
        assert failures == []
        events = [event for change in store.changes(0) for event in change.events]
        assert [c.revision for c in store.changes(0)] == [*range(1, 41)]
        told = [str(getattr(event, "chat", None)) for event in events]
        assert sorted(told) == sorted(f"{w}-{n}" for w in range(4) for n in range(10))
        for writer in range(4):
            mine = [int(chat.split("-")[1]) for chat in told if chat.startswith(f"{writer}-")]
            assert mine == [*range(10)]
        others[1].close()

    def test_a_reader_never_sees_half_a_batch(self, store: Store, home: Path) -> None:
        """While another thread writes, every change and snapshot is whole."""
        reader, done = self.open_store(home), Flag()

        def work() -> None:
            for n in range(25):
                chats = [a_chat(f"c{m}", priority=n) for m in range(5)]
                write(store, a_batch(*chats, *(an_event(f"c{m}") for m in range(5))))
            done.set()

        thread = Thread(target=work)
        thread.start()
        seen: list[tuple[int, int]] = []
        while not (done.is_set() and seen and seen[-1][0] == 25):
            snapshot = reader.load()
            priorities = {
                record.priority for record in snapshot.records if isinstance(record, Chat)
            }
            assert len(priorities) == (1 if snapshot.revision else 0)
            assert {len(change.events) for change in reader.changes(0)} <= {5}
            seen.append((snapshot.revision, len(snapshot.records)))
        thread.join()
        assert all(a <= b for a, b in pairwise(seen))
        reader.close()

    # -- erasing ---------------------------------------------------------------------------------

    def test_erasing_leaves_no_trace_of_the_person(self, store: Store, home: Path) -> None:
        """The canary is in no record, no change and no file any more."""
        write_person(store)
        assert any(CANARY.encode() in surface for surface in self.surfaces(home))
        store.erase("gone", by=service(), at=NOON + 60)
        told = repr((store.load(), store.changes(0), everything(store)))
        assert CANARY not in told
        assert fetch(store, Need("reply", "visitor:gone-visitor:1")) == []
        assert fetch(store, Need("customer", f"{CANARY}@x.org", "email")) == []
        store.close()
        assert not any(CANARY.encode() in surface for surface in self.surfaces(home))

    def test_erasing_keeps_what_is_counted(self, store: Store) -> None:
        """The journal is as before, and chats and tickets but for what tells who it was."""
        write_person(store)
        before, events = by_key(everything(store)), [c.events for c in store.changes(0)]
        store.erase("gone", by=service(), at=NOON + 60)
        assert [change.events for change in store.changes(0)][:-1] == events
        after = by_key(everything(store))
        for key in (("chat", "gone-chat"), ("chat", "gone-open")):
            chat = before[key]
            assert after[key] == replace(chat, page=None, question="", customer_name=None)
        ticket = before["ticket", "gone-ticket"]
        assert after["ticket", "gone-ticket"] == replace(ticket, title="")

    def test_erasing_is_a_commit_that_replicas_see(self, store: Store) -> None:
        """It takes a revision, with the event, and gives the blanked records."""
        write_person(store)
        head = store.head()
        assert store.erase("gone", by=service("shop"), at=NOON + 60) == head + 1
        (change,) = store.changes(head)
        (event,) = change.events
        assert isinstance(event, CustomerErased)
        assert (event.customer, event.by, event.at) == ("gone", service("shop"), NOON + 60)
        blanked = {record.id for record in change.records}
        assert blanked == {"gone-chat", "gone-open", "gone-ticket"}

    def test_erasing_touches_nobody_else(self, store: Store) -> None:
        """Other people's records stay as they were."""
        others = [
            a_customer("stays", email="stays@x.org"),
            a_visitor("stays-visitor", customer="stays"),
            a_chat("stays-chat", customer="stays", question="mine"),
            a_message("stays-message", chat="stays-chat"),
            a_reply("visitor:gone-visitor-2:1"),
        ]
        write(store, a_batch(*others))
        write_person(store)
        store.erase("gone", by=service(), at=NOON + 60)
        needs = [Need(kind_of(record), record.id) for record in others]
        assert by_key(fetch(store, *needs)) == by_key(others)

    def test_erasing_nobody_is_refused(self, store: Store) -> None:
        """An unknown person is `NotFound`, and no revision is taken."""
        write(store, a_batch(a_chat()))
        with pytest.raises(NotFound):
            store.erase("nobody", by=service(), at=NOON)
        assert store.head() == 1

    # -- life of the store -----------------------------------------------------------------------

    def test_a_closed_store_opens_again(self, store: Store) -> None:
        """Closing gives connections back, not data."""
        write(store, a_batch(a_chat()))
        store.close()
        store.close()
        assert (store.head(), store.load().records) == (1, (a_chat(),))

    def test_what_was_written_is_there_when_opened_anew(self, store: Store, home: Path) -> None:
        """A second store in the same home finds everything."""
        write(store, a_batch(*one_of_each(), an_event()))
        before = (store.load(), store.changes(0), everything(store))
        store.close()
        again = self.open_store(home)
        assert (again.load(), again.changes(0), everything(again)) == before
        again.close()

    def test_a_forked_child_may_use_the_store(self, store: Store) -> None:
        """A child and its parent write in turns over connections of their own."""
        if not self.survives_fork:
            pytest.skip("this store does not promise to survive a fork")
        write(store, a_batch(an_event("parent")))
        child = in_child(lambda: [write(store, a_batch(an_event("child"))) for _ in range(3)])
        assert os.waitpid(child, 0)[1] == 0
        assert write(store, a_batch(an_event("parent"))) == 5
        told = [getattr(change.events[0], "chat", None) for change in store.changes(0)]
        assert told == ["parent", "child", "child", "child", "parent"]

    def test_acknowledged_commits_survive_the_death_of_the_process(
        self, store: Store, home: Path
    ) -> None:
        """Killed while it writes, a process leaves all it acknowledged, and nothing half done."""
        if store.durability is Durability.NONE or not self.survives_fork:
            pytest.skip("this store does not promise to survive its process")
        reading, writing = os.pipe()
        child = in_child(lambda: write_forever(self.open_store(home), writing))
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            acknowledged = [int(pipe.readline()) for _ in range(20)][-1]
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            acknowledged = max([acknowledged, *map(int, pipe.read().split(b"\n")[:-1])])
        check_whole(store, acknowledged)
