"""The house rules of `src/chatdesk`, checked on its syntax trees.

`violations(package)` walks every module of a package laid out like chatdesk and yields one sentence
for each broken rule. The package is read, never imported.
"""

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import attrs
import pytest

import chatdesk

PACKAGE = "chatdesk"

# A room may import from rooms of a smaller number, and from itself.
ROOMS = MappingProxyType(
    {
        "model": 1,
        "rules": 2,
        "canned": 2,
        "desk": 3,
        "storage": 4,
        "transport": 4,
        "runtime": 5,
        "adapters": 6,
        "reporting": 6,
        "simulation": 6,
        "testing": 6,
        "web": 6,
        "cli": 7,
    }
)
PRIVATE = "private modules"  # chatdesk/_extras.py and its like: the lowest room
ROOT = "root"  # chatdesk/__init__.py: the highest, it only collects the public names
LEVELS = MappingProxyType({PRIVATE: 0, **ROOMS, ROOT: 8})

CORE = frozenset({"model", "rules", "canned", "desk"})
NOT_IN_CORE = frozenset(
    {
        "time",
        "random",
        "secrets",
        "threading",
        "socket",
        "os",
        "asyncio",
        "anyio",
        "sqlalchemy",
    }
)
CLOCKS_AND_LOTS = frozenset(
    {
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "time.monotonic",
        "time.perf_counter",
        "time.time",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)
NOWHERE = MappingProxyType(
    {
        "dataclasses": "use a frozen msgspec.Struct, or attrs for behaviour",
        "pydantic": "use a frozen msgspec.Struct",
    }
)
MAX_MODULE_LINES = 600
MAX_FUNCTION_LINES = 60


@attrs.frozen
class Module:
    """One source file of the package."""

    path: str  # as shown in a message: chatdesk/rules/queueing.py
    name: str  # as imported: chatdesk.rules.queueing
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room the module stands in."""
        return room_of(self.name)

    def at(self, node: ast.AST, sentence: str) -> str:
        """A sentence about `node`, with the place first."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {sentence}"


@attrs.frozen
class Import:
    """One name that a module imports."""

    node: ast.Import | ast.ImportFrom
    module: str  # what stands after `import` or `from`, made absolute
    name: str | None  # what `from … import` takes out of it

    @property
    def top(self) -> str:
        """The first part of the dotted name."""
        return self.module.partition(".")[0]


def room_of(name: str) -> str:
    """The room of a dotted module name; the module's own first part when there is no such room."""
    if name == PACKAGE:
        return ROOT
    first = name.split(".")[1]
    if first == "cli" or first.startswith("cli_") or first == "__main__":
        return "cli"
    return PRIVATE if first.startswith("_") else first


def read_modules(package: Path) -> Iterator[Module]:
    """Parse every Python file below the folder `package`."""
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).with_suffix("").parts
        name = ".".join((PACKAGE, *(part for part in parts if part != "__init__")))
        text = file.read_text(encoding="utf-8")
        path = f"{PACKAGE}/{file.relative_to(package).as_posix()}"
        yield Module(path, name, text, ast.parse(text, filename=path))


