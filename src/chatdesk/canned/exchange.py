"""Canned responses as CSV and JSON, out and in again without a difference.

An import is all or nothing: every problem is listed with its line and nothing is taken over. In a
CSV cell a list has one entry a line. A cell that a spreadsheet would take for a formula is led by
an apostrophe, which the import takes off again (OWASP, "CSV Injection"). What spreadsheets make of
such a file is read too: semicolons or tabs between cells, their own line ends, empty rows.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite

import msgspec
from msgspec import Struct

from chatdesk.canned.responses import duplicate_problems, problems
from chatdesk.model.errors import FieldProblem, InvalidInput
from chatdesk.model.records import CannedResponse

MAX_IMPORT_CHARS = 64 * 1024 * 1024
MOST_PROBLEMS = 200

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_BETWEEN = ",;\t"
_LISTS = frozenset({"shortcuts", "categories", "keywords", "attachments"})
_INSTANTS = frozenset({"valid_from", "valid_until"})
_TRUTH = {
    **dict.fromkeys(("yes", "true", "1", "oui", "vrai"), True),
    **dict.fromkeys(("no", "false", "0", "non", "faux"), False),
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
        InvalidInput: with every problem, each at its line and place ``responses[3]``.
    """
    return tuple(response for _, response in read_json(text))


def read_json(text: str) -> tuple[Placed, ...]:
    """As `import_json`, each response with where it was read."""
    _check_length(text)
    text = text.removeprefix("\ufeff")
    found: list[FieldProblem] = []
    placed: list[Placed] = []
    try:
        form = msgspec.json.decode(text, type=_File)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInput([_no_form(text, error)]) from error
    for place, raw in _places(text, form.responses):
        try:
            placed.append((place, msgspec.json.decode(raw, type=CannedResponse)))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            found.append(FieldProblem(place, "invalid", str(error)))
    return _all_or_nothing(placed, found)


def _no_form(text: str, error: Exception) -> FieldProblem:
    """Why a text is not the JSON form; at its line, where it is not even JSON."""
    try:
        with suppress(RecursionError):  # what the first error is about too
            json.loads(text)
    except json.JSONDecodeError as wrong:
        return FieldProblem(f"line {wrong.lineno}", "invalid", f"is no JSON: {wrong.msg}")
    return FieldProblem("file", "invalid", str(error))


def _places(text: str, raws: Iterable[msgspec.Raw]) -> Iterator[tuple[str, msgspec.Raw]]:
    """Each response of the JSON form with where it begins. Linear in the text."""
    line, seen = 1, 0
    for number, raw in enumerate(raws):
        written = bytes(raw).decode()
        begins = text.index(written, seen)
        line += text.count("\n", seen, begins)
        yield f"line {line}: responses[{number}]", raw
        line += written.count("\n")
        seen = begins + len(written)


