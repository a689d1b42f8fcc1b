"""What traces are seen through: above their baseline, through a low-pass, as the mean of repeats. For the eye alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...engine.targets.rheobase import apart
from ...engine.traces.closer import low_pass, mean_and_spread
from ...engine.traces.trace import Trace
from ...state.results.members import Member
from ...state.view import View
from ..actions.listing import by_amplitude
from .samples import Samples


class Through(NamedTuple):
    """What is done to voltages before they are drawn.

    Parameters
    ----------
    baseline : bool
        Whether the median before the stimulus is subtracted.
    low_pass : float
        Hz; 0 for none.
    """

    baseline: bool = False
    low_pass: float = 0.0

    @classmethod
    def of(cls, view: View) -> Through:
        """Return what a view says."""
        return cls(view.baseline, view.low_pass)

    @property
    def words(self) -> str:
        """Said beside the traces, lest anybody takes them for what was recorded."""
        found = []
        if self.low_pass:
            found.append(
                f"through a low-pass of {self.low_pass:g} Hz, for looking only: no feature is computed from it"
            )
        if self.baseline:
            found.append("above the median voltage before the stimulus")
        return f"seen {'; '.join(found)}" if found else ""


PLAIN = Through()


def through(samples: Samples, member: Member, what: Through) -> Samples:
    """Return samples as they are to be seen; the peaks of spikes stay where they were found."""
    if not any(what):
        return samples
    trace = samples.trace
    voltage = np.asarray(trace.voltage, dtype=float)
    by = baseline(voltage, trace.dt, member) if what.baseline else 0.0
    if what.low_pass:
        voltage = low_pass(voltage, trace.dt, what.low_pass)
    low, high = samples.voltages
    return dataclasses.replace(
        samples,
        trace=dataclasses.replace(trace, voltage=(voltage - by).astype(np.float32)),
        voltages=(low - by, high - by),
        by=by,
    )


def baseline(voltage: np.ndarray, dt: float, member: Member) -> float:
    """Return the median voltage (mV) before the stimulus; of the whole sweep where none was found."""
    n = 0 if member.lost else round(float(member.recording.ton) / dt)
    before = voltage[:n] if n > 0 else voltage
    return float(np.nanmedian(before)) if np.isfinite(before).any() else 0.0


def repeats(members: Sequence[Member]) -> list[list[Member]]:
    """Return the sweeps with the same amplitude and sampling step, from the smallest on."""
    groups: list[list[Member]] = []
    for member in sorted(members, key=by_amplitude):
        amp = by_amplitude(member)
        last = groups[-1][-1] if groups else None
        alike = (
            last is not None
            and last.recording.dt == member.recording.dt
            and abs(amp - by_amplitude(last)) <= apart(amp)
        )
        if alike:
            groups[-1].append(member)
        else:
            groups.append([member])
    return groups


def means(
    members: Sequence[Member], samples: Mapping[str, Samples]
) -> dict[str, tuple[Samples, np.ndarray, int]]:
    """Return of each group of repeats the mean, its standard deviation (mV) and their number, by the first's id."""
    found = {}
    for group in repeats([member for member in members if member.id in samples]):
        own = [samples[member.id] for member in group]
        voltage, spread = mean_and_spread([one.trace.voltage for one in own])
        current, _ = mean_and_spread([one.trace.current for one in own])
        n = min(len(voltage), len(current))
        first = own[0]
        trace = Trace(
            voltage[:n].astype(np.float32),
            current[:n].astype(np.float32),
            first.trace.step,
            first.trace.t_unit,
        )
        finite = spread[:n][np.isfinite(spread[:n])]
        room = float(finite.max(initial=0.0))
        low = min(one.voltages[0] for one in own) - room / 2
        high = max(one.voltages[1] for one in own) + room / 2
        none = np.empty(0, dtype=np.intp)
        mean = dataclasses.replace(first, trace=trace, peaks=none, voltages=(low, high))
        found[group[0].id] = mean, spread[:n], len(group)
    return found
