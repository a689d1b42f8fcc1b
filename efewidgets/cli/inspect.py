"""``efewidgets inspect``: what is in recording files, known without loading the samples."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.problems import EfeError, Problem
from ..engine.systems.paths import matching
from .console import Console
from .report import UNUSABLE, Report
from .stimulus import Offers, show_stimuli, stimuli_of

if TYPE_CHECKING:
    from ..engine.readers import FileSummary, SweepInfo

_DESCRIPTION = """\
Say what is in recording files (ABF, IBW, NWB, MAT, TXT, CSV): format, protocols, sweeps, repetitions, durations,
sampling rates, units. The samples are not loaded, unless --stimulus asks which stimulus the currents are.
"""
_EXAMPLE = """\
example:
  efewidgets inspect cell1.nwb cell2.abf
  efewidgets inspect --sweeps cell1.nwb
  efewidgets inspect --stimulus protocol_003.abf
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "inspect",
        help="say what is in recording files",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a recording, a pattern such as *.nwb, or an address (https://, s3://, dandi://)",
    )
    parser.add_argument("--sweeps", action="store_true", help="list every sweep")
    parser.add_argument(
        "--stimulus",
        action="store_true",
        help="read the currents too, and say which stimulus each protocol is by them, and by its name",
    )
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Look into each file; one that can't be read doesn't stop the others."""
    from ..engine.readers import inspect, plugin_problems

    summaries: list[FileSummary] = []
    problems = plugin_problems()
    console.interrupt.at_once = True  # nothing is written; a damaged file is waited for
    for path in (path for named in chosen.files for path in matching(named)):
        console.interrupt.check()
        try:
            summaries.append(inspect(path))
            problems += summaries[-1].problems
        except (EfeError, OSError) as error:
            problems.append(Problem(str(error), "error", "file", file=path))
    console.interrupt.check()
    offers = stimuli_of(summaries, console.interrupt.check) if chosen.stimulus else None
    document: dict[str, Any] = {"files": [summary.as_dict() for summary in summaries]}
    if offers is not None:
        document["stimuli"] = [{"files": list(paths), **offer.as_dict()} for paths, offer in offers]
    return Report(
        document,
        lambda console: _show(console, summaries, chosen.sweeps, offers),
        problems,
        exit_code=-1 if summaries else UNUSABLE,
    )


def _show(
    console: Console, summaries: Sequence[FileSummary], every_sweep: bool, offers: Offers | None
) -> None:
    for i, summary in enumerate(summaries):
        if i:
            console.print()
        dialect = f" ({summary.dialect})" if summary.dialect else ""
        sweeps = "1 sweep" if len(summary.sweeps) == 1 else f"{len(summary.sweeps)} sweeps"
        console.title(f"{summary.path}: {summary.format}{dialect}, {sweeps}")
        if summary.listened:
            console.print(f"only listened to, no current went there: {_listed(summary.listened)}")
        if every_sweep:
            header = ("sweep", "protocol", "repetition", "duration", "rate", "units")
            if len(summary.cells) > 1:
                rows = ((*_sweep(sweep), sweep.cell or "–", _channels(sweep)) for sweep in summary.sweeps)
                console.table(rows, (*header, "cell", "channels"), right=[2, 3, 4])
            else:
                console.table(map(_sweep, summary.sweeps), header, right=[2, 3, 4])
        elif summary.sweeps:
            header = ("protocol", "sweeps", "repetitions", "duration", "rate", "units")
            console.table(_protocols(summary), header, right=[1, 3, 4])
    show_stimuli(console, summaries, offers)


def _sweep(sweep: SweepInfo) -> tuple[str, ...]:
    return (
        sweep.id,
        sweep.protocol or "–",
        "–" if sweep.repetition is None else str(sweep.repetition),
        _range([sweep.duration_ms], "ms"),
        _range([_kilo(sweep.rate_hz)], "kHz"),
        _units([sweep]),
    )


def _channels(sweep: SweepInfo) -> str:
    return " ← ".join(name for name in (sweep.v_channel, sweep.i_channel) if name) or "–"


def _protocols(summary: FileSummary) -> Iterable[tuple[str, ...]]:
    for protocol in dict.fromkeys(sweep.protocol for sweep in summary.sweeps):
        sweeps = [sweep for sweep in summary.sweeps if sweep.protocol == protocol]
        repetitions = sorted({sweep.repetition for sweep in sweeps if sweep.repetition is not None})
        yield (
            protocol or "–",
            str(len(sweeps)),
            _listed(map(str, repetitions)),
            _range([sweep.duration_ms for sweep in sweeps], "ms"),
            _range([_kilo(sweep.rate_hz) for sweep in sweeps], "kHz"),
            _units(sweeps),
        )


def _kilo(value: float | None) -> float | None:
    return None if value is None else value / 1e3


def _range(values: Iterable[float | None], unit: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    low, high = f"{min(known):.6g}", f"{max(known):.6g}"
    return f"{low} {unit}" if low == high else f"{low}–{high} {unit}"


def _units(sweeps: Sequence[SweepInfo]) -> str:
    pairs = dict.fromkeys((sweep.v_unit or "–", _current(sweep)) for sweep in sweeps)
    return _listed(", ".join(pair) for pair in pairs)


def _current(sweep: SweepInfo) -> str:
    commanded = " (command, not measured)" if sweep.current_from == "command" else ""
    return f"{sweep.i_unit or '–'}{commanded}"


def _listed(words: Iterable[str]) -> str:
    words = list(words)
    return ", ".join(words[:8]) + (", …" if len(words) > 8 else "") if words else "–"
