"""Whole protocols as rigs record them, and how right the answer to each of their sweeps is.

Unlike `stimuli`, a protocol here is several sweeps of one kind, read through the reader's door: white, 1/f and brown
noise, hum, low passes, converters, test pulses before, after and from the first sample, transients, drift, action
potentials that couple back, and sweeps that were cut. Detection was worked on with the seeds in `TUNED`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import signal

from efewidgets.extract import read_recordings

FAMILIES = ("Step", "IV", "Short", "Short", "SpikeRec", "Ramp", "SAHP", "HyperDePol", "Twostep")
NAMES = {
    "Step": "IDrest",
    "IV": "IV",
    "Short": "APWaveform",
    "SpikeRec": "SpikeRec",
    "Ramp": "APThreshold",
    "SAHP": "sAHP",
    "HyperDePol": "HyperDePol",
    "Twostep": "IDrest",
    "DeHyperPol": "DeHyperPol",
}
TUNED = range(100, 130)
OUTCOMES = ("right", "right, doubted", "wrong, doubted", "left out", "silent")


@dataclass
class Sweep:
    """One sweep: voltage (mV), current (nA), its true timings and levels (ms, nA), and whether it was cut.

    `slack` says how far from them an answer may be, where the generator knows.
    """

    voltage: np.ndarray
    current: np.ndarray
    truth: dict[str, float]
    cut: bool = False
    slack: dict[str, float] = field(default_factory=dict)


@dataclass
class Protocol:
    """The sweeps of one protocol, and what was done to them."""

    family: str
    dt: float
    sweeps: list[Sweep]
    sd: float
    digit: float
    drift: float
    lag: float
    long: float
    about: dict[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass
class Rig:
    """What a rig does to all sweeps of a protocol, drawn by chance."""

    rng: np.random.Generator
    fs: float

    def __post_init__(self) -> None:
        r = self.rng
        self.dt = 1e3 / self.fs
        self.hold = float(r.choice([0, 0, -0.03, 0.02, r.normal(0, 0.08)]))
        self.sd = float(r.choice([1e-4, 5e-4, 1e-3, 2e-3]))
        self.kind = str(r.choice(["white", "1/f", "brown", "hum"]))
        self.digit = float(r.choice([0, 0, 1e-4, 0.5e-3, 1e-3, 5e-3]))
        low = float(r.choice([0, 0, 2e3, 5e3, 1e4]))
        self.low_pass = low if low < self.fs / 2.2 else 0.0
        self.drift = float(r.choice([0, 0, 0, 2, 6])) * self.sd
        self.wander = float(r.choice([0, 0, 0.005]))
        self.transient = float(r.choice([0, 0, 0, 0.5, 2]))

    def passes(self, ms: float) -> None:
        """Keep the low pass from swallowing a pulse of so many ms."""
        low = max(self.low_pass, 3e3 / ms) if self.low_pass else 0.0
        self.low_pass = low if low < self.fs / 2.2 else 0.0

    def filtered(self, x: np.ndarray) -> np.ndarray:
        if not self.low_pass:
            return x
        sos = signal.bessel(4, self.low_pass / (self.fs / 2), norm="mag", output="sos")
        return signal.sosfilt(sos, x - x[0]) + x[0]

    def noise(self, n: int) -> np.ndarray:
        r = self.rng
        if self.kind == "white":
            return r.normal(0, self.sd, n)
        if self.kind in ("1/f", "brown"):
            white, slow, power = (0.6, 0.8, 1.0) if self.kind == "1/f" else (0.9, 0.45, 2.0)
            return self.sd * (white * r.normal(size=n) + slow * coloured(r, n, power))
        t, f = np.arange(n) / self.fs, r.choice([50, 60])
        hum = sum(
            a * np.sin(2 * np.pi * f * k * t + r.uniform(0, 6.3)) for k, a in ((1, 1), (3, 0.4), (5, 0.2))
        )
        return self.sd * (r.normal(size=n) + 1.2 * hum)


def coloured(r: np.random.Generator, n: int, power: float) -> np.ndarray:
    """Noise with a spectrum 1/f**power, of unit standard deviation."""
    f = np.arange(n // 2 + 1)
    f[0] = 1
    spectrum = np.fft.rfft(r.normal(size=n)) / f ** (power / 2)
    spectrum[0] = 0
    x = np.fft.irfft(spectrum, n)
    return x / x.std()


@dataclass
class Plan:
    """The stimulus of a protocol: times (samples), levels relative to a sweep's amplitude, amplitudes (nA)."""

    family: str
    times: list[int]
    levels: list[float]
    amplitudes: np.ndarray
    pulses: list[tuple[int, int]] = field(default_factory=list)
    second: tuple[int, int, float] | None = None
    test: tuple[int, int, float] | None = None
    n: int = 0

    def clean(self, amplitude: float, hold: float) -> np.ndarray:
        """Return the current (nA) of a sweep, without what the rig does to it."""
        x = np.full(self.n, hold)
        if self.family == "Ramp":
            a, b = self.times
            x[a:b] += amplitude * np.arange(b - a) / (b - a)
        elif self.pulses:
            for a, b in self.pulses:
                x[a:b] += amplitude
        else:
            for a, b, v in zip(self.times[:-1], self.times[1:], self.levels, strict=True):
                x[a:b] += amplitude * v
        for extra in (self.second, self.test):
            if extra is not None:
                x[extra[0] : extra[1]] += extra[2]
        return x

    def jumps(self, amplitude: float) -> list[tuple[int, float]]:
        """Return where the current jumps (samples), and by how much (nA)."""
        if self.pulses:
            return []
        if self.family == "Ramp":
            return [(self.times[1], -amplitude)]
        return list(zip(self.times, amplitude * np.diff([0, *self.levels, 0]), strict=True))

    def truth(self, amplitude: float, dt: float) -> dict[str, float]:
        """Return the timings (ms) and levels (nA) that are right."""
        if self.pulses:
            return {"tspike": self.pulses[0][0] * dt, "pulses": len(self.pulses), "amp": amplitude}
        names = {"SAHP": ("ton", "tmid", "tmid2", "toff"), "HyperDePol": ("ton", "tmid", "toff")}
        known = dict(zip(names.get(self.family, ("ton", "toff")), (t * dt for t in self.times), strict=True))
        known["amp"] = amplitude * self.levels[0]
        if len(self.levels) > 1:
            known["amp2"] = amplitude * self.levels[1]
        return known


