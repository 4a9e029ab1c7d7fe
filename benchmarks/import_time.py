"""How long does `import chatdesk` take, beside the four packages it needs anyway?

Subject: `python -c "import chatdesk"`. Reference: `python -c "import attrs, anyio, msgspec,
sortedcontainers"`. Each pair starts two fresh processes, in alternating order, and takes the CPU
time of each (user and system). The table gives medians, and the median of the pairs' ratios.

Run: python benchmarks/import_time.py [--pairs 15] [--json FILE]
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

REFERENCE = "import attrs, anyio, msgspec, sortedcontainers"
SUBJECT = "import chatdesk"
BARE = "pass"


class Result(msgspec.Struct, frozen=True):
    """Medians over all pairs, in milliseconds of CPU time."""

    pairs: int
    bare_ms: float
    reference_ms: float
    subject_ms: float
    ratio: float


def cpu_ms(program: str) -> float:
    """CPU milliseconds of a fresh interpreter that runs `program`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user = after.ru_utime - before.ru_utime
    system = after.ru_stime - before.ru_stime
    return 1000.0 * (user + system)


def measure(pairs: int) -> Result:
    """Alternate reference and subject, after one of each to warm the file cache."""
    for program in (BARE, REFERENCE, SUBJECT):
        cpu_ms(program)
    bare: list[float] = []
    reference: list[float] = []
    subject: list[float] = []
    for number in range(pairs):
        turns = [(REFERENCE, reference), (SUBJECT, subject)]
        for program, times in turns if number % 2 == 0 else turns[::-1]:
            times.append(cpu_ms(program))
        bare.append(cpu_ms(BARE))
    ratio = median(s / r for s, r in zip(subject, reference, strict=True))
    return Result(pairs, median(bare), median(reference), median(subject), ratio)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    result = measure(options.pairs)
    print(f"CPU time of a fresh process, medians of {result.pairs} pairs")
    print(f"  python alone        {result.bare_ms:7.1f} ms")
    print(f"  the four packages   {result.reference_ms:7.1f} ms")
    print(f"  import chatdesk     {result.subject_ms:7.1f} ms")
    print(f"  ratio to reference  {result.ratio:7.2f}")
    if options.json:
        options.json.write_bytes(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
