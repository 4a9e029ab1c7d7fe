"""How well and how fast are canned responses found, against what else could search them?

First the quality of each engine on the sets as they are, then the cost at growing numbers of
responses, made from the sets by changing words and adding invented names. Costs are CPU time of the
calling thread, engines taking turns at each query; then what it costs to edit one response.

    pip install chatdesk[bench]
    python benchmarks/canned_search.py --sets FOLDER --json out.json --plot out.svg

Ten minutes and some gigabytes go into 100,000 responses; `--sizes 200 2000` leaves them out.

Without ``--sets`` the excerpts of the tests are used, too small for the quality to mean much.
"""

import argparse
import gc
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from _canned_engines import ENGINES, Changeable, Engine
from matplotlib.figure import Figure
from msgspec.structs import replace

from chatdesk.canned.evaluate import Work, quantile, rank, read_set, read_work
from chatdesk.canned.search import Use
from chatdesk.model.records import CannedResponse

EXCERPTS = Path(__file__).parent.parent / "tests" / "data" / "canned"
SYLLABLES = "ba ko ri ma tel du ver lon shi pra zen cor fi gol nu".split()
SIZES = (200, 2_000, 20_000, 100_000)
CHANGED_TITLE, CHANGED_BODY = 0.25, 0.3
EDITED = 0.2
CHANGES = 200
"""Responses that are edited, to see what a change costs."""


class Quality(msgspec.Struct, frozen=True):
    """Mean reciprocal rank within ten of one engine on one set, by workload."""

    set: str
    engine: str
    mrr: dict[str, float]


class Cost(msgspec.Struct, frozen=True):
    """What one engine costs at one number of responses; times in milliseconds of CPU."""

    responses: int
    engine: str
    build_seconds: float
    memory_mb: float
    question_p50: float
    question_p99: float
    keystroke_p50: float
    keystroke_p99: float
    shortcut_p99: float
    change_p50: float | None
    """A response edited in a fifth of its text; None where all must be built anew."""
    change_p99: float | None


Sets = dict[str, tuple[tuple[CannedResponse, ...], Work]]


def read_sets(folder: Path) -> Sets:
    """Every set in a folder."""
    found = {}
    for file in sorted(folder.glob("*.jsonl")):
        responses, _ = read_set(file.read_text(encoding="utf-8").split("\n"))
        work = file.with_suffix(".work.json")
        found[file.stem] = (responses, read_work(work.read_bytes()))
    return found