def protocol(seed: int, number: int) -> Protocol:
    """Draw a protocol, the same for the same seed and number."""
    r = np.random.default_rng([978, seed, number])
    family = str(r.choice(FAMILIES))
    fs = float(r.choice([5e3, 1e4, 2e4, 4e4, 5e4, 1e5]))
    rig = Rig(r, 2e4 if family == "Short" and fs < 1e4 else fs)
    plan = draw(r, family, rig)
    cut_at = -1
    if r.random() < 0.12 and len(plan.amplitudes) > 1 and family not in ("SpikeRec", "Short"):
        cut_at = int(r.integers(len(plan.amplitudes)))
    long = (plan.times[-1] - plan.times[0]) * rig.dt
    sweeps = []
    for k, amplitude in enumerate(plan.amplitudes.tolist()):
        fires = amplitude > 0 and k >= len(plan.amplitudes) // 2 and family != "Short"
        sweep = _recorded(rig, plan, amplitude, long, fires)
        if k == cut_at:
            end = round((plan.times[0] * rig.dt + long * r.uniform(0.3, 0.9)) / rig.dt)
            sweep.voltage, sweep.current, sweep.cut = sweep.voltage[:end], sweep.current[:end], True
        sweeps.append(sweep)
    lag = 600.0 / rig.low_pass if rig.low_pass else 0.0
    test = plan.test and (plan.test[0] * rig.dt, plan.test[1] * rig.dt, plan.test[2])
    about = {"sweeps": len(sweeps), "ms": [t * rig.dt for t in plan.times], "test pulse": test, **vars(rig)}
    about.pop("rng")
    return Protocol(family, rig.dt, sweeps, rig.sd, rig.digit, rig.drift, lag, long, about)


