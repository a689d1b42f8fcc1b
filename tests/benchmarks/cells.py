"""Drawn recordings of any number of cells, as a laboratory would have them.

A recording is drawn, not simulated: the response of a passive membrane with a sag, action potentials pasted at the
times of an adapting train, noise, and the steps of a 16-bit converter. It is stored as float32 with gzip, in the
arrangement of the Blue Brain Project's NWB files, which BluePyEfe reads too. The same number gives the same cell.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

HOLDING = -0.02  # nA
V_BIT, I_BIT = 0.03125, 0.000625  # mV, nA; a 16-bit converter at 10 mV/mV and 0.5 V/nA


@dataclass(frozen=True)
class Sequence:
    """The sweeps of one protocol of one cell.

    Parameters
    ----------
    rate : int
        Samples per second.
    duration : float
        ms.
    timings : dict
        ms; ``ton`` and ``toff``, and between them ``tmid`` and ``tmid2`` of a second, stronger step.
    lowest, highest : float
        Amplitudes of the first and the last sweep, % of rheobase.
    sweeps : int
    """

    rate: int
    duration: float
    timings: Mapping[str, float] = field(hash=False)
    lowest: float
    highest: float
    sweeps: int

    @property
    def amplitudes(self) -> np.ndarray:
        """% of rheobase."""
        return np.linspace(self.lowest, self.highest, self.sweeps)


def _step(ton: float, toff: float) -> dict[str, float]:
    return {"ton": ton, "toff": toff}


#: 60 sweeps of 1 to 3 s at 10, 20 and 50 kHz; the first protocol decides the rheobase, the others are wanted
PROTOCOLS: dict[str, Sequence] = {
    "IDthresh": Sequence(10_000, 2000, _step(500, 1500), 40, 140, 9),
    "IDrest": Sequence(20_000, 3000, _step(700, 2700), 40, 310, 15),
    "IV": Sequence(20_000, 2000, _step(500, 1500), -140, 60, 11),
    "APWaveform": Sequence(50_000, 1000, _step(300, 350), 150, 400, 10),
    "sAHP": Sequence(20_000, 3000, {"ton": 300, "tmid": 800, "tmid2": 1025, "toff": 2400}, 120, 330, 8),
    "FirePattern": Sequence(20_000, 3000, _step(500, 2500), 90, 310, 7),
}

# --- drawing


@dataclass(frozen=True)
class Cell:
    """What tells one drawn cell from another; mV, ms, nA, MOhm."""

    rheobase: float
    resistance: float
    tau: float
    rest: float
    sag: float
    gain: float
    adaptation: float
    height: float
    width: float

    @classmethod
    def random(cls, random: np.random.Generator) -> Cell:
        rheobase = random.uniform(0.08, 0.3)
        return cls(
            rheobase=rheobase,
            resistance=random.uniform(22, 27) / rheobase,
            tau=random.uniform(8, 25),
            rest=random.uniform(-78, -68),
            sag=random.uniform(0.05, 0.3),
            gain=random.uniform(8, 14),
            adaptation=random.uniform(0.2, 1.2),
            height=random.uniform(75, 95),
            width=random.uniform(0.25, 0.5),
        )

    def response(self, time: np.ndarray, steps: list[tuple[float, float]]) -> np.ndarray:
        """Passive response (mV) to steps of the current, each (ms, change in nA)."""
        drive = np.zeros_like(time)
        for start, change in steps:
            since = time[np.searchsorted(time, start) :] - start
            part = drive[len(drive) - len(since) :]
            charged = 1.0 - np.exp(-since / self.tau)
            part += change * (charged - self.sag * (1.0 - np.exp(-since / (6 * self.tau))))
        voltage = self.resistance * drive
        top = 26.0  # mV above rest: the threshold, beyond which the membrane is held by its channels
        return self.rest + np.where(voltage > 0.8 * top, 0.8 * top + 0.05 * (voltage - 0.8 * top), voltage)

    def train(self, start: float, stop: float, amp: float, random: np.random.Generator) -> list[float]:
        """Times (ms) of the peaks of a train under a step of `amp` nA."""
        above = amp / self.rheobase - 1.0
        if above < 0:
            return []
        interval = 1e3 / (3.0 + self.gain * above)
        at = start + self.tau * 0.6 + 12.0 / (0.5 + above) + random.uniform(0, 3)
        times = []
        while at < stop - 1.0:
            times.append(at)
            adapted = 1.0 + self.adaptation * (1.0 - np.exp(-len(times) / 4.0))
            at += interval * adapted * random.uniform(0.95, 1.05)
        return times

    def add_spike(self, voltage: np.ndarray, time: np.ndarray, peak: float) -> None:
        """Paste an action potential into a voltage."""
        a, b = np.searchsorted(time, (peak - 4.0, peak + 150.0))
        since = time[a:b] - peak
        rise, fall = np.exp(-((since / self.width) ** 2)), np.exp(-since / (2.2 * self.width))
        foot = 8.0 * np.exp(np.minimum(since, 0.0) / 1.2)
        after = np.where(since > 0, since, 0.0)
        low = 14.0 * (1.0 - np.exp(-after / 1.5)) * np.exp(-after / 25.0)
        body = np.where(since < 0, rise, np.minimum(1.0, fall * (1.0 + since / (2.2 * self.width))))
        voltage[a:b] += (self.height - 8.0) * body + np.where(since < 0, foot, 8.0 * fall) - low


def _draw(
    cell: Cell, protocol: Sequence, percent: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Voltage (mV) and current (nA) of one sweep, quantised, float32 arrays (n,)."""
    dt = 1e3 / protocol.rate
    time = np.arange(round(protocol.duration / dt)) * dt
    voltage, current, peaks = train_of(cell, protocol, percent / 100.0 * cell.rheobase, time, random)
    for peak in peaks:
        cell.add_spike(voltage, time, peak)
    voltage += slow_noise(time, random) + 0.08 * random.standard_normal(len(time), dtype=np.float32)
    current += 0.0012 * random.standard_normal(len(time), dtype=np.float32)
    quantised = (V_BIT * np.rint(voltage / V_BIT), I_BIT * np.rint(current / I_BIT))
    return quantised[0].astype(np.float32), quantised[1].astype(np.float32)


