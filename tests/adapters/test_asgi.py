"""The ASGI application, behind a real server, with a real store."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest

from chatdesk.adapters.asgi import ChatDeskApp
from chatdesk.model.commands import (
    CloseChat,
    Connect,
    EndChat,
    LeaveNote,
    PostMessage,
    PostNote,
    QualifyChat,
    RateChat,
    RequestChat,
)
from chatdesk.model.errors import ConfigurationError
from chatdesk.model.queries import AskConversation, AskCustomer, AskOverview, AskTranscript
from chatdesk.model.values import Role, service
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.transport.frames import (
    Bye,
    ByeCode,
    Hello,
    Ping,
    Pong,
    Preview,
    Replied,
    Reset,
    Signal,
    SignalKind,
    Typing,
    Update,
    Welcome,
)
from tests.adapters.serving import (
    PATIENCE,
    SHOP,
    TOKENS,
    HttpClient,
    Served,
    bearer,
    events_of,
    few,
    new_desk,
    serve_http,
)

ASK = RequestChat(queue="sales", question="Where is it?", answers={"name": "Bo", "email": "b@c.de"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ChatDesk]:
    """A desk on a SQLite file."""
    with new_desk(tmp_path) as desk:
        yield desk


@pytest.fixture
def served(desk: ChatDesk) -> Iterator[Served]:
    """The desk behind uvicorn, mounted under a path."""
    with serve_http(desk) as served:
        yield served


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One served desk for all tests that change nothing."""
    with new_desk(tmp_path_factory.mktemp("shared")) as desk, serve_http(desk) as served:
        yield served


@pytest.fixture
def visitor(served: Served) -> HttpClient:
    """A visitor."""
    return served.client(TOKENS.visitor("v1"))


@pytest.fixture
def ana(served: Served) -> HttpClient:
    """An agent."""
    return served.client(TOKENS.agent("ana"))


def post(served: Served, content: bytes, **headers: str) -> httpx.Response:
    """Posts bytes as a visitor, with headers changed."""
    usual = {"Content-Type": "application/json", **bearer(TOKENS.visitor("v1"))}
    usual |= {name.replace("_", "-"): value for name, value in headers.items()}
    usual = {name: value for name, value in usual.items() if value}
    return httpx.post(f"{served.url}frames", content=content, headers=usual, trust_env=False)


PING = msgspec.json.encode(Ping(id="p"))


# -- a whole talk --------------------------------------------------------------------------------


def test_a_whole_chat_over_http(visitor: HttpClient, ana: HttpClient) -> None:
    """A01, A39, A26, A33: asked, assigned, talked, ended, qualified, closed and rated, all told."""
    ana.do(Connect(device="web"))
    with ana.stream() as console, visitor.stream() as page:
        asked = visitor.do(ASK)
        assigned = console.until("chat_assigned")
        card: Any = assigned.notices[-1].chat
        assert (card.chat.id, card.chat.question) == (asked.chat, "Where is it?")
        page.until("chat_assigned")
        ana.do(PostMessage(chat=asked.chat, text="Let me look 🙂", epoch=card.chat.epoch))
        message: Any = page.until("message_added").notices[0].message
        assert (message.text, message.author, message.mine) == ("Let me look 🙂", "Ana", False)
        visitor.do(PostMessage(chat=asked.chat, text="Thanks"))
        assert [n.message.text for n in until_text(console, "Thanks").notices if n.message]
        visitor.do(EndChat(chat=asked.chat))
        assert ana.refused(CloseChat(chat=asked.chat)) == "not_qualified"
        ana.do(QualifyChat(chat=asked.chat, answers={"outcome": "answered"}))
        ana.do(CloseChat(chat=asked.chat))
        page.until("rating_invited")
        visitor.do(RateChat(chat=asked.chat, answers={"satisfaction": 5}))
        console.until("chat_closed")
    assert len(ana.ask(AskTranscript(chat=asked.chat)).messages) >= 3


def until_text(stream: Any, text: str) -> Update:
    """The update that brings a message of this text."""
    for frame in stream:
        if isinstance(frame, Update) and any(
            getattr(n.message, "text", "") == text for n in frame.notices
        ):
            return frame
    raise AssertionError(text)


