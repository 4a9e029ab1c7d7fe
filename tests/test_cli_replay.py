"""`chatdesk replay`, from the command line to its exit code."""

import json
from pathlib import Path

import pytest

from chatdesk.cli import run
from chatdesk.storage.open import open_store
from tests.simulation.journals import small_shop


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a day's journal."""
    path = tmp_path_factory.mktemp("replay") / "desk.db"
    store = open_store(f"sqlite:///{path}")
    small_shop(30, store=store)
    store.close()
    return path


def test_a_table_is_printed(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The agreement comes first, then what ran and each candidate with its changes."""
    assert run(["replay", str(database), "--compare", "longest-idle", "--replications", "2"]) == 0
    out = capsys.readouterr().out
    assert "100.0% the same agent" in out
    assert "\nran\n" in out
    assert "\nlongest-idle\n" in out


def test_a_condition_that_holds_gives_one(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipeline fails when a figure is worse than it is told to bear, and says which."""
    asked = ["replay", f"sqlite:///{database}", "--replications", "2", "--json"]
    assert run([*asked, "--fail-if", "jain<0.01"]) == 0
    assert json.loads(capsys.readouterr().out)["failures"] == []
    assert run([*asked, "--fail-if", "jain<0.01", "--fail-if", "jain>0.01"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["results"][0]["policy"] == "ran"
    assert "fail if jain>0.01" in captured.err


def test_csv_and_a_picture(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CSV has a row a figure; the picture is written where it was asked for."""
    picture = database.with_suffix(".svg")
    asked = ["replay", str(database), "--csv", "--plot", str(picture), "--replications", "2"]
    assert run([*asked, "--compare", "random"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "policy,against,figure,value,low,high"
    assert len(rows) == 1 + 6 + 12
    assert "<svg" in picture.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere.db"], "there is no file nowhere.db"),
        (["sqlite:///nowhere.db"], "there is no file nowhere.db"),
        (["DB", "--fail-if", "wait>3"], "known are"),
        (["DB", "--compare", "rondom"], "Did you mean random"),
        (["DB", "--replications", "0"], "replications"),
        (["DB", "--plot", "x.pdf"], "neither in .svg nor"),
        (["DB", "--desk", "other"], "no chat"),
    ],
)
def test_wrong_use_is_refused(
    database: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    """Whatever is wrong is said in a line, with exit code 2, never 1."""
    given = [str(database) if one == "DB" else one for one in arguments]
    assert run(["replay", *given]) == 2
    assert complaint in capsys.readouterr().err
