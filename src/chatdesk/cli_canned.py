"""``chatdesk canned``: take a desk's canned responses out into a file, and bring them in again."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from chatdesk.canned.exchange import Placed, export_csv, export_json, read_csv, read_json
from chatdesk.model.commands import ImportCanned
from chatdesk.model.errors import ConfigurationError, FieldProblem, InvalidInput
from chatdesk.model.queries import AskCanned
from chatdesk.model.records import CannedResponse
from chatdesk.model.values import service
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.open import open_store

_WRITERS: MappingProxyType[str, Callable[[Sequence[CannedResponse]], str]] = MappingProxyType(
    {".csv": export_csv, ".json": export_json}
)
_READERS: MappingProxyType[str, Callable[[str], tuple[Placed, ...]]] = MappingProxyType(
    {".csv": read_csv, ".json": read_json}
)
T = TypeVar("T")
_PLACE = re.compile(r"responses\[(\d+)\]\.(.*)")


def take_out(url: str, file: Path, desk: str = "default") -> int:
    """Writes every canned response of a desk, also those out of use, and says how many they are.

    Raises:
        ConfigurationError: if there is no such database, or the file cannot be written.
    """
    write = _form(_WRITERS, file)
    with _opened(url, desk) as found:
        view = found.ask(AskCanned(all_times=True, retired=True), by=service())
    kept = {hit.response.id: hit.response for each in view.categories for hit in each.responses}
    text = write([kept[id_] for id_ in sorted(kept)])
    marked = "utf-8-sig" if write is export_csv else "utf-8"  # else spreadsheets guess the letters
    try:
        with file.open("w", encoding=marked, newline="") as out:
            out.write(text)
    except OSError as error:
        raise ConfigurationError(f"cannot write {file}: {error}") from error
    print(f"{len(kept)} canned responses are in {file}.")
    return len(kept)


def bring_in(url: str, file: Path, desk: str = "default") -> None:
    """Adds the canned responses of a file to a desk, or changes those with the same ids.

    Raises:
        InvalidInput: with the lines that are wrong; then nothing of the file is taken over.
        ConfigurationError: if there is no such database, or the file cannot be read.
    """
    read = _form(_READERS, file)
    try:
        placed = read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read {file}: {error}") from error
    command = ImportCanned(responses=tuple(response for _, response in placed))
    with _opened(url, desk) as found:
        try:
            result = found.execute(command, by=service())
        except InvalidInput as error:
            told = [_at_its_line(problem, placed) for problem in error.problems]
            raise InvalidInput(told, mend="Correct the named lines; none was taken.") from error
    print(f"{result.added} canned responses added, {result.changed} changed.")


def _form(forms: Mapping[str, T], file: Path) -> T:
    form = forms.get(file.suffix.lower())
    if form is None:
        raise ConfigurationError(f"{file} is neither .csv nor .json")
    return form


def _opened(url: str, desk: str) -> ChatDesk:
    path = url.removeprefix("sqlite:///")
    if path != url and not Path(path).is_file():
        raise ConfigurationError(f"there is no database {path}")
    return ChatDesk(open_store(url, desk))


def _at_its_line(problem: FieldProblem, placed: Sequence[Placed]) -> FieldProblem:
    """A problem that the desk found in one of the responses, at the place it was read from."""
    found = _PLACE.fullmatch(problem.field)
    if found is None:
        return problem
    place, _ = placed[int(found[1])]
    return FieldProblem(f"{place}: {found[2]}", problem.code, problem.message)
