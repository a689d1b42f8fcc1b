"""``efewidgets extract``: features from the recordings that a config names, or from the sample cells."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engine.problems import EfeError, Problem
from ..engine.systems.files import remove, why_not_written
from .console import Console
from .progress import Bar
from .report import Report
from .source import add_jobs, add_source, load_source
from .workers import choose_jobs, runner, worker_processes

if TYPE_CHECKING:
    from ..engine.extraction.run import Extraction
    from ..engine.extraction.writing import RunSettings, Written
    from ..engine.parallel import Progress
    from ..engine.stages.options import Options

PROBLEMS_FILE = "problems.json"
_DESCRIPTION = """\
Extract features from recordings, averaged over the recordings that fall into each target, and write

  features.json                     mean and standard deviation of each feature
  protocols.json                    the stimuli (ms, nA)
  holding_threshold_currents.json   holding current and rheobase of each cell (nA)
  problems.json                     what went wrong, where, and what to do; only if there is something

into the output folder. An old problems.json there is taken away if there is nothing to say any more.

CONFIG is a JSON file whose entries are the arguments of efewidgets.extract.extract_efeatures:

  {
    "files_metadata": {"cell 1": {"IDrest": [{"filepath": "cell1.abf", "ljp": 14.0}]}},
    "targets": [{"efeature": "AP_amplitude", "protocol": "IDrest", "amplitude": 150, "tolerance": 20}],
    "protocols_rheobase": ["IDrest"]
  }

Paths in it are relative to the file. Amplitudes are in % of rheobase, or in nA with "absolute_amplitude": true.
"""
_EXAMPLE = """\
example:
  efewidgets check my-cells.json
  efewidgets extract my-cells.json -o results --plot
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "extract",
        help="extract features, and write the files that models are fitted to",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_source(parser)
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help='where to write (default: "output_directory" of the config)'
    )
    parser.add_argument(
        "--plot", action="store_true", help="draw recordings, features, rheobases and impedances as PDF"
    )
    add_jobs(parser)
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Extract, write, report."""
    from ..engine.extraction.run import run_extraction
    from ..engine.extraction.writing import write_extraction
    from ..engine.stages.options import check_options

    options, settings = _options(chosen)
    check_options(options)
    _prepare_folder(settings)
    jobs = 1 if settings.low_memory_mode else choose_jobs(chosen.jobs, options.files_metadata, settings.plot)
    console.interrupt.check()
    with worker_processes(jobs) as executor:
        check = console.interrupt.check if executor is None else None
        result = run_extraction(options, runner(console, executor), jobs, check=check)
        console.interrupt.check()
        written = write_extraction(result, settings, executor, _drawing(console))
        console.end_progress()
    problems = [*result.problems, *written.problems]
    if settings.write_files:
        written.files += _write_problems(settings, problems)
    return Report(
        _data(result, settings, written), lambda console: _show(console, result, settings, written), problems
    )


def _drawing(console: Console) -> Progress:
    bar: Bar | None = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        bar = bar or console.progress("Drawing figures")
        bar(done, total)
        if threading.current_thread() is threading.main_thread():
            console.interrupt.check()
        elif total:
            console.interrupt.at_once = True  # from now on the main thread only waits

    return progress


def _options(chosen: argparse.Namespace) -> tuple[Options, RunSettings]:
    options, settings = load_source(chosen)
    if chosen.output:
        settings = dataclasses.replace(settings, output_directory=chosen.output)
    if chosen.plot:
        settings = dataclasses.replace(settings, plot=True)
    if settings.writes and not settings.output_directory:
        raise EfeError('it isn\'t said where to write: give -o FOLDER, or "output_directory" in the config.')
    return options, settings


def _prepare_folder(settings: RunSettings) -> None:
    """Find out now whether the output folder can be written to, not after the work."""
    if not settings.writes:
        return
    folder = pathlib.Path(str(settings.output_directory))
    folder.mkdir(parents=True, exist_ok=True)
    why = why_not_written(folder)
    if why:
        raise EfeError(
            f"{folder}: nothing can be written to this folder ({why}). Choose another one (-o FOLDER)."
        )


def _write_problems(settings: RunSettings, problems: Sequence[Problem]) -> list[pathlib.Path]:
    from ..engine.outputs.standard_files import write_text

    path = pathlib.Path(str(settings.output_directory)) / PROBLEMS_FILE
    if not problems:
        remove(path)
        return []
    found = [problem.as_dict() for problem in problems]
    write_text(path, json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return [path]


def _data(result: Extraction, settings: RunSettings, written: Written) -> dict[str, Any]:
    return {
        "output_directory": os.path.abspath(settings.output_directory) if settings.output_directory else None,
        "files": [os.path.abspath(path) for path in written.files],
        "figures": [os.path.abspath(path) for path in written.figures],
        "cells": [
            {"name": cell.name, "recordings": len(cell.recordings), "rheobase_nA": cell.rheobase}
            for cell in result.cells
        ],
        "features": result.features,
        "protocols": result.protocols_dict,
        "currents": result.currents,
    }


def _show(console: Console, result: Extraction, settings: RunSettings, written: Written) -> None:
    recordings = sum(len(cell.recordings) for cell in result.cells)
    features = sum(len(listed) for places in result.features.values() for listed in places.values())
    console.title(f"{_count(features, 'feature')} of {_count(len(result.features), 'stimulus', 'stimuli')}")
    console.print(f"from {_count(recordings, 'recording')} of {_count(len(result.cells), 'cell')}", "  ")
    if not result.options.absolute_amplitude:
        console.print()
        console.title("Rheobase")
        console.table(
            [
                (
                    cell.name,
                    "–" if cell.rheobase is None else f"{cell.rheobase:.4g} nA",
                    f"{_reason(result, cell)}",
                )
                for cell in result.cells
            ],
            right=[1],
        )
    if written.files or written.figures:
        console.print()
        console.title(f"Written to {os.path.abspath(str(settings.output_directory))}")
        _show_files(console, settings, written)
    elif not settings.writes:
        console.print("Nothing is written, as the config says (write_files).")


def _reason(result: Extraction, cell: Any) -> str:
    decision = result.rheobases.get(cell.name)
    return decision.reason if decision else ""


def _show_files(console: Console, settings: RunSettings, written: Written) -> None:
    folder = pathlib.Path(str(settings.output_directory))
    of_all = [path.name for path in written.files if path.parent == folder]
    of_cells = len(written.files) - len(of_all)
    for name in of_all:
        console.verbatim(f"  {name}")
    if of_cells:
        console.print(f"{of_cells} files of single cells, each cell's in a folder of its name", "  ")
    if written.figures:
        parts = [path.relative_to(folder).parts for path in written.figures]
        folders = sorted({part[0] for part in parts if len(part) > 1})
        told = f", most in {', '.join(folders[:8])}{', …' if len(folders) > 8 else ''}" if folders else ""
        console.print(f"{_count(len(written.figures), 'figure')} as PDF{told}", "  ")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
