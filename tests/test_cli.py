"""The program `chatdesk`, run as users run it."""

import codecs
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx
import pytest

from chatdesk.cli import run, spelled
from chatdesk.cli_demo import is_loopback, own_names, shown_host
from chatdesk.cli_demo_seed import agent_id

PROGRAM = (sys.executable, "-W", "error", "-c", "from chatdesk.cli import main; main()")
SECONDS = 60


def chatdesk(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command line to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@attrs.frozen
class Demo:
    """A demonstration that runs."""

    base: str
    process: "subprocess.Popen[str]"

    def post(self, path: str, body: object, token: str | None = None) -> httpx.Response:
        """Posts JSON."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.post(self.base + path, json=body, headers=headers, timeout=SECONDS)

    def token(self, agent: str) -> str:
        """An agent's token."""
        token: str = self.post("/demo/agent-token", {"agent": agent}).json()["token"]
        return token

    def stop(self, number: int = signal.SIGINT) -> str:
        """Stops it by a signal; gives what it printed since."""
        self.process.send_signal(number)
        printed, _ = self.process.communicate(timeout=SECONDS)
        return printed


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Demo]:
    """Starts a demonstration on a free port, and reads where it is."""
    process = subprocess.Popen(
        [*PROGRAM, "demo", "--port", "0", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"http://[\w.]+:\d+", printed)
        assert found is not None, printed
        yield Demo(found[0], process)
    finally:
        process.kill()
        process.communicate()


def test_the_demo_starts_answers_and_stops_with_a_stream_open(tmp_path: Path) -> None:
    """Ctrl-C ends the open streams and the program, with code 0."""
    with running_demo(tmp_path) as demo:
        assert httpx.get(f"{demo.base}/healthz").json()["status"] == "ok"
        page = httpx.get(f"{demo.base}/")
        assert "widget.js" in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        events = f"{demo.base}/chatdesk/api/events"
        headers = {"Authorization": f"Bearer {demo.token('ana')}"}
        with httpx.stream("GET", events, headers=headers, timeout=SECONDS) as stream:
            lines = stream.iter_lines()
            assert "welcome" in next(lines) + next(lines)
            printed = demo.stop()
            assert any("stopping" in line for line in lines)
        assert "Stopped" in printed
        assert demo.process.returncode == 0


def test_the_demo_goes_on_where_it_was(tmp_path: Path) -> None:
    """A chat asked for before SIGTERM is there after the next start; agents may be added."""
    with running_demo(tmp_path) as demo:
        ana = demo.token("ana")
        frames = "/chatdesk/api/frames"
        assert demo.post(frames, {"type": "connect", "device": "d"}, ana).status_code == 200
        visitor = demo.post("/demo/visitor-token", {}).json()["token"]
        answers = {"name": "Jo", "email": "jo@example.com"}
        request = {"type": "request_chat", "queue": "advice", "question": "Hm?", "answers": answers}
        assert demo.post(frames, request, visitor).json()["result"]["state"] == "active"
        demo.stop(signal.SIGTERM)
        assert demo.process.returncode == 0
    with running_demo(tmp_path, "--agents", "Zoé", "Max") as demo:
        chats = demo.post(frames, {"type": "my_chats"}, demo.token("ana")).json()["view"]["chats"]
        assert [card["question"] for card in chats] == ["Hm?"]
        agents = httpx.get(f"{demo.base}/demo/agents").json()["agents"]
        assert {each["id"] for each in agents} == {"ana", "bo", "chloe", "zoe", "max"}


def test_the_demo_keeps_strangers_out(tmp_path: Path) -> None:
    """Pages of other sites get no tokens, and the site goes by no other name."""
    with running_demo(tmp_path) as demo:
        url = f"{demo.base}/demo/agent-token"
        strange = {"Origin": "https://evil.example"}
        assert httpx.post(url, json={"agent": "ana"}, headers=strange).status_code == 403
        assert httpx.post(url, content=b"{}").status_code == 415
        assert httpx.post(url, json={}).status_code == 400
        assert httpx.get(url).status_code == 405
        named = {"Host": "evil.example"}
        assert httpx.get(f"{demo.base}/", headers=named).status_code == 421
        assert httpx.get(f"{demo.base}/..%2fcli.py").status_code == 404
        console = httpx.get(f"{demo.base}/console?agent=bo", follow_redirects=True)
        assert console.url.path == "/chatdesk/console.html"
        assert console.url.query == b"agent=bo"


def test_a_visitor_keeps_who_he_is(tmp_path: Path) -> None:
    """The shop's cookie names the same visitor at every visit, and no made-up cookie counts."""
    with running_demo(tmp_path) as demo, httpx.Client(base_url=demo.base) as browser:
        cookie = "chatdesk_demo_visitor"
        browser.post("/demo/visitor-token", json={})
        first = browser.cookies[cookie]
        browser.post("/demo/visitor-token", json={})
        assert browser.cookies[cookie] == first
        given = httpx.post(
            f"{demo.base}/demo/visitor-token", json={}, headers={"Cookie": f"{cookie}=x"}
        )
        assert given.cookies[cookie] != "x"


def test_a_port_in_use_names_the_option(tmp_path: Path) -> None:
    """Who meets a taken port reads which option takes another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = chatdesk("demo", "--port", str(taken.getsockname()[1]), folder=tmp_path)
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "is no database URL"),
        ("sqlite:///no/such/folder/desk.db", "does not exist"),
        ("sqlite:///letter.txt", "not a SQLite database"),
        ("sqlite:///other.db", "of version 9999"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(tmp_path: Path, url: str, sentence: str) -> None:
    """A wrong --db, a missing folder, or a file that is no desk: a sentence and exit code 2."""
    (tmp_path / "letter.txt").write_text("Dear all,\n" * 2000, encoding="utf-8")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE chatdesk_version (version_num TEXT)")
    other.execute("INSERT INTO chatdesk_version VALUES ('9999')")
    other.commit()
    other.close()
    done = chatdesk("demo", "--port", "0", "--db", url, folder=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--port", "70000"), "--port takes a number from 0 to 65535"),
        (("--host", "192.0.2.1", "--port", "0"), "--host"),
        (("--agents", "Ana", "ana"), "different names"),
        (("--agents", "!"), "different names"),
        (("--lang", "xx"), "--lang"),
        (("--bogus",), "--bogus"),
    ],
)
def test_a_wrong_option_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    sentence: str,
) -> None:
    """Every option that cannot be meant is refused with its name, before anything is made."""
    monkeypatch.chdir(tmp_path)
    assert run(["demo", *options]) == 2
    assert sentence in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_help_lists_commands_and_options(capfd: pytest.CaptureFixture[str]) -> None:
    """`--help` ends well, and says what there is."""
    assert run(["--help"]) == 0
    assert "demo" in capfd.readouterr().out
    assert run(["demo", "--help"]) == 0
    shown = capfd.readouterr().out
    for option in ("--port", "--host", "--db", "--agents", "--lang", "--open"):
        assert option in shown
    assert run(["--version"]) == 0
    assert run([]) == 0


def test_planning_commands_print_their_tables(capfd: pytest.CaptureFixture[str]) -> None:
    """C14, B05: the planning questions can be asked; a question without sense is told."""
    handling = ("--handle-seconds", "300")
    assert run(["staff", "hours", "30", "60", *handling, "--agent-rates", "0,1,1.6"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 4
    assert run(["staff", "drain", "2", "1", *handling]) == 0
    assert "99.0%" in capfd.readouterr().out
    limit = ("staff", "limit", "60", "4", *handling, "--lost-chat", "300")
    assert run([*limit, "--agent-rates", "0,1,1.6"]) == 0
    assert "best" in capfd.readouterr().out
    assert run(["staff", "hours", "-5", *handling]) == 2
    assert "chats_per_hour" in capfd.readouterr().err


def test_what_cannot_be_shown_is_spelled() -> None:
    """Signs become letters, other letters JSON's escapes, so that JSON stays JSON."""
    line = "1 … 2, Chloé, 😀"
    codecs.register_error("spelled", spelled)
    assert line.encode("ascii", errors="spelled") == rb"1 ... 2, Chlo\u00e9, \ud83d\ude00"
    assert line.encode("utf-8", errors="spelled").decode() == line
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", errors="spelled")


def test_a_simulation_takes_its_options(capfd: pytest.CaptureFixture[str]) -> None:
    """Every option of `chatdesk simulate` reaches it; an unknown policy is told."""
    size = ("--agents", "3", "--arrival-rate", "2", "--customers", "300", "--seed", "4")
    assert run(["simulate", *size, "--json"]) == 0
    assert '"p_wait"' in capfd.readouterr().out
    assert run(["simulate", *size, "--policy", "no-such"]) == 2
    assert "no-such" in capfd.readouterr().err.replace("_", "-")


def test_canned_responses_are_searched(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A22: a file is searched or measured; a missing file and half a question are told."""
    file = tmp_path / "replies.jsonl"
    reply = (
        '{"type": "document", "id": "r", "lang": "en", "title": "Return a parcel", "keywords": [],'
        ' "body": "Within 30 days.", "category": "Returns", "shortcut": "#return"}'
    )
    question = '{"type": "query", "text": "how do I return a parcel?", "relevant": ["r"]}'
    file.write_text(f"{reply}\n{question}\n", encoding="utf-8")
    assert run(["search", str(file), "return parcel"]) == 0
    assert "#return" in capfd.readouterr().out
    assert run(["search", str(file), "--evaluate"]) == 0
    assert "MRR@10" in capfd.readouterr().out
    assert run(["search", str(file)]) == 2
    assert "--evaluate" in capfd.readouterr().err
    assert run(["search", str(file), "x", "--limit", "0"]) == 2
    assert "--limit" in capfd.readouterr().err
    assert run(["search", "--help"]) == 0
    assert "--no-" not in capfd.readouterr().out
    assert run(["search", str(tmp_path / "none.jsonl"), "x"]) == 2
    assert "cannot read" in capfd.readouterr().err


def test_a_database_is_migrated(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`chatdesk migrate` makes the tables, may be repeated, and tells a wrong address."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    assert run(["migrate", url]) == 0
    assert run(["migrate", url]) == 0
    assert "is at version" in capfd.readouterr().out
    assert run(["migrate", "nonsense"]) == 2
    assert "nonsense" in capfd.readouterr().err


def test_without_the_extra_the_program_says_how_to_get_it(tmp_path: Path) -> None:
    """Where cyclopts is missing, the exact command that installs all that is needed is printed."""
    (tmp_path / "cyclopts.py").write_text("raise ModuleNotFoundError('no', name='cyclopts')\n")
    done = chatdesk("demo", folder=tmp_path, environment={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert "pip install 'chatdesk[demo]'" in done.stderr
    assert "Traceback" not in done.stderr
    done = chatdesk("migrate", folder=tmp_path, environment={"PYTHONPATH": str(tmp_path)})
    assert "pip install 'chatdesk[cli]'" in done.stderr


def test_names_and_addresses_of_the_demo() -> None:
    """Ids are plain letters; only an address of this machine has names that are checked."""
    assert agent_id("Chloé") == "chloe"
    assert is_loopback("127.0.0.1")
    assert is_loopback("localhost")
    assert is_loopback("::1")
    assert not is_loopback("shop.example")
    assert own_names("192.0.2.1", 80) == frozenset()
    assert "[::1]:80" in own_names("::1", 80)
    assert shown_host("0.0.0.0") == "localhost"  # noqa: S104 - compared, not bound
