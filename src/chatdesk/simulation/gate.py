"""Conditions on a replay's figures, such as `p95_wait>120`, on which a pipeline fails."""

import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.replay import REPLAY_FIGURES, ReplayResult

OPERATORS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
)
_FORM = re.compile(
    r"\s*(?P<figure>\w+)\s*(?P<sign>[<>]=?)\s*"
    r"(?:(?P<number>\d+(?:\.\d+)?)(?P<percent>%)?(?P<times>\s*\*\s*ran)?|(?P<ran>ran))\s*"
)


class Gate(Struct, frozen=True):
    """A condition: a figure, how it is compared, and with what."""

    text: str
    figure: str
    sign: str
    limit: float
    of_ran: bool = False
    """Whether the limit is a multiple of the figure of the policy that ran."""

    def holds(self, result: ReplayResult, ran: ReplayResult) -> bool:
        """Whether a policy's figure meets the condition."""
        return OPERATORS[self.sign](result.figures[self.figure].value, self.against(ran))

    def against(self, ran: ReplayResult) -> float:
        """The number compared with."""
        return self.limit * ran.figures[self.figure].value if self.of_ran else self.limit


def parse_gate(text: str) -> Gate:
    """`FIGURE SIGN LIMIT`: a number, a percentage, `ran`, or a multiple such as `1.1*ran`.

    Raises `InvalidParameter`.
    """
    found = _FORM.fullmatch(text)
    if found is None or (found["percent"] and found["times"]):
        raise InvalidParameter(
            f"{text!r} is no condition: write it like p95_wait>120, p_abandon>5% "
            "or mean_wait>1.1*ran"
        )
    if found["figure"] not in REPLAY_FIGURES:
        known = ", ".join(REPLAY_FIGURES)
        raise InvalidParameter(f"{text!r} asks for {found['figure']!r}; known are {known}")
    limit = 1.0 if found["ran"] else float(found["number"])
    if found["percent"]:
        limit /= 100
    of_ran = bool(found["ran"] or found["times"])
    return Gate(text, found["figure"], found["sign"], limit, of_ran)
