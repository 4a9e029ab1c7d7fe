"""One browser for the run, a context for each actor, and a real site for each test."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import attrs
import pytest
import uvicorn

from chatdesk.adapters.asgi import ChatDeskApp
from chatdesk.cli_demo import listen, own_names
from chatdesk.cli_demo_seed import AGENTS, seed
from chatdesk.cli_demo_site import DemoSite
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.transport.tokens import Tokens
from tests.browser.actors import Console, Widget, chromium_path
from tests.conftest import require

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KEY = "0123456789abcdef" * 4
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@attrs.define(eq=False)
class Site:
    """The demonstration's site on a free port; it can be stopped and started again.

    The desk is used in the server's thread alone: Playwright keeps an event loop in the tests' one.
    """

    folder: Path
    port: int = 0
    _app: ChatDeskApp = attrs.field(init=False)
    _server: uvicorn.Server = attrs.field(init=False)
    _thread: Thread = attrs.field(init=False)

    @property
    def base(self) -> str:
        """Where the site is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts at the port of the last time, or a free one."""
        ready = Event()
        self._thread = Thread(target=self._serve, args=[ready], daemon=True)
        self._thread.start()
        assert ready.wait(30)

    def _serve(self, ready: Event) -> None:
        listener = listen("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        with closing(listener), ChatDesk(f"sqlite:///{self.folder / 'desk.db'}") as desk:
            seed(desk, AGENTS, "en")
            shared, tokens = AsyncChatDesk(desk), Tokens(KEY)
            self._app = ChatDeskApp(shared, tokens)
            site = DemoSite(shared, tokens, self._app, own_names("127.0.0.1", self.port))
            self._server = uvicorn.Server(
                uvicorn.Config(
                    site, lifespan="off", log_level="warning", access_log=False, ws="none"
                )
            )
            ready.set()  # the socket listens already: who connects now is served in a moment
            self._server.run(sockets=[listener])

    def stop(self) -> None:
        """Stops as the program does at a signal."""
        self._app.stop()
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One browser for a file: its event loop must not outlive it, for tests that run their own."""
    require("browser")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # for a machine that does much else
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of its own for a test."""
    running = Site(tmp_path)
    running.start()
    yield running
    running.stop()


Opener = Callable[..., "Page"]


@pytest.fixture
def new_page(browser: "Browser", site: Site) -> "Iterator[Opener]":
    """Opens pages, each of an actor of his own; no page may have an uncaught error."""
    errors: list[str] = []
    contexts = []

    def open_page(path: str, **settings: object) -> "Page":
        wanted = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **settings}
        context = browser.new_context(**wanted)  # type: ignore[arg-type]  # checked when it runs
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(site.base + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def visit(new_page: Opener) -> Callable[..., Widget]:
    """A visitor comes to a page of the shop."""
    return lambda path="/", **settings: Widget(new_page(path, **settings))


@pytest.fixture
def log_in(new_page: Opener) -> Callable[..., Console]:
    """An agent logs in; he is there when this returns."""
    return lambda agent, **settings: Console.opened(new_page(f"/console?agent={agent}", **settings))