def test_a_note_for_colleagues_never_reaches_the_visitor(
    visitor: HttpClient, ana: HttpClient
) -> None:
    """C08: what staff write among themselves is in no byte of the visitor's stream or view."""
    ana.do(Connect(device="web"))
    with visitor.stream() as page:
        chat = visitor.do(ASK).chat
        ana.do(PostNote(chat=chat, text="canary-5417"))
        ana.do(PostMessage(chat=chat, text="last", epoch=1))
        seen = []
        for frame in page:
            seen.append(msgspec.json.encode(frame))
            if b'"last"' in seen[-1]:
                break
    assert b"canary" not in b"".join(seen)
    assert b"canary" not in msgspec.json.encode(visitor.ask(AskConversation()))
    assert b"canary" in msgspec.json.encode(ana.ask(AskTranscript(chat=chat)))


def test_typing_and_previews_reach_the_other_side(visitor: HttpClient, ana: HttpClient) -> None:
    """B17, B18: who writes is told, and what the visitor writes, and neither is kept."""
    ana.do(Connect(device="web"))
    chat = visitor.do(ASK).chat
    with ana.stream() as console, visitor.stream() as page:
        welcomes = [next(iter(console)), next(iter(page))]
        assert [type(frame) for frame in welcomes] == [Welcome, Welcome]
        assert isinstance(ana.post(Typing(chat=chat, on=True)), Replied)
        typed = next(iter(page))
        assert typed == Signal(kind=SignalKind.TYPING, chat=chat, on=True, agent="ana")
        visitor.post(Preview(chat=chat, text="I wo"))
        shown = next(iter(console))
        assert shown == Signal(kind=SignalKind.PREVIEW, chat=chat, on=True, text="I wo")
    assert ana.refused(Preview(chat=chat, text="x")) == "not_found"
    assert b"I wo" not in msgspec.json.encode(ana.ask(AskTranscript(chat=chat)))


def test_a_proved_customer_number_is_believed_a_claimed_one_is_not(
    served: Served, ana: HttpClient
) -> None:
    """A06: the number in a token the shop signed leads to the profile; a claimed one does not."""
    number = TOKENS.visitor("v7", customer_number="C-77")
    known = served.client(number)
    assert known.refused(msgspec.structs.replace(ASK, priority=5)) == "not_allowed"
    chat = known.do(msgspec.structs.replace(ASK, id="same")).chat
    assert known.do(msgspec.structs.replace(ASK, id="same")).chat == chat
    customer = served.desk.ask(AskTranscript(chat=chat), by=service()).chat.chat.customer
    assert ana.ask(AskCustomer(customer=customer)).customer.customer_number == "C-77"
    plain = served.client(TOKENS.visitor("v8"))
    assert plain.refused(msgspec.structs.replace(ASK, customer_number="C-77")) == "not_allowed"
    other = served.client(TOKENS.visitor("v9", customer_number="C-99"))
    assert other.do(msgspec.structs.replace(ASK, id="same")).chat != chat
    assert other.refused(LeaveNote(text="x", visitor="v7", answers=ASK.answers)) == "not_allowed"


# -- streams -------------------------------------------------------------------------------------


def test_a_stream_greets_and_is_resumed_without_a_gap(served: Served, ana: HttpClient) -> None:
    """Every cursor gives exactly what came after it, in order, in each way to name it."""
    ana.do(Connect(device="web"))
    with ana.stream() as console:
        hello = next(iter(console))
        assert isinstance(hello, Welcome)
        assert (hello.role, hello.actor.id) == (Role.AGENT, "ana")
        assert console.last_id == str(hello.revision)
        for number in range(5):
            served.client(TOKENS.visitor(f"w{number}")).do(ASK)
        seen = take_updates(console, 5)
    revisions = [update.revision for update in seen]
    assert revisions == sorted(set(revisions))
    for cursor in [hello.revision, *revisions[:-1]]:
        missed = [update for update in seen if update.revision > cursor]
        with ana.stream(after=cursor) as again:
            assert next(iter(again)) == msgspec.structs.replace(hello, revision=cursor)
            got = take_updates(again, opened(missed))
            assert [update.revision for update in got] == [update.revision for update in missed]
    response = ana.http.stream(
        "GET", f"{served.url}events?after={hello.revision}&token={ana.token}"
    )
    with response as raw:
        lines = raw.iter_lines()
        assert "welcome" in next(lines)
        assert next(line for line in lines if line.startswith("id: ")) == f"id: {revisions[0]}"