def draw(r: np.random.Generator, family: str, rig: Rig) -> Plan:
    """Draw the stimulus of a protocol."""
    short, train = family == "Short", family == "SpikeRec"
    count = int(r.choice([1, 1, 2, 3, 5, 8, 12]))
    before, after = (float(r.choice([k, 20, 50, 100, 250, 500]) * r.uniform(0.8, 1.2)) for k in (5, 20))
    long = float(r.choice([60, 100, 250, 500, 1000, 2000]))
    sign = int(r.choice([1, 1, -1]))
    top = float(r.choice([0.3, 0.5, 1, 2, 4] if short or train else [0.05, 0.1, 0.2, 0.5, 1.0]))
    top = max(top, 12 * rig.sd, 6 * rig.digit)
    times, levels, pulses, second = [before, before + long], [1.0], [], None
    if short:
        long, after = float(r.choice([0.3, 0.5, 1, 2, 3, 5, 10])), max(after, 100.0)
        times[1] = before + long
        rig.passes(long)
    elif train:
        number, wide, gap = int(r.integers(2, 9)), float(r.choice([1, 2, 3, 5])), float(r.uniform(8, 50))
        rig.passes(wide)
        starts = before + np.arange(number) * (wide + gap)
        pulses = [(round(s / rig.dt), round((s + wide) / rig.dt)) for s in starts]
        times[1] = float(starts[-1] + wide)
    elif family == "SAHP":
        a, b = long * r.uniform([0.2, 0.1], [0.4, 0.3])
        times, levels = [before, before + a, before + a + b, before + long], [0.35, 1.0, 0.35]
    elif family == "HyperDePol":
        times, levels, sign = [before, before + 0.4 * long, before + long], [-0.6, 1.0], 1
    samples = [round(float(t) / rig.dt) for t in times]
    if family == "Twostep":  # a second, smaller, equal step, which tells the resistance at the end
        start = samples[-1] + round(100 / rig.dt)
        second, after = (start, start + round(100 / rig.dt), -0.2 * top), max(after, 300.0)
    if short or train:
        rig.transient = 0.0
    amplitudes = sign * top * np.arange(1, count + 1) / count
    if family == "IV":
        amplitudes = top * np.linspace(-1, 1, count) if count > 1 else np.array([-top])
    if short or train:
        amplitudes = sign * top * (np.ones(count) if r.random() < 0.6 else np.linspace(0.5, 1, count))
    least = max(8 * rig.sd, 4 * rig.digit)
    amplitudes = np.sign(amplitudes) * np.maximum(np.abs(amplitudes), least)
    plan = Plan(family, samples, levels, amplitudes, pulses, second)
    plan.n = round((times[-1] + after) / rig.dt)
    plan.test = _test_pulse(r, rig, plan, before, after)
    return plan


def _test_pulse(
    r: np.random.Generator, rig: Rig, plan: Plan, before: float, after: float
) -> tuple[int, int, float] | None:
    """Draw a test pulse for one protocol in three, where there is room for it."""
    if r.random() >= 0.35:
        return None
    wide, where = float(r.choice([5, 10, 25, 50, 100])), str(r.choice(["before", "first", "after"]))
    height = float(r.choice([-0.1, -0.05, -0.02, 0.02, 0.05, 0.1]))
    height = float(np.sign(height)) * max(abs(height), 6 * rig.sd)
    if plan.family not in ("Short", "SpikeRec"):
        wide = min(wide, (plan.times[-1] - plan.times[0]) * rig.dt / 3)
    start = -1.0
    if where == "before" and before > wide + 25:
        start = r.uniform(8, before - wide - 12)
    elif where == "first" and before > wide + 15:
        start = 0.0
    elif where == "after" and after > wide + 30 and plan.second is None:
        start = plan.times[-1] * rig.dt + r.uniform(15, after - wide - 12)
    return (round(start / rig.dt), round((start + wide) / rig.dt), height) if start >= 0 else None


