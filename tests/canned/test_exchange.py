"""Canned responses as CSV and JSON."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatdesk.canned.exchange import export_csv, export_json, import_csv, import_json
from chatdesk.canned.responses import problems
from chatdesk.model.errors import InvalidInput
from chatdesk.model.records import CannedResponse
from tests.canned.builders import response

FULL = response(
    "full",
    title="=SUM(A1)",
    body="Line one\nline \"two\", with; signs\r\n'quoted' {{ customer.first_name | you }} é🙂",
    shortcuts=("#full", "#f"),
    keywords=("where is it", "it's late"),
    categories=("orders/returns", "general"),
    language="fr-CH",
    team="kitchen",
    owner="ann",
    valid_from=0.1,
    valid_until=1e9 + 1 / 3,
    attachments=("a1", "a2"),
    promise_seconds=90.0,
    version=7,
    retired=True,
)


@pytest.mark.parametrize(
    ("out", "back"), [(export_csv, import_csv), (export_json, import_json)], ids=["csv", "json"]
)
def test_round_trip(
    out: Callable[[list[CannedResponse]], str], back: Callable[[str], tuple[CannedResponse, ...]]
) -> None:
    """What is exported comes back without a difference, to the last digit and line end (A21)."""
    responses = [FULL, response("plain")]
    assert list(back(out(responses))) == responses


TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)


@example(title="0", body="0", keyword="0\n", start=None)
@given(title=TEXT, body=TEXT, keyword=TEXT, start=st.none() | st.floats(0, 1e11))
def test_any_text_round_trips(title: str, body: str, keyword: str, start: float | None) -> None:
    """Whatever may be kept survives both forms."""
    one = response("x", title=title, body=body, keywords=(keyword,), valid_from=start)
    if problems(one):
        return
    assert import_csv(export_csv([one])) == (one,)
    assert import_json(export_json([one])) == (one,)


def test_csv_cells_are_no_formulas() -> None:
    """No cell begins with a sign that a spreadsheet would compute."""
    line = export_csv([response("a", title="=cmd()", body="@x")]).splitlines()[1]
    assert line.startswith("a,'=cmd(),'@x,")


def messages(back: Callable[[str], object], text: str) -> str:
    """What an import that is refused says."""
    with pytest.raises(InvalidInput) as refused:
        back(text)
    return str(refused.value)


def test_csv_problems_are_named_by_line() -> None:
    """Every problem is told with its line, and nothing is imported (A21)."""
    text = (
        "id,title,body,shortcuts,categories,version\n"
        'a,Title,"two\nlines",#a,general,1\n'
        "b,,body,#a,general,x\n"
        "c,Title,body\n"
        "a,Title,body,#d,general,1\n"
        "e,Title,body,#A,general,1\n"
    )
    told = messages(import_csv, text)
    assert "line 4: version" in told
    assert "line 5: 3 cells, the heading has 6" in told
    assert "line 6: id" in told
    assert "line 7: shortcuts" in told
    assert "line 2" not in told


def test_csv_headings() -> None:
    """Missing, unknown and doubled columns are named before any row is read."""
    told = messages(import_csv, "id,id,colour\n")
    assert all(word in told for word in ("'title'", "'colour'", "twice"))
    assert "'id'" in messages(import_csv, "")


def test_csv_broken_quotes() -> None:
    """A quote that never ends is a problem with a line, not a crash."""
    assert "line 2" in messages(import_csv, 'id,title,body,shortcuts,categories\na,"b\n')


def test_csv_of_a_spreadsheet() -> None:
    """A byte-order mark and missing optional columns are no problem."""
    text = "\ufeffid,title,body,shortcuts,categories\r\na,Hours,Nine to five,#a,general\r\n"
    assert import_csv(text) == (response("a", title="Hours", body="Nine to five"),)


HEADING = "id,title,body,shortcuts,categories"
HOURS = response("a", title="Hours", body="Nine to five", shortcuts=("#a", "#b"))


@pytest.mark.parametrize(
    "text",
    [
        'id;title;body;shortcuts;categories\r\na;Hours;Nine to five;"#a\n#b";general\r\n',
        'sep=;\r\nid;title;body;shortcuts;categories\r\na;Hours;Nine to five;"#a\n#b";general',
        'id\ttitle\tbody\tshortcuts\tcategories\na\tHours\tNine to five\t"#a\n#b"\tgeneral\n',
        f'{HEADING}\r\na,Hours,Nine to five,"#a\r\n#b\r\n",general\r\n,,,,\r\n\r\n',
        'ID, Title ,Body,Shortcuts,Categories\na,Hours,Nine to five,"#a\n#b",general\n',
    ],
    ids=["semicolons", "separator named", "tabs", "line ends and empty rows", "heading"],
)
def test_csv_as_spreadsheets_write_it(text: str) -> None:
    """What a spreadsheet makes of a file is read like what was exported (A21)."""
    assert import_csv(text) == (HOURS,)


def test_csv_cells_of_people() -> None:
    """Dates are written as dates, truth as a word, and an apostrophe of one's own stays."""
    columns = f"{HEADING},valid_from,valid_until,retired"
    (one,) = import_csv(f"{columns}\na,'tis late,B,#a,c,2026-12-01,2027-01-01T09:30+01:00,VRAI\n")
    assert one.title == "'tis late"
    assert (one.valid_from, one.valid_until, one.retired) == (1796083200.0, 1798792200.0, True)
    assert "2026-12-01T00:00:00+00:00,2027-01-01T08:30:00+00:00" in export_csv([one])
    told = messages(import_csv, f"{columns}\na,T,B,#a,c,01/12/2026,nan,perhaps\n")
    assert "line 2: valid_from: '01/12/2026' is no time, such as 2026-12-01" in told
    assert "line 2: valid_until: 'nan'" in told
    assert "line 2: retired: 'perhaps' is neither yes nor no" in told


def test_a_broken_line_among_ten_thousand() -> None:
    """A21: nothing of the file is taken over, and the line is named."""
    lines = [f"r{number},Title,Body,#s{number},general" for number in range(10_000)]
    assert len(import_csv("\n".join([HEADING, *lines]))) == 10_000
    lines[5_000] = "r5000,Title"
    assert "line 5002: 2 cells" in messages(import_csv, "\n".join([HEADING, *lines]))
    text = export_json(import_csv("\n".join([HEADING, *lines[:5_000]])))
    assert len(import_json("\ufeff" + text)) == 5_000
    place = text.split("\n").index('      "id": "r4000",') + 1
    told = messages(import_json, text.replace('"id": "r4000",', '"id": r4000,'))
    assert f"line {place}: is no JSON" in told


def test_json_problems_are_named_by_place() -> None:
    """Every item that is wrong is named with its line, and nothing is imported (A21)."""
    two = export_json([response("a"), response("b", shortcuts=("#b",), title="Wrong")])
    line = next(n for n, each in enumerate(two.split("\n"), 1) if '"Wrong"' in each)
    assert f"line {line - 3}: responses[1]: " in messages(import_json, two.replace('"Wrong"', "7"))
    good = export_json([response("a")])
    told = messages(import_json, good.replace('"Opening hours"', "7"))
    assert "responses[0]" in told
    assert messages(import_json, "[")
    assert messages(import_json, '{"responses": [], "extra": 1}')
    assert messages(import_json, "[" * 100_000)
