"""One extraction in a fresh process, by BluePyEfe or by us, and what it cost."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.peak_memory import peak_memory

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ("features", "protocols", "holding_threshold_currents")


@dataclass(frozen=True)
class Cost:
    """What a run cost.

    Parameters
    ----------
    cpu : float
        Processor time (user and system) of all its processes, their start and their imports included, s.
    wall : float
        s.
    memory : float
        Largest resident set of any of its processes, MB.
    outputs : dict
        The three output files.
    """

    cpu: float
    wall: float
    memory: float
    outputs: dict[str, Any]


def measured(who: str, arguments: Mapping[str, Any], workers: int = 1) -> Cost:
    """Run ``extract_efeatures`` of "BluePyEfe" or "efewidgets" with these arguments in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        given = pathlib.Path(folder, "arguments.json")
        given.write_text(json.dumps(arguments), encoding="utf-8", newline="\n")
        command = [sys.executable, "-m", "tests.benchmarks.runs", who, str(workers), str(given), folder]
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # LAPACK prints
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{who} ended with {process.returncode}")
        outputs = {
            name: json.loads(pathlib.Path(folder, f"{name}.json").read_text(encoding="utf-8"))
            for name in NAMES
        }
        memory = float(pathlib.Path(folder, "memory").read_text(encoding="utf-8"))
    return Cost(usage.ru_utime + usage.ru_stime, wall, memory, outputs)


def main() -> None:
    """Run in the fresh process."""
    who, workers, given, folder = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    arguments = json.loads(pathlib.Path(given).read_text(encoding="utf-8"))
    run = _theirs if who == "BluePyEfe" else _ours
    run(folder, arguments, int(workers))
    pathlib.Path(folder, "memory").write_text(str(peak_memory(children=True)), encoding="utf-8", newline="\n")


def _ours(folder: str, arguments: dict[str, Any], workers: int) -> None:
    from efewidgets.extract import extract_efeatures

    with contextlib.ExitStack() as stack:
        if workers > 1:
            from efewidgets.engine.parallel import WorkerPool

            arguments["executor"] = stack.enter_context(WorkerPool(workers))
        extract_efeatures(folder, write_files=True, **arguments)


def _theirs(folder: str, arguments: dict[str, Any], workers: int) -> None:
    from bluepyefe.extract import extract_efeatures
    from bluepyefe.recording import Recording

    count = Recording.compute_spikecount

    def with_silent_sweeps(self: Any, efel_settings: Any = None) -> None:
        count(self, efel_settings)
        self.peak_time = [] if self.peak_time is None else self.peak_time

    Recording.compute_spikecount = with_silent_sweeps
    with _pool(workers) as map_function:
        extract_efeatures(folder, write_files=True, map_function=map_function, **arguments)


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[Any]:
    if workers == 1:
        yield map
        return
    import multiprocessing

    pool = multiprocessing.Pool(workers)
    yield pool.map
    pool.close()
    pool.join()


if __name__ == "__main__":
    main()
