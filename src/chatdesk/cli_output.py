"""What the commands that answer with figures share: forms of an answer, lists, progress."""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, TextIO

import attrs
import msgspec
from cyclopts import Parameter

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.fast import Progress

Flag = Annotated[bool, Parameter(negative=())]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Output:
    """In which form to answer; each is described by the sentence below it."""

    json: Flag = False
    """Print JSON."""
    csv: Flag = False
    """Print CSV."""
    plot: Path | None = None
    """Write a picture to this .svg or .png file."""

    def check(self) -> None:
        """Raise `InvalidParameter` or `MissingExtra` before any work is done in vain."""
        if self.plot is not None:
            from chatdesk.simulation.plots import check_plot

            check_plot(self.plot)


TABLES = Output()


def print_json(value: object) -> None:
    """Print a value as JSON that people can read too; what is not a number is null."""
    print(msgspec.json.format(msgspec.json.encode(value)).decode())


def print_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows with commas between their fields; `None` is an empty field."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)


# -- lists ---------------------------------------------------------------------------------------


def numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    """Numbers with commas between them; raises `InvalidParameter`."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InvalidParameter(
            f"{option} {text!r} is no list of numbers: write it like 0,1,1.6"
        ) from None


def names(text: str | None) -> tuple[str, ...]:
    """Names with commas between them."""
    return () if text is None else tuple(part.strip() for part in text.split(","))


# -- progress ------------------------------------------------------------------------------------


def progress(stream: TextIO, runs: int) -> Progress | None:
    """Tells a person at a terminal how far it is; nobody else."""
    if not stream.isatty():
        return None
    done = 0

    def tell(customers: int) -> None:
        nonlocal done
        if customers == 0:
            done += 1
        print(f"\rrun {done} of {runs}: {customers:>9,} customers", end="", file=stream, flush=True)

    return tell


def end_progress(stream: TextIO) -> None:
    """Take the line of progress from a terminal, so that the answer stands alone."""
    if stream.isatty():
        print("\r\033[K", end="", file=stream, flush=True)