def take_updates(stream: Any, count: int) -> list[Update]:
    """Updates until so many chats were opened."""
    found: list[Update] = []
    for frame in stream:
        if isinstance(frame, Update):
            found.append(frame)
            if opened(found) >= count:
                return found
    raise AssertionError("the stream ended")


def opened(updates: list[Update]) -> int:
    """How many chats were opened."""
    return sum(events_of(each).count("chat_opened") for each in updates)


def test_an_unknown_cursor_is_reset(ana: HttpClient) -> None:
    """A revision from the future leads nowhere: the client is told to ask anew, and from where."""
    with ana.stream(after=10_000_000) as console:
        frames = iter(console)
        assert isinstance(next(frames), Welcome)
        reset = next(frames)
        assert isinstance(reset, Reset)
        assert console.last_id == str(reset.revision)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "99999999999999999999", "٣"])
def test_a_cursor_that_is_no_number_is_refused(shared: Served, cursor: str) -> None:
    """Nonsense in `after` is named."""
    answer = httpx.get(
        f"{shared.url}events",
        params={"after": cursor, "token": TOKENS.agent("ana")},
        trust_env=False,
    )
    assert answer.status_code == 400
    assert answer.json()["refusal"]["problems"][0]["field"] == "after"


def test_streams_end_when_the_server_stops(served: Served, ana: HttpClient) -> None:
    """An open stream does not keep the server from stopping: it gets a bye first."""
    with ana.stream() as console:
        frames = iter(console)
        assert isinstance(next(frames), Welcome)
        served.server.should_exit = True
        assert next(frames) == Bye(code=ByeCode.STOPPING)
        assert next(frames, None) is None
    served.stop()


def test_streams_end_when_the_desk_stops(served: Served, ana: HttpClient) -> None:
    """When the desk stops its streams end, and commands are answered that it is not available."""
    with ana.stream() as console:
        frames = iter(console)
        assert isinstance(next(frames), Welcome)
        served.desk.stop()
        assert next(frames) == Bye(code=ByeCode.STOPPING)
        assert next(frames, None) is None
    assert ana.refused(Connect(device="web")) == "unavailable_now"
    answer = httpx.get(f"{served.url}healthz", trust_env=False)
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def test_the_oldest_of_too_many_streams_is_replaced(desk: ChatDesk) -> None:
    """One person's forgotten tabs do not use up the server."""
    with serve_http(desk, connections=few(per_actor=2)) as served:
        ana = served.client(TOKENS.agent("ana"))
        with ana.stream() as first, ana.stream() as second:
            frames = iter(first)
            assert isinstance(next(frames), Welcome)
            assert isinstance(next(iter(second)), Welcome)
            with ana.stream() as third:
                assert isinstance(next(iter(third)), Welcome)
                assert next(frames) == Bye(code=ByeCode.REPLACED)


def test_there_is_a_limit_to_all_streams(desk: ChatDesk) -> None:
    """Beyond it a client is told to come again later."""
    with serve_http(desk, connections=few(total=1)) as served:
        ana = served.client(TOKENS.agent("ana"))
        with ana.stream() as first:
            next(iter(first))
            answer = httpx.get(
                f"{served.url}events", headers=bearer(TOKENS.visitor("v")), trust_env=False
            )
            assert answer.status_code == 503
            assert answer.json()["refusal"]["code"] == "unavailable_now"


