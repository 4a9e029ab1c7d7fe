"""`chatdesk canned`: out of a desk into a file, and in again."""

from pathlib import Path

import pytest

from chatdesk.cli import run
from chatdesk.model.commands import ConfigureDesk, ImportCanned, RetireCanned
from chatdesk.model.queries import AskCanned
from chatdesk.model.records import CannedResponse, DeskSetup
from chatdesk.model.values import service
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.testing.factories import a_response

RESPONSES = (
    a_response("hours", title="Heures d’ouverture", body="De neuf à six.\n« Bienvenue »"),
    a_response("old", title="Old", shortcuts=("#old", "#older"), valid_until=5.0),
    a_response("own", shortcuts=("#own",), owner="ana", attachments=("/a.pdf",)),
    a_response("gone", shortcuts=("#gone",)),
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A desk in a file, with responses of every kind."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    with ChatDesk(url) as desk:
        desk.execute(ConfigureDesk(setup=DeskSetup(name="Shop")), by=service())
        desk.execute(ImportCanned(responses=RESPONSES), by=service())
        desk.execute(RetireCanned(canned="gone"), by=service())
    return url


def kept(url: str) -> dict[str, CannedResponse]:
    """Everything that a desk keeps."""
    with ChatDesk(url) as desk:
        view = desk.ask(AskCanned(all_times=True, retired=True), by=service())
    return {hit.response.id: hit.response for each in view.categories for hit in each.responses}


@pytest.mark.parametrize("form", ["csv", "JSON"])
def test_out_and_in_again(
    url: str, form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A21: what one desk has another one gets, also what is out of use; twice does no harm."""
    file, other = tmp_path / f"canned.{form}", f"sqlite:///{tmp_path / 'other.db'}"
    assert run(["canned", "export", url, str(file)]) == 0
    assert f"4 canned responses are in {file}" in capfd.readouterr().out
    with ChatDesk(other) as desk:
        desk.execute(ConfigureDesk(setup=DeskSetup(name="Other")), by=service())
    assert run(["canned", "import", other, str(file)]) == 0
    assert run(["canned", "import", other, str(file)]) == 0
    assert capfd.readouterr().out == (
        "4 canned responses added, 0 changed.\n0 canned responses added, 4 changed.\n"
    )
    again, before = kept(other), kept(url)
    assert {
        id_: (r.title, r.body, r.shortcuts, r.retired, r.owner) for id_, r in again.items()
    } == {id_: (r.title, r.body, r.shortcuts, r.retired, r.owner) for id_, r in before.items()}


def test_nothing_is_taken_of_a_file_with_a_wrong_line(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A21: what the desk refuses is told with its line, too."""
    file = tmp_path / "new.csv"
    heading = "id;title;body;shortcuts;categories;attachments\n"
    good, bad = "a;A;Text;#a;c;\n", "b;B;Text;#hours;c;leaflet\n"
    before = kept(url)
    for text, told in (
        (heading + good + bad, ("line 3: shortcuts", "line 3: attachments")),
        (heading + good + "c;C\n", ("line 3: 2 cells",)),
    ):
        file.write_text(text, "utf-8")
        assert run(["canned", "import", url, str(file)]) == 2
        said = capfd.readouterr().err
        assert all(each in said for each in told)
        assert kept(url) == before


def test_files_that_cannot_be(url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file of another form, none at all, and a database that is not there are told."""
    none = str(tmp_path / "none.csv")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("é".encode("latin-1"))
    for arguments, told in (
        (["export", url, str(tmp_path / "x.xls")], "neither .csv nor .json"),
        (["export", url, str(tmp_path / "no" / "x.csv")], "cannot write"),
        (["import", url, none], "cannot read"),
        (["import", url, str(latin)], "cannot read"),
        (["export", f"sqlite:///{tmp_path / 'typo.db'}", none], "there is no database"),
    ):
        assert run(["canned", *arguments]) == 2
        assert told in capfd.readouterr().err
    assert not (tmp_path / "typo.db").exists()