def _recorded(rig: Rig, plan: Plan, amplitude: float, long: float, fires: bool) -> Sweep:
    """Record one sweep."""
    r, n, dt = rig.rng, plan.n, rig.dt
    t, hold = np.arange(n) * dt, rig.hold + rig.wander * rig.rng.normal()
    x = rig.filtered(plan.clean(amplitude, hold))
    if rig.transient:
        for at, jump in plan.jumps(amplitude):
            m = min(n - at, round(4 / dt))
            x[at : at + m] += rig.transient * jump * np.exp(-np.arange(m) * dt / r.uniform(0.1, 0.6))
    x = x + rig.drift * t / t[-1] * r.choice([-1, 1])
    v = -70 + r.normal(0, 0.1, n) + 60 * np.clip(x - hold, -1, 1)
    if fires:
        start = plan.times[0] * dt
        for at in r.uniform(start, start + long, int(r.integers(1, 8))):
            spike = np.exp(-0.5 * ((t - at) / 0.35) ** 2)
            v, slope = v + 85 * spike, np.gradient(spike)
            coupled = float(r.choice([0, 0.05, 0.15])) * min(abs(amplitude), 0.2)
            x = x + coupled * slope / max(1e-9, np.abs(slope).max())
    x = x + rig.noise(n)
    if rig.digit:
        x = np.round(x / rig.digit) * rig.digit
    return Sweep(v.astype(np.float32), x.astype(np.float32), plan.truth(amplitude, dt))


def outcomes(protocol: Protocol) -> Iterator[tuple[str, str, Any]]:
    """Yield for each sweep one of `OUTCOMES`, what was wrong, and the recording (None if it was left out)."""
    rows = [
        {
            "voltage": s.voltage,
            "current": s.current,
            "dt": protocol.dt,
            "v_unit": "mV",
            "i_unit": "nA",
            "t_unit": "ms",
            "id": f"sweep {k}",
            "repetition": 1,
        }
        for k, s in enumerate(protocol.sweeps)
    ]
    name = protocol.name or NAMES[protocol.family]
    logging.disable(logging.WARNING)  # each doubt is logged, too
    try:
        cell = read_recordings({"cell": {name: [{"filepath": "rig"}]}}, recording_reader=lambda _: rows)[0]
    finally:
        logging.disable(logging.NOTSET)
    found = {recording.id: recording for recording in cell.recordings}
    for k, sweep in enumerate(protocol.sweeps):
        recording = found.get(f"sweep {k}")
        if recording is None:
            yield "left out", "", None
            continue
        doubted = any(p.severity != "note" and p.kind == "stimulus" for p in recording.problems)
        wrong = mistake(recording, sweep, protocol)
        if sweep.cut and not doubted:
            wrong = wrong or "was cut, which isn't said"
        if doubted:
            yield ("wrong, doubted" if wrong else "right, doubted"), wrong, recording
        else:
            yield ("silent" if wrong else "right"), wrong, recording


def mistake(recording: Any, sweep: Sweep, protocol: Protocol) -> str:
    """Say what of a recording is wrong; "" if nothing is."""
    get: dict[str, Callable[[], Any]] = {
        "tspike": lambda: recording.tspike[0] if len(recording.tspike) else None,
        "pulses": lambda: len(recording.tspike),
    }
    for name, right in sweep.truth.items():
        if sweep.cut and name in ("toff", "tmid", "tmid2"):
            continue
        got = get.get(name, lambda name=name: getattr(recording, name, None))()
        if got is None or not np.isfinite(got) or abs(got - right) > _tolerance(name, right, sweep, protocol):
            return f"{name} is {got if got is None else round(float(got), 4)}, not {right:.4g}"
    return ""


def _tolerance(name: str, right: float, sweep: Sweep, protocol: Protocol) -> float:
    if name in sweep.slack:
        return sweep.slack[name]
    if name == "pulses":
        return 0.5
    if name.startswith("amp"):
        return max(0.05 * abs(right), 3 * protocol.sd, 1.5 * protocol.digit, abs(protocol.drift))
    if protocol.family == "Short":
        return max(0.35 * min(protocol.long, 3), 2 * protocol.dt) + protocol.lag
    if protocol.family == "Ramp":
        blur = (20 * protocol.sd + 10 * protocol.digit) / abs(sweep.truth["amp"])
        return max(1.5, 0.03 * protocol.long * (1 + blur)) + protocol.lag
    return 1.2 + protocol.lag