def imports_of(module: Module) -> Iterator[Import]:
    """Every import of a module, wherever it stands, one for each name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (Import(node, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute_source(module, node)
            yield from (Import(node, source, alias.name) for alias in node.names)


def absolute_source(module: Module, node: ast.ImportFrom) -> str:
    """What a `from` import reads, with leading dots resolved."""
    if node.level == 0:
        return node.module or ""
    parts = module.name.split(".")
    above = node.level - module.path.endswith("/__init__.py")
    return ".".join([*parts[: len(parts) - above], *filter(None, [node.module])])


def check_packages(package: Path) -> Iterator[str]:
    """Every folder of modules is a package, so that nothing is left out when all are walked."""
    for folder in sorted({file.parent for file in package.rglob("*.py")}):
        if not (folder / "__init__.py").exists():
            name = folder.relative_to(package.parent).as_posix()
            yield f"{name}: a folder of modules needs an __init__.py"


def check_rooms(module: Module) -> Iterator[str]:
    """A module stands in a known room and imports only from rooms below it."""
    if module.room not in LEVELS:
        yield f"{module.path}: {module.room} is not a room of the house"
        return
    for each in imports_of(module):
        if each.top != PACKAGE or each.module == PACKAGE:
            continue
        target = room_of(each.module)
        if target not in LEVELS:
            yield module.at(each.node, f"imports {each.module}, which is in no room of the house")
        elif target != module.room and LEVELS[target] >= LEVELS[module.room]:
            yield module.at(each.node, f"{module.room} must not import from {target}")


def check_manner(module: Module) -> Iterator[str]:
    """Imports are absolute and never go through the package root."""
    for each in imports_of(module):
        if isinstance(each.node, ast.ImportFrom) and each.node.level:
            yield module.at(each.node, "write the import with its full name, without leading dots")
        if each.module == PACKAGE:
            yield module.at(each.node, "import from the defining module, not the package root")


def check_forbidden_packages(module: Module) -> Iterator[str]:
    """The core does no input or output; records are Structs everywhere."""
    for each in imports_of(module):
        if module.room in CORE and each.top in NOT_IN_CORE:
            yield module.at(each.node, f"the core must not import {each.top}")
        if each.top in NOWHERE:
            yield module.at(each.node, f"{each.top} is not used here: {NOWHERE[each.top]}")


def check_clock(module: Module) -> Iterator[str]:
    """The core reads no clock and draws no lots: `now` and new ids come in as arguments."""
    if module.room not in CORE:
        return
    meanings = imported_meanings(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            meaning = dotted(node, meanings)
            if meaning in CLOCKS_AND_LOTS:
                yield module.at(node, f"the core must not use {meaning}: take it as an argument")


def imported_meanings(module: Module) -> dict[str, str]:
    """What each imported local name stands for, in full."""
    meanings = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                meanings[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                meanings[alias.asname or top] = alias.name if alias.asname else top
    return meanings


def dotted(node: ast.expr, meanings: dict[str, str]) -> str | None:
    """The full dotted name that an expression spells, if it is one that starts at an import."""
    if isinstance(node, ast.Attribute):
        value = dotted(node.value, meanings)
        return None if value is None else f"{value}.{node.attr}"
    return meanings.get(node.id) if isinstance(node, ast.Name) else None


def check_size(module: Module) -> Iterator[str]:
    """Modules and functions stay small."""
    lines = len(module.text.splitlines())
    if lines > MAX_MODULE_LINES:
        yield f"{module.path}: {lines} lines, more than {MAX_MODULE_LINES}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield module.at(
                    node, f"{node.name} has {length} lines, more than {MAX_FUNCTION_LINES}"
                )


CHECKS = (check_rooms, check_manner, check_forbidden_packages, check_clock, check_size)


def violations(package: Path) -> Iterator[str]:
    """One sentence for each broken rule in the package, in order of the files."""
    yield from check_packages(package)
    for module in read_modules(package):
        yield from chain.from_iterable(check(module) for check in CHECKS)


def test_the_house_is_in_order() -> None:
    """Every module imports only from rooms below it, and keeps the rules of its room."""
    assert "\n".join(violations(Path(chatdesk.__file__).parent)) == ""


def test_the_walk_sees_the_package() -> None:
    """The check reads the real modules, so an empty answer means order and not blindness."""
    modules = {module.name for module in read_modules(Path(chatdesk.__file__).parent)}
    assert {"chatdesk", "chatdesk._extras"} <= modules


def build(package: Path, files: dict[str, str]) -> Path:
    """Write a small package."""
    for name, text in files.items():
        file = package / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if name != "bare/bad.py":
            (file.parent / "__init__.py").touch()
    return package


ORDERLY = MappingProxyType(
    {
        "__init__.py": "from chatdesk.model.records import Chat\n__all__ = ['Chat']\n",
        "_extras.py": "import importlib\n",
        "model/__init__.py": "",
        "model/records.py": "import msgspec\nfrom chatdesk.model.ids import ChatId\n",
        "model/ids.py": "",
        "rules/queueing.py": "from datetime import datetime\n"
        "import chatdesk.model.records\n"
        "def due(at: float) -> datetime: return datetime.fromtimestamp(at)\n",
        "desk/handlers/open.py": "from chatdesk.rules.queueing import due\n",
        "storage/sql.py": "import time, sqlalchemy\nfrom chatdesk._extras import require_extra\n",
        "runtime/turns.py": "from chatdesk.storage.sql import Store\nnow = time.time()\n",
        "cli_search.py": "from chatdesk.reporting.plots import plot\n",
        "cli.py": "from chatdesk.cli_search import search\n",
    }
)


def test_an_orderly_package_passes(tmp_path: Path) -> None:
    """Imports downwards and inside a room are welcome, and only the core is kept from clocks."""
    assert list(violations(build(tmp_path, dict(ORDERLY)))) == []


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("model/bad.py", "from chatdesk.rules.queueing import due", "model must not import from"),
        ("rules/bad.py", "import chatdesk.desk.desk as d", "rules must not import from desk"),
        ("rules/bad.py", "from chatdesk.canned.text import fold", "rules must not import from can"),
        ("canned/bad.py", "from chatdesk.rules import queueing", "canned must not import from rul"),
        ("storage/bad.py", "import chatdesk.transport.frames", "storage must not import from tr"),
        ("testing/bad.py", "import chatdesk.simulation.clock", "testing must not import from sim"),
        ("desk/bad.py", "def f():\n    import chatdesk.cli", "bad.py:2: desk must not import from"),
        ("_bad.py", "from chatdesk.model.ids import ChatId", "private modules must not import"),
        ("desk/bad.py", "from ..storage import sql", "desk must not import from storage"),
        ("model/bad.py", "from .ids import ChatId", "without leading dots"),
        ("desk/__init__.py", "from ..storage import sql", "desk must not import from storage"),
        ("cellar/bad.py", "", "cellar is not a room of the house"),
        ("bare/bad.py", "", "bare: a folder of modules needs an __init__.py"),
        ("cli.py", "import chatdesk.cellar.wine", "which is in no room of the house"),
        ("runtime/bad.py", "import chatdesk", "not the package root"),
        ("runtime/bad.py", "from chatdesk import Chat", "not the package root"),
        ("runtime/bad.py", "from .. import Chat", "not the package root"),
        *(
            ("desk/bad.py", f"import {name}", f"the core must not import {name}")
            for name in sorted(NOT_IN_CORE)
        ),
        ("model/bad.py", "from os.path import join", "the core must not import os"),
        ("rules/bad.py", "from time import time", "the core must not import time"),
        ("rules/bad.py", "import time as t\nt.time()", "bad.py:2: the core must not use time.time"),
        ("canned/bad.py", "from datetime import datetime as D\nD.now()", "use datetime.datetime.n"),
        ("canned/bad.py", "import datetime\ndatetime.datetime.utcnow()", "datetime.utcnow"),
        ("desk/bad.py", "from uuid import uuid4\nmake = uuid4", "must not use uuid.uuid4"),
        ("web/bad.py", "from dataclasses import dataclass", "frozen msgspec.Struct"),
        ("adapters/bad.py", "import pydantic", "pydantic is not used here"),
        ("web/bad.py", "x = 1\n" * 601, "601 lines, more than 600"),
        ("web/bad.py", "class C:\n  def f():\n" + "    x\n" * 60, "f has 61 lines, more than 60"),
        ("web/bad.py", "async def g():\n" + "    x\n" * 60, "g has 61 lines, more than 60"),
    ],
)
def test_each_violation_is_caught(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    """A package that breaks one rule is told which, and where."""
    found = list(violations(build(tmp_path, {**ORDERLY, file: text})))
    place = file.removesuffix("/bad.py")
    assert any(complaint in sentence and place in sentence for sentence in found), found


def test_sizes_at_the_limit_pass(tmp_path: Path) -> None:
    """A module of 600 lines and a function of 60 are still in order."""
    function = "def f():\n" + "    x\n" * 59
    files = {"web/big.py": function + "x = 1\n" * 540}
    assert list(violations(build(tmp_path, files))) == []
