"""Canned responses as CSV and JSON, out and in again without a difference.

An import is all or nothing: every problem is listed with its line and nothing is taken over. In a
CSV cell a list has one entry a line. A cell that a spreadsheet would take for a formula is led by
an apostrophe, which the import takes off again (OWASP, "CSV Injection").
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from chatdesk.canned.responses import duplicate_problems, problems
from chatdesk.model.errors import FieldProblem, InvalidInput
from chatdesk.model.records import CannedResponse

MAX_IMPORT_CHARS = 64 * 1024 * 1024
MOST_PROBLEMS = 200

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_LISTS = frozenset({"shortcuts", "categories", "keywords", "attachments"})
_NUMBERS: Mapping[str, Callable[[str], float | int]] = {
    "valid_from": float,
    "valid_until": float,
    "promise_seconds": float,
    "version": int,
}
COLUMNS = CannedResponse.__struct_fields__
"""The columns of the CSV, in order; those of `_REQUIRED` must be there."""

_REQUIRED = ("id", "title", "body", "shortcuts", "categories")


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON form, its responses not yet read."""

    responses: tuple[msgspec.Raw, ...]
    version: int = 1


Placed = tuple[str, CannedResponse]
"""A response and where it was read."""


def export_json(responses: Iterable[CannedResponse]) -> str:
    """All responses as one JSON text, in their order."""
    form = {"version": 1, "responses": tuple(responses)}
    return msgspec.json.format(msgspec.json.encode(form), indent=2).decode()


def import_json(text: str) -> tuple[CannedResponse, ...]:
    """The responses of a JSON text.

    Raises:
        InvalidInput: with every problem, each at its place ``responses[3].title``.
    """
    _check_length(text)
    found: list[FieldProblem] = []
    placed: list[Placed] = []
    try:
        form = msgspec.json.decode(text, type=_File)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInput.field("file", "invalid", str(error)) from error
    for number, raw in enumerate(form.responses):
        place = f"responses[{number}]"
        try:
            placed.append((place, msgspec.json.decode(raw, type=CannedResponse)))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            found.append(FieldProblem(place, "invalid", str(error)))
    return _all_or_nothing(placed, found)


def export_csv(responses: Iterable[CannedResponse]) -> str:
    """All responses as one CSV text with a heading, in their order."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for response in responses:
        writer.writerow([_cell(getattr(response, column)) for column in COLUMNS])
    return out.getvalue()


def import_csv(text: str) -> tuple[CannedResponse, ...]:
    """The responses of a CSV text with a heading; columns that are missing have their default.

    Raises:
        InvalidInput: with every problem, each at its line.
    """
    _check_length(text)
    found: list[FieldProblem] = []
    placed: list[Placed] = []
    for line, row in _rows(text.removeprefix("\ufeff"), found):
        response = _response(line, row, found)
        if response is not None:
            placed.append((f"line {line}", response))
    return _all_or_nothing(placed, found)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    plain = "\n".join(value) if isinstance(value, tuple) else str(value)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _rows(text: str, found: list[FieldProblem]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each record with the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        heading = next(reader, [])
        found.extend(_heading_problems(heading))
        if found:
            return
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(heading):
                yield line, {n: _plain(c) for n, c in zip(heading, cells, strict=True)}
            elif cells:
                message = f"{len(cells)} cells, the heading has {len(heading)}"
                found.append(FieldProblem(f"line {line}", "invalid", message))
            line = reader.line_num + 1
    except csv.Error as error:
        found.append(FieldProblem(f"line {line}", "invalid", str(error)))


def _heading_problems(heading: Sequence[str]) -> Iterator[FieldProblem]:
    for column in _REQUIRED:
        if column not in heading:
            yield FieldProblem("line 1", "missing", f"there is no column {column!r}")
    for column in dict.fromkeys(heading):
        if column not in COLUMNS:
            yield FieldProblem("line 1", "unknown", f"{column!r} is no column; see the export")
        elif heading.count(column) > 1:
            yield FieldProblem("line 1", "invalid", f"{column!r} is there twice")


def _plain(cell: str) -> str:
    return cell.removeprefix("'")


def _response(
    line: int, row: Mapping[str, str], found: list[FieldProblem]
) -> CannedResponse | None:
    values: dict[str, object] = {}
    before = len(found)
    for column, cell in row.items():
        try:
            value = _value(column, cell)
        except ValueError:
            message = f"{cell[:40]!r} is not a value for it"
            found.append(FieldProblem(f"line {line}: {column}", "invalid", message))
            continue
        if value is not None:
            values[column] = value
    return msgspec.convert(values, CannedResponse) if len(found) == before else None


def _value(column: str, cell: str) -> object:
    """A cell as its column's value; None for an empty one, which means the default."""
    if column in _LISTS:
        return tuple(cell.split("\n")) if cell else ()
    if column in _REQUIRED:
        return cell
    if not cell:
        return None
    if column == "retired":
        return {"yes": True, "no": False}[cell] if cell in {"yes", "no"} else _refuse(cell)
    return _NUMBERS[column](cell) if column in _NUMBERS else cell


def _refuse(cell: str) -> object:
    raise ValueError(cell)


def _all_or_nothing(
    placed: Sequence[Placed], found: list[FieldProblem]
) -> tuple[CannedResponse, ...]:
    by_shortcut: dict[str, list[CannedResponse]] = {}
    ids: set[str] = set()
    for place, response in placed:
        own = [*problems(response), *_duplicates(response, by_shortcut)]
        if response.id in ids:
            own.append(FieldProblem("id", "invalid", f"{response.id!r} is there twice"))
        ids.add(response.id)
        for shortcut in response.shortcuts:
            by_shortcut.setdefault(shortcut.casefold(), []).append(response)
        found.extend(FieldProblem(f"{place}: {p.field}", p.code, p.message) for p in own)
    if found:
        raise InvalidInput(found[:MOST_PROBLEMS], mend="Correct the named lines; none was taken.")
    return tuple(response for _, response in placed)


def _duplicates(
    response: CannedResponse, by_shortcut: Mapping[str, Sequence[CannedResponse]]
) -> tuple[FieldProblem, ...]:
    others = {
        id(other): other
        for shortcut in response.shortcuts
        for other in by_shortcut.get(shortcut.casefold(), ())
    }
    return duplicate_problems(response, others.values())


def _check_length(text: str) -> None:
    if len(text) > MAX_IMPORT_CHARS:
        raise InvalidInput.field(
            "file", "too_long", f"has {len(text)} characters, {MAX_IMPORT_CHARS} are allowed"
        )
