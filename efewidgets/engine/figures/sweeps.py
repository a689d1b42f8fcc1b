"""One recording, gathered and drawn: current with the stimulus found in it, voltage with its spikes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..long.array import LongArray
from ..traces.decimate import min_max_indices
from .long_stimulus import is_long, stimulus_of_long
from .panel import figure, limits, line
from .style import BLUE, FRAME, INK, VERMILLION, counted, number
from .words import literal

CREDIBLE_MV = (-200.0, 150.0)  # what lies beyond is an artefact, and may be cut off
TIMINGS = ("ton", "tmid", "tmid2", "t1", "t2", "t3", "t4", "toff")


CURRENT_STYLE: dict[str, Any] = {"color": FRAME, "linewidth": 0.5}
STIMULUS_STYLE: dict[str, Any] = {"color": VERMILLION, "linewidth": 1.0, "linestyle": (0, (3.5, 1.5))}
VOLTAGE_STYLE: dict[str, Any] = {"color": BLUE, "linewidth": 0.6}
THRESHOLD_STYLE: dict[str, Any] = {"color": INK, "linewidth": 0.5, "linestyle": (0, (1, 2))}
EDGE_STYLE: dict[str, Any] = {"color": "#C8C8C8", "linewidth": 0.6}
SPIKE_STYLE: dict[str, Any] = {"color": VERMILLION, "linewidth": 0.6}


@dataclass(frozen=True)
class SweepView:
    """What is drawn of one recording; times in ms, current in nA, voltage in mV, each array (m,)."""

    title: str
    n_spikes: str
    subtitle: str
    name: str
    time_current: np.ndarray
    current: np.ndarray
    time_voltage: np.ndarray
    voltage: np.ndarray
    time_stimulus: np.ndarray
    stimulus: np.ndarray
    current_range: tuple[float, float]
    edges: tuple[float, ...]
    spikes: np.ndarray
    threshold: float | None
    tend: float


def sweep_view(recording: Any, pixels: int) -> SweepView:
    """Gather what is drawn of a recording, thinned out for a panel `pixels` wide."""
    time, voltage, current = samples(recording)
    at_i, at_v = min_max_indices(current, pixels), min_max_indices(voltage, pixels)
    time_stimulus, stimulus = found_stimulus(recording, pixels)
    names = getattr(recording, "timings", TIMINGS)
    edges = (getattr(recording, name, None) for name in names)
    spikes = recording.peak_time
    return SweepView(
        title=_title(recording),
        n_spikes="" if spikes is None else counted(len(spikes), "spike"),
        subtitle=_subtitle(recording),
        name=str(recording.name),
        time_current=time[at_i],
        current=current[at_i],
        time_voltage=time[at_v],
        voltage=voltage[at_v],
        time_stimulus=time_stimulus,
        stimulus=stimulus,
        current_range=_current_range(current, stimulus),
        edges=tuple(float(edge) for edge in edges if edge is not None and math.isfinite(edge)),
        spikes=np.asarray([] if spikes is None else spikes, dtype=float),
        threshold=_spike_threshold(recording),
        tend=float(time[-1]) if len(time) else 0.0,
    )


def samples(recording: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return time (ms), voltage (mV) and current (nA) of a recording, arrays (n,); NaN where not recorded."""
    trace = getattr(recording, "trace", None)  # read once: the samples may come from the file
    if trace is not None:
        time, voltage, current = trace.time, trace.voltage, trace.current
    else:
        time, voltage, current = recording.t, recording.voltage, recording.current
    if isinstance(voltage, LongArray):
        return time, voltage, current  # type: ignore[return-value]
    time = np.asarray([] if time is None else time, dtype=float)
    missing = np.full(time.shape, np.nan)
    voltage = missing if voltage is None else np.asarray(voltage)
    current = missing if current is None else np.asarray(current)
    n = min(len(time), len(voltage), len(current))
    return time[:n], voltage[:n], current[:n]


def amplitude(recording: Any, relative: bool = False) -> float | None:
    """Return the amplitude that targets are compared with, in nA or in % of rheobase, or None."""
    name = getattr(recording, "target_amplitude", "amp") + "_rel" * relative
    value = getattr(recording, name, None)
    return None if value is None or not math.isfinite(value) else float(value)


