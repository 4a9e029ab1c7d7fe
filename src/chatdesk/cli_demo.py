"""`chatdesk demo`: a made-up shop with a visitor's widget and an agent's console."""

import errno
import signal
import socket
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

import attrs

from chatdesk._extras import require_extra
from chatdesk.model.errors import ConfigurationError

if TYPE_CHECKING:
    import uvicorn

    from chatdesk.adapters.asgi import ChatDeskApp
    from chatdesk.runtime.chatdesk import ChatDesk

DEFAULT_DATABASE = "sqlite:///chatdesk-demo.db"
DEFAULT_PORT = 8420
LAST_PORT = 65_535
GRACE_SECONDS = 3
"""How long requests under way may take once the server stops."""

Language = Literal["en", "fr"]


@attrs.frozen
class Options:
    """What the command line says."""

    port: int
    host: str
    db: str
    agents: tuple[str, ...]
    """Names; none stands for the usual ones."""
    lang: Language
    open: bool


def demo(options: Options) -> None:
    """Runs the demonstration until it is interrupted.

    Raises `ConfigurationError`, `StorageError` and `MissingExtra`, before anything is served.
    """
    require_extra("demo", "uvicorn", "itsdangerous", "sqlalchemy", "alembic")
    from chatdesk.cli_demo_seed import AGENTS, seed
    from chatdesk.runtime.chatdesk import ChatDesk
    from chatdesk.storage.open import open_store

    options = attrs.evolve(options, agents=options.agents or AGENTS)
    check_agents(options.agents)
    listener = listen(options.host, options.port)
    try:
        store = open_store(options.db)
        store.head()  # a database that cannot be used is told before anything runs
        with ChatDesk(store) as desk:
            created = seed(desk, options.agents, options.lang)
            serve(desk, listener, options, created=created)
    finally:
        listener.close()


def check_agents(names: Sequence[str]) -> None:
    """Raises `ConfigurationError` unless every name makes an id of its own."""
    from chatdesk.cli_demo_seed import agent_id

    ids = [agent_id(name) for name in names]
    if not all(ids) or len(set(ids)) < len(ids):
        raise ConfigurationError("--agents takes different names, such as --agents Ana Bo")


def listen(host: str, port: int) -> socket.socket:
    """A socket at the address; port 0 takes any that is free. Raises `ConfigurationError`."""
    if not 0 <= port <= LAST_PORT:
        raise ConfigurationError(f"--port takes a number from 0 to {LAST_PORT}, not {port}")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigurationError(f"--host {host} is no address of this machine: {error}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen at {host}, port {port}: {error.strerror}. {mending(error)}"
        ) from error
    return listener


def mending(error: OSError) -> str:
    """Which option mends an address that cannot be had."""
    if error.errno in {errno.EADDRINUSE, errno.EACCES}:
        return "Choose another port with --port, or --port 0 for any that is free"
    return "Choose another address with --host"


def serve(desk: "ChatDesk", listener: socket.socket, options: Options, *, created: bool) -> None:
    """Serves the site at the socket until a signal stops it."""
    import secrets

    from chatdesk.adapters.asgi import ChatDeskApp
    from chatdesk.cli_demo_site import DemoSite
    from chatdesk.runtime.aio import AsyncChatDesk
    from chatdesk.transport.tokens import Tokens

    port = listener.getsockname()[1]
    # a new key each time: the pages fetch new tokens by themselves, for the same people
    tokens = Tokens(secrets.token_hex(32))
    shared = AsyncChatDesk(desk)
    app = ChatDeskApp(shared, tokens)
    site = DemoSite(shared, tokens, app, own_names(options.host, port))
    base = f"http://{shown_host(options.host)}:{port}"
    server = make_server(site, app)
    announce(base, options, created=created)
    if options.open:
        webbrowser.open(f"{base}/?lang={options.lang}")
    server.run(sockets=[listener])
    kept = "nothing was kept" if options.db.startswith("memory:") else "everything is kept"
    print(f"Stopped; {kept}.", flush=True)


def make_server(site: Any, app: "ChatDeskApp") -> "uvicorn.Server":
    """A server that ends the streams when it is told to stop, and then returns."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """As the server's own, but the signal is not raised again afterwards."""
            wanted = (signal.SIGINT, signal.SIGTERM)
            before = {each: signal.signal(each, self.handle_exit) for each in wanted}
            try:
                yield
            finally:
                for each, handler in before.items():
                    signal.signal(each, handler)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """Ends the streams too, for which the server would wait.

            Not in the handler itself: it may have interrupted who holds the lock that `stop` wants.
            """
            Thread(target=app.stop).start()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        site,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def shown_host(host: str) -> str:
    """The host as it stands in a URL; what means every address is shown as this machine."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


def own_names(host: str, port: int) -> frozenset[str]:
    """The names under which the site may be called; none are known off this machine."""
    if not is_loopback(host):
        return frozenset()
    return frozenset(f"{name}:{port}" for name in ("localhost", "127.0.0.1", shown_host(host)))


def announce(base: str, options: Options, *, created: bool) -> None:
    """Prints where everything is."""
    from chatdesk.cli_demo_seed import agent_id

    console = f"{base}/console?lang={options.lang}"
    logins = ", ".join(f"{console}&agent={agent_id(name)}" for name in options.agents)
    lines = (
        f"chatdesk demo, {'new' if created else 'as it was left'}: {options.db}",
        f"  Shop with the visitor's chat   {base}/?lang={options.lang}",
        f"  Agent console                  {console}",
        f"  Log in at once as              {logins}",
        f"  Health                         {base}/healthz",
        *warnings(options.host),
        "Ctrl-C stops it.",
    )
    print("\n".join(lines), flush=True)


def warnings(host: str) -> list[str]:
    """What to know about an address that others can reach."""
    if is_loopback(host):
        return []
    return ["  Others can reach this address, and anybody may log in as any agent."]
