"""The two curves that everybody asks for: voltage against current, and firing rate against current."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.figures.style import number
from ...engine.problems import EfeError
from ...engine.recordings.ecodes import Step
from ..parts.html import plain
from .data import AMPLITUDES, Curve, Ghosts, Panel, curves, feature_panels, texts, words_of
from .groups import Grouping

if TYPE_CHECKING:
    import pandas as pd

    from ...state import ExtractionState
    from ...state.results.results import Results

#: Features that are drawn against current as an I–V curve
IV_FEATURES = (
    "steady_state_voltage_stimend",
    "steady_state_voltage",
    "voltage_deflection",
    "voltage_deflection_vb_ssse",
    "voltage_deflection_begin",
    "minimum_voltage",
)


def iv_panels(
    results: Results, table: pd.DataFrame, unit: str = "nA", hidden: Iterable[str] = ()
) -> list[Panel]:
    """Return a panel for each protocol and feature of `IV_FEATURES` that a target wants."""
    wanted: dict[str, dict[str, None]] = {}
    for target in results.targets:
        if target.efeature in IV_FEATURES:
            wanted.setdefault(target.protocol, {})[target.name] = None
    found = []
    for protocol, features in wanted.items():
        for panel in feature_panels(results, table, protocol, features, unit, hidden):
            title = f"{panel.title} · {protocol}"
            drawn = curves(panel)
            note = "; ".join(filter(None, (resistances(drawn) if unit == "nA" else "", panel.note)))
            found.append(dataclasses.replace(panel, title=title, curves=drawn, note=note))
    return found


def resistances(drawn: Iterable[Curve]) -> str:
    """Return the input resistance of each cell: the slope of a line through its means at hyperpolarising steps."""
    found = []
    for curve in drawn:
        below = curve.x < 0  # nA
        if np.count_nonzero(below) > 1:
            slope = np.polyfit(curve.x[below], curve.y[below], 1)[0]
            found.append(f"{plain(curve.cell)} {number(slope)} MΩ")
    return f"slope below 0 (input resistance): {', '.join(found)}" if found else ""


def fi_panels(
    results: Results, unit: str = "nA", hidden: Iterable[str] = (), groups: Grouping | None = None
) -> list[Panel]:
    """Return a panel for each protocol of steps in which a cell fires: spikes in the step by its duration (Hz)."""
    left_out, groups = set(hidden), groups or Grouping(results)
    points: dict[str, list[tuple[float, float, Any]]] = {}
    left: dict[str, list[tuple[float, float, Any]]] = {}
    for member in results.members.values():
        recording = member.recording
        if member.lost or not isinstance(recording, Step):
            continue
        amp = amplitude_of(results, member, unit)
        if amp is None or groups.of(member) in left_out or not recording.toff > recording.ton:
            continue
        times = np.asarray(recording.peak_time)
        spikes = np.count_nonzero((times >= recording.ton) & (times <= recording.toff))
        rate = 1e3 * spikes / (recording.toff - recording.ton)
        into = points if member.excluded is None else left
        into.setdefault(member.protocol, []).append((amp, rate, member))
    firing = {name: found for name, found in points.items() if any(rate for _, rate, _ in found)}
    return [
        _fi_panel(protocol, found, left.get(protocol, []), unit, groups) for protocol, found in firing.items()
    ]


def amplitude_of(results: Results, member: Any, unit: str) -> float | None:
    """Return the amplitude of a sweep in nA or % of its cell's rheobase; None where it isn't known."""
    amp = member.recording.amp
    if amp is None or unit == "nA":
        return None if amp is None else float(amp)
    rheobase = results.rheobases[member.cell].value
    return float(100.0 * amp / rheobase) if rheobase else None


def _fi_panel(
    protocol: str,
    points: list[tuple[float, float, Any]],
    left: list[tuple[float, float, Any]],
    unit: str,
    groups: Grouping,
) -> Panel:
    x, y, members = zip(*points, strict=True)
    panel = Panel(
        protocol,
        AMPLITUDES[unit][1],
        "spikes in the step (Hz)",
        np.array(x),
        np.array(y),
        texts(map(groups.of, members)),
        texts(member.id for member in members),
        texts(map(words_of, members)),
        np.zeros(len(x), dtype=bool),
    )
    ghosts = Ghosts(
        np.array([amp for amp, _, _ in left], dtype=float),
        np.array([rate for _, rate, _ in left], dtype=float),
        texts(m.id for _, _, m in left),
        texts(f"{words_of(m)} · excluded: {m.excluded}" for _, _, m in left),
    )
    return dataclasses.replace(panel, curves=curves(panel), ghosts=ghosts)


def iv_target(state: ExtractionState) -> dict[str, Any]:
    """Return a target that gives an I–V curve: at the commonest hyperpolarising step of the protocol with most of them.

    Raises
    ------
    EfeError
        If there is no hyperpolarising step.
    """
    results = state.results
    unit = "nA" if state.inputs.absolute_amplitude else "%"
    amplitudes: dict[str, list[float]] = {}
    for member in results.members.values():
        usable = not member.lost and member.excluded is None and isinstance(member.recording, Step)
        amp = amplitude_of(results, member, unit) if usable else None
        if amp is not None and amp < 0:
            step = round(amp, 2) if unit == "nA" else 10.0 * round(amp / 10.0)
            amplitudes.setdefault(member.protocol, []).append(step)
    if not amplitudes:
        raise EfeError("no cell with a rheobase was given a hyperpolarising step; an I–V curve needs some.")
    protocol = max(amplitudes, key=lambda name: len(amplitudes[name]))
    commonest = Counter(amplitudes[protocol]).most_common(1)[0][0]
    tolerance = 10.0 if unit == "%" else 0.02
    return {
        "efeature": IV_FEATURES[0],
        "protocol": protocol,
        "amplitude": commonest,
        "tolerance": tolerance,
    }


def add_iv_target(state: ExtractionState) -> None:
    """Add `iv_target`; targets chosen automatically are kept beside it."""
    target = iv_target(state)
    if state.inputs.targets is None:
        state.keep_auto_targets()
    state.add_targets([target])
