"""Tests of `chatdesk._extras`."""

import sys
from pathlib import Path

import pytest

from chatdesk._extras import MissingExtra, require_extra


def test_an_installed_package_passes() -> None:
    """Nothing happens when every module is there."""
    require_extra("sql", "attrs", "msgspec.json")
    assert "msgspec.json" in sys.modules


def test_a_missing_package_names_the_command() -> None:
    """The error says which module is missing and the exact command that installs it."""
    with pytest.raises(MissingExtra) as caught:
        require_extra("sql", "attrs", "no_such_package_here")
    assert str(caught.value) == (
        "no_such_package_here is not installed. Install it with: pip install 'chatdesk[sql]'"
    )
    assert (caught.value.extra, caught.value.name) == ("sql", "no_such_package_here")


def test_a_missing_parent_counts_as_missing() -> None:
    """A module inside a package that is not installed is missing too."""
    with pytest.raises(MissingExtra, match=r"no_such_package_here\.inner is not installed"):
        require_extra("plot", "no_such_package_here.inner")


def test_it_is_an_import_error() -> None:
    """Code that guards an optional import with `except ImportError` keeps working."""
    with pytest.raises(ImportError):
        require_extra("sql", "no_such_package_here")


def test_a_broken_package_speaks_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed module that misses something of its own is not reported as missing."""
    (tmp_path / "broken_package_here.py").write_text("import something_it_lacks\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        require_extra("sql", "broken_package_here")
    assert not isinstance(caught.value, MissingExtra)
    assert caught.value.name == "something_it_lacks"