def train_of(
    cell: Cell, protocol: Sequence, amp: float, time: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Voltage (mV) without spikes and current (nA) without noise, arrays (n,), and when the spikes peak (ms)."""
    dt, on = 1e3 / protocol.rate, protocol.timings
    steps = [(on["ton"], amp), (on["toff"], -amp)]
    train = (on["ton"], on["toff"], amp)
    if "tmid" in on:
        weak = 0.3 * cell.rheobase
        steps = [
            (on["ton"], weak),
            (on["tmid"], amp - weak),
            (on["tmid2"], weak - amp),
            (on["toff"], -weak),
        ]
        train = (on["tmid"], on["tmid2"], amp)
    current = np.full(len(time), HOLDING)
    for start, change in steps:
        current[round(start / dt) :] += change
    return cell.response(time, steps), current, cell.train(*train, random)


def slow_noise(time: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Slow fluctuation of the voltage (mV), array (n,)."""
    return np.interp(time, np.arange(0, time[-1] + 10, 5.0), _walk(round(time[-1] / 5.0) + 3, random))


def _walk(n: int, random: np.random.Generator) -> np.ndarray:
    """Slow fluctuation (mV): what synapses do."""
    return 0.25 * np.convolve(random.standard_normal(n + 7), np.hanning(9), mode="valid")[:n]


# --- writing


def sweep_counts(recordings: int) -> dict[str, int]:
    """Return how many sweeps each protocol has in a cell of so many recordings; each has one at least."""
    whole = sum(sequence.sweeps for sequence in PROTOCOLS.values())
    counts = {name: max(1, sequence.sweeps * recordings // whole) for name, sequence in PROTOCOLS.items()}
    for name in [*PROTOCOLS] * recordings:
        if sum(counts.values()) >= recordings:
            break
        counts[name] += 1
    return counts


def write_cell(folder: pathlib.Path, number: int, recordings: int = 60) -> pathlib.Path:
    """Write one cell, if it isn't there; returns its file."""
    import h5py

    path = folder / f"cell{number:04d}.nwb"
    if path.exists():
        return path
    random = np.random.default_rng([2024, number])
    cell = Cell.random(random)
    part = path.with_suffix(f".{os.getpid()}.part")
    with h5py.File(part, "w") as file:
        count = 0
        for name, sweeps in sweep_counts(recordings).items():
            sequence = PROTOCOLS[name]
            for percent in np.linspace(sequence.lowest, sequence.highest, sweeps):
                count += 1
                voltage, current = _draw(cell, sequence, percent, random)
                _write_sweep(file, path.stem, name, count, sequence.rate, voltage, current)
    os.replace(part, path)
    return path


def _write_sweep(
    file: Any, cell: str, protocol: str, count: int, rate: int, voltage: np.ndarray, current: np.ndarray
) -> None:
    tree = file.require_group(f"data_organization/{cell}/{protocol}/repetition 1/sweep {count}")
    for place, name, kind, samples, unit, factor in (
        ("acquisition", f"ic__{protocol}__{count}", "CurrentClampSeries", voltage, "volts", 1e-3),
        (
            "stimulus/presentation",
            f"ics__{protocol}__{count}",
            "CurrentClampStimulusSeries",
            current,
            "amperes",
            1e-9,
        ),
    ):
        tree[name] = write_series(file, f"{place}/{name}", kind, protocol, samples, unit, factor, rate)


def write_series(
    file: Any,
    path: str,
    kind: str,
    protocol: str,
    samples: np.ndarray,
    unit: str,
    factor: float,
    rate: int,
    packed: bool = True,
) -> Any:
    """Write a series into an NWB file; of NWB 1 it has neither a kind nor the name of its protocol."""
    series = file.create_group(path)
    if kind:
        series.attrs["neurodata_type"] = kind
        series.attrs["stimulus_description"] = protocol
    how = {"compression": "gzip", "compression_opts": 4} if packed else {}
    data = series.create_dataset("data", data=samples, **how)
    data.attrs["conversion"], data.attrs["unit"] = factor, unit
    start = series.create_dataset("starting_time", data=0.0)
    start.attrs["rate"], start.attrs["unit"] = float(rate), "seconds"
    return series
