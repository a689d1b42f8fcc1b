"""How long an edit of a warm session takes until all results are new, outputs serialised included; and its memory.

    python -m tests.benchmarks.state [--rounds N] [--sizes 1200 10000]

The recordings are those of `workload`: 60 of each cell, 375 targets. For 10,000 recordings the same twenty files
stand under more cells. All recordings have been read, and the features that are wanted computed, on those too that
fall into no target, so that an edit which moves recordings into other targets is measured and not eFEL. (Among cells
with the same file the values are handed over, to save an hour.) Every edit is a new one: nothing but what it leaves
as it is comes from the cache. Each size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from efewidgets import ExtractionState
from efewidgets.engine.stages.matching import add_features
from tests.peak_memory import peak_memory

from . import workload

#: Wall time that is allowed, ms, by the number of recordings
LIMITS = {1200: 25.0, 10000: 60.0}
PER_RECORDING = 8.0  # ms a matched recording for a new feature, on one core
MEMORY, PER_RECORDING_KB = 200.0, 1.0  # MB, and kB a recording

CELLS, SWEEPS = 20, 60
NEW_FEATURES = "ISI_semilog_slope burst_number single_burst_ratio irregularity_index AP2_AP1_diff".split()

Row = tuple[str, float, float, float, float]


def opened(recordings: int) -> ExtractionState:
    """Return a session with so many recordings, not computed yet."""
    arguments = workload.make(CELLS, SWEEPS).arguments()
    of_files = list(arguments["files_metadata"].items())
    names = [f"{name}.{k}" for k in range(math.ceil(recordings / SWEEPS / CELLS)) for name, _ in of_files]
    by_name = {name: files for name, (_, files) in zip(names, itertools.cycle(of_files), strict=False)}
    chosen = dict(list(by_name.items())[: math.ceil(recordings / SWEEPS)])
    return ExtractionState.from_arguments(arguments | {"files_metadata": chosen})


def warm(state: ExtractionState) -> None:
    """Read all recordings and compute the features of all, those of cells with the same file once."""
    results = state.results
    members = results.members.values()
    first: dict[tuple, Any] = {}
    for member in members:
        first.setdefault((member.file.path, member.recording.label), member.recording)
    serials = {recording.serial for recording in first.values()}
    add_features([job for job in results._jobs(True) if job[0].serial in serials], results._evaluation.work)
    for member in members:
        store = first[member.file.path, member.recording.label].feature_store
        member.recording.feature_store.restore(store.all_known(), {})
    for cell in results.inputs.cells:
        results.get("rheobase", cell.name)
    _ = results.texts, results.problems


def edits(state: ExtractionState) -> dict[str, Iterator[Callable[[], Any]]]:
    """Return endless new edits of each kind."""
    order = random.Random(1)
    members = list(state.results.members.values())
    cells = [cell.name for cell in state.inputs.cells]
    order.shuffle(members)
    order.shuffle(cells)
    targets = [target.id for target in state.inputs.targets or ()]
    order.shuffle(targets)
    counter = itertools.count(1)

    def number() -> int:
        return next(counter)

    return {
        "tolerance of a target": (
            partial(state.edit_target, target, tolerance=10 + number() / 1e4)
            for target in itertools.cycle(targets)
        ),
        "exclusion of a recording": (partial(state.exclude, member.id, "drift") for member in members),
        "exclusion of a deciding one": (
            partial(state.exclude, deciding(state, cell), "drift") for cell in itertools.cycle(cells)
        ),
        "rheobase rule: strategy": (
            partial(state.set_rheobase_rule, strategy, settings=settings)
            for k in itertools.count(1)
            for strategy, settings in (
                ("absolute", {"spike_threshold": 1 + k}),
                ("interpolation", {}),
                ("flush", {"flush_length": k}),
            )
        ),
        "rheobase rule: all values new": (
            partial(state.set_rheobase_rule, "majority", settings={"min_step": 0.011 + number() / 1e5})
            for _ in itertools.count()
        ),
    }


def deciding(state: ExtractionState, cell: str) -> str:
    """Return the id of the recording that decides a cell's rheobase now."""
    found = state.results.rheobases[cell].recording
    assert found is not None
    return found


