"""What a virtual cell shows, as plain data: the live sweep, the kept ones behind it, and what there is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...datasets.experiments import FINE, Injection
from ...datasets.samples import Sweep
from ...engine.figures.style import counted, number
from ...engine.traces.decimate import min_max_indices
from ...engine.traces.spikes import peak_times

PIXELS = 900  # samples of the live sweep that are drawn: at most four times as many
FAINT_PIXELS = 300
MOST_BEHIND = 12  # kept sweeps that are seen behind the live one
PA = 1000.0  # in a nA


@dataclass(frozen=True)
class Recorded:
    """A sweep as it is recorded, with what it was given for.

    Parameters
    ----------
    injection : Injection
    sweep : Sweep
    settings : mapping
        eFEL settings by which spikes are found: ``Threshold`` (mV), ``interp_step`` (ms), ``strict_stiminterval``.
    """

    injection: Injection
    sweep: Sweep
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def time(self) -> np.ndarray:
        """Time (ms), shape (n,)."""
        return np.arange(len(self.sweep.voltage)) * self.sweep.dt

    @cached_property
    def voltage(self) -> np.ndarray:
        """Membrane potential (mV), shape (n,)."""
        return self.sweep.voltage * FINE.voltage_bit

    @cached_property
    def current(self) -> np.ndarray:
        """Injected current (nA), shape (n,)."""
        return self.sweep.current * FINE.current_bit

    @cached_property
    def spike_times(self) -> np.ndarray:
        """When spikes peak (ms), shape (n_spikes,), as the state will find them."""
        return self._peaks(bool(self.settings.get("strict_stiminterval", True)))

    @cached_property
    def other_spike_times(self) -> np.ndarray:
        """When spikes peak (ms) that don't count, since they aren't in the stimulus."""
        return np.setdiff1d(self._peaks(strict=False), self.spike_times)

    def _peaks(self, strict: bool) -> np.ndarray:
        return peak_times(
            self.time,
            self.voltage,
            self.threshold,
            self.injection.ton,
            self.injection.toff,
            strict=strict,
            interp_step=float(self.settings.get("interp_step", 0.025)),
        )

    @property
    def threshold(self) -> float:
        """What a spike must exceed (mV)."""
        return float(self.settings.get("Threshold", -20.0))

    def heights(self, times: np.ndarray) -> np.ndarray:
        """Return the voltage (mV) at some times (ms)."""
        return np.interp(times, self.time, self.voltage)

    def thinned(self, pixels: int = PIXELS) -> tuple[np.ndarray, np.ndarray]:
        """Return time (ms) and voltage (mV) of as many samples as can be seen."""
        kept = min_max_indices(self.voltage, pixels)
        return self.time[kept], self.voltage[kept]

    def corners(self) -> tuple[np.ndarray, np.ndarray]:
        """Return time (ms) and current (pA) of as many samples as can be seen."""
        kept = min_max_indices(self.current, PIXELS)
        return self.time[kept], self.current[kept] * PA

    def voltage_at_rest(self) -> float:
        """Mean voltage in the 20 ms before the stimulus (mV)."""
        return self._mean(self.injection.ton - 20.0, self.injection.ton)

    def voltage_at_end(self) -> float:
        """Mean voltage in the last tenth of the stimulus (mV)."""
        return self._mean(self.injection.toff - 0.1 * self.injection.duration, self.injection.toff)

    def _mean(self, start: float, end: float) -> float:
        inside = (self.time >= start - 1e-9) & (self.time < end - 1e-9)
        return float(self.voltage[inside].mean()) if inside.any() else float(self.voltage[0])

    def in_words(self) -> tuple[str, str]:
        """Say how the cell answers: the number of spikes, and what else can be read off."""
        injection, times = self.injection, self.spike_times
        rest = f"At rest {number(self.voltage_at_rest())} mV"
        others = len(self.other_spike_times)
        outside = f"; {counted(others, 'spike')} outside the stimulus" if others else ""
        if not len(times):
            end = f"at the end of the stimulus {number(self.voltage_at_end())} mV"
            return "No spike" + " during the stimulus" * bool(others), f"{rest}, {end}{outside}."
        found = [rest, f"first spike {number(times[0] - injection.ton)} ms after the onset"]
        if len(times) > 1:
            found.append(
                f"{number(1e3 * (len(times) - 1) / (times[-1] - times[0]))} spikes per second on average"
            )
        return counted(len(times), "spike"), f"{', '.join(found)}{outside}."


def behind(kept: Sequence[Recorded], protocol: str, settings: Mapping[str, Any]) -> list[Recorded]:
    """Return the sweeps of a protocol that are drawn behind the live one: the last ones, from the smallest on."""
    last = [one for one in kept if one.injection.protocol == protocol][-MOST_BEHIND:]
    last = [one if one.settings == settings else replace(one, settings=settings) for one in last]
    return sorted(last, key=lambda recorded: recorded.injection.amp)


def kept_in_words(kept: Sequence[Recorded]) -> str:
    """Say how many sweeps are kept, of which protocols and with which amplitudes."""
    if not kept:
        return "No sweep is kept yet."
    amps: dict[str, list[float]] = {}
    for one in kept:
        amps.setdefault(one.injection.protocol, []).append(one.injection.amp * PA)
    parts = [
        f"{protocol} {', '.join(f'{amp:g}' for amp in sorted(found)).replace('-', '−')} pA"
        for protocol, found in amps.items()
    ]
    return f"Kept: {counted(len(kept), 'sweep')} ({'; '.join(parts)})."


def series_of(first: float, last: float, step: float) -> list[float]:
    """Return the amplitudes (nA) from the first to the last, both included if the steps meet it; whole 0.1 pA."""
    count = int(np.floor((last - first) / step + 1e-6)) + 1
    return [round(first + k * step, 4) for k in range(count)]


def nice(value: float) -> float:
    """Return the smallest number of 1, 2, 3 or 5 times a power of ten that isn't below a value above 0."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(round(next(m * power for m in (1, 2, 3, 5, 10) if m * power >= value * (1 - 1e-9)), 9))
