"""The README's two commands, the build script, and the extras that pages name."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[demo]' && .venv/bin/chatdesk demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest"
EXTRA = re.compile(r"""(?:\bchatdesk|["']\.)\[(?P<names>[a-z]+(?:,\s*[a-z]+)*)\]""")
REQUIRED = re.compile(r"""require_extra\(\s*["'](?P<names>[a-z]+)["']""")


def named_extras() -> Iterator[tuple[str, str]]:
    """Every extra that a page or a module names, with the file that names it."""
    for pattern, files in (
        (EXTRA, [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "pyproject.toml"]),
        (REQUIRED, [*ROOT.glob("src/**/*.py")]),
    ):
        for file in files:
            for match in pattern.finditer(file.read_text(encoding="utf-8")):
                for name in match["names"].split(","):
                    yield name.strip(), file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("command", [DEMO, TESTS])
def test_the_readme_gives_the_command(command: str) -> None:
    """Whoever copies a line of the README gets the demo, or the tests."""
    assert command in README.splitlines()


def test_the_build_runs_the_readmes_command() -> None:
    """The build runs the tests exactly as the README says."""
    assert TESTS in map(str.strip, CI.splitlines())


def test_named_extras_exist() -> None:
    """Every extra that a page tells readers to install, or an error names, is declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    unknown = {
        (name, file)
        for name, file in named_extras()
        if name not in project["optional-dependencies"]
    }
    assert unknown == set()


def test_extras_are_found_in_text() -> None:
    """The search sees both ways to name extras, so that the test above is not blind."""
    assert {"demo", "dev"} <= {name for name, file in named_extras() if file == "README.md"}
    assert EXTRA.search("pip install 'chatdesk[sql, serve]'") is not None
    assert REQUIRED.search('require_extra("sql", "sqlalchemy")') is not None
