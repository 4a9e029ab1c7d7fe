"""The page of results that `policies.py` writes, and its pictures."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policies import Results, Row

COLOURS = ("#4269d0", "#9a9a9a", "#ff725c")
SHOWN = ("least_busy", "longest_idle", "most_gain, told")
TOLD = "most_gain, told"


def write_page(results: Results, path: Path) -> None:
    """Write the page, and its pictures beside it."""
    folder = path.parent
    waits, frontier = folder / "policy-waits.svg", folder / "policy-frontier.svg"
    draw_waits(results, waits)
    draw_frontier(results, frontier)
    parts = [
        HEAD.format(customers=results.customers, replications=results.replications),
        verdicts(results),
        PICTURES,
        GRAIN,
        *(frontier_table(results, desk) for desk in sorted({one.desk for one in results.frontier})),
        ALL,
        *(table(results, desk) for desk in results.desks),
    ]
    path.write_text("\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8")


def verdicts(results: Results) -> str:
    """Where `MostGain` is ahead of both usual policies, where behind, where neither."""
    lines = [
        "| Desk | wait against least busy | against longest idle | gave up | stay | Jain |",
        "|---|---|---|---|---|---|",
    ]
    ahead, behind = [], []
    for desk in results.desks:
        one = found(results, desk, TOLD)
        signs = [sign(one, other, "mean_wait") for other in SHOWN[:2]]
        if signs == [-1, -1]:
            ahead.append(desk)
        elif 1 in signs:
            behind.append(desk)
        cells = (
            change(one, SHOWN[0], "mean_wait", "{:+.2f} s"),
            change(one, SHOWN[1], "mean_wait", "{:+.2f} s"),
            change(one, SHOWN[0], "p_abandon", "{:+.2%}"),
            change(one, SHOWN[0], "mean_sojourn", "{:+.0f} s"),
            change(one, SHOWN[0], "jain", "{:+.3f}"),
        )
        lines.append(f"| {desk} | {' | '.join(cells)} |")
    rest = [desk for desk in results.desks if desk not in {*ahead, *behind}]
    summary = (
        f"Shorter waits than with both others, by these intervals: {listed(ahead)}. "
        f"Longer waits than with one of them: {listed(behind)}. "
        f"Neither, or no difference from one of them that these runs can tell: {listed(rest)}."
    )
    told = fill(summary, 98, break_on_hyphens=False)
    return "\n\n".join(("\n".join(lines), told, badly_told(results)))


def badly_told(results: Results) -> str:
    """What becomes of the gain when the policy is told wrongly."""
    lines = [
        "| Desk, *told badly* | wait against least busy | against longest idle | Jain |",
        "|---|---|---|---|",
    ]
    for desk in results.desks:
        one = found(results, desk, "most_gain, about")
        cells = (
            change(one, SHOWN[0], "mean_wait", "{:+.2f} s"),
            change(one, SHOWN[1], "mean_wait", "{:+.2f} s"),
            change(one, SHOWN[0], "jain", "{:+.3f}"),
        )
        lines.append(f"| {desk} | {' | '.join(cells)} |")
    return "\n".join(lines)


def listed(names: list[str]) -> str:
    """Names in a sentence."""
    return "; ".join(f"*{name}*" for name in names) if names else "none"


def sign(one: Row, other: str, name: str) -> int:
    """-1 or 1 when the interval of the change leaves out 0."""
    estimate = one.changes[other][name]
    if estimate.low is None or estimate.high is None or estimate.low <= 0 <= estimate.high:
        return 0
    return 1 if estimate.value > 0 else -1


def change(one: Row, other: str, name: str, form: str) -> str:
    """A change; in bold where its interval leaves out 0."""
    text = form.format(one.changes[other][name].value)
    return f"**{text}**" if sign(one, other, name) else text


def found(results: Results, desk: str, policy: str) -> Row:
    """One row."""
    return next(one for one in results.rows if (one.desk, one.policy) == (desk, policy))


def table(results: Results, desk: str) -> str:
    """All policies on a desk."""
    rows = [one for one in results.rows if one.desk == desk]
    head = "| Policy | mean wait | 95 % | gave up | stay | Jain | busy a chat |"
    lines = [f"### {desk.capitalize()}", "", f"{results.desks[desk].capitalize()}.", "", head]
    found = "\n".join([*lines, "|---|---|---|---|---|---|---|", *map(line, rows)])
    kept = {one.policy: one.figures["kept"].value for one in rows}
    if any(math.isnan(share) for share in kept.values()):
        return found
    best = ", ".join(f"{policy} {share:.0%}" for policy, share in kept.items())
    return f"{found}\n\nOf those who wished for somebody and were answered, by him: {best}."


def frontier_table(results: Results, desk: str) -> str:
    """The grains on a desk."""
    rows = [one for one in results.frontier if one.desk == desk]
    head = f"| `grain` on *{desk}* | mean wait | 95 % | gave up | stay | Jain | busy a chat |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *map(line, rows)])


def line(one: Row) -> str:
    """A row of a table; the mean wait with its interval."""
    f = one.figures
    wait = f"{f['mean_wait'].value:.2f} ± {f['mean_wait'].half_width or 0:.2f} s"
    cells = (
        one.policy,
        wait,
        f"{f['p95_wait'].value:.0f} s",
        f"{f['p_abandon'].value:.2%}",
        f"{f['mean_sojourn'].value:.0f} s",
        f"{f['jain'].value:.3f}",
        f"{f['busy_per_chat'].value:.0f} s",
    )
    return f"| {' | '.join(cells)} |"


# -- pictures ------------------------------------------------------------------------------------


def draw_waits(results: Results, path: Path) -> None:
    """For each desk the share of customers who waited longer than a time."""
    import matplotlib as mpl  # noqa: PLC0415  # only for the page
    from matplotlib.figure import Figure  # noqa: PLC0415

    mpl.rcParams["svg.fonttype"] = "none"  # text, not outlines
    mpl.rcParams["svg.hashsalt"] = "chatdesk"  # the same picture for the same figures
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = 3
    rows = -(-len(results.desks) // columns)
    figure = Figure(figsize=(10, 2.2 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel, desk in zip(panels, results.desks, strict=False):
        for policy, colour in zip(SHOWN, COLOURS, strict=True):
            waits = found(results, desk, policy).waits[:-1]
            shares = [1 - place / 100 for place in range(1, 100)]
            panel.plot(waits, shares, color=colour, label=policy, drawstyle="steps-post")
        panel.set_title(desk, fontsize=9)
        panel.set_yscale("log")
        panel.set_ylim(0.01, 1.0)
        panel.set_xlim(left=0)
        panel.tick_params(labelsize=7)
        panel.grid(visible=True, alpha=0.3)
    handles, labels = next(iter(figure.axes)).get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(path, metadata={"Date": None})


def draw_frontier(results: Results, path: Path) -> None:
    """Mean wait against Jain's index, the size of a mark being what a chat costs."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    names = sorted({one.desk for one in results.frontier})
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    for panel, desk in zip(
        figure.subplots(1, max(1, len(names)), squeeze=False).flat, names, strict=False
    ):
        mine = [one for one in results.frontier if one.desk == desk]
        others = [one for one in results.rows if one.desk == desk]
        cheapest = min(one.figures["busy_per_chat"].value for one in (*mine, *others))
        for rows, colour in ((others, COLOURS[0]), (mine, COLOURS[2])):
            scatter(panel, rows, colour, cheapest)
        panel.set_title(desk, fontsize=9)
        panel.set_xlabel("mean wait, seconds", fontsize=8)
        panel.set_ylabel("Jain's index of chats received", fontsize=8)
        panel.tick_params(labelsize=7)
        panel.grid(visible=True, alpha=0.3)
    figure.savefig(path, metadata={"Date": None})


