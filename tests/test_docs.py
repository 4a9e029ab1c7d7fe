"""The README and the documentation are run: what they show works.

* All ```python blocks of a page are one program, run in an empty folder with warnings as errors.
  Tracebacks give the page's own line numbers.
* Then the ```console and ```sh blocks are run in the same folder: every line that begins with `$ `
  is a `chatdesk` command that must succeed. What a page shows as its output is not compared.
* A block that cannot be run here, because it starts a server or installs something, has a comment
  directly above it: `<!-- no-run: why -->`.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]
SHELLS = ("console", "sh")
OTHER_NAMES = {
    "py": "python",
    "python3": "python",
    "pycon": "python",
    "bash": "sh",
    "shell": "sh",
    "shell-session": "console",
}
NO_RUN = re.compile(r"<!--\s*no-run:\s*(?P<why>\S.*?)\s*-->", re.DOTALL)
LANGUAGE = re.compile(r"(?:\{code(?:-block|-cell)?\}\s*)?(?P<language>[\w+-]+)")
RUN_LIMIT = 90.0  # seconds until a page that hangs is ended


@attrs.frozen
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int  # of its first line of code, counted from one
    no_run: str | None  # why it is not run

    @property
    def commands(self) -> list[str]:
        """The lines of a shell block that a reader types."""
        return [line[2:] for line in self.text.splitlines() if line.startswith("$ ")]


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a Markdown page that name a language, in order."""
    tokens = MarkdownIt().parse(page)
    blocks = []
    for previous, token in zip([None, *tokens], tokens, strict=False):
        language = LANGUAGE.match(token.info)
        if token.type == "fence" and token.map and language:
            line = token.map[0] + 2
            blocks.append(Block(language["language"], token.content, line, no_run_reason(previous)))
    return blocks


def no_run_reason(token: Token | None) -> str | None:
    """Why the block after `token` is not run, if the token is such a comment."""
    if token is None or token.type != "html_block":
        return None
    found = NO_RUN.search(token.content)
    return found["why"] if found else None


def complaints(blocks: Sequence[Block]) -> list[str]:
    """What is wrong with the way blocks are written."""
    found = []
    for block in blocks:
        if block.language in OTHER_NAMES:
            name = OTHER_NAMES[block.language]
            found.append(f"line {block.line}: write ```{name} instead of ```{block.language}")
        elif block.language in SHELLS and block.no_run is None:
            commands = [shlex.split(command, comments=True)[:1] for command in block.commands]
            if not block.text.startswith("$ ") or any(name != ["chatdesk"] for name in commands):
                found.append(
                    f"line {block.line}: only `$ chatdesk …` can be run here; "
                    "write `<!-- no-run: why -->` directly above the block"
                )
    return found


def program_of(blocks: Sequence[Block]) -> str:
    """The Python blocks of a page as one program that keeps the page's line numbers."""
    lines: list[str] = []
    for block in blocks:
        if block.language == "python" and block.no_run is None:
            lines += [""] * (block.line - 1 - len(lines))
            lines += block.text.splitlines()
    return "\n".join(lines) + "\n" if lines else ""


def run_page(page: Path, folder: Path) -> str:
    """Run a page in `folder`; answer what went wrong, and nothing when all is well."""
    blocks = blocks_of(page.read_text(encoding="utf-8"))
    found = complaints(blocks)
    program = program_of(blocks)
    if program:
        script = folder / f"{page.stem}.py"
        script.write_text(program, encoding="utf-8")
        found += run([sys.executable, "-W", "error", str(script)], folder)
    for block in blocks:
        if block.language in SHELLS and block.no_run is None:
            for command in block.commands:
                found += run(shlex.split(command, comments=True), folder)
    return "\n".join(found)


def run(command: Sequence[str], folder: Path) -> list[str]:
    """Run a command with the tested Python's scripts first on the PATH; answer complaints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT,
        check=False,
    )
    if done.returncode == 0:
        return []
    return [f"{shlex.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_works_as_written(page: Path, tmp_path: Path) -> None:
    """Every block of the page runs, or says why it cannot."""
    assert run_page(page, tmp_path) == ""


def write_page(folder: Path, text: str) -> Path:
    """Write a page for a test of the tests."""
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_blocks_of_a_page_are_one_program(tmp_path: Path) -> None:
    """A later block sees the names of an earlier one, also inside a list."""
    page = write_page(
        tmp_path,
        "```python\nx = 20\n```\n\n- then\n\n  ```python\n  open(str(x), 'x').close()\n  ```\n",
    )
    assert run_page(page, tmp_path) == ""
    assert (tmp_path / "20").exists()


def test_an_error_gives_the_line_of_the_page(tmp_path: Path) -> None:
    """A block that fails is reported with the page's own line number."""
    page = write_page(
        tmp_path, "# T\n\n```python\nx = 1\n```\n\n```{code-block} python\n1 / 0\n```\n"
    )
    assert "line 8" in run_page(page, tmp_path)
    assert "ZeroDivisionError" in run_page(page, tmp_path)


def test_a_warning_fails_the_page(tmp_path: Path) -> None:
    """A page that shows deprecated code does not pass."""
    page = write_page(tmp_path, "```python\nimport warnings\nwarnings.warn('old')\n```\n")
    assert "UserWarning: old" in run_page(page, tmp_path)


def test_a_reason_keeps_a_block_from_running(tmp_path: Path) -> None:
    """A block below a no-run comment with a reason is left alone; only that block."""
    page = write_page(
        tmp_path,
        "<!-- no-run: it needs a network -->\n```sh\npip install x\n```\n\n```python\n1 / 0\n```\n",
    )
    answer = run_page(page, tmp_path)
    assert "ZeroDivisionError" in answer
    assert "pip" not in answer


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```console\n$ pip install x\n```\n", "only `$ chatdesk …` can be run"),
        ("```console\n$ chatdesk doctor\n$ rm -r x\n```\n", "only `$ chatdesk …` can be run"),
        ("```sh\nchatdesk doctor\n```\n", "only `$ chatdesk …` can be run"),
        ("<!-- no-run: -->\n```sh\npip install x\n```\n", "only `$ chatdesk …` can be run"),
        ("```bash\n$ chatdesk doctor\n```\n", "line 2: write ```sh instead of ```bash"),
        ("```pycon\n>>> 1\n1\n```\n", "write ```python instead of ```pycon"),
    ],
)
def test_a_block_nobody_runs_is_found(text: str, complaint: str) -> None:
    """A shell block is run or has a reason, and no spelling of a language escapes the check."""
    assert complaint in "\n".join(complaints(blocks_of(text)))


def test_commands_are_run_after_the_program(tmp_path: Path) -> None:
    """Shell lines run in the folder of the page, and output shown below them is not run."""
    block = Block("console", "$ chatdesk report\nline of output\n$ chatdesk doctor\n", 1, None)
    assert block.commands == ["chatdesk report", "chatdesk doctor"]
    failing = f"{shlex.quote(sys.executable)} -c 'print(12); raise SystemExit(3)'"
    assert "ended with 3:\n12" in "\n".join(run(shlex.split(failing), tmp_path))
    assert run([sys.executable, "-c", ""], tmp_path) == []
