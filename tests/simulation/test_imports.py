"""Logs of other desks."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.imports import FORMATS, read_archive
from chatdesk.simulation.replay import ReplaySettings, replay

CSV = """chat,at,agent,answered_at,ended_at,left_at,queue,skills,language,priority
a,2026-01-05T09:00:00Z,ana,2026-01-05T09:00:10Z,2026-01-05T09:05:00Z,,sales,print ink,fr,1
b,1767603620,ana,1767603630,1767604000,,sales,,,
c,1767603640,,,,1767603700,help,,,
d,1767620000,ana,1767620000,1767620300,,sales,,,
"""


def write(folder: Path, name: str, text: str) -> Path:
    """A file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_is_read(tmp_path: Path) -> None:
    """Times as seconds or ISO 8601, empty cells for what is absent."""
    history = read_archive(write(tmp_path, "log.csv", CSV))
    first, second, third, _ = history.asked
    assert (first.at, first.waited, first.skills) == (1767603600.0, 10.0, ("print", "ink"))
    assert (first.language, first.priority, second.language) == ("fr", 1, None)
    assert (third.gave_up, third.waited, third.queue) == (True, 60.0, "help")
    assert set(history.queues) == {"sales", "help"}


def test_presence_is_guessed_from_chats(tmp_path: Path) -> None:
    """Ana comes with her first visitor, is away over the long pause, and held two at once."""
    history = read_archive(write(tmp_path, "log.csv", CSV))
    assert [(one.there, one.capacity) for one in history.presences] == [
        (True, 2),
        (False, 2),
        (True, 2),
        (False, 2),
    ]
    assert any("guessed" in note for note in history.notes)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("chat\na\n", "'at' is missing"),
        ("chat,at,colour\na,1,red\n", "'colour' is unknown"),
        ("chat,at\na,soon\n", "line 2"),
        ("chat,at\na,nan\n", "no time"),
        ("chat,at,agent\na,1,ana\n", "not both"),
        ("chat,at,agent,answered_at\na,5,ana,3\n", "in order"),
        ("chat,at,ended_at\na,5,7\n", "left_at instead"),
        ("chat,at,priority\na,5,high\n", "line 2"),
        ("chat,at\n", "no chat"),
    ],
)
def test_a_wrong_csv_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """What is wrong is said, with the file and the line or the chat."""
    with pytest.raises(InvalidParameter, match=complaint):
        read_archive(write(tmp_path, "log.csv", text))


def livechat() -> dict[str, Any]:
    """An answer of List Archives: one chat that was answered, one that was not, one greeting."""
    people = [{"id": "v", "type": "customer"}, {"id": "ana@example.org", "type": "agent"}]

    def event(minute: int, author: str | None, kind: str = "message") -> dict[str, Any]:
        found: dict[str, Any] = {"created_at": f"2026-01-05T09:{minute:02}:00.000000Z"}
        found |= {"type": kind, "text": "…"}
        return found if author is None else {**found, "author_id": author}

    def chat(name: str, *events: dict[str, Any]) -> dict[str, Any]:
        thread = {
            "id": f"{name}-1",
            "created_at": "2026-01-05T09:00:00.000000Z",
            "access": {"group_ids": [3]},
            "events": list(events),
            "active": False,
        }
        return {"id": name, "users": people, "thread": thread}

    ana = "ana@example.org"
    return {
        "found_chats": 3,
        "chats": [
            chat(
                "one", event(0, "v"), event(2, ana), event(5, "v"), event(6, None, "system_message")
            ),
            chat("two", event(0, "v"), event(3, None, "system_message")),
            chat("three", event(0, ana)),
        ],
    }


def test_a_livechat_archive_is_read(tmp_path: Path) -> None:
    """The first agent's message is the answer; who got none has left; a mere greeting is nobody."""
    path = write(tmp_path, "archive.json", json.dumps(livechat()))
    one, two = read_archive(path).asked
    assert (one.chat, one.waited, one.queue) == ("one/one-1", 120.0, "3")
    assert one.stints[0].agent == "ana@example.org"
    assert one.stints[0].end == one.at + 360
    assert (two.gave_up, two.waited) == (True, 180.0)


def chatwoot() -> dict[str, Any]:
    """An answer of Conversations List."""
    common = {"inbox_id": 7, "labels": [], "priority": None, "waiting_since": 0}
    assigned = {"sender": {"id": 9, "name": "Zoe"}, "assignee": {"id": 4, "name": "Ana"}}
    return {
        "data": {
            "meta": {"all_count": 3},
            "payload": [
                {**common, "id": 1, "created_at": 1000, "first_reply_created_at": 1060}
                | {"last_activity_at": 1300, "status": "resolved", "meta": assigned},
                {**common, "id": 2, "created_at": 1010, "first_reply_created_at": 0}
                | {"last_activity_at": 1100, "status": "resolved", "meta": {"sender": {"id": 8}}},
                {**common, "id": 3, "created_at": 1020, "first_reply_created_at": 1090}
                | {"last_activity_at": 1300, "status": "open", "meta": assigned},
            ],
        }
    }


@pytest.mark.parametrize("form", ["object", "list", "lines"])
def test_a_chatwoot_archive_is_read(tmp_path: Path, form: str) -> None:
    """Whether pages come as one object, as a list, or one a line; an open one has no end."""
    page = json.dumps(chatwoot())
    text = {"object": page, "list": f"[{page}]", "lines": page + "\n"}[form]
    one, two, three = read_archive(write(tmp_path, "pages.json", text)).asked
    assert (one.stints[0].agent, one.waited, one.stints[0].end) == ("4", 60.0, 1300.0)
    assert (two.gave_up, two.waited) == (True, 90.0)
    assert three.stints[0].end is None


def test_several_pages_a_line_each(tmp_path: Path) -> None:
    """Pages that were saved one after the other make one log."""
    more = chatwoot()
    for one in more["data"]["payload"]:
        one["id"] += 10
    text = json.dumps(chatwoot()) + "\n" + json.dumps(more) + "\n"
    assert len(read_archive(write(tmp_path, "pages.jsonl", text), "chatwoot").asked) == 6


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_nonsense_is_refused(tmp_path: Path, form: str) -> None:
    """A file of another form raises what users can read."""
    for text in ("{", '{"chats": 3}', "[1]", "\x00"):
        with pytest.raises(InvalidParameter):
            read_archive(write(tmp_path, "x.json", text), form)


def test_an_unknown_form_is_refused(tmp_path: Path) -> None:
    """A file that tells nothing, or a form that is none, is refused with the known forms."""
    path = write(tmp_path, "x.json", "{}")
    with pytest.raises(InvalidParameter, match="of no form known"):
        read_archive(path)
    with pytest.raises(InvalidParameter, match="csv, livechat, chatwoot"):
        read_archive(path, "excel")
    with pytest.raises(InvalidParameter, match="cannot be read"):
        read_archive(tmp_path / "none.csv", "csv")


def test_an_archive_can_be_replayed(tmp_path: Path) -> None:
    """An imported log goes through the replay, and its agreement is told."""
    found = replay(
        read_archive(write(tmp_path, "log.csv", CSV)), {}, settings=ReplaySettings(replications=2)
    )
    assert found.agreement.chats == 4
    assert 0 < found.agreement.same_agent <= 1
