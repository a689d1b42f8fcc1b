"""Whole simulated protocols of each kind of stimulus, on other rigs and with other timings than in `stimuli`.

Each protocol draws its timings once; its sweeps differ in amplitude, as in a lab. Noise is brown and white, with or
without hum; some have a test pulse before the stimulus, a holding current, transients at edges, spikes that couple
back, and a converter's digits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Rng = np.random.Generator
#: draws one sweep's stimulus: (time in ms, amplitude in nA) -> current in nA
Draw = Callable[[np.ndarray, float], np.ndarray]


def box(t: np.ndarray, start: float, end: float) -> np.ndarray:
    """1 from `start` to `end` (ms), else 0."""
    return ((t >= start) & (t < end)).astype(float)


def step(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, long = rng.uniform(60, 900), rng.choice([40.0, 90.0, 333.0, 750.0, 1500.0])
    return lambda t, a: a * box(t, start, start + long), start + long + rng.uniform(50, 700), [start]


def short(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, long = rng.uniform(90, 300), rng.choice([0.5, 1.0, 2.0, 5.0])
    return lambda t, a: 6.0 * a * box(t, start, start + long), start + rng.uniform(150, 600), [start]


def train(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, count, width = rng.uniform(60, 400), int(rng.integers(3, 31)), rng.choice([1.5, 2.5, 4.0])
    period = width + rng.choice([6.0, 17.5, 45.0])

    def draw(t: np.ndarray, a: float) -> np.ndarray:
        return 6.0 * a * sum(box(t, start + k * period, start + k * period + width) for k in range(count))

    return draw, start + count * period + rng.uniform(40, 400), [start]


def ramp(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, long = rng.uniform(60, 800), rng.choice([250.0, 800.0, 3000.0])
    end = start + long
    return lambda t, a: a * box(t, start, end) * (t - start) / long, end + rng.uniform(100, 500), [start]


def sahp(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, first, middle, last = rng.uniform([60, 180, 120, 350], [300, 420, 350, 1800])
    share = rng.uniform(0.2, 0.45)

    def draw(t: np.ndarray, a: float) -> np.ndarray:
        top = start + first
        end = top + middle + last
        return a * (share * box(t, start, end) + (1 - share) * box(t, top, top + middle))

    return draw, start + first + middle + last + rng.uniform(80, 300), [start]


def pair(rng: Rng, sign: float) -> tuple[Draw, float, list[float]]:
    start, first, second = rng.uniform([80, 220, 180], [250, 500, 900])
    part = rng.uniform(0.4, 1.0)

    def draw(t: np.ndarray, a: float) -> np.ndarray:
        middle = start + first
        return sign * abs(a) * (part * box(t, start, middle) - box(t, middle, middle + second))

    return draw, start + first + second + rng.uniform(80, 300), [start]


def hyper(rng: Rng) -> tuple[Draw, float, list[float]]:
    return pair(rng, -1.0)


def de_hyper(rng: Rng) -> tuple[Draw, float, list[float]]:
    return pair(rng, 1.0)


def cheops(rng: Rng, sign: float) -> tuple[Draw, float, list[float]]:
    start = rng.uniform(200, 500)
    widths, rests = rng.uniform([4000, 2500, 1500], [7000, 4000, 2500]), rng.uniform(600, 2200, 2)
    begins = start + np.array([0.0, widths[0] + rests[0], widths[0] + widths[1] + rests.sum()])

    def draw(t: np.ndarray, a: float) -> np.ndarray:
        tops = [
            np.clip(1 - np.abs(2 * (t - b) / w - 1), 0, None) for b, w in zip(begins, widths, strict=True)
        ]
        return sign * abs(a) * np.sum(tops, axis=0)

    return draw, float(begins[2] + widths[2] + rng.uniform(300, 900)), [start]


def cheops_up(rng: Rng) -> tuple[Draw, float, list[float]]:
    return cheops(rng, 1.0)


def cheops_down(rng: Rng) -> tuple[Draw, float, list[float]]:
    return cheops(rng, -1.0)


def sine(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, long = rng.uniform(80, 600), rng.choice([2500.0, 6000.0, 10000.0])
    low, high = rng.uniform(0.3, 1.5), rng.uniform(12.0, 40.0)

    def draw(t: np.ndarray, a: float) -> np.ndarray:
        u = np.clip((t - start) / long, 0, 1)
        rate = np.log(high / low)  # an exponential chirp
        return a * box(t, start, start + long) * np.sin(2e-3 * np.pi * low * long * np.expm1(rate * u) / rate)

    return draw, start + long + rng.uniform(80, 600), [start]


def noise(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, long = rng.uniform(80, 500), rng.choice([1200.0, 3000.0, 5000.0])
    tau, mean, seed = rng.choice([2.0, 4.0, 8.0]), rng.choice([0.0, 0.6, 1.0]), int(rng.integers(1 << 30))

    def draw(t: np.ndarray, a: float) -> np.ndarray:
        dt = float(t[1] - t[0])
        drive = np.random.default_rng(seed).normal(size=len(t))  # an Ornstein-Uhlenbeck process
        kernel = np.exp(-np.arange(0, 8 * tau, dt) / tau)
        walk = np.convolve(drive, kernel / np.sqrt((kernel**2).sum()))[: len(t)]
        return box(t, start, start + long) * (mean * a + 0.35 * abs(a) * walk)

    return draw, start + long + rng.uniform(100, 500), [start]


def capacitance(rng: Rng) -> tuple[Draw, float, list[float]]:
    start, count, width = rng.uniform(60, 250), int(rng.choice([4, 6, 10])), rng.uniform(12, 50)
    period = width + rng.uniform(15, 90)

    def draw(t: np.ndarray, a: float) -> np.ndarray:
        return a * sum(
            (-1.0) ** k * box(t, start + k * period, start + k * period + width) for k in range(count)
        )

    return draw, start + count * period + rng.uniform(80, 300), [start]


#: families (a short pulse is read as Step), and how each is drawn
DRAWN: dict[str, tuple[Callable[[Rng], tuple[Draw, float, list[float]]], ...]] = {
    "Step": (step, step, short),
    "SpikeRec": (train,),
    "Ramp": (ramp,),
    "SAHP": (sahp,),
    "HyperDePol": (hyper,),
    "DeHyperPol": (de_hyper,),
    "PosCheops": (cheops_up,),
    "NegCheops": (cheops_down,),
    "SineSpec": (sine,),
    "PinkNoise": (noise,),
    "CapCheck": (capacitance,),
}
ONE_SIGN = {"PosCheops", "NegCheops", "HyperDePol", "DeHyperPol"}


def rig(x: np.ndarray, t: np.ndarray, starts: list[float], rng: Rng, habits: dict[str, float]) -> np.ndarray:
    """What a rig makes of a current."""
    dt, size = float(t[1] - t[0]), habits["size"]
    x = x.copy()
    if habits["transient"]:
        for k in np.flatnonzero(np.abs(np.diff(x)) > 0.2 * size)[:200]:
            tail = np.arange(min(int(2.0 / dt), len(x) - k - 1)) * dt
            x[k + 1 : k + 1 + len(tail)] += habits["transient"] * (x[k + 1] - x[k]) * np.exp(-tail / 0.15)
    if habits["crosstalk"]:
        on = np.flatnonzero(np.abs(x) > 0.3 * size)
        if len(on) and on[-1] - on[0] > 100 / dt:
            for at in rng.choice(on, int((on[-1] - on[0]) * dt / 70)):
                tail = np.arange(min(int(1.2 / dt), len(x) - at)) * dt
                x[at : at + len(tail)] += habits["crosstalk"] * size * np.exp(-tail / 0.3)
    if habits["test"] and starts[0] > 55:
        x += habits["test"] * box(t, 8.0, 8.0 + habits["test_long"])
    walk = np.cumsum(rng.normal(0, 1, len(x))) * (dt / 1000.0) ** 0.5
    x += habits["holding"] + habits["white"] * rng.normal(0, 1, len(x)) + habits["brown"] * walk
    x += habits["hum"] * np.sin(2 * np.pi * 0.05 * t + rng.uniform(0, 6.28))
    digit = habits["digit"]
    return np.round(x / digit) * digit if digit else x


def protocol(family: str, seed: int) -> list[tuple[np.ndarray, float]]:
    """Return the sweeps of a random protocol of a family: current (nA) and sampling step (ms) of each."""
    rng = np.random.default_rng([seed, list(DRAWN).index(family), 77])
    draw, long, starts = rng.choice(np.array(DRAWN[family], dtype=object))(rng)
    dt = float(rng.choice([0.02, 0.05, 0.1, 0.2] if long < 4000 else [0.1, 0.2]))
    size = float(rng.choice([0.04, 0.15, 0.5]))
    habits = {
        "size": size,
        "holding": float(rng.choice([0.0, -0.08, 0.03])),
        "white": float(size * rng.choice([0.004, 0.02, 0.06])),
        "brown": float(size * rng.choice([0.0, 0.01, 0.04])),
        "hum": float(size * rng.choice([0.0, 0.0, 0.02])),
        "digit": float(size * rng.choice([0.0, 0.0, 0.01, 0.03])),
        "transient": float(rng.choice([0.0, 0.0, 0.6])),
        "crosstalk": float(rng.choice([0.0, 0.0, 0.4])),
        "test": float(size * rng.choice([0.0, 0.0, -0.3, 0.5])),
        "test_long": float(rng.choice([5.0, 10.0, 20.0])),
    }
    t = np.arange(int(long / dt)) * dt
    count = int(rng.integers(1, 9))
    amplitudes = size * np.linspace(0.25, 1.0, count) if count > 1 else np.array([size])
    if family not in ONE_SIGN and count > 3:
        amplitudes[0] *= -1.0
    return [(rig(draw(t, a), t, starts, rng, habits), dt) for a in amplitudes.tolist()]
