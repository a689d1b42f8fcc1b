"""How fast the figures of an extraction are drawn, against BluePyEfe, for the very same cells.

    python -m tests.benchmarks.figures [--rounds N] [--jobs N]

Both draw every figure of the same objects, read and computed by BluePyEfe once beforehand, alternately, so that
whatever else the machine does falls on both. BluePyEfe is given a map that works at once, for with the built-in
one it leaves the figures of the single cells out. CPU time is of one process; with ``--jobs`` the wall time of
drawing in that many fresh processes, their start included, is measured too.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from efewidgets.engine.figures import plot_all

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CASE = "ibw_relative_given_timing"  # two cells, 127 recordings, 162 targets


def load() -> tuple[str, list[Any], list[Any], list[str]]:
    """Return what the cells are, and BluePyEfe's cells, protocols and names of rheobase protocols."""
    config, folder, words = _experiment()
    import bluepyefe.extract as peer

    seen: dict[str, Any] = {}
    write = peer.create_feature_protocol_files

    def remember(cells: Any, protocols: Any, *args: Any, **kwargs: Any) -> Any:
        seen.update(cells=cells, protocols=protocols)
        return write(cells, protocols, *args, **kwargs)

    with mock.patch.object(peer, "create_feature_protocol_files", remember), contextlib.chdir(folder):
        peer.extract_efeatures("", **config)
    n = sum(len(cell.recordings) for cell in seen["cells"])
    words = f"{words}: {len(seen['cells'])} cells, {n} recordings"
    return words, seen["cells"], seen["protocols"], config["protocols_rheobase"]


def _experiment() -> tuple[dict[str, Any], Path, str]:
    """Return real recordings if they are at hand, else the sample cells."""
    if SHARED.is_dir():
        config = json.loads((SHARED / "cases" / CASE / "config.json").read_text(encoding="utf-8"))
        names = ("files_metadata", "targets", "protocols_rheobase")
        return {name: config[name] for name in names}, SHARED / "recordings", "real cells"
    from efewidgets import datasets

    return copy.deepcopy(datasets.sample_config()), Path.cwd(), "sample cells"


def draw_theirs(cells: list[Any], protocols: list[Any], output: str) -> None:
    """Let BluePyEfe draw everything."""
    from bluepyefe.plotting import plot_all_recordings_efeatures

    plot_all_recordings_efeatures(cells, protocols, output, mapper=lambda f, items: list(map(f, items)))


def cpu_and_wall(draw: Callable[[str], Any]) -> tuple[float, float, int]:
    """Return the CPU and wall time (s) of drawing into a new folder, and the number of files."""
    with tempfile.TemporaryDirectory() as output:
        cpu, wall = time.process_time(), time.perf_counter()
        draw(output)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return cpu, wall, sum(path.is_file() for path in Path(output).rglob("*"))


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of the figures, against BluePyEfe's.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    import matplotlib

    matplotlib.use("Agg")
    words, cells, protocols, protocols_rheobase = load()
    ways: dict[str, Callable[[str], Any]] = {
        "BluePyEfe": lambda output: draw_theirs(cells, protocols, output),
        "efewidgets": lambda output: plot_all(cells, protocols, output, protocols_rheobase),
        f"efewidgets, {arguments.jobs} processes": lambda output: plot_all(
            cells, protocols, output, protocols_rheobase, jobs=arguments.jobs
        ),
    }
    cpu_and_wall(lambda output: plot_all(cells[:1], [], output))  # what is loaded once isn't measured
    times: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    for _ in range(arguments.rounds):
        for name, draw in ways.items():
            times[name].append(cpu_and_wall(draw))
    print(f"\nfigures of {words}; median of {arguments.rounds} rounds, alternating")
    cpu_0, wall_0 = (statistics.median(t[i] for t in times["BluePyEfe"]) for i in (0, 1))
    for name, found in times.items():
        cpu, wall = (statistics.median(t[i] for t in found) for i in (0, 1))
        own = f"CPU {cpu:5.1f} s, {cpu_0 / cpu:4.1f}×" if "processes" not in name else " " * 18
        print(f"{name:28s} {found[0][2]:4d} files   {own}   wall {wall:5.1f} s, {wall_0 / wall:4.1f}×")


if __name__ == "__main__":
    main()
