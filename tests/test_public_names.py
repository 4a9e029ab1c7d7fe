"""The package root: its names are found, and type checkers are told the same ones."""

import ast
from importlib import import_module
from pathlib import Path

import chatdesk

STUB = Path(chatdesk.__file__).with_suffix(".pyi")


def stub_names() -> dict[str, str]:
    """The names that the stub imports, and where from."""
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    return {
        alias.name: node.module or ""
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_every_public_name_is_found_where_the_stub_says() -> None:
    """`chatdesk.X` is the X of the module that type checkers read."""
    for name, module in stub_names().items():
        assert getattr(chatdesk, name) is getattr(import_module(module), name)


def test_stub_and_package_name_the_same() -> None:
    """No name is only for type checkers, and none is hidden from them."""
    assert sorted(stub_names()) == chatdesk.__all__ == dir(chatdesk)


def test_an_unknown_name_says_so() -> None:
    """A misspelt name raises what Python programmers expect."""
    assert not hasattr(chatdesk, "ChatDeks")
