"""The static files of the pages: what they may hold, and that all of them are shipped."""

import json
import re
from pathlib import Path

import pytest

from chatdesk.web import CONTENT_SECURITY_POLICY, FOLDER, MEDIA_TYPES, SHOP_FOLDER, files

SCRIPTS = sorted(FOLDER.rglob("*.js"))
PAGES = sorted(FOLDER.rglob("*.html"))
MARKUP_FROM_TEXT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment"
    r"|DOMParser|\beval\(|new Function|srcdoc|setHTML"
)


def name(file: Path) -> str:
    """A file's name for the list of tests."""
    return file.relative_to(FOLDER).as_posix()


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_no_script_makes_markup_of_text(script: Path) -> None:
    """Text enters the pages as text: nothing that would parse it is even mentioned."""
    assert MARKUP_FROM_TEXT.findall(script.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_holds_code_or_style_of_its_own(page: Path) -> None:
    """A strict policy refuses inline code and style, so there is none; nothing is loaded afar."""
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", text) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", text) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_every_sentence_that_is_asked_for_exists(script: Path) -> None:
    """A code that a script says by name stands in both language files."""
    asked = set(re.findall(r"\.say\(\s*\"([\w.]+)\"", script.read_text(encoding="utf-8")))
    for language in ("en", "fr"):
        known = json.loads((FOLDER / "lang" / f"{language}.json").read_text(encoding="utf-8"))
        assert asked <= known.keys()


def test_whatever_the_desk_says_has_words() -> None:
    """B14, B33: every code of a line in a talk, and of a reason, stands in both language files."""
    handlers = (FOLDER.parent / "desk").rglob("*.py")
    code = "\n".join(file.read_text(encoding="utf-8") for file in handlers)
    said = {f"system.{each}" for each in re.findall(r"say\(step, chat, \"(\w+)\"", code)}
    reasons = set(re.findall(r"Reason\(code=\"(\w+)\"|_reason\(\"(\w+)\"", code))
    assert {"system.agent_joined", "system.ticket_opened"} <= said
    assert reasons
    for language in ("en", "fr"):
        known = json.loads((FOLDER / "lang" / f"{language}.json").read_text(encoding="utf-8"))
        assert said <= known.keys()
        for each in filter(None, (both for pair in reasons for both in pair)):
            assert known.keys() & {f"reason.{each}", f"reason.own.{each}"}, each


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_every_import_is_shipped(script: Path) -> None:
    """A module imports only files that are there."""
    text = script.read_text(encoding="utf-8")
    for source in re.findall(r"from \"([^\"]+)\"", text):
        path = source.removeprefix("/chatdesk/").removeprefix("./")
        assert path in files()


def test_the_files_are_listed_with_their_types() -> None:
    """Widget, console, styles, words and shop are among the files, each of a known type."""
    listed = files()
    assert {"widget.js", "widget.css", "console.html", "lang/fr.json"} <= listed.keys()
    assert "index.html" in files(SHOP_FOLDER)
    assert all(file.is_file() for file in listed.values())
    assert {file.suffix for file in listed.values()} <= MEDIA_TYPES.keys()
    assert not any(path.endswith(".py") for path in listed)


def test_the_policy_allows_nothing_inline() -> None:
    """The policy names no unsafe source and demands trusted types."""
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "require-trusted-types-for 'script'" in CONTENT_SECURITY_POLICY
