"""How the cost of an extraction grows with recordings and with targets.

    python -m tests.benchmarks.growth [--quick]

Processor time of a fresh process, and what each recording or target more adds to the cost of the smallest
extraction. Cells beyond the 20th have the files of earlier ones, under names of their own.
"""

from __future__ import annotations

import argparse
from typing import Any

from tests.benchmarks.runs import Cost, measured
from tests.benchmarks.workload import make

RECORDINGS = 50  # of a cell


def run(recordings: int, targets: int) -> Cost:
    """Measure an extraction; the lower of two costs, if it doesn't take long."""
    work = make(20, RECORDINGS).repeated(max(1, recordings // RECORDINGS))
    arguments = work.arguments(targets)
    rounds = 1 if recordings > 2000 else 2
    return min((measured("efewidgets", arguments) for _ in range(rounds)), key=lambda cost: cost.cpu)


def by_recordings(counts: list[int], start: float) -> list[list[Any]]:
    """Measure different numbers of recordings, with 375 targets."""
    rows = []
    for count in counts:
        cost = run(count, 375)
        each = 1e3 * (cost.cpu - start) / (count - RECORDINGS)
        rows.append([f"{count:,}", f"{cost.cpu:.2f} s", f"{each:.2f} ms", f"{cost.memory:.0f} MB"])
    return rows


def by_targets(counts: list[int], start: float) -> list[list[Any]]:
    """Measure different numbers of targets, on 300 recordings; the least number's cost is taken off."""
    costs = [run(300, count) for count in counts]
    rows = []
    for count, cost in zip(counts, costs, strict=True):
        features = sum(len(entry["soma"]) for entry in cost.outputs["features"].values())
        more = 1e3 * (cost.cpu - costs[0].cpu) / max(1, count - counts[0])
        rows.append(
            [
                f"{count:,}",
                f"{features:,}",
                f"{cost.cpu:.2f} s",
                f"{more:.2f} ms" if count > counts[0] else "–",
            ]
        )
    return rows


def table(heads: list[str], rows: list[list[Any]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---:|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="without 10,000 recordings")
    options = parser.parse_args()
    start = run(RECORDINGS, 1).cpu
    counts = [100, 1000] if options.quick else [100, 1000, 10_000]
    print(f"\nCost of efewidgets alone; {RECORDINGS} recordings and 1 target take {start:.2f} s.\n")
    heads = ["recordings (375 targets)", "processor time", "each more", "peak memory"]
    print(table(heads, by_recordings(counts, start)), flush=True)
    heads = ["targets (300 recordings)", "features in the output", "processor time", "each more"]
    print("\n" + table(heads, by_targets([10, 100, 1000, 6000], start)))


if __name__ == "__main__":
    main()
