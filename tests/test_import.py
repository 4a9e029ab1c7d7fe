"""What `import chatdesk` loads, and that the core needs nothing but its four packages."""

import os
import subprocess
import sys

import pytest

HEAVY = (
    "alembic",
    "cyclopts",
    "itsdangerous",
    "matplotlib",
    "numpy",
    "rich",
    "sqlalchemy",
    "uvicorn",
)

# The four packages of the core with their own names, and what they need themselves.
ALLOWED = (
    "anyio",
    "attr",
    "attrs",
    "chatdesk",
    "idna",
    "msgspec",
    "sniffio",
    "sortedcontainers",
    "typing_extensions",
)

ONLY_CORE_PACKAGES = f"""
import sys

class OnlyCore:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        # sysconfig's own data, named after the platform, is in no list of the standard library
        standard = top in sys.stdlib_module_names or top.startswith("_sysconfigdata_")
        if not standard and top not in {ALLOWED!r}:
            raise ModuleNotFoundError(f"{{top}} is hidden by this test", name=top)
        return None

sys.meta_path.insert(0, OnlyCore())
"""

IMPORT_THE_CORE = """
import pkgutil
from importlib import import_module
import chatdesk

for name in getattr(chatdesk, "__all__", ()):
    getattr(chatdesk, name)
for room in pkgutil.iter_modules(chatdesk.__path__, "chatdesk."):
    if room.name.split(".")[1] in ("model", "rules", "canned", "desk"):
        for module in pkgutil.walk_packages(import_module(room.name).__path__, f"{room.name}."):
            import_module(module.name)
            print(module.name)
"""


def run_python(program: str) -> str:
    """Run a program in a fresh interpreter, with warnings as errors, and answer what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_chatdesk_is_light() -> None:
    """`import chatdesk` loads no package of an extra."""
    loaded = run_python("import chatdesk, sys; print(*sys.modules)").split()
    assert "chatdesk" in loaded
    assert {name.partition(".")[0] for name in loaded}.isdisjoint(HEAVY)


def test_the_core_needs_only_its_four_packages() -> None:
    """Every module of the core imports where only attrs, anyio, msgspec and sortedcontainers are.

    The public names of the package do so too.
    """
    modules = run_python(ONLY_CORE_PACKAGES + IMPORT_THE_CORE).split()
    assert "chatdesk.model.records" in modules


@pytest.mark.parametrize("name", HEAVY)
def test_hidden_packages_are_hidden(name: str) -> None:
    """The test above hides what it claims to hide, so it cannot pass by accident."""
    attempt = f"try:\n    import {name}\nexcept ImportError as error:\n    print(error)\n"
    assert run_python(ONLY_CORE_PACKAGES + attempt) == f"{name} is hidden by this test\n"