def found_stimulus(recording: Any, pixels: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the stimulus that was found, as a line (ms, nA): of a flat piece only its ends.

    With `pixels`, no more is left of it than can be seen at that width.
    """
    try:
        with np.errstate(all="ignore"):
            if is_long(recording):
                return stimulus_of_long(recording)
            time, current = (np.asarray(values, dtype=float) for values in recording.generate())
    except (TypeError, ValueError, AttributeError, NotImplementedError):  # its parameters aren't known
        return np.empty(0), np.empty(0)
    n = min(len(time), len(current))
    time, current = time[:n], current[:n]
    bends = np.ones(n, dtype=bool)
    bends[1:-1] = (current[1:-1] != current[:-2]) | (current[1:-1] != current[2:])
    kept = np.flatnonzero(bends)
    if pixels is not None and len(kept) > 2 * pixels:
        kept = min_max_indices(current, pixels)
    return time[kept], current[kept]


def _current_range(current: np.ndarray, stimulus: np.ndarray) -> tuple[float, float]:
    """Return what must be seen of the current (nA): the stimulus, and nearly all samples.

    Spikes couple into the recorded current, and would make the steps flat if their artefacts had to be
    seen whole; a pulse that isn't in the stimulus found still runs out of the panel for everybody to see.
    """
    finite = current[np.isfinite(current)]
    if not finite.size:
        return limits(stimulus, pad=0.0)
    wanted = np.concatenate((np.quantile(finite, (0.03, 0.97)), stimulus))
    low, high = float(np.nanmin(wanted)), float(np.nanmax(wanted))
    room = 0.5 * (high - low)
    return min(low, max(float(finite.min()), low - room)), max(high, min(float(finite.max()), high + room))


def _spike_threshold(recording: Any) -> float | None:
    """Return the threshold (mV) with which the spikes were found."""
    settings = getattr(recording, "efel_settings", None) or {}
    threshold = settings.get("Threshold")
    threshold = recording.auto_threshold if threshold is None else threshold
    return None if threshold is None else float(threshold)


def _title(recording: Any) -> str:
    """Return the amplitudes, e.g. ``0.215 nA · 120 %``."""
    names = [name for name in ("amp", "amp2") if getattr(recording, name, None) is not None]
    if not names:
        return "amplitude unknown"
    title = " / ".join(number(getattr(recording, name)) for name in names) + " nA"
    relative: list[Any] = [getattr(recording, f"{name}_rel", None) for name in names]
    if None not in relative:
        title += " · " + " / ".join(number(value, 2 if abs(value) < 100 else 3) for value in relative) + " %"
    return title


def _subtitle(recording: Any) -> str:
    """Return what stands before the recording's name: holding current, repetition, doubts."""
    parts = [] if recording.hypamp is None else [f"hold {number(recording.hypamp, 2)}"]
    if getattr(recording, "timing_from", "") == "unsure":
        parts.append("stimulus unsure")
    if recording.repetition is not None:
        parts.append(f"rep. {recording.repetition}")
    return " · ".join([*parts, ""])


def draw_current(axes: Any, sweep: SweepView) -> None:
    """Draw the current, the stimulus found in it and its limits on a Panel or on Axes of matplotlib."""
    _draw_edges(axes, sweep)
    axes.add_line(line(sweep.time_current, sweep.current, **CURRENT_STYLE))
    axes.add_line(line(sweep.time_stimulus, sweep.stimulus, **STIMULUS_STYLE))


def draw_voltage(axes: Any, sweep: SweepView) -> None:
    """Draw the voltage, the stimulus' limits, and a tick above the frame for each spike."""
    _draw_edges(axes, sweep)
    axes.add_line(line(sweep.time_voltage, sweep.voltage, **VOLTAGE_STYLE))
    if sweep.threshold is not None and len(sweep.time_voltage):
        ends = sweep.time_voltage[[0, -1]]
        axes.add_line(line(ends, [sweep.threshold] * 2, **THRESHOLD_STYLE))
    _draw_upright(axes, sweep.spikes, (1.005, 1.06), SPIKE_STYLE)


def _draw_edges(axes: Any, sweep: SweepView) -> None:
    _draw_upright(axes, sweep.edges, (0.0, 1.0), EDGE_STYLE)


def _draw_upright(axes: Any, times: Any, reach: tuple[float, float], style: Mapping[str, Any]) -> None:
    """Draw upright lines at `times` (ms), between two heights given in parts of the panel."""
    from matplotlib.collections import LineCollection
    from matplotlib.transforms import blended_transform_factory

    if not len(times):
        return
    low, high = reach
    lines = [[(time, low), (time, high)] for time in times]
    places = blended_transform_factory(axes.transData, axes.transAxes)
    look = {"colors": style["color"], "linewidths": style["linewidth"], "zorder": 0.5}
    axes.add_artist(LineCollection(lines, transform=places, clip_on=False, **look))


def plot_recording(
    recording: Any,
    axis_current: Any = None,
    axis_voltage: Any = None,
    display_xlabel: bool = True,
    display_ylabel: bool = True,
) -> tuple[Any, Any]:
    """Draw one recording on two Axes of matplotlib.

    Parameters
    ----------
    recording : Recording
        With stimulus and spikes as they were found.
    axis_current, axis_voltage : matplotlib Axes, optional
        Where to draw. If one is missing, a new figure with both is made; it belongs to no window:
        ``axis_voltage.figure.savefig(...)``.
    display_xlabel, display_ylabel : bool
        Whether the axes are labelled.

    Returns
    -------
    axis_current, axis_voltage : matplotlib Axes
        What was drawn on.
    """
    if axis_current is None or axis_voltage is None:
        page = figure(5.0, 4.4)
        axis_current, axis_voltage = page.subplots(2, 1, sharex=True, height_ratios=(1, 2))
        page.subplots_adjust(left=0.15, right=0.97, top=0.87, bottom=0.11, hspace=0.14)
    sweep = sweep_view(recording, pixels=1500)
    draw_current(axis_current, sweep)
    draw_voltage(axis_voltage, sweep)
    for axes in (axis_current, axis_voltage):
        axes.autoscale_view()
        axes.tick_params(labelsize=8)
    title = sweep.title + (f" · {sweep.n_spikes}" if sweep.n_spikes else "")
    written, fonts = literal(f"{title}   {sweep.subtitle}{sweep.name}")
    axis_current.set_title(written, size=8, loc="left", parse_math=False, family=list(fonts))
    if display_xlabel:
        axis_voltage.set_xlabel("time (ms)")
    if display_ylabel:
        axis_current.set_ylabel("current (nA)")
        axis_voltage.set_ylabel("voltage (mV)")
    return axis_current, axis_voltage
