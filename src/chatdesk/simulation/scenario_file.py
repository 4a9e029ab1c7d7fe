"""Scenarios written down: a small JSON or TOML file, read strictly.

An unknown field, a missing one or a wrong type is refused with its place in the file.
"""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from chatdesk.simulation.arrivals import AnyArrivals
from chatdesk.simulation.choosing import discipline_named, policy_named
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.laws import AnyLaw, Never
from chatdesk.simulation.scenario import Break, Crew, Kind, Scenario

MOST_BYTES = 50_000_000


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class CustomersEntry(_Strict, frozen=True, kw_only=True):
    """One entry of `customers`: the fields of `Kind`."""

    arrivals: AnyArrivals
    work: AnyLaw
    patience: AnyLaw = Never()
    name: str = "customer"
    skills: tuple[str, ...] = ()
    priority: int = 0
    language: str | None = None
    turns: int = 0
    transfer_share: float = 0.0


class CrewEntry(_Strict, frozen=True, kw_only=True):
    """One entry of `crews`: the fields of `Crew`; shifts and breaks are pairs [begin, end]."""

    name: str = "agent"
    agents: int = 1
    capacity: int = 1
    rates: tuple[float, ...] | None = None
    speed: float = 1.0
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    leaving_rates: tuple[float, ...] | None = None
    open_chats: int = 0
    shifts: tuple[tuple[float, float], ...] = ()
    breaks: tuple[tuple[float, float], ...] = ()
    no_answer_share: float = 0.0


class ScenarioFile(_Strict, frozen=True, kw_only=True):
    """The whole file."""

    customers: tuple[CustomersEntry, ...]
    crews: tuple[CrewEntry, ...]
    policy: str = "least_busy"
    discipline: str = "first_come"
    ageing_seconds: float = 60.0
    target_seconds: float = 120.0
    offer_seconds: float | None = None


def read_scenario(path: Path) -> Scenario:
    """A scenario from a file whose name ends in .json or .toml.

    Raises `InvalidParameter` with the place of what is wrong, and `UnstableModel`.
    """
    decode = {".json": msgspec.json.decode, ".toml": msgspec.toml.decode}.get(path.suffix.lower())
    if decode is None:
        raise InvalidParameter(f"{path} is neither .json nor .toml: say which by its name")
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be read: {error.strerror}") from error
    if len(text) > MOST_BYTES:
        raise InvalidParameter(f"{path} is larger than {MOST_BYTES} bytes")
    try:
        written = decode(text, type=ScenarioFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidParameter(f"{path}: {error}") from error
    return scenario_of(written)


def scenario_of(written: ScenarioFile) -> Scenario:
    """The scenario that a file's content stands for."""
    return Scenario(
        kinds=tuple(Kind(**_fields(entry)) for entry in written.customers),
        crews=tuple(map(_crew, written.crews)),
        policy=policy_named(written.policy),
        discipline=discipline_named(written.discipline),
        ageing_seconds=written.ageing_seconds,
        target_seconds=written.target_seconds,
        offer_seconds=written.offer_seconds,
    )


def _crew(entry: CrewEntry) -> Crew:
    fields = _fields(entry)
    for name in ("shifts", "breaks"):
        fields[name] = tuple(Break(begin=begin, end=end) for begin, end in fields[name])
    return Crew(**fields)


def _fields(entry: Struct) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__struct_fields__}
