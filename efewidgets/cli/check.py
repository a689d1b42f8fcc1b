"""``efewidgets check``: what an extraction would use and what not, and why. Nothing is written."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .console import Console
from .report import UNUSABLE, Report
from .workers import choose_jobs, runner, worker_processes

if TYPE_CHECKING:
    from ..engine.extraction.preview import CellPreview, Preview, TargetPreview

_DESCRIPTION = """\
Say what an extraction would use, before it runs: each cell's rheobase, or why it has none; how many recordings match
each target, or how far away the nearest one is; files that can't be read; stimuli that aren't found with certainty.
No feature is computed and nothing is written.
"""
_EXAMPLE = """\
example:
  efewidgets check my-cells.json
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="say what would match and what would not, and why",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", metavar="CONFIG", help="what to extract, from what (JSON)")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes to work with (default: all cores if that pays)"
    )
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Read the recordings and report what matches."""
    from ..engine.config.document import load_config
    from ..engine.extraction.preview import preview

    options, settings = load_config(chosen.config)
    jobs = 1 if settings.low_memory_mode else choose_jobs(chosen.jobs, options.files_metadata)
    with worker_processes(jobs) as executor:
        found = preview(options, runner(console, executor))
    nothing = not any(cell.recordings for cell in found.cells)
    return Report(
        found.as_dict(),
        lambda console: _show(console, found),
        found.problems,
        error="no recording can be read." if nothing else "",
        exit_code=UNUSABLE if nothing else -1,
    )


def _show(console: Console, found: Preview) -> None:
    console.title("Cells")
    console.table(
        [(cell.name, str(sum(cell.recordings.values())), *_rheobase(cell)) for cell in found.cells],
        header=("", "recordings", "rheobase", ""),
        right=[1, 2],
    )
    console.print()
    console.title("Targets")
    header = ("protocol", "amplitude", "features", "recordings", "cells", "")
    console.table(map(_target, found.targets), header, right=[1, 2, 3, 4])
    unmatched = sum(not target.recordings for target in found.targets)
    console.print()
    if unmatched:
        console.print(f"{unmatched} of {len(found.targets)} targets have no recording.")
    else:
        console.print("Every target has recordings." if found.targets else "There is no target.")


def _rheobase(cell: CellPreview) -> tuple[str, str]:
    if not cell.reason:
        return "", "not needed: amplitudes are in nA"
    if cell.rheobase is None:
        return "none", cell.reason
    return f"{cell.rheobase:.4g} nA", cell.deciding or cell.reason


def _target(target: TargetPreview) -> tuple[str, ...]:
    return (
        target.protocol,
        f"{target.amplitude:g} ± {target.tolerance:g} {target.unit}",
        str(len(target.efeatures)),
        str(target.recordings),
        str(len(target.cells)),
        "" if target.recordings else _why_none(target),
    )


def _why_none(target: TargetPreview) -> str:
    if target.nearest is None:
        return target.reason
    return f"nearest: {target.nearest:.4g} {target.unit} ({target.nearest_cell})"
