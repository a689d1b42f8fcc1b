"""``efewidgets export``: what a config extracts, in the form of a consumer; checked before anything is written."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from ..engine.problems import EfeError, Problem
from .console import Console
from .report import UNUSABLE, Report
from .source import add_jobs, add_source, load_source
from .workers import choose_jobs, runner, worker_processes

if TYPE_CHECKING:
    from ..engine.export import Export, Format

_DESCRIPTION = """\
Extract what CONFIG says, as `efewidgets extract` does, and write it in the form of the program that takes it next.
What that program would refuse is told first, and nothing is written then; so is what it would do otherwise than one may
expect. With --check that is all. The choices are the "export" of CONFIG:

  "export": {{"name": "L5PC", "std_floor": 0.05, "interpolate_rmp": true}}

and the roles of targets ("role": RMP, Rin, holding, rheobase, validation) stand with these.

formats:
{formats}
"""
_EXAMPLE = """\
example:
  efewidgets export bluepyemodel my-cells.json --check
  efewidgets export bluepyemodel my-cells.json -o L5PC
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="extract, and write it for BluePyEModel, BluePyOpt and others",
        description="Extract, and write it in the form of the program that takes it next.",
        epilog=_EXAMPLE,
        formatter_class=_Help,
    )
    parser.add_argument("format", metavar="FORMAT", help="for which program, e.g. bluepyemodel")
    add_source(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", metavar="FOLDER", help="where to write")
    where.add_argument("--check", action="store_true", help="say what would be written; write nothing")
    parser.add_argument(
        "--name", metavar="NAME", help='of the model (default: that of the config, or "cell")'
    )
    add_jobs(parser)
    parser.set_defaults(run=run)
    return parser


class _Help(argparse.RawDescriptionHelpFormatter):
    """Lists the formats, which are looked for when help is asked for, not before."""

    def add_text(self, text: str | None) -> None:
        """Add a paragraph; that of the description with the formats."""
        if text and text.startswith("Extract, and write"):
            from ..engine.export import FORMATS

            listed = "\n".join(f"  {known.name:<14}{known.description}" for known in FORMATS.values())
            text = _DESCRIPTION.format(formats=listed)
        super().add_text(text)


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Extract, check, write, report."""
    from ..engine.export import format_named, write_export
    from ..engine.export.choices import choices_of
    from ..engine.extraction.run import run_extraction

    wanted = format_named(chosen.format)
    if chosen.output and os.path.exists(chosen.output) and not os.path.isdir(chosen.output):
        raise EfeError(f"{chosen.output} is a file; name a folder.")
    options, settings = load_source(chosen)
    given = dict(settings.export or {}) | ({"name": chosen.name} if chosen.name else {})
    choices = choices_of(given)
    jobs = 1 if settings.low_memory_mode else choose_jobs(chosen.jobs, options.files_metadata)
    with worker_processes(jobs) as executor:
        check = console.interrupt.check if executor is None else None
        result = run_extraction(options, runner(console, executor), jobs, check=check)
    found = wanted.build(result, choices)
    paths = [] if chosen.check or found.refusals else write_export(found, chosen.output)
    written = [os.path.abspath(path) for path in paths]
    problems = [*result.problems, *(Problem(remark, "note", "output") for remark in found.remarks)]
    data = {
        "format": wanted.name,
        "files": written,
        "would_write": sorted(found.files),
        "refusals": list(found.refusals),
        "remarks": list(found.remarks),
    }
    if found.refusals:
        told = "".join(f"\n- {refusal}" for refusal in found.refusals)
        return Report(
            data, None, problems, f"{wanted.title} can't take this, so nothing is written:{told}", UNUSABLE
        )
    return Report(data, lambda console: _show(console, wanted, found, chosen), problems)


def _show(console: Console, wanted: Format, found: Export, chosen: argparse.Namespace) -> None:
    if chosen.check:
        console.title(f"{wanted.title} can take it")
        console.print("Nothing is written. It would be:", "  ")
    else:
        console.title(f"Written for {wanted.title} to {os.path.abspath(chosen.output)}")
    of_figures = sum(name.endswith(".pdf") for name in found.files)
    for name in found.files:
        if not name.endswith(".pdf"):
            console.verbatim(f"  {name}")
    if of_figures:
        console.print(f"{of_figures} figures as PDF", "  ")