def measure(recordings: int, rounds: int) -> dict[str, Any]:
    """Measure a session of so many recordings."""
    state = opened(recordings)
    found: dict[str, Any] = {"recordings": 0, "rows": []}
    began = time.process_time()
    state.results.members  # noqa: B018 - reads all files
    found["reading"] = time.process_time() - began
    found["recordings"] = len(state.results.members)
    warm(state)
    found["feature"] = new_feature(state)
    kinds = edits(state)
    for name, kind in kinds.items():
        walls, cpus = [], []
        for edit in itertools.islice(kind, rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            edit()
            _ = state.results.texts
            walls.append(1e3 * (time.perf_counter() - wall))
            cpus.append(1e3 * (time.process_time() - cpu))
        limit = LIMITS.get(recordings, math.inf)
        found["rows"].append((name, statistics.median(walls), statistics.median(cpus), max(walls), limit))
    found["rows"].append(table(state, kinds["tolerance of a target"], rounds))
    found["memory"] = peak_memory()
    found["rows"].append(undo(state, rounds, LIMITS.get(recordings, math.inf)))
    return found


def undo(state: ExtractionState, rounds: int, limit: float) -> Row:
    """Measure taking back the last edits."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        state.undo()
        _ = state.results.texts
        walls.append(1e3 * (time.perf_counter() - wall))
        cpus.append(1e3 * (time.process_time() - cpu))
    return "undo", statistics.median(walls), statistics.median(cpus), max(walls), limit


def table(state: ExtractionState, kind: Iterator[Callable[[], Any]], rounds: int) -> Row:
    """Measure the feature table after an edit; there is no limit for it."""
    walls, cpus = [], []
    for edit in itertools.islice(kind, rounds):
        edit()
        _ = state.results.texts
        wall, cpu = time.perf_counter(), time.process_time()
        _ = state.results.feature_table
        walls.append(1e3 * (time.perf_counter() - wall))
        cpus.append(1e3 * (time.process_time() - cpu))
    return (
        "the feature table, besides",
        statistics.median(walls),
        statistics.median(cpus),
        max(walls),
        math.inf,
    )


def new_feature(state: ExtractionState) -> tuple[float, int]:
    """Return the CPU time of a new feature, ms a matched recording, and how many there are."""
    costs, numbers = [], []
    for efeature in NEW_FEATURES[: 5 if len(state.results.members) < 5000 else 2]:
        cpu = time.process_time()
        target = state.add_target(efeature, "IDrest", 200, 10)
        _ = state.results.texts
        spent = 1e3 * (time.process_time() - cpu)
        table = state.results.target_statistics.set_index("target")
        numbers.append(int(table.loc[target].recordings))
        costs.append(spent / numbers[-1])
    while state.can_undo:
        state.undo()
    return statistics.median(costs), numbers[0]


def reopening() -> dict[str, float]:
    """Measure opening a session of 1,200 recordings in a new process, without and with the cache on disk."""
    arguments = workload.make(CELLS, SWEEPS).arguments()
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "from efewidgets import ExtractionState\n"
        "state = ExtractionState.load(sys.argv[1], cache=sys.argv[2]); state.run()\n"
        "print(time.perf_counter() - start, state._present.graph.runs['read'])"
    )
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        with ExtractionState.from_arguments(arguments) as state:
            state.save(f"{folder}/session.json")
        for name in ("first time", "again"):
            command = [sys.executable, "-c", code, f"{folder}/session.json", f"{folder}/cache"]
            done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
            found[name] = float(done.stdout.split()[0])
    return found


def _allowed(limit: float) -> str:
    return f"{limit:7.0f} ms" if limit < math.inf else ""


def report(found: dict[str, Any], size: int) -> bool:
    """Print what was measured; return whether it is within the limits."""
    recordings, memory = found["recordings"], found["memory"]
    allowed = MEMORY + PER_RECORDING_KB * recordings / 1e3
    print(f"\n{recordings} recordings, 375 targets (read in {found['reading']:.1f} s of CPU time)")
    print(f"  {'edit':30s}{'median':>10s}{'CPU':>10s}{'worst':>10s}{'limit':>10s}")
    good = True
    for name, wall, cpu, worst, limit in found["rows"]:
        within = wall < limit
        good &= within
        print(
            f"  {name:30s}{wall:7.1f} ms{cpu:7.1f} ms{worst:7.1f} ms{_allowed(limit)}{'' if within else '  over'}"
        )
    cost, number = found["feature"]
    good &= cost < PER_RECORDING and memory < allowed
    print(
        f"  a new feature: {cost:.2f} ms a matched recording ({number} of them), at most {PER_RECORDING:g} ms"
    )
    print(f"  memory: {memory:.0f} MB, at most {allowed:.0f} MB")
    return good


def main() -> int:
    """Measure, print, and return 1 if something is beyond its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41, help="edits of each kind (41)")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(LIMITS), help="numbers of recordings")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.one, chosen.rounds)))
        return 0
    workload.make(CELLS, SWEEPS)
    good = True
    for size in chosen.sizes:
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.state",
            "--one",
            str(size),
            "--rounds",
            str(chosen.rounds),
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8")
        good &= report(json.loads(done.stdout.splitlines()[-1]), size)
    times = reopening()
    print(
        f"\nopening 1,200 recordings in a new process, import included, all results: {times['first time']:.1f} s"
    )
    print(f"  again, from the cache on disk: {times['again']:.2f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