def export_csv(responses: Iterable[CannedResponse]) -> str:
    """All responses as one CSV text with a heading, in their order."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for response in responses:
        writer.writerow([_cell(column, getattr(response, column)) for column in COLUMNS])
    return out.getvalue()


def import_csv(text: str) -> tuple[CannedResponse, ...]:
    """The responses of a CSV text with a heading; columns that are missing have their default.

    Commas, semicolons or tabs stand between cells. `valid_from` and `valid_until` are dates and
    times as ISO 8601 has them, in UTC unless they say otherwise, or seconds since the epoch.

    Raises:
        InvalidInput: with every problem, each at its line.
    """
    return tuple(response for _, response in read_csv(text))


def read_csv(text: str) -> tuple[Placed, ...]:
    """As `import_csv`, each response with where it was read."""
    _check_length(text)
    found: list[FieldProblem] = []
    placed: list[Placed] = []
    for line, row in _rows(text.removeprefix("\ufeff"), found):
        response = _response(line, row, found)
        if response is not None:
            placed.append((f"line {line}", response))
    return _all_or_nothing(placed, found)


def _cell(column: str, value: object) -> str:
    if value is None:
        return ""
    if column in _INSTANTS and isinstance(value, float):
        return _written(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    plain = "\n".join(value) if isinstance(value, tuple) else str(value)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _rows(text: str, found: list[FieldProblem]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each record with the line it begins on."""
    between, text, above = _read_as(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    line = above + 1
    try:
        heading = [name.strip().casefold() for name in next(reader, [])]
        found.extend(_heading_problems(heading, line))
        if found:
            return
        line = above + reader.line_num + 1
        for cells in reader:
            if not any(cells):
                pass  # a row that a spreadsheet left empty
            elif len(cells) == len(heading):
                yield line, {n: _plain(c) for n, c in zip(heading, cells, strict=True)}
            else:
                message = f"{len(cells)} cells, the heading has {len(heading)}"
                found.append(FieldProblem(f"line {line}", "invalid", message))
            line = above + reader.line_num + 1
    except csv.Error as error:
        found.append(FieldProblem(f"line {line}", "invalid", str(error)))


def _read_as(text: str) -> tuple[str, str, int]:
    """What stands between cells, the text from the heading on, and how many lines are above it."""
    first, _, rest = text.partition("\n")
    if first.startswith("sep=") and first[4:5] in tuple(_BETWEEN):  # a line that Excel understands
        return first[4], rest, 1
    return max(_BETWEEN, key=first.count), text, 0


def _heading_problems(heading: Sequence[str], line: int) -> Iterator[FieldProblem]:
    for column in _REQUIRED:
        if column not in heading:
            yield FieldProblem(f"line {line}", "missing", f"there is no column {column!r}")
    for column in dict.fromkeys(heading):
        if column not in COLUMNS:
            yield FieldProblem(
                f"line {line}", "unknown", f"{column!r} is no column; see the export"
            )
        elif heading.count(column) > 1:
            yield FieldProblem(f"line {line}", "invalid", f"{column!r} is there twice")


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _response(
    line: int, row: Mapping[str, str], found: list[FieldProblem]
) -> CannedResponse | None:
    values: dict[str, object] = {}
    before = len(found)
    for column, cell in row.items():
        try:
            value = _value(column, cell)
        except ValueError as error:
            message = f"{cell[:40]!r} is {error}"
            found.append(FieldProblem(f"line {line}: {column}", "invalid", message))
            continue
        if value is not None:
            values[column] = value
    return msgspec.convert(values, CannedResponse) if len(found) == before else None


def _value(column: str, cell: str) -> object:
    """A cell as its column's value; None for an empty one, which means the default."""
    if column in _LISTS:
        lines = (line.removesuffix("\r") for line in cell.split("\n"))
        return tuple(line for line in lines if line.strip())
    if column in _REQUIRED:
        return cell
    return _READERS.get(column, str)(cell) if cell else None


def _truth(cell: str) -> bool:
    if cell.casefold() not in _TRUTH:
        raise ValueError("neither yes nor no")
    return _TRUTH[cell.casefold()]


def _whole(cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ValueError("no whole number, such as 3") from None


def _number(cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        raise ValueError("no number, such as 90") from None
    if not isfinite(number):
        raise ValueError("no number, such as 90")
    return number


def _instant(cell: str) -> float:
    """Seconds since the epoch of a date, a time of a day, or of just such seconds."""
    with suppress(ValueError):
        return _number(cell)
    try:
        at = datetime.fromisoformat(cell)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("no time, such as 2026-12-01 or 2026-12-01T09:30+01:00") from None


def _written(at: float) -> str:
    """An instant as people write it, if that says all of it."""
    try:
        written = datetime.fromtimestamp(at, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return str(at)
    return written if _instant(written) == at else str(at)


_READERS: Mapping[str, Callable[[str], object]] = {
    "valid_from": _instant,
    "valid_until": _instant,
    "promise_seconds": _number,
    "version": _whole,
    "retired": _truth,
}


def _all_or_nothing(placed: Sequence[Placed], found: list[FieldProblem]) -> tuple[Placed, ...]:
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
    return tuple(placed)


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
