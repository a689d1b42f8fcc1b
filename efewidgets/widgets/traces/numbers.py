"""The numbers behind the traces, for a spreadsheet or a plot of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...engine.outputs.spreadsheet import as_csv
from ...engine.problems import EfeError
from ...state import ExtractionState
from .data import TraceView
from .samples import TraceCache

#: Rows of a file, at most
MOST_ROWS = 2_000_000


def samples_as_csv(state: ExtractionState, cache: TraceCache, view: TraceView) -> str:
    """Return the samples of the sweeps that are drawn, at the times that are shown: a row each.

    The columns say their units, and through what the voltage was seen.

    Raises
    ------
    EfeError
        If there are too many, or none.
    """
    curves = [curve.id for curve in view.curves]
    if not curves:
        raise EfeError("no traces are shown.")
    if view.mean:
        raise EfeError("the file holds single sweeps: switch the mean of repeats off first.")
    found = cache.present(curves, view.through)
    total = sum(last - first for first, last in (_part(samples.trace, view) for _, samples in found))
    if total > MOST_ROWS:
        raise EfeError(
            f"these are {total:,} samples: zoom in, or choose fewer sweeps ({MOST_ROWS:,} at most)."
        )
    voltage = "voltage_mV"
    voltage += f"_low_pass_{view.through.low_pass:g}_Hz" if view.through.low_pass else ""
    voltage += "_above_baseline" if view.through.baseline else ""
    columns = ("cell", "protocol", "sweep", "time_ms", voltage, f"current_{view.unit.name}")
    return as_csv(columns, _rows(state, found, view))


def _rows(state: ExtractionState, found: list[tuple[str, Any]], view: TraceView) -> Iterator[tuple[Any, ...]]:
    for identity, samples in found:
        member, trace = state.results.members[identity], samples.trace
        first, last = _part(trace, view)
        about = member.cell, member.protocol, str(member.recording.label)
        for k in range(first, last):
            ms, current = float(trace.at(k)), float(trace.current[k]) * view.unit.factor
            yield (*about, round(ms, 6), round(float(trace.voltage[k]), 5), round(current, 6))


def _part(trace: Any, view: TraceView) -> tuple[int, int]:
    n = min(len(trace.voltage), len(trace.current))
    first = max(round(view.span[0] / trace.dt), 0)
    return min(first, n), min(round(view.span[1] / trace.dt) + 1, n)