def test_an_agent_the_desk_does_not_have_gets_no_stream(shared: Served) -> None:
    """A token is not enough: the desk has to know the agent now."""
    answer = httpx.get(
        f"{shared.url}events", headers=bearer(TOKENS.agent("nobody")), trust_env=False
    )
    assert answer.status_code == 403
    assert shared.client(TOKENS.agent("nobody")).refused(AskOverview()) == "not_allowed"


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", {}, 400, "malformed"),
        (msgspec.json.encode(Hello(token="x")), {}, 400, "malformed"),
        (b'{"type":"post_message","chat":"c"}', {}, 400, "invalid_input"),
        (b"[" * 100, {}, 400, "too_deep"),
        (PING, {"Authorization": ""}, 401, "unauthenticated"),
        (PING, {"Authorization": "Bearer nonsense"}, 401, "unauthenticated"),
        (PING, {"Authorization": "Basic eDp5"}, 401, "unauthenticated"),
        (PING, {"Origin": "https://evil.example"}, 403, "not_allowed"),
        (PING, {"Origin": "null"}, 403, "not_allowed"),
        (PING, {"Origin": "http://[evil"}, 403, "not_allowed"),
        (b'{"type":"overview"}', {}, 403, "not_allowed"),
        (b'{"type":"end_chat","chat":"nope"}', {}, 404, "not_found"),
        (b" " * 65_537, {}, 413, "too_large"),
        (PING, {"Content-Type": "text/plain"}, 415, "malformed"),
        (PING, {"Content-Type": ""}, 415, "malformed"),
        (PING, {"Content-Type": "application/x-www-form-urlencoded"}, 415, "malformed"),
    ],
)
def test_each_refusal_has_its_status(
    shared: Served, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """Whatever is wrong, the answer is a frame that says what, with the right status."""
    answer = post(shared, content, **headers)
    refusal = answer.json()["refusal"]
    assert (answer.status_code, refusal["code"]) == (status, code)
    assert refusal["mend"]
    assert (answer.headers.get("www-authenticate") is not None) == (status == 401)


def test_a_body_without_announced_length_is_bounded(shared: Served) -> None:
    """A chunked body is cut off at the limit too."""
    answer = httpx.post(
        f"{shared.url}frames",
        content=(b" " * 10_000 for _ in range(10)),
        headers={"Content-Type": "application/json", **bearer(TOKENS.visitor("v1"))},
        trust_env=False,
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "frames", 405),
        ("POST", "events", 405),
        ("DELETE", "healthz", 405),
        ("GET", "", 404),
        ("GET", "frames/x", 404),
        ("OPTIONS", "nothing", 404),
    ],
)
def test_wrong_ways_lead_nowhere(shared: Served, method: str, path: str, status: int) -> None:
    """A path that is none, or a method that is not its, is said so."""
    answer = httpx.request(method, shared.url + path, trust_env=False)
    assert answer.status_code == status
    assert (status == 405) == ("allow" in answer.headers)
    assert "POST frames" in answer.json()["refusal"]["mend"]


# -- origins and headers -------------------------------------------------------------------------


def test_the_own_host_and_allowed_origins_are_served(shared: Served) -> None:
    """Pages of the host itself and of named sites may use the desk; only these are told so."""
    own = shared.url.partition("/desk")[0]
    answer = post(shared, PING, Origin=own)
    assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (200, False)
    answer = post(shared, PING, Origin=SHOP)
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["vary"] == "origin"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_is_answered_for_allowed_origins_only(shared: Served) -> None:
    """A browser that asks first learns what a page of the shop may send; others learn nothing."""
    asked = httpx.options(f"{shared.url}frames", headers={"Origin": SHOP}, trust_env=False)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-methods"] == "POST"
    assert "authorization" in asked.headers["access-control-allow-headers"]
    asked = httpx.options(
        f"{shared.url}frames", headers={"Origin": "https://evil.example"}, trust_env=False
    )
    assert asked.status_code == 403
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize("origin", ["*", "shop.example", "https://shop.example/", "https://"])
def test_an_origin_that_is_none_is_a_mistake_in_the_settings(desk: ChatDesk, origin: str) -> None:
    """There is no wildcard, and a path or a missing scheme would never match."""
    with pytest.raises(ConfigurationError, match="not an origin"):
        ChatDeskApp(desk, TOKENS, allowed_origins=[origin])


