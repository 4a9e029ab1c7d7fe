"""Placeholders in a reply: ``{{ agent.name }}``, with a fallback ``{{ agent.name | us }}`` (B25).

The text is gone through once and values are put in as they are: a value that looks like a
placeholder stays a value, and nothing is ever evaluated. Only the names listed here exist. What
has no value and no fallback stays visible, so that it is seen before it is sent.
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

NAMES = (
    "customer.first_name",
    "customer.name",
    "customer.email",
    "customer.company",
    "agent.name",
    "desk.name",
    "desk.phone",
    "desk.hours",
    "order.number",
    "order.status",
    "order.total",
    "order.delivery_date",
    "page.title",
    "page.url",
    "ticket.number",
)
"""Every name a placeholder may have."""

_PLACEHOLDER = re.compile(
    r"\{\{[^\S\n]{0,20}([A-Za-z_][\w.]{0,63})[^\S\n]{0,20}(?:\|([^{}|\n]{0,200}))?\}\}", re.ASCII
)


class Rendered(Struct, frozen=True):
    """A reply with its placeholders filled in, and what became of each, by name in order.

    `filled` were given a value (a name as often as it was used, D01), `fallbacks` their fallback
    text; `unfilled` have neither and `unknown` are no names of ours: both still stand in the text.
    """

    text: str
    filled: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    unfilled: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Renderer(Protocol):
    """Fills in placeholders. `values` are by name; one that is None or missing has no value."""

    def render(self, body: str, values: Mapping[str, str | None]) -> Rendered:
        """The reply as it would be sent; never raises for any text."""
        ...


class PlaceholderRenderer:
    """The renderer that knows `NAMES` and nothing else. Linear in the text."""

    def render(self, body: str, values: Mapping[str, str | None]) -> Rendered:
        """The reply as it would be sent."""
        seen: dict[str, list[str]] = {"filled": [], "fallbacks": [], "unfilled": [], "unknown": []}
        text = _PLACEHOLDER.sub(_replacement(values, seen), body)
        return Rendered(
            text,
            tuple(seen["filled"]),
            tuple(seen["fallbacks"]),
            tuple(dict.fromkeys(seen["unfilled"])),
            tuple(dict.fromkeys(seen["unknown"])),
        )


def _replacement(
    values: Mapping[str, str | None], seen: Mapping[str, list[str]]
) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        name, fallback = match.group(1), match.group(2)
        if name not in NAMES:
            seen["unknown"].append(name)
            return match.group()
        value = values.get(name)
        if value is not None and value.strip():
            seen["filled"].append(name)
            return value
        if fallback is not None:
            seen["fallbacks"].append(name)
            return fallback.strip()
        seen["unfilled"].append(name)
        return match.group()

    return replace


def placeholder_places(text: str) -> tuple[tuple[int, int], ...]:
    """Where placeholders stand in a text: start and end of each."""
    return tuple(match.span() for match in _PLACEHOLDER.finditer(text))
