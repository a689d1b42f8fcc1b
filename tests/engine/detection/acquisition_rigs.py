"""A fifth generator of protocols, made before its results were seen: what becomes of a current until it is in a file.

A source that leaks as the cell's voltage moves and charges the pipette at each edge; the mains with harmonics, locked
to the trigger or not; a baseline that walks; an amplifier that is blanked at edges; 12 bits; samples that are lost,
repeated or written as zeros; sweeps that begin inside their stimulus, or in the end of the one before; and protocols
one of whose sweeps is of another family.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import signal

from .amplifier_rigs import NOWHERE, Command, command
from .rig_protocols import NAMES, Protocol, Sweep

FAMILIES = (
    *("Step", "Step", "IV", "Short", "SpikeRec", "Ramp", "SAHP", "HyperDePol", "DeHyperPol"),
    *("SineSpec", "PinkNoise", "CapCheck", "PosCheops", "NegCheops", "Mixed"),
)
CHEOPS = ("ton", "t1", "t2", "t3", "t4", "toff")
PULSES = ("Short", "SpikeRec", "CapCheck")
STRANGERS = ("Ramp", "SAHP", "SineSpec", "Twins", "Stairs")  # which of them is a sweep of a mixed protocol
RANGES = (1.0, 2.0, 5.0, 10.0, 20.0)  # nA, on either side of 0, in 4096 steps
BITS = 4096


@dataclass
class Asked:
    """The command of one family: a wave of height 1, where it changes (ms), and its levels."""

    family: str
    wave: np.ndarray
    borders: list[float]
    levels: list[float] = field(default_factory=list)
    pulses: int = 0
    shape: str = "levels"

    @property
    def long(self) -> float:
        """Duration (ms)."""
        return self.borders[-1]


def ask(family: str, r: np.random.Generator, dt: float) -> Asked:
    """Draw a command."""
    if family in ("PosCheops", "NegCheops"):
        times = np.cumsum([0.0, *r.uniform([500, 150, 400, 150, 300], [1500, 500, 1200, 500, 900])])
        at = np.arange(round(times[-1] / dt)) * dt
        wave = np.zeros(len(at))
        for a, b in zip(times[::2], times[1::2], strict=True):
            wave += np.clip(1.0 - np.abs(at - 0.5 * (a + b)) / (0.5 * (b - a)), 0.0, None)
        return Asked(family, wave if family == "PosCheops" else -wave, times.tolist(), shape="triangles")
    kind = {"IV": "Step", "Mixed": "Step"}.get(family, family)
    drawn: Command = command(kind, r)
    borders = np.cumsum([0.0, *(ms for ms, _ in drawn.epochs)]).tolist()
    levels = [level for _, level in drawn.epochs]
    return Asked(family, drawn.wave(dt), borders, levels, drawn.pulses, drawn.shape)


@dataclass
class Acquisition:
    """An amplifier and the computer behind it, drawn by chance."""

    r: np.random.Generator

    def __post_init__(self) -> None:
        r = self.r
        self.fs = float(r.choice([1e4, 1.25e4, 2e4, 2.5e4, 5e4]))
        self.dt = 1e3 / self.fs
        self.hold = float(r.choice([0.0, 0.0, -0.07, 0.05, -0.2]))
        self.sd = float(r.choice([2e-4, 8e-4, 2e-3, 4e-3]))
        self.hum = float(r.choice([0.0, 0.0, 0.8, 2.0, 4.0])) * self.sd
        self.harmonics, self.locked = r.uniform(0.0, 0.6, 6), bool(r.random() < 0.5)
        self.walk = float(r.choice([0.0, 0.0, 2.0, 6.0])) * self.sd
        self.leak = float(r.choice([0.0, 0.0, 0.02, 0.06]))  # of the stimulus, once the membrane is charged
        self.tau = float(r.uniform(5, 30))  # ms, of the membrane
        self.pipette = float(r.choice([0.0, 0.0, 0.3, 1.0]))  # of a jump
        self.charge = float(r.uniform(0.05, 0.3))  # ms, until the pipette is charged
        self.blank = float(r.choice([0.0, 0.0, 0.1, 0.3, 0.5]))  # ms
        self.blanks = str(r.choice(["held", "zero"]))
        self.range = float(r.choice(RANGES))
        self.drops = str(r.choice(["none", "none", "none", "held", "zeros", "lost", "lost, filled"]))
        self.begins = str(r.choice(["whole", "whole", "whole", "whole", "late", "one late", "tail"]))

    @property
    def digit(self) -> float:
        """Step of the converter (nA)."""
        return 2.0 * self.range / BITS

    @property
    def least(self) -> float:
        """Smallest stimulus that can be asked to be seen (nA)."""
        return max(10 * (self.sd + self.hum), 6 * self.digit)

    def source(self, x: np.ndarray, borders: list[int]) -> np.ndarray:
        """What the source really gives of a command above the holding current (n,)."""
        pole = np.exp(-self.dt / self.tau)
        out = x - self.leak * signal.lfilter([1.0 - pole], [1.0, -pole], x)
        pole = np.exp(-self.dt / self.charge)
        for at in borders:
            jump = x[at] - x[at - 1] if 0 < at < len(x) else 0.0
            out[at:] += self.pipette * jump * pole ** np.arange(len(x) - at)
        return out

    def blanked(self, x: np.ndarray, borders: list[int]) -> np.ndarray:
        """What is left where the amplifier was blanked (n,)."""
        x, long = x.copy(), round(self.blank / self.dt)
        for at in borders:
            if long and 0 < at < len(x):
                x[at : at + long] = x[at - 1] if self.blanks == "held" else 0.0
        return x

    def disturbance(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Drift, and noise with hum; (n,) each, those of no other sweep."""
        r, t = self.r, np.arange(n) / self.fs
        steps = r.normal(size=max(4, int(n * self.dt / 50)) + 1)  # a walk, smooth within 50 ms
        walk = np.interp(t, np.linspace(0, t[-1], len(steps)), np.cumsum(steps))
        walk = self.walk * walk / max(1e-9, float(np.ptp(walk)))
        phase = 0.0 if self.locked else float(r.uniform(0, 6.3))
        hum = np.sin(2 * np.pi * 60.0 * t + phase)
        for k, a in enumerate(self.harmonics.tolist(), 2):
            hum += a / k * np.sin(2 * np.pi * 60.0 * k * t + k * phase)
        return walk, r.normal(0, self.sd, n) + self.hum * hum

    def digital(self, x: np.ndarray) -> np.ndarray:
        """What the converter makes of it (n,)."""
        return np.clip(np.round(x / self.digit), -BITS // 2, BITS // 2 - 1) * self.digit


def protocol(seed: int, number: int) -> Protocol:
    """Draw a protocol, the same for the same seed and number."""
    r = np.random.default_rng([50321, seed, number])
    family, rig = str(r.choice(FAMILIES)), Acquisition(r)
    asked = ask(family, r, rig.dt)
    if family in PULSES:
        rig.blank = rig.pipette = 0.0
        rig.begins = "whole" if "late" in rig.begins else rig.begins
    before, after = (float(v) for v in r.uniform([30, 100], [450, 700]))
    before = 150.0 if asked.shape == "chirp" else before
    sizes = amplitudes(family, r, rig)
    stranger = int(r.integers(len(sizes))) if family == "Mixed" else -1
    late = {"late": range(len(sizes)), "one late": [int(r.integers(len(sizes)))]}.get(rig.begins, ())
    sweeps: list[Sweep] = []
    for k, size in enumerate(sizes.tolist()):
        mine = asked
        if k == stranger:
            mine = ask(str(r.choice(STRANGERS)), r, rig.dt)
            mine.family = "Odd"
        tail = sizes[k - 1] if rig.begins == "tail" and k else 0.0
        sweeps.append(_recorded(rig, mine, size, before, after, tail))
        if k in late:
            _begin_late(sweeps[-1], rig, before, asked.long)
    about = {"sweeps": len(sweeps), "ms": before, "borders": asked.borders[:6], **vars(rig)}
    about.pop("r")
    name = {"Short": "APWaveform", "Mixed": "IDrest"}.get(family, NAMES.get(family, family))
    return Protocol(family, rig.dt, sweeps, rig.sd, rig.digit, rig.walk, 0.0, asked.long, about, name)


def amplitudes(family: str, r: np.random.Generator, rig: Acquisition) -> np.ndarray:
    """Draw the amplitudes of the sweeps (nA)."""
    count = int(r.choice([1, 2, 3, 5, 8]))
    count = max(count, 3) if family == "Mixed" else count
    top = float(r.uniform(0.4, 3) if family in ("Short", "SpikeRec") else r.uniform(0.06, 0.7))
    top = min(max(top, 2 * rig.least), 0.8 * rig.range)
    same = family in ("SpikeRec", "CapCheck", "SineSpec", "PinkNoise", "PosCheops", "NegCheops")
    if same or count == 1 or r.random() < 0.2:
        sizes = np.full(count, top)
    elif family == "IV":
        sizes = np.linspace(-top, 0.5 * top, count)
    else:
        sizes = top * r.permutation(np.linspace(0.4, 1.0, count))
    flip = family in ("Step", "Short", "SpikeRec", "Ramp", "SAHP") and r.random() < 0.3
    sizes = -sizes if flip else sizes
    small = (np.abs(sizes) < rig.least) & (np.abs(sizes) > 0)
    return np.where(small, np.where(sizes < 0, -rig.least, rig.least), sizes)


def _recorded(rig: Acquisition, asked: Asked, size: float, before: float, after: float, tail: float) -> Sweep:
    """Record one sweep."""
    r, dt = rig.r, rig.dt
    first, n = round(before / dt), round((before + asked.long + after) / dt)
    borders = [first + round(ms / dt) for ms in asked.borders]
    x = np.zeros(n)
    x[first : first + len(asked.wave)] = size * asked.wave[: n - first]
    if tail and first * dt > 60:
        x[: round(r.uniform(10, first * dt - 40) / dt)] = tail * (asked.levels[-1] if asked.levels else 1.0)
    jumps = borders if asked.shape == "levels" else [borders[-1]] if asked.shape == "ramp" else []
    shown = rig.source(x, jumps)
    drift, noise = rig.disturbance(n)
    v = -67.0 + 70.0 * signal.lfilter([dt / rig.tau], [1.0, dt / rig.tau - 1.0], x)
    if size > 0 and asked.long > 100 and asked.family not in ("CapCheck", "SineSpec") and r.random() < 0.5:
        for at in r.uniform(before + 5, before + asked.long, int(r.integers(1, 8))):
            spike = np.exp(-0.5 * ((np.arange(n) * dt - at) / 0.4) ** 2)
            v, shown = v + 90 * spike, shown - rig.leak * 0.9 * min(size, 0.4) * spike
    y = rig.digital(rig.blanked(rig.hold + shown + drift + noise, jumps))
    kept = np.arange(n)
    if rig.drops != "none":
        kept = _dropped(rig, y, borders, asked.family in PULSES)
    y, v = y[kept], v[kept]
    at = np.searchsorted(kept[: np.argmax(kept) + 1], borders) * dt
    truth, slack = _truth(rig, asked, size, [float(t) for t in at], drift, first)
    if "amp" in truth:
        truth["hypamp"] = rig.hold + float(drift[max(0, first - 1)])
    return Sweep(v.astype(np.float32), y.astype(np.float32), truth, slack=slack)


def _dropped(rig: Acquisition, y: np.ndarray, borders: list[int], pulses: bool) -> np.ndarray:
    """Drop samples here and there, but on no edge, in place; which samples are left, at each place of the file (n,)."""
    r, n, there = rig.r, len(y), np.ones(len(y), dtype=bool)
    for _ in range(int(r.integers(1, 5))):
        long = int(r.choice([1, 2, 8, 32, 64]))
        a = int(r.integers(1, n - long - 1))
        inside = borders[0] - 2 <= a + long and a <= borders[-1] + 2
        if any(a - 2 <= at <= a + long + 2 for at in borders) or (pulses and inside):
            continue
        if rig.drops == "held":
            y[a : a + long] = y[a - 1]
        elif rig.drops == "zeros":
            y[a : a + long] = 0.0
        else:
            there[a : a + long] = False
    kept = np.flatnonzero(there)
    return np.concatenate((kept, np.full(n - len(kept), kept[-1]))) if rig.drops == "lost, filled" else kept


def _begin_late(sweep: Sweep, rig: Acquisition, before: float, long: float) -> None:
    """Leave out what comes before a moment inside the stimulus: its onset is nowhere."""
    start = round((before + long * rig.r.uniform(0.1, 0.6)) / rig.dt)
    sweep.voltage, sweep.current = sweep.voltage[start:], sweep.current[start:]
    sweep.truth, sweep.slack = {"ton": NOWHERE}, {"ton": 1.0}


def _truth(
    rig: Acquisition, asked: Asked, size: float, at: list[float], drift: np.ndarray, first: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Right timings and levels (ms, nA), and how far from them an answer may be."""
    if asked.family == "Odd":
        return {"ton": NOWHERE}, {"ton": 1.0}
    dt, noise, family = rig.dt, rig.sd + rig.hum, asked.family
    moved = float(np.ptp(drift[max(0, first - round(100 / dt)) : first + len(asked.wave)]))
    level = max(0.05 * abs(size), 2 * noise, 1.5 * rig.digit) + moved + rig.leak * abs(size)
    timing = {"SineSpec": 20.0, "PinkNoise": 10.0, "CapCheck": 10.0}.get(family, 1.2 + rig.blank)
    if asked.shape in ("ramp", "triangles"):
        blur = (20 * noise + 10 * rig.digit + 3 * moved) / max(abs(size), 1e-9)
        timing = max(3.0 if asked.shape == "triangles" else 1.5, 0.03 * asked.long * (1 + blur))
    if family == "Short":
        timing = max(0.35 * min(asked.long, 3), 2 * dt)
    levels = [v * size for v in asked.levels]
    if family == "SpikeRec":
        truth = {"tspike": at[0], "pulses": float(asked.pulses), "amp": size}
    elif asked.shape == "triangles":
        truth = dict(zip(CHEOPS, at, strict=True)) | {"amp": size if family == "PosCheops" else -size}
    elif asked.pulses or asked.shape in ("chirp", "zap", "noise"):
        truth = {"ton": at[0], "toff": at[-1], "amp": size if asked.shape == "chirp" else abs(size)}
        if asked.shape == "zap":  # its sign is told by no formula
            del truth["amp"]
        level += 3 * noise + 0.05 * abs(size)  # the farthest sample
    else:
        names = {2: ("ton", "toff"), 3: ("ton", "tmid", "toff"), 4: ("ton", "tmid", "tmid2", "toff")}[len(at)]
        truth = dict(zip(names, at, strict=True)) | {"amp": levels[0]}
        truth |= {"amp2": levels[1]} if len(names) > 2 else {}
    slack = {name: level if name.startswith("amp") else timing for name in truth}
    return truth, slack | {"hypamp": level, "pulses": 0.5}