def test_every_answer_has_the_security_headers(shared: Served) -> None:
    """Nothing is cached, sniffed, framed or run, whatever the answer is."""
    answers = [post(shared, PING), post(shared, b"{"), httpx.get(shared.url, trust_env=False)]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_health_and_schema_need_no_token(shared: Served) -> None:
    """A load balancer learns whether the desk can be reached, and nothing about anybody."""
    health = httpx.get(f"{shared.url}healthz", trust_env=False)
    assert health.json() == {"status": "ok", "revision": shared.desk.revision}
    assert httpx.head(f"{shared.url}healthz", trust_env=False).status_code == 200
    assert "ClientFrame" in httpx.get(f"{shared.url}schema.json", trust_env=False).json()["$defs"]


def test_a_ping_is_answered(shared: Served) -> None:
    """HTTP has pings too."""
    assert shared.client(TOKENS.visitor("v")).post(Ping(id="p")) == Pong(id="p")


# -- the ASGI protocol itself --------------------------------------------------------------------


async def call(app: ChatDeskApp, scope: dict[str, Any], *events: dict[str, Any]) -> list[Any]:
    """Calls an application as a server does; gives what it sent."""
    waiting, sent = list(events), []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    await app(scope, receive, send)
    return sent


@pytest.mark.anyio
async def test_a_lifespan_is_answered_and_not_needed(tmp_path: Path) -> None:
    """Servers that send a lifespan are answered, on asyncio and on trio."""
    async with AsyncChatDesk(f"sqlite:///{tmp_path / 'desk.db'}") as desk:
        app = ChatDeskApp(desk, TOKENS)
        events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent = await call(app, {"type": "lifespan"}, *events)
        assert [e["type"] for e in sent] == [
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]


@pytest.mark.anyio
async def test_other_protocols_are_refused(tmp_path: Path) -> None:
    """A websocket is closed; anything unknown is a mistake in how the app is mounted."""
    async with AsyncChatDesk(f"sqlite:///{tmp_path / 'desk.db'}") as desk:
        app = ChatDeskApp(desk, TOKENS)
        sent = await call(app, {"type": "websocket"}, {"type": "websocket.connect"})
        assert sent == [{"type": "websocket.close", "code": 1000}]
        with pytest.raises(ConfigurationError):
            await call(app, {"type": "carrier.pigeon"})


@pytest.mark.anyio
async def test_a_client_who_does_not_read_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that cannot write for too long: the stream ends; its client resumes later."""
    monkeypatch.setattr("chatdesk.adapters.streams.WRITE_SECONDS", 0.01)
    monkeypatch.setattr("chatdesk.adapters.streams.HEARTBEAT_SECONDS", 0.01)
    async with AsyncChatDesk("memory://") as desk:
        app = ChatDeskApp(desk, TOKENS)
        sent: list[Any] = []

        async def silence() -> dict[str, Any]:
            await anyio.sleep_forever()
            return {}

        async def send(event: Any) -> None:
            sent.append(event)
            if len(sent) > 2:
                await anyio.sleep_forever()

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "headers": [(b"authorization", f"Bearer {TOKENS.visitor('v')}".encode())],
        }
        with anyio.fail_after(PATIENCE):
            await app(scope, silence, send)
        assert len(app.connections) == 0


def test_a_client_who_goes_leaves_nothing_behind(served: Served) -> None:
    """A stream whose client hangs up is taken out of the list when that is seen."""
    with socket.create_connection(("127.0.0.1", httpx.URL(served.url).port or 0), PATIENCE) as raw:
        token = TOKENS.agent("ana")
        raw.sendall(f"GET /desk/chat/events?token={token} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while b"welcome" not in raw.recv(65_536):
            pass
        assert len(served.app.connections) == 1
    assert post(served, PING).status_code == 200
    with served.client(TOKENS.agent("cleo")).stream() as other:
        next(iter(other))
        assert len(served.app.connections) in {1, 2}
    served.stop()
    assert len(served.app.connections) == 0
    assert json.loads(PING) == {"type": "ping", "id": "p"}