def scatter(panel: object, rows: list[Row], colour: str, cheapest: float) -> None:
    """A mark with its name for each row."""
    for one in rows:
        x, y = one.figures["mean_wait"].value, one.figures["jain"].value
        size = 30 * (one.figures["busy_per_chat"].value / cheapest) ** 6
        panel.scatter([x], [y], s=size, color=colour, alpha=0.5)  # type: ignore[attr-defined]
        panel.annotate(one.policy, (x, y), fontsize=6)  # type: ignore[attr-defined]


# -- prose ---------------------------------------------------------------------------------------

HEAD = """
# What policies make of a desk

This page is made by a program. It takes some minutes:

<!-- no-run: it takes minutes, and writes this page -->
```sh
$ python benchmarks/policies.py --page docs/explanation/policy-results.md
```

Every built-in policy meets the same customers on each of the desks below: {customers:,}
customers, {replications} times, of whom the first twentieth does not count. *Stay* is from coming
to leaving, waits included. *Jain* is Jain's index of how many chats each agent was given: 1 when
all were given as many. *Busy a chat* is what an answered chat cost of the agents' time, an agent
with several chats counting once.

## A policy that knows what a chat costs

`least_busy` and `longest_idle` treat agents as alike. Where they are not, `most_gain`
(`chatdesk.rules.advanced.MostGain`) looks at what another chat is worth at each agent. An agent
of speed *s* with *k* chats works at *s* times *r*(*k*); one more chat adds *s* (*r*(*k* + 1) −
*r*(*k*)). The agent for whom that is most, less a price for each skill that would be tied up,
gets the chat.

* With one chat at a time that is *fastest server first* (Armony 2005).
* With several it is the rule of marginal rates for chats (Tezcan and Zhang 2014; Long, Tezcan and
  Zhang 2024). A second chat pays where *r*(2) − *r*(1) times an agent's speed is more than what
  an idle colleague would give. Where *r* rises steeper at first (an agent with one chat mostly
  waits for its customer), busy agents are filled before idle ones begin.
* Where one more chat would slow an agent down on the whole, nobody is given it, and it waits.
* Agents with few skills come first, so that those who can do more are there when they are needed.

It does not look at patience: by the time a policy is asked, the order of the line has decided
whose chat is next. And it gives no preference to an agent whom a customer knows.

It has to be told the speeds and the rates. `chatdesk replay` estimates speeds from a desk's own
journal ([how](../howto/replay-your-log.md)). Without any settings it takes all agents for equally
fast and each chat for a quarter slower for each other one, which makes it nearly the least busy
with skills kept free. On this page *most_gain* is that; *most_gain, told* knows the speeds and
rates of the desk; and *most_gain, about* knows them badly: it believes the agents a quarter faster
or slower than they are, in turn, and is told no rates. Yours will be known somewhere in between.
Replay your own log.

## What it gains, and the price

Changes from least busy (and from longest idle in the third column), on the same customers; bold
where the 95 % interval leaves out 0.
"""

PICTURES = """
Where all agents can serve all customers, are equally fast and do not slow down, no policy changes
any wait, as long as it leaves nobody waiting while a slot is free: there the choice is between even
shares and a known face only. With so many comparisons an interval or two leave out 0 by chance.

The price is evenness: fast agents are given more chats. And where it refuses a chat that would
slow an agent down, visitors of a desk that is not overloaded wait longer at the door, and are
then served faster: compare *wait* with *stay* on the crowded desks.

![For each desk, the share of customers who waited longer than a time](policy-waits.svg)

![Mean wait against evenness on three desks](policy-frontier.svg)

In the second picture a mark is a policy, larger where a chat costs more of the agents' time; red
marks are `most_gain`, with its `grain`.
"""

GRAIN = """
## Shorter waits or even shares

`grain` says which differences of worth count nothing; among agents alike in it, the one with
fewer chats comes first. It is no smooth dial, because worths fall on one side of a step or the
other, but from one end to the other it trades waits for evenness.
"""

ALL = """
## All policies, desk by desk
"""
