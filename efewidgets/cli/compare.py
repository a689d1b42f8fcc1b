"""``efewidgets compare``: what differs between two sessions or configs. Nothing is changed."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from ..engine.problems import EfeError
from .console import Console
from .report import Report
from .workers import choose_jobs, worker_processes

if TYPE_CHECKING:
    from ..state import Results
    from ..state.results.comparing import Difference

_DESCRIPTION = """\
Say what differs between two sessions, or configs: recordings, exclusions with their reasons, timings set by hand,
targets, settings, rheobases, notes, and the efeatures: mean, standard deviation and number of values of each, and how
many standard deviations of the first they are apart. Recordings are the same if cell, protocol, name of the file and
sweep are, wherever the files lie.
"""
_EXAMPLE = """\
example:
  efewidgets compare march.json april.json
  efewidgets compare march.json april.json --csv differences.csv
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare",
        help="say what differs between two sessions, in decisions and in values",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("first", metavar="FIRST", help="a session or a config (JSON)")
    parser.add_argument("second", metavar="SECOND", help="another one")
    parser.add_argument("--csv", metavar="FILE", help="write them as a table, too")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes to work with (default: all cores if that pays)"
    )
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Compute both, compare, report."""
    from ..engine.outputs.standard_files import write_text
    from ..state import ExtractionState
    from ..state.results.comparing import as_csv, compare

    with ExtractionState.load(chosen.first) as first, ExtractionState.load(chosen.second) as second:
        both = first, second
        for state, path in zip(both, (chosen.first, chosen.second), strict=True):
            if not state.inputs.cells:
                raise EfeError(f"{path}: there are no recordings in it.")
            _compute(state.results, chosen.jobs, console)
        found = compare(first.results, second.results)
        unread = [one for state in both for one in state.problems if one.kind in ("file", "read", "worker")]
    if chosen.csv:
        write_text(chosen.csv, as_csv(found))
    data = {"differences": [_as_dict(one) for one in found]}
    return Report(data, lambda console: _show(console, found), list(dict.fromkeys(unread)))


def _compute(results: Results, jobs: int | None, console: Console) -> None:
    from ..engine.stages.work import Cancelled, Work
    from ..state.convert import as_options

    bars: dict[str, Any] = {}

    def report(activity: str, done: int, of: int) -> None:
        if activity not in bars:
            bars[activity] = console.progress(activity)
        bars[activity](done, of)

    inputs = results.inputs
    number = 1 if inputs.low_memory_mode else choose_jobs(jobs, as_options(inputs).files_metadata)
    with worker_processes(number) as executor:
        try:
            results.compute(Work(executor, lambda: console.interrupt.asked, report), False)
        except Cancelled:
            console.interrupt.check()
            raise
    console.end_progress()


def _as_dict(one: Difference) -> dict[str, Any]:
    from ..state.results.comparing import Average

    data = dataclasses.asdict(one)
    for name in ("first", "second"):
        value = getattr(one, name)
        data[name] = value._asdict() if isinstance(value, Average) else value
    return data


def _show(console: Console, found: list[Difference]) -> None:
    from ..state.results.comparing import in_words

    if not found:
        console.print("Nothing differs.")
        return
    for about in dict.fromkeys(one.about for one in found):
        console.title(about[0].upper() + about[1:])
        rows = [
            (one.item, one.what, in_words(one.first), in_words(one.second), apart(one.in_std))
            for one in found
            if one.about == about
        ]
        console.table(rows, ("", "", "first", "second", ""))
        console.print()


def apart(in_std: float | None) -> str:
    """Return how far two means are apart, "" if that isn't known."""
    return "" if in_std is None else f"{in_std:+.2g} std"
