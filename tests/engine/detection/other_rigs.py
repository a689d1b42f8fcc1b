"""A third generator of protocols, made when detection was finished: nothing was tuned on it.

Other rates, edges that rise like a sigmoid, random telegraph noise (a channel in the seal), a baseline that relaxes
after each sweep, bursts of an amplifier that oscillates, amplitudes in random order, and glitches of a single sample.
"""

from __future__ import annotations

import numpy as np

from .rig_protocols import Protocol, Sweep

FAMILIES = ("Step", "IV", "Short", "SAHP", "HyperDePol", "DeHyperPol")


def levels_of(family: str, r: np.random.Generator) -> tuple[list[float], list[float], float]:
    """Draw the durations (ms) and relative levels of a family, and its largest amplitude (nA)."""
    if family == "Short":
        return [float(r.uniform(0.5, 8))], [1.0], float(r.uniform(0.4, 3))
    if family == "SAHP":
        return (
            r.uniform([80, 60, 150], [400, 250, 1200]).tolist(),
            [0.3, 1.0, 0.3],
            float(r.uniform(0.1, 0.8)),
        )
    if family in ("HyperDePol", "DeHyperPol"):
        sign = -1.0 if family == "HyperDePol" else 1.0
        return r.uniform(100, 600, 2).tolist(), [0.7 * sign, -sign], float(r.uniform(0.08, 0.5))
    return [float(r.uniform(150, 1500))], [1.0], float(r.uniform(0.08, 0.6))


def protocol(seed: int, number: int) -> Protocol:
    """Draw a protocol, the same for the same seed and number."""
    r = np.random.default_rng([31337, seed, number])
    family, dt = str(r.choice(FAMILIES)), float(1.0 / r.choice([8.0, 12.5, 25.0, 33.0]))
    durations, levels, top = levels_of(family, r)
    before, after = r.uniform([15, 60], [400, 500])
    times = [round(float(t) / dt) for t in before + np.cumsum([0.0, *durations])]
    n, count, sd = times[-1] + round(after / dt), int(r.integers(1, 10)), float(top * r.uniform(0.001, 0.02))
    sizes = np.ones(count) if family == "Short" else r.permutation(np.linspace(0.3, 1.0, count))
    if family == "IV":
        sizes = r.permutation(np.linspace(-1.0, 1.0, count)) if count > 1 else -np.ones(1)
    elif family in ("Step", "Short", "SAHP") and r.random() < 0.3:
        sizes = -sizes
    test = r.random() < 0.3 and before > 60
    at, wide, height = (
        r.uniform(5, 15),
        r.uniform(8, 25),
        float(r.choice([-1, 1]) * r.uniform(0.1, 0.6) * top),
    )
    width, telegraph = float(r.choice([0.0, 0.05, 0.15])), float(r.choice([0.0, 0.0, 0.02])) * top
    sweeps = []
    for size in sizes.tolist():
        x = np.zeros(n)
        for a, b, level in zip(times[:-1], times[1:], levels, strict=True):
            x[a:b] = size * top * level
        if test:
            x[round(at / dt) : round((at + wide) / dt)] += height
        if width:  # a sigmoid of so many ms
            k = np.arange(-round(4 * width / dt), round(4 * width / dt) + 1) * dt
            bell = 1.0 / np.cosh(k / width) ** 2
            x = np.convolve(x, bell / bell.sum(), mode="same")
        t = np.arange(n) * dt
        x += 2 * sd * np.exp(-t / r.uniform(50, 300)) + r.normal(
            0, 0.02 * top
        )  # relaxes, and holds otherwise
        if telegraph:
            x += telegraph * (np.cumsum(r.random(n) < dt / 40.0) % 2)
        burst = int(r.integers(n))
        long = min(n - burst, round(10 / dt))
        x[burst : burst + long] += 3 * sd * np.sin(2 * np.pi * 1.1 * t[:long])
        x += r.normal(0, sd, n)
        x[r.integers(0, n, 3)] += 20 * sd * r.choice([-1, 1], 3)
        names = {1: ("ton", "toff"), 2: ("ton", "tmid", "toff"), 3: ("ton", "tmid", "tmid2", "toff")}[
            len(levels)
        ]
        truth = {name: k * dt for name, k in zip(names, times, strict=True)}
        truth |= {name: size * top * level for name, level in zip(("amp", "amp2"), levels, strict=False)}
        v = np.full(n, -68.0) + r.normal(0, 0.1, n)
        sweeps.append(Sweep(v.astype(np.float32), x.astype(np.float32), truth))
    about = {
        "sweeps": count,
        "ms": [k * dt for k in times],
        "test pulse": (at, at + wide, height) if test else None,
    }
    about |= {"fs": 1e3 / dt, "transient": 0.0, "telegraph": telegraph}
    return Protocol(family, dt, sweeps, max(sd, telegraph / 2), 0.0, 0.0, width, sum(durations), about)
