"""Policies and disciplines by their names, built in or a user's own."""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from chatdesk.rules.disciplines import DISCIPLINES, Discipline
from chatdesk.rules.policies import POLICIES, AssignmentPolicy
from chatdesk.simulation.errors import InvalidParameter

T = TypeVar("T")


def policy_named(name: str) -> AssignmentPolicy:
    """A policy by its built-in name, with - or _, or as `module:Class` of one's own.

    A module is looked for in the working directory too. Raises `InvalidParameter`.
    """
    if ":" in name:
        return _own(name, AssignmentPolicy)  # type: ignore[type-abstract]  # a subclass is asked for
    return _built_in("policy", name, POLICIES)()


def discipline_named(name: str) -> Discipline:
    """A discipline by its name, as `policy_named`."""
    if ":" in name:
        return _own(name, Discipline)  # type: ignore[type-abstract]  # a subclass is asked for
    return _built_in("discipline", name, DISCIPLINES)


def _built_in(what: str, name: str, known: Mapping[str, T]) -> T:
    key = name.strip().replace("-", "_").lower()
    if key in known:
        return known[key]
    near = get_close_matches(key, known, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise InvalidParameter(
        f"there is no {what} {name!r}.{hint} Give one of {', '.join(known)}, or module:Class"
    )


def _own(name: str, base: type[T]) -> T:
    module_name, _, class_name = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidParameter(f"{name!r} cannot be found: {error}") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise InvalidParameter(f"{name!r} is no subclass of {base.__name__}")
    try:
        return found()
    except TypeError as error:
        raise InvalidParameter(
            f"{name!r} cannot be made without arguments: {error}; give all a default"
        ) from error