def grown(sets: Sets, size: int, seed: int = 7) -> list[CannedResponse]:
    """The replies of all sets, then as many more made from them as asked for. Deterministic."""
    rng = random.Random(seed)
    base = [
        replace(r, id=f"{name}-{r.id}") for name, (responses, _) in sets.items() for r in responses
    ]
    vocabulary = [word for r in base for word in f"{r.title} {r.body}".split()]
    names = ["".join(rng.choices(SYLLABLES, k=rng.randint(2, 4))) for _ in range(size // 20 + 50)]

    made = base[:size]
    while len(made) < size:
        one, name, number = base[len(made) % len(base)], rng.choice(names), len(made)
        made.append(
            replace(
                one,
                id=f"made-{number:06}",
                title=f"{varied(one.title, CHANGED_TITLE, vocabulary, rng)} {name}"[:200],
                body=varied(one.body, CHANGED_BODY, vocabulary, rng),
                keywords=tuple(
                    varied(keyword, CHANGED_BODY, vocabulary, rng) for keyword in one.keywords
                ),
                shortcuts=(f"{one.shortcuts[0]}-{name}-{number}",),
            )
        )
    return made


def varied(text: str, share: float, vocabulary: Sequence[str], rng: random.Random) -> str:
    """The text with a share of its words drawn from others."""
    return " ".join(
        rng.choice(vocabulary) if rng.random() < share else word for word in text.split()
    )


def quality(sets: Sets, engines: Sequence[str]) -> Iterator[Quality]:
    """Each engine's mean reciprocal ranks on each set as it is."""
    for name, (responses, work) in sets.items():
        for engine_name in engines:
            engine = ENGINES[engine_name](responses)
            yield Quality(name, engine_name, dict(mrrs(engine, work)))


def mrrs(engine: Engine, work: Work) -> Iterator[tuple[str, float]]:
    """The workloads' mean reciprocal ranks."""
    asked: tuple[tuple[str, Use], ...] = (
        ("visitor", "question"),
        ("typo", "question"),
        ("agent", "typing"),
        ("agent_infl", "typing"),
        ("agent_typo", "typing"),
        ("keys", "typing"),
        ("short", "shortcut"),
    )
    for name, use in asked:
        ranks = []
        for queries, relevant in getattr(work, name):
            texts = (queries,) if isinstance(queries, str) else queries
            places = [rank(engine.search(text, use), relevant) for text in texts]
            ranks.append(sum(1 / place for place in places if place) / len(places))
        if ranks:
            yield name, sum(ranks) / len(ranks)


def workload(sets: Sets, queries: int) -> list[tuple[Use, str]]:
    """Questions, keystrokes and shortcuts of all sets, evenly drawn."""
    asked: dict[Use, list[str]] = {"question": [], "typing": [], "shortcut": []}
    for _, work in sets.values():
        asked["question"].extend(text for text, _ in work.visitor)
        asked["typing"].extend(text for texts, _ in work.keys for text in texts)
        asked["shortcut"].extend(text for texts, _ in work.short for text in texts)
    rng = random.Random(11)
    return [
        (use, text)
        for use, texts in asked.items()
        for text in rng.sample(texts, min(queries, len(texts)))
    ]


def costs(sets: Sets, size: int, engines: Sequence[str], queries: int) -> Iterator[Cost]:
    """Build every engine, then let them take turns at every query."""
    responses = grown(sets, size)
    built: dict[str, tuple[Engine, float, float]] = {}
    for name in engines:
        gc.collect()
        memory, start = resident(), time.process_time()
        engine = ENGINES[name](responses)
        seconds = time.process_time() - start
        gc.collect()
        built[name] = (engine, seconds, (resident() - memory) / 1e6)
    asked = workload(sets, queries)
    spent: dict[tuple[str, Use], list[float]] = {}
    for use, text in asked:
        for name, (engine, _, _) in built.items():
            start = time.thread_time()
            engine.search(text, use)
            spent.setdefault((name, use), []).append(1_000 * (time.thread_time() - start))
    edited = edits(responses)
    for name, (engine, seconds, megabytes) in built.items():
        changes = changed(engine, edited)
        question, keystroke = spent[name, "question"], spent[name, "typing"]
        yield Cost(
            size,
            name,
            seconds,
            megabytes,
            quantile(question, 0.5),
            quantile(question, 0.99),
            quantile(keystroke, 0.5),
            quantile(keystroke, 0.99),
            quantile(spent[name, "shortcut"], 0.99),
            quantile(changes, 0.5) if changes else None,
            quantile(changes, 0.99) if changes else None,
        )


def edits(responses: Sequence[CannedResponse], seed: int = 13) -> list[CannedResponse]:
    """Some of the responses, each with a fifth of its words taken from others."""
    rng = random.Random(seed)
    vocabulary = [word for one in responses[:2_000] for word in one.body.split()]
    return [
        replace(
            one,
            title=varied(one.title, EDITED, vocabulary, rng)[:200],
            body=varied(one.body, EDITED, vocabulary, rng),
        )
        for one in rng.sample(responses, min(CHANGES, len(responses)))
    ]


def changed(engine: Engine, edited: Sequence[CannedResponse]) -> list[float]:
    """Milliseconds of CPU of each edit, all threads of the engine counted; none if it cannot."""
    if not isinstance(engine, Changeable):
        return []
    spent = []
    for one in edited:
        start = time.process_time()
        engine.change(one)
        spent.append(1_000 * (time.process_time() - start))
    return spent


def resident() -> int:
    """Bytes of memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4_096


def print_quality(one: Quality) -> None:
    """One line of the quality table."""
    figures = "  ".join(f"{name} {value:.3f}" for name, value in one.mrr.items())
    print(f"{one.set:14}{one.engine:14}{figures}", flush=True)


def print_cost(one: Cost) -> None:
    """One line of the cost table."""
    print(
        f"{one.responses:>8} {one.engine:14}{one.build_seconds:8.2f} s{one.memory_mb:8.0f} MB"
        f"{one.question_p50:9.2f}{one.question_p99:9.2f}"
        f"{one.keystroke_p50:9.2f}{one.keystroke_p99:9.2f}{one.shortcut_p99:9.2f}"
        + ("" if one.change_p50 is None else f"{one.change_p50:9.2f}{one.change_p99:9.2f}"),
        flush=True,
    )


def plot(found: Sequence[Cost], file: Path) -> None:
    """The 99th percentile of a keystroke and of a question against the number of responses."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for axis, field, title in zip(
        axes, ("keystroke_p99", "question_p99"), ("keystroke", "question"), strict=True
    ):
        for name in dict.fromkeys(one.engine for one in found):
            own = [one for one in found if one.engine == name]
            axis.loglog([one.responses for one in own], [getattr(one, field) for one in own], "o-")
        axis.set(title=f"{title}, 99th percentile", xlabel="responses", ylabel="ms of CPU")
    axes[0].legend(list(dict.fromkeys(one.engine for one in found)))
    figure.savefig(file)


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=Path, default=EXCERPTS)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--engines", nargs="*", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--queries", type=int, default=150)
    parser.add_argument("--no-quality", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    sets = read_sets(args.sets)
    told: list[Quality] = []
    for one in () if args.no_quality else quality(sets, args.engines):
        print_quality(one)
        told.append(one)
    print(f"{'responses':>8} {'engine':13}{'build':>9} {'memory':>10}", end="")
    print("   question p50, p99  keystroke p50, p99   # p99    change p50, p99, all in ms")
    found: list[Cost] = []
    for size in args.sizes:
        for cost in costs(sets, size, args.engines, args.queries):
            print_cost(cost)
            found.append(cost)
    if args.json:
        args.json.write_bytes(msgspec.json.encode({"quality": told, "costs": found}))
    if args.plot:
        plot(found, args.plot)


if __name__ == "__main__":
    main()
