"""Synthetic cells for whoever takes a `recording_reader`: a sweep is computed from the metadata, no file is needed.

The metadata of a recording hold a list of sweeps; a sweep says where the stimulus changes (ms), to which levels
(nA) and when the cell fires (ms). The reader draws current and voltage from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

RESISTANCE = 60.0  # MOhm, i.e. mV for each nA
TAU = 8.0  # ms
UNITS = {"A": 1e-9, "pA": 1e3, "nA": 1.0, "V": 1e-3, "mV": 1.0, "s": 1e-3, "ms": 1.0}


def synthetic_reader(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Deliver the sweeps that the metadata describe, in the metadata's units."""
    return [drawn(sweep, metadata, number) for number, sweep in enumerate(metadata["made"])]


def drawn(sweep: Mapping[str, Any], metadata: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return what a reader delivers for one sweep."""
    dt = sweep.get("dt_ms", 0.1)
    current = stimulus(sweep, dt)
    voltage = response(sweep, current, dt)
    noise = np.random.default_rng(sweep.get("seed", 0))
    current += sweep.get("i_noise", 0.0) * noise.standard_normal(len(current))
    voltage += sweep.get("v_noise", 0.0) * noise.standard_normal(len(voltage))
    kind = np.dtype(metadata.get("dtype", "float64"))
    found = {
        "voltage": (voltage * UNITS[metadata["v_unit"]]).astype(kind),
        "current": (current * UNITS[metadata["i_unit"]]).astype(kind),
        "dt": dt * UNITS[metadata["t_unit"]],
        "id": sweep.get("id", f"sweep{number}"),
    }
    return found | {name: sweep[name] for name in ("repetition", "amp", "hypamp") if name in sweep}


def stimulus(sweep: Mapping[str, Any], dt: float) -> np.ndarray:
    """Draw the current (nA): pieces ``(start, end, from, to)`` (ms, nA above the holding current)."""
    time = np.arange(round(sweep["duration"] / dt)) * dt
    current = np.full(len(time), float(sweep["hypamp_nA"]))
    for start, end, first, last in sweep["pieces"]:
        a, b = round(start / dt), round(end / dt)
        current[a:b] += np.linspace(first, last, b - a)
    for start, end, amplitude, seed in sweep.get("noises", ()):
        a, b = round(start / dt), round(end / dt)
        rough = np.random.default_rng(seed).standard_normal((b - a) // 100 + 2)
        current[a:b] += amplitude * np.interp(np.arange(b - a) / 100.0, np.arange(len(rough)), rough)
    for start, end, amplitude in sweep.get("sines", ()):
        a, b = round(start / dt), round(end / dt)
        u = np.arange(b - a) * dt
        current[a:b] += amplitude * np.sin(2 * np.pi * (0.01 * u + 2e-4 * u**2))
    return current


def response(sweep: Mapping[str, Any], current: np.ndarray, dt: float) -> np.ndarray:
    """Draw the voltage (mV): a passive membrane, and an action potential at each of the times."""
    keep = np.exp(-dt / TAU)
    voltage = np.empty(len(current))
    level = current[0]
    for i, now in enumerate(current.tolist()):
        level = now + (level - now) * keep
        voltage[i] = level
    voltage = sweep.get("rest", -75.0) + RESISTANCE * np.clip(voltage, -0.5, 0.35)
    time = np.arange(len(current)) * dt
    for peak in sweep.get("spikes", ()):
        since = time - peak
        voltage += np.where(since < 0, 95.0 * np.exp(since / 0.35), 95.0 * np.exp(-since / 0.6))
        voltage -= np.where(since > 0, 12.0 * (since / 4.0) * np.exp(1 - since / 4.0), 0.0)
    return voltage


def step(amplitude: float, spikes: int = 0, **more: Any) -> dict[str, Any]:
    """Describe a step of 150 ms from 40 ms on in a sweep of 240 ms; `amplitude` in nA."""
    return sweep_of([(40.0, 190.0, amplitude, amplitude)], (45.0, 185.0), spikes, **more)


def sweep_of(
    pieces: list[tuple[float, float, float, float]],
    firing: tuple[float, float] = (45.0, 185.0),
    spikes: int = 0,
    duration: float = 240.0,
    hypamp_nA: float = 0.0,
    **more: Any,
) -> dict[str, Any]:
    """Describe a sweep; its spikes are spread over `firing`, each interval longer than the one before."""
    share = (np.arange(spikes) + 0.5) / max(spikes, 1)
    times = firing[0] + (firing[1] - firing[0]) * share**1.2
    return {
        "pieces": pieces,
        "duration": duration,
        "hypamp_nA": hypamp_nA,
        "spikes": times.round(2).tolist(),
        **more,
    }


STEP = {"ton": 40.0, "toff": 190.0}


def metadata_of(sweeps: list[dict[str, Any]], name: str = "recording", **more: Any) -> dict[str, Any]:
    """Return a recording's metadata as a person would write them, with the sweeps in them."""
    units = {"i_unit": "nA", "v_unit": "mV", "t_unit": "ms"}
    return {"filepath": f"{name}.made", **units, **more, "made": sweeps}


def firing_cell(
    counts: Mapping[float, int], protocol: str = "IDthresh", **more: Any
) -> dict[str, list[dict[str, Any]]]:
    """Return the files of a cell recorded with steps: ``{amplitude (nA): number of spikes}``."""
    sweeps = [step(amplitude, spikes, **more) for amplitude, spikes in counts.items()]
    return {protocol: [metadata_of(sweeps, protocol, **STEP)]}
