"""The command ``efewidgets``: dashboard, extract, check, export, inspect, features and more.

Each command is a module with `add_to` (its arguments and help) and a function that does the work and returns a
`Report`. What takes long to import is imported by that function, so that ``efewidgets --help`` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from .. import __version__
from ..engine.problems import EfeError
from ..engine.systems.ending import ASKED, end
from . import (
    cache,
    check,
    compare,
    convert,
    convert_nwb,
    dashboard,
    export,
    extract,
    features,
    inspect,
    notebooks,
    streams,
)
from .console import Console
from .fetching import Fetching
from .interrupt import Interrupt
from .junk import stdout_for_results_only
from .report import BROKEN, INTERRUPTED, UNUSABLE, Report

#: s for what is to be done at the end, where even that is not waited for
_LAST = 1.0

_EPILOG = """\
exit codes:
  0    done
  1    done, with problems; all of them are listed
  2    the input can't be used
  3    efewidgets itself failed; please report it
  130  stopped by Ctrl-C; 143, 129: told to end, console closed

Start with
  efewidgets dashboard                                all of it in the browser, with sample cells
  efewidgets extract --sample -o efewidgets-sample    the sample cells
  efewidgets inspect my-recording.abf                 what is in a file
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of the process.
    """
    streams.prepare()
    try:
        return _main(arguments)
    except KeyboardInterrupt:  # before or after the work, or pressed again while it ends
        with contextlib.suppress(OSError):
            print("efewidgets: stopped by Ctrl-C.", file=sys.stderr)
        return INTERRUPTED


def command() -> NoReturn:
    """Run the command as a process of its own."""
    try:
        code: Any = main()
    except SystemExit as said:  # of the help, and of arguments that can't be
        code = said.code
    with contextlib.suppress(ValueError):  # nothing is left to stop but the end itself
        for number in ASKED:
            signal.signal(number, lambda number, _: end(128 + number, _LAST))
    streams.let_go()
    sys.exit(code)


def _main(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help()
        return UNUSABLE
    with Interrupt() as interrupt:
        console = Console(chosen.as_json, chosen.quiet, interrupt, chosen.notes)
        report = _run(chosen, console)
    try:
        return report.print(console)
    except OSError as error:
        streams.let_go()
        if streams.nobody_reads(error):  # who did has seen enough
            return report.exit_code
        print(f"efewidgets: the results can't be printed: {error.strerror or error}.", file=sys.stderr)
        return max(report.exit_code, UNUSABLE)


def _run(chosen: argparse.Namespace, console: Console) -> Report:
    """Do the work; whatever goes wrong becomes a report."""
    try:
        from ..engine.remote import watch

        with stdout_for_results_only(), watch(Fetching(console)):
            report: Report = chosen.run(chosen, console)
    except KeyboardInterrupt:
        asked = console.interrupt
        report = Report.failure(f"{asked.words}. No file is half written.", asked.code)
    except EfeError as error:
        report = Report.failure(str(error), UNUSABLE)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        report = Report.failure(f"{place}{error.strerror or error}.", UNUSABLE)
    except MemoryError:
        told = "there is not enough memory. Try --jobs 1, or low_memory_mode in the config."
        report = Report.failure(told, UNUSABLE)
    except Exception as error:
        told = f"efewidgets itself failed, which is a bug; please report it.\n\n{traceback.format_exc()}"
        report = Report.failure(told if not chosen.as_json else f"{type(error).__name__}: {error}", BROKEN)
    console.end_progress()
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "efewidgets",
        description="From patch-clamp recordings to the feature files that neuron models are fitted to.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"efewidgets {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for module in (
        dashboard,
        extract,
        check,
        compare,
        export,
        inspect,
        features,
        convert_nwb,
        convert,
        notebooks,
        cache,
    ):
        command = module.add_to(commands)
        command.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON document, for other programs"
        )
        command.add_argument("--quiet", action="store_true", help="print errors and warnings only")
        command.add_argument("--notes", action="store_true", help="print all notes, not only the first few")
    return parser
