"""Faults put into the machine on purpose are found by the random desks and the tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chatdesk
from tests.desk.mutants import LIMIT, MUTANTS, Mutant

PACKAGE = Path(chatdesk.__file__).parent
ROOT = Path(__file__).parents[2]
AT_ONCE = 6
"""How many are tried in the ordinary run."""

RANDOM = """
from chatdesk.testing.driver import run
for seed in range(60):
    run(seed, 100, check_every=5)
"""
TESTS = (
    *("-x", "-q", "-p", "no:cacheprovider", "--ignore", "tests/desk/test_mutants.py"),
    *("--deselect", "tests/desk/test_driver.py", "tests/desk", "tests/rules"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package to put faults into."""
    root = tmp_path_factory.mktemp("mutants")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, root / "chatdesk", ignore=ignore)
    return root


def succeeds(copy: Path, *arguments: str) -> bool:
    """Whether a program runs to its end on the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def put_in(copy: Path, mutant: Mutant) -> Path:
    """Put the fault in; it must still fit."""
    path = copy / "chatdesk" / mutant.file
    text = path.read_text("utf-8")
    assert text.count(mutant.text) == 1, f"write this mutant anew: {mutant}"
    path.write_text(text.replace(mutant.text, mutant.becomes), "utf-8")
    return path


def test_every_fault_still_fits() -> None:
    """A12: each text occurs once, so that no fault is skipped because the code has changed."""
    files = {mutant.file: (PACKAGE / mutant.file).read_text("utf-8") for mutant in MUTANTS}
    assert [mutant for mutant in MUTANTS if files[mutant.file].count(mutant.text) != 1] == []


def test_the_copy_itself_is_sound(copy: Path) -> None:
    """A12: without a fault the random desks run to their end, from the copy."""
    where = "import chatdesk, sys; sys.exit(not chatdesk.__file__.startswith(sys.argv[1]))"
    assert succeeds(copy, "-c", where, str(copy))
    assert succeeds(copy, "-c", RANDOM)


@pytest.mark.parametrize("mutant", MUTANTS[:AT_ONCE], ids=range(AT_ONCE))
def test_random_desks_find_faults(copy: Path, mutant: Mutant) -> None:
    """A12, C11: the invariants alone find these."""
    path = put_in(copy, mutant)
    try:
        assert not succeeds(copy, "-c", RANDOM)
    finally:
        shutil.copy(PACKAGE / mutant.file, path)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("mutant", MUTANTS, ids=range(len(MUTANTS)))
def test_every_fault_is_found(copy: Path, mutant: Mutant) -> None:
    """A12, C11: by the random desks, else by the tests of desk and rules."""
    path = put_in(copy, mutant)
    try:
        found = not (succeeds(copy, "-c", RANDOM) and succeeds(copy, "-m", "pytest", *TESTS))
        assert found, f"nothing finds {mutant}"
    finally:
        shutil.copy(PACKAGE / mutant.file, path)
