"""The command line. `chatdesk --help` lists the commands.

This module imports without the packages of the extra `cli`: whoever lacks them is told how to get
them. A command imports what it needs when it runs.
"""

import codecs
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from chatdesk._extras import MissingExtra, require_extra
from chatdesk.model.errors import ChatdeskError, ConfigurationError

if TYPE_CHECKING:
    from cyclopts import App

FAILED = 1
WRONG_USE = 2
SPELLINGS = MappingProxyType({"…": "...", "–": "-", "−": "-", "×": "x", "≤": "<=", "’": "'"})


def main() -> None:
    """The entry point of the program `chatdesk`."""
    codecs.register_error("chatdesk", spelled)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="chatdesk")
    sys.exit(run(sys.argv[1:]))


def spelled(error: UnicodeError) -> tuple[str, int]:
    """What a terminal cannot show, in letters it can; others as JSON escapes them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(SPELLINGS.get(one) or json.dumps(one)[1:-1] for one in lost), error.end


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and gives the exit code; errors of ours become a line or two."""
    try:
        wanted = "demo" if list(arguments[:1]) == ["demo"] else "cli"  # the demo needs more
        require_extra(wanted, "cyclopts", "rich")
        code = make_app()(list(arguments), result_action="return_value")
    except (ChatdeskError, MissingExtra) as error:
        print(f"chatdesk: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:  # who read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except SystemExit as leaving:  # how the parser ends after an error of the user's
        return WRONG_USE if leaving.code else 0
    return code if isinstance(code, int) else 0


def make_app() -> "App":
    """The program with its commands."""
    from importlib.metadata import version

    from cyclopts import App

    app = App(
        name="chatdesk",
        help="A live-chat desk inside the backend you already have.",
        version=version("chatdesk"),
    )
    app.command(demo_command())
    app.command(migrate)
    app.command(search_command())
    app.command(canned_commands())
    app.command(
        "chatdesk.cli_staff_options:app",  # imported when it is called, as those below
        name="staff",
        help="Plan how many agents are needed, from exact queueing formulas.",
    )
    app.command(
        "chatdesk.cli_simulate_options:simulate",
        name="simulate",
        help="Simulate a desk with the rules that run it, and say how sure each figure is.",
    )
    app.command(
        "chatdesk.cli_replay_options:replay",
        name="replay",
        help="Go through a desk's own past again, with other policies for the same customers.",
    )
    return app


def migrate(url: str, /) -> None:
    """Bring a database to the version that this chatdesk reads and writes.

    Parameters
    ----------
    url
        sqlite:///FILE or postgresql://USER@HOST/DATABASE.
    """
    require_extra("sql", "sqlalchemy", "alembic")
    from chatdesk.storage.sql.schema import SCHEMA
    from chatdesk.storage.sql.store import SqlStore

    SqlStore(url).migrate()
    print(f"{url} is at version {SCHEMA}.")


def search_command() -> Callable[..., None]:
    """`chatdesk search`: what fits a question, or how well the search does on a whole file."""
    from cyclopts import Parameter

    flag = Annotated[bool, Parameter(negative=())]

    def search(
        file: Path,
        query: str | None = None,
        /,
        *,
        use: Literal["question", "typing", "shortcut"] = "question",
        limit: int = 5,
        evaluate: flag = False,
        work: Path | None = None,
        json: flag = False,
    ) -> None:
        """Search a file of canned responses, or measure the search on it.

        Parameters
        ----------
        file
            A .jsonl file: a line is {"type": "document", "id", "title", "body", ...} for a reply,
            or {"type": "query", "text", "relevant": [ids]} for a question.
        query
            What a visitor asks, or what an agent types.
        use
            How to read the query.
        limit
            Most replies to print.
        evaluate
            Measure the search on the file's questions.
        work
            A file of workloads to measure instead of the questions as they are.
        json
            Print JSON.
        """
        from chatdesk.cli_search import evaluate_file
        from chatdesk.cli_search import search as find

        if evaluate == (query is not None):
            raise ConfigurationError("give a query to search for, or --evaluate without one")
        if query is None:
            evaluate_file(file, work, json=json)
        elif work is not None or limit < 1:
            raise ConfigurationError("--work goes with --evaluate, and --limit is at least 1")
        else:
            find(file, query, use=use, limit=limit, json=json)

    return search


def canned_commands() -> "App":
    """`chatdesk canned`: a desk's canned responses, out into a file and in again."""
    from cyclopts import App

    app = App(name="canned", help="Take a desk's canned responses out, and bring them in.")

    @app.command
    def export(url: str, file: Path, /, *, desk: str = "default") -> None:
        """Write every canned response of a desk to a file.

        Parameters
        ----------
        url
            The desk's database: sqlite:///FILE or postgresql://USER@HOST/DATABASE.
        file
            Where to: a .csv for spreadsheets, or a .json.
        desk
            Which desk of the database.
        """
        from chatdesk.cli_canned import take_out

        take_out(url, file, desk)

    @app.command(name="import")
    def import_(url: str, file: Path, /, *, desk: str = "default") -> None:
        """Add the canned responses of a file to a desk, or change those with the same ids.

        All of them or none: where a line is wrong it is named, and nothing is taken over.

        Parameters
        ----------
        url
            The desk's database: sqlite:///FILE or postgresql://USER@HOST/DATABASE.
        file
            A .csv or .json as `chatdesk canned export` writes it.
        desk
            Which desk of the database.
        """
        from chatdesk.cli_canned import bring_in

        bring_in(url, file, desk)

    return app


def demo_command() -> Callable[..., None]:
    """`chatdesk demo`; made here because its options are described with cyclopts."""
    from cyclopts import Parameter

    from chatdesk.cli_demo import DEFAULT_DATABASE, DEFAULT_PORT, Language, Options
    from chatdesk.cli_demo import demo as run_demo

    names = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())]
    flag = Annotated[bool, Parameter(negative=())]

    def demo(
        *,
        port: int = DEFAULT_PORT,
        host: str = "127.0.0.1",
        db: str = DEFAULT_DATABASE,
        agents: names = (),
        lang: Language = "en",
        open: flag = False,  # noqa: A002 - the name of the option
    ) -> None:
        """Start a made-up shop with a visitor's chat and an agent's console, on this machine.

        It keeps its desk in a file, and goes on where it was when it is started again.
        Ctrl-C stops it.

        Parameters
        ----------
        port
            Where to listen; 0 takes any port that is free.
        host
            The address to listen at. Anybody who reaches it may log in as any agent.
        db
            The database: sqlite:///FILE, postgresql://USER@HOST/DATABASE, or memory://.
        agents
            Names of the agents, the last one supervisor; Ana, Bo and Chloé unless others are named.
        lang
            The language of names and of the addresses that are printed.
        open
            Whether to open the shop in a browser.
        """
        run_demo(Options(port, host, db, agents, lang, open))

    return demo
