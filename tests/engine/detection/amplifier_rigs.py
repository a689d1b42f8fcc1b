"""A fourth generator of protocols, made before its results were seen: a command, an amplifier, a monitor, a converter.

The command is a list of epochs; among them are protocols that don't have the shape their name tells (stairs, twin
steps, a biphasic pulse, a zap or noise called a step), whose right answer is a doubt. The amplifier rounds it, the
monitor is coupled through a capacitor, has an offset, transients, hum, drift and noise of its own band, and the
converter is one of those that are sold, some of which cut off what others round.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import signal

from efewidgets.engine.recordings.families.sinespec import CHIRP_DEFAULTS, chirp_wave

from .rig_protocols import Protocol, Sweep

NAMES = {
    "Stairs": "IDrest",
    "Twins": "IDrest",
    "Biphasic": "IDrest",
    "Odd": "IDrest",
    "Prepulse": "IDrest",
} | {"Moving": "IDrest"}
FAMILIES = (
    *(
        "Step",
        "Step",
        "Step",
        "Short",
        "Short",
        "SpikeRec",
        "Ramp",
        "SAHP",
        "HyperDePol",
        "DeHyperPol",
        "SineSpec",
    ),
    *("PinkNoise", "CapCheck", *NAMES),
)
NOWHERE = float("inf")  # ms; no onset is right, since the current hasn't the shape that its name tells
#: nA a digit: 16 bits of 10 V at 0.4 and 2 nA/V, 14 bits of 5 V at 1 nA/V, 12 bits of 10 V at 0.4 and 2 nA/V
DIGITS = (0.0, 0.0, 1.22e-4, 6.1e-4, 6.1e-4, 1.95e-3, 9.77e-3)
Epoch = tuple[float, float]


@dataclass
class Command:
    """What is asked of the amplifier, above the holding current.

    Parameters
    ----------
    epochs : list of (float, float)
        Duration (ms) and level relative to the amplitude of a sweep.
    names : tuple of str
        Timings that the borders of the epochs are.
    """

    family: str
    epochs: list[Epoch]
    names: tuple[str, ...] = ("ton", "toff")
    shape: str = "levels"
    pulses: int = 0
    fine: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def long(self) -> float:
        """Duration (ms)."""
        return sum(ms for ms, _ in self.epochs)

    def wave(self, dt: float) -> np.ndarray:
        """Draw it at an amplitude of 1; array (n,)."""
        if self.shape == "levels":
            borders = np.round(np.cumsum([0.0, *(ms for ms, _ in self.epochs)]) / dt).astype(int)
            return np.repeat([level for _, level in self.epochs], np.diff(borders))
        t = np.arange(round(self.long / dt)) * dt
        if self.shape == "ramp":
            return t / self.long
        if self.shape == "chirp":  # what BluePyEfe's defaults describe, from 150 ms on
            return chirp_wave(150.0 + t, CHIRP_DEFAULTS)
        if self.shape == "zap":  # a frequency that grows evenly, from 0.5 Hz on
            u = 1e-3 * t
            return np.sin(2 * np.pi * (0.5 + self.fine[0] * u) * u)
        noise = signal.lfilter([1.0], [1.0, -np.exp(-dt / self.fine[1])], self._rng().normal(size=len(t)))
        return noise / np.abs(noise).max()

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(int(self.fine[0]))  # frozen noise: the same in each sweep


def command(family: str, r: np.random.Generator) -> Command:
    """Draw the command of a family."""
    long = float(r.choice([80, 200, 400, 600, 1000, 2000]) * r.uniform(0.9, 1.1))
    if family == "Short":
        return Command(family, [(float(r.uniform(0.6, 9)), 1.0)])
    if family in ("SpikeRec", "CapCheck"):
        count, wide, gap = int(r.integers(3, 15)), r.uniform(1.5, 5), r.uniform(8, 45)
        up = [(wide, 1.0), (gap, 0.0)]
        both = [*up, (wide, -1.0), (gap, 0.0)] if family == "CapCheck" else up
        return Command(family, (both * count)[:-1], ("ton", "toff"), pulses=count)
    if family == "SAHP":
        a, b, c = r.uniform([100, 60, 200], [400, 250, 1200])
        low = r.uniform(0.2, 0.5)
        return Command(family, [(a, low), (b, 1.0), (c, low)], ("ton", "tmid", "tmid2", "toff"))
    if family in ("HyperDePol", "DeHyperPol"):
        sign = 1.0 if family == "DeHyperPol" else -1.0
        a, b = r.uniform(120, 700, 2)
        return Command(family, [(a, sign), (b, -sign * r.uniform(0.5, 1.0))], ("ton", "tmid", "toff"))
    if family == "Stairs":
        count = int(r.integers(3, 7))
        return Command(family, [(long / 2, (k + 1) / count) for k in range(count)])
    if family == "Twins":
        gap = float(r.uniform(60, 400))
        return Command(family, [(long, 1.0), (gap, 0.0), (long, 1.0)])
    if family == "Biphasic":
        return Command(family, [(long / 2, 1.0), (long / 2, -1.0)])
    if family == "Prepulse":
        return Command(family, [(float(r.uniform(50, 300)), -0.4), (max(long, 200.0), 1.0)])
    if family in ("SineSpec", "PinkNoise", "Odd"):
        if family == "SineSpec" and r.random() < 0.5:
            return Command(family, [(4950.0, 1.0)], shape="chirp")
        shape = {"SineSpec": "zap", "PinkNoise": "noise"}.get(family, str(r.choice(["zap", "noise"])))
        first = r.uniform(1, 4) if shape == "zap" else float(r.integers(1 << 30))
        fine = np.array([first, r.choice([2.0, 5.0, 20.0])])
        return Command(family, [(float(r.uniform(1500, 5000)), 1.0)], shape=shape, fine=fine)
    return Command(
        family,
        [(max(long, 300.0) if family == "Ramp" else long, 1.0)],
        shape="ramp" if family == "Ramp" else "levels",
    )


def amplitudes(family: str, r: np.random.Generator, least: float) -> np.ndarray:
    """Draw the amplitudes of the sweeps (nA): a series, geometric, shuffled, of both signs, repeated, with zeros."""
    count = int(r.choice([1, 2, 3, 4, 6, 9]))
    top = float(r.uniform(0.3, 3) if family in ("Short", "SpikeRec") else r.uniform(0.05, 0.8))
    top = max(top, 2.5 * least)
    kind = str(r.choice(["series", "geometric", "shuffled", "repeats", "signs"]))
    if family in ("SpikeRec", "CapCheck", "SineSpec", "PinkNoise") or count == 1 or kind == "repeats":
        sizes = np.ones(count)
    elif kind == "geometric":
        sizes = np.geomspace(0.4, 1.0, count)
    else:
        sizes = np.linspace(0.3, 1.0, count)
    sizes = sizes * top * (-1.0 if r.random() < 0.25 and family not in ("HyperDePol", "DeHyperPol") else 1.0)
    if kind == "signs" and family == "Step":
        sizes = np.linspace(-top, top, count + 1 - count % 2)  # an odd number of sweeps: one is of 0 pA
    sizes = r.permutation(sizes) if kind == "shuffled" else sizes
    small = (np.abs(sizes) < least) & (sizes != 0)
    return np.where(small, np.sign(sizes) * least, sizes)


@dataclass
class Amplifier:
    """An amplifier, its monitor and a converter, drawn by chance."""

    r: np.random.Generator

    def __post_init__(self) -> None:
        r = self.r
        self.fs = float(r.choice([8e3, 1e4, 1.5151e4, 2e4, 3.125e4, 4.8e4, 6.25e4, 1e5]))
        self.dt = 1e3 / self.fs
        self.hold = float(r.choice([0.0, 0.0, -0.1, -0.04, 0.03, 0.12]))
        self.offset = float(r.choice([0.0, 0.0, -0.013, 0.021]))
        self.sd = float(r.choice([1.5e-4, 6e-4, 1.5e-3, 3e-3]))
        self.hum = float(r.choice([0.0, 0.0, 1.0, 2.5])) * self.sd
        self.digit, self.cuts = float(r.choice(DIGITS)), bool(r.random() < 0.5)
        self.lag = float(r.choice([0.0, 0.0, 0.02, 0.06, 0.2]))  # ms, time constant of the command
        self.coupled = float(
            r.choice([0.0, 0.0, 0.0, 4e3, 1.5e4])
        )  # ms, time constant of the monitor's capacitor
        self.transient = float(r.choice([0.0, 0.0, -0.4, 0.8, 1.5]))
        self.band = float(r.choice([0.0, 0.0, 1e3, 3e3]))  # Hz, of the noise
        self.drift = float(r.choice([0.0, 0.0, 3.0, 8.0])) * self.sd
        self.path = str(r.choice(["line", "settles", "sways"]))
        self.mains, self.after = float(r.choice([50, 60])), float(r.uniform(60, 1500))

    @property
    def least(self) -> float:
        """Smallest stimulus that can be asked to be seen (nA)."""
        return max(10 * (self.sd + self.hum), 6 * self.digit)

    def lagging(self, x: np.ndarray) -> np.ndarray:
        """What the cell gets of a command (n,)."""
        if not self.lag:
            return x
        pole = np.exp(-self.dt / self.lag)
        return signal.lfilter([1.0 - pole], [1.0, -pole], x - x[0]) + x[0]

    def monitored(self, x: np.ndarray, hold: float, dips: bool) -> np.ndarray:
        """What the monitor shows of a command (n,)."""
        x = self.lagging(x)
        if self.transient and dips:
            pole = np.exp(-self.dt / 0.25)
            x = x + self.transient * signal.lfilter([1.0, -1.0], [1.0, -pole], x - x[0])
        if self.coupled:
            x = signal.lfilter([1.0, -1.0], [1.0, -np.exp(-self.dt / self.coupled)], x - hold)
        return x + self.offset

    def wander(self, n: int) -> np.ndarray:
        """Drift of the baseline (n,), that of no other sweep."""
        t, size = np.arange(n) / n, self.drift * float(self.r.choice([-1, 1]))
        if self.path == "line":
            return size * t
        if self.path == "settles":
            return size * np.exp(-np.arange(n) * self.dt / self.after)
        return 0.5 * size * np.sin(2 * np.pi * (t * self.r.uniform(0.3, 1.2) + self.r.random()))

    def noise(self, n: int) -> np.ndarray:
        """Noise and hum (n,)."""
        x = self.r.normal(size=n)
        if self.band and self.band < self.fs / 2.5:
            x = signal.sosfilt(signal.butter(2, self.band, fs=self.fs, output="sos"), x)
            x /= x.std()
        t = np.arange(n) / self.fs
        swell = 1.0 + 0.3 * np.sin(2 * np.pi * 0.7 * t)
        wave = sum(
            a * np.sin(2 * np.pi * self.mains * k * t + self.r.uniform(0, 6.3))
            for k, a in ((1, 1), (2, 0.3), (3, 0.3))
        )
        return self.sd * x + self.hum * swell * wave

    def digital(self, x: np.ndarray) -> np.ndarray:
        """What the converter makes of it."""
        if not self.digit:
            return x
        return (np.floor(x / self.digit) if self.cuts else np.round(x / self.digit)) * self.digit


def protocol(seed: int, number: int) -> Protocol:
    """Draw a protocol, the same for the same seed and number."""
    r = np.random.default_rng([40490, seed, number])
    family, amp = str(r.choice(FAMILIES)), Amplifier(r)
    asked = command(family, r)
    shortest = min((ms for ms, _ in asked.epochs), default=1.0)
    amp.lag, amp.band = min(amp.lag, shortest / 8), max(amp.band, 3e3 / shortest) if amp.band else 0.0
    if shortest < 10:
        amp.transient = 0.0
    if shortest < 2 and amp.fs < 1.5e4:
        amp.fs, amp.dt = 2e4, 0.05
    sizes = amplitudes(family, r, amp.least)
    before, after = (float(v) for v in r.uniform([25, 120], [400, 700]))
    before = 150.0 if asked.shape == "chirp" else before
    test = _test_pulse(r, before, after, asked.long, max(6 * (amp.sd + amp.hum), 3 * amp.digit))
    longer = float(r.choice([0.0] * 6 + [300.0]))
    sweeps = []
    for k, size in enumerate(sizes.tolist()):
        ton = before + (25.0 * k if family == "Moving" else 0.0)
        rest = after + 25.0 * (len(sizes) - 1 - k) if family == "Moving" else after + longer * (k % 2)
        sweeps.append(_recorded(amp, asked, size, ton, rest, test))
    about = {"sweeps": len(sweeps), "ms": before, "asked": asked.epochs[:4], "test pulse": test, **vars(amp)}
    about.pop("r")
    name = NAMES.get(family, "APWaveform" if family == "Short" else family)
    return Protocol(family, amp.dt, sweeps, amp.sd, amp.digit, amp.drift, amp.lag, asked.long, about, name)


def _test_pulse(
    r: np.random.Generator, before: float, after: float, long: float, least: float
) -> tuple[float, float, float] | None:
    """Draw a test pulse for one protocol in three: from (ms; negative from the end of the sweep), duration, nA."""
    if r.random() >= 0.35:
        return None
    wide, height = (
        float(r.choice([5, 10, 20, 50])),
        float(r.choice([-1, 1]) * max(r.uniform(0.02, 0.1), least)),
    )
    wide = wide if long < 60 else min(wide, long / 3)
    places = {"first": (0.0, before), "early": (r.uniform(5, 20), before - 20)} | {
        "late": (-wide - r.uniform(5, 30), after - 30),
        "last": (-wide, after),
    }
    start, room = places[str(r.choice(list(places)))]
    return (start, wide, height) if wide + 20 < room else None


def _recorded(
    amp: Amplifier,
    asked: Command,
    size: float,
    ton: float,
    rest: float,
    test: tuple[float, float, float] | None,
) -> Sweep:
    """Record one sweep."""
    r, dt, wave = amp.r, amp.dt, asked.wave(amp.dt)
    first, n = round(ton / dt), round((ton + asked.long + rest) / dt)
    x = np.zeros(n)
    x[first : first + len(wave)] += size * wave[: n - first]
    if test:
        start = round(test[0] / dt) + (n if test[0] < 0 else 0)
        x[start : start + round(test[1] / dt)] += test[2]
    hold = amp.hold + float(r.normal(0, 0.002))
    shown = amp.monitored(hold + x, hold, asked.shape == "levels")
    drift = amp.wander(n)
    v = -66.0 + 80.0 * signal.lfilter([dt / 15], [1.0, dt / 15 - 1.0], x)
    # a capacitance check evokes no action potential
    if size > 0 and asked.long > 100 and asked.family != "CapCheck" and r.random() < 0.5:
        for at in r.uniform(ton + 5, ton + asked.long, int(r.integers(1, 9))):
            spike = np.exp(-0.5 * ((np.arange(n) * dt - at) / 0.4) ** 2)
            slope = np.gradient(spike)
            v, shown = (
                v + 90 * spike,
                shown + r.choice([0.0, 0.1]) * size * slope / (np.abs(slope).max() + 1e-9),
            )
    y = amp.digital(shown + drift + amp.noise(n))
    baseline = (0.0 if amp.coupled else hold) + amp.offset + float(drift[max(0, first - 1)])
    truth, slack = _truth(amp, asked, size, first, len(wave), drift)
    return Sweep(
        v.astype(np.float32),
        y.astype(np.float32),
        truth | ({"hypamp": baseline} if "amp" in truth else {}),
        slack=slack,
    )


def _truth(
    amp: Amplifier, asked: Command, size: float, first: int, count: int, drift: np.ndarray
) -> tuple[dict[str, float], dict[str, float]]:
    """Right timings and levels (ms, nA), and how far from them an answer may be."""
    if asked.family in ("Stairs", "Twins", "Biphasic", "Odd"):
        return {"ton": NOWHERE}, {"ton": 1.0}
    dt, noise = amp.dt, amp.sd + amp.hum
    moved = float(np.ptp(drift[max(0, first - 1) : first + count]))
    droop = abs(size) * (1.0 - np.exp(-asked.long / amp.coupled)) if amp.coupled else 0.0
    level = max(0.05 * abs(size), 2 * noise, 1.5 * amp.digit) + moved + droop
    timing = {"SineSpec": 20.0, "PinkNoise": 10.0, "CapCheck": 10.0}.get(asked.family, 1.1) + 3 * amp.lag
    if asked.family == "Ramp":
        timing = max(1.5, 0.03 * asked.long * (1 + (20 * noise + 10 * amp.digit) / abs(size)))
    if asked.family == "Short":
        timing = max(0.3 * min(asked.long, 3), 2 * dt) + amp.lag
    levels = [v * size for _, v in asked.epochs]
    borders = [ton * dt for ton in first + np.round(np.cumsum([0.0, *(ms for ms, _ in asked.epochs)]) / dt)]
    if asked.family == "Prepulse":
        borders, levels = borders[1:], levels[1:]
    if asked.family == "SpikeRec":
        truth = {"tspike": borders[0], "pulses": float(asked.pulses), "amp": size}
    elif asked.pulses or asked.shape in ("chirp", "zap", "noise"):
        truth = {"ton": borders[0], "toff": borders[-1], "amp": size if asked.shape == "chirp" else abs(size)}
        if asked.shape == "zap":  # its sign is told by no formula
            del truth["amp"]
        if asked.shape == "noise":  # whose peaks the amplifier rounds
            truth["amp"] = abs(size) * float(np.abs(amp.lagging(np.append(0.0, asked.wave(dt)))).max())
        level += 3 * noise + 0.05 * abs(size)  # the farthest sample
    else:
        truth = dict(zip(asked.names, borders, strict=True)) | {"amp": levels[0]}
        truth |= {"amp2": levels[1]} if len(asked.names) > 2 else {}
    slack = {name: level if name.startswith("amp") else timing for name in truth}
    return truth, slack | {"hypamp": level, "pulses": 0.5}
