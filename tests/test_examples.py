"""The examples do what their first lines say.

An example whose docstring has a line `Prints:` is run, and has to print what stands there and in
the lines below it. Examples that serve until they are stopped have tests of their own.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
RUN_LIMIT = 60.0  # seconds until an example that hangs is ended


def expected(program: Path) -> str | None:
    """What the program says it prints, if it says so."""
    text = ast.get_docstring(ast.parse(program.read_text(encoding="utf-8"))) or ""
    found = re.search(r"^Prints: *(?P<first>.*)\n?(?P<rest>(?: +.*\n?)*)", text, re.MULTILINE)
    return found and "\n".join(filter(None, (found["first"], dedent(found["rest"]).strip())))


PROGRAMS = [program for program in sorted(EXAMPLES.glob("**/*.py")) if expected(program)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.relative_to(EXAMPLES).as_posix())
def test_an_example_prints_what_it_says(program: Path, tmp_path: Path) -> None:
    """C22: a newcomer who runs the example sees what its docstring promises."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == expected(program)


def test_the_custom_policy_is_among_them() -> None:
    """C22: the list is not empty because of a misspelt word."""
    assert EXAMPLES / "custom_policy" / "main.py" in PROGRAMS
