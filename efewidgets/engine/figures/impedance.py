"""Impedance of a cell against frequency, from its answer to a sine sweep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..names import safe_name
from ..problems import EfeError
from ..traces.decimate import min_max_indices
from .jobs import FigureJob, build_job
from .panel import Panel, figure, line
from .style import BLUE, FAINT, VERMILLION, counted, number
from .sweeps import samples
from .words import fitted, width, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_FREQUENCY = 50.0  # Hz, eFEL's default of impedance_max_freq
SMOOTHING = 10  # standard deviation of the Gaussian in frequency bins, as in eFEL's feature `impedance`
LITTLE_CURRENT = 0.05  # of the strongest amplitude in the spectrum: below, the quotient is mostly noise
LEFT, RIGHT, TOP, BOTTOM = 0.8, 0.25, 0.75, 0.56
WIDTH, HEIGHT = 4.6, 2.9
PIXELS = 900


@dataclass(frozen=True)
class ImpedanceView:
    """Impedance of one recording.

    Frequencies in Hz, impedances in MΩ, arrays (m,); `driven` is the lowest and the highest frequency that is
    strong in the current.
    """

    cell: str
    protocol: str
    recording: str
    n_spikes: int
    frequency_raw: np.ndarray
    raw: np.ndarray
    frequency: np.ndarray
    smooth: np.ndarray
    driven: tuple[float, float]
    peak: float


def impedance_figures(cell: Any, settings: Mapping[str, Any] | None = None) -> list[FigureJob]:
    """Return a figure for each recording of a sine sweep.

    Parameters
    ----------
    cell : Cell
    settings : dict, optional
        eFEL settings; ``impedance_max_freq`` (Hz) is where the figure ends.

    Returns
    -------
    list of FigureJob
        ``<cell>/impedance/<cell>_<protocol>_<i>_<recording>_impedance``, `i` counting those of a protocol.
    """
    max_frequency = float((settings or {}).get("impedance_max_freq") or MAX_FREQUENCY)
    figures = []
    seen: dict[str, int] = {}
    for recording in cell.recordings:
        protocol = recording.protocol_name
        if "sinespec" not in protocol.lower() and not any(
            base.__name__ == "SineSpec" for base in type(recording).__mro__
        ):
            continue
        i = seen[protocol] = seen.get(protocol, -1) + 1
        name = safe_name(f"{cell.name}_{protocol}_{i}_{recording.name}_impedance")
        job = build_job(
            f"{safe_name(cell.name)}/impedance/{name}",
            draw_impedance,
            partial(_impedance_view, cell, recording, max_frequency),
            cell=cell.name,
            protocol=protocol,
        )
        if job is not None:
            figures.append(job)
    return figures


def _impedance_view(cell: Any, recording: Any, max_frequency: float) -> ImpedanceView:
    _, voltage, current = samples(recording)
    frequency, raw, strength = impedance(voltage, current, float(recording.dt), max_frequency)
    smooth = smoothed(raw)
    driven = frequency[strength >= LITTLE_CURRENT]
    kept = min_max_indices(raw, PIXELS)
    kept_smooth = min_max_indices(smooth, PIXELS)
    return ImpedanceView(
        cell=cell.name,
        protocol=recording.protocol_name,
        recording=recording.name,
        n_spikes=int(recording.spikecount or 0),
        frequency_raw=frequency[kept],
        raw=raw[kept],
        frequency=frequency[kept_smooth],
        smooth=smooth[kept_smooth],
        driven=(float(driven[0]), float(driven[-1])),
        peak=float(frequency[np.argmax(smooth)]),
    )


def impedance(
    voltage: np.ndarray, current: np.ndarray, dt: float, max_frequency: float = MAX_FREQUENCY
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the modulus of the impedance: spectrum of the voltage over that of the current.

    Parameters
    ----------
    voltage, current : ndarray, shape (n,)
        In mV and nA, sampled together.
    dt : float
        Sampling interval of the recording, ms.
    max_frequency : float
        Where to end, Hz.

    Returns
    -------
    frequency : ndarray, shape (m,)
        Hz, above 0.
    modulus : ndarray, shape (m,)
        MΩ.
    strength : ndarray, shape (m,)
        Amplitude of the current at that frequency, relative to the largest.

    Raises
    ------
    EfeError
        If the recording is too short for a single frequency, or there is no current.

    Notes
    -----
    The quotient of eFEL's feature ``impedance``, but with the recording's own sampling interval and not
    scaled to a maximum of 1. Subtracting the holding levels, as eFEL does, changes only the frequency 0,
    which isn't looked at.
    """
    frequency = np.fft.rfftfreq(len(voltage), d=dt / 1000.0) if len(voltage) else np.empty(0)
    wanted = (frequency > 0) & (frequency <= max_frequency)
    if not wanted.any():
        raise EfeError(f"the recording is too short for frequencies up to {max_frequency:g} Hz.")
    spectrum_v = np.fft.rfft(np.asarray(voltage, dtype=float))[wanted]
    spectrum_i = np.abs(np.fft.rfft(np.asarray(current, dtype=float))[wanted])
    if not np.isfinite(spectrum_i).all() or not np.isfinite(spectrum_v).all():
        raise EfeError("voltage or current has samples that aren't numbers.")
    if not spectrum_i.min() > 0:
        raise EfeError("the current has no power at some frequencies; an impedance needs a sine sweep.")
    return frequency[wanted], np.abs(spectrum_v) / spectrum_i, spectrum_i / spectrum_i.max()


def smoothed(modulus: np.ndarray) -> np.ndarray:
    """Return the impedance smoothed over neighbouring frequencies, as eFEL does; array (m,)."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(modulus, SMOOTHING)


def draw_impedance(view: ImpedanceView) -> Iterator[Figure]:
    """Draw the page of one recording."""
    inside = (view.frequency >= view.driven[0]) & (view.frequency <= view.driven[1])
    page = figure(LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM)
    top = TOP + HEIGHT + BOTTOM
    protocol = f"  ·  {fitted(view.protocol, 11, 1.4)}  ·  impedance"
    write(page, LEFT, top - 0.28, fitted(view.cell, 11, WIDTH - width(protocol, 11)) + protocol, 11)
    resonant = not view.n_spikes and view.peak > view.frequency[0]
    note = ""
    if not view.n_spikes:
        note = f"; greatest at {number(view.peak)} Hz" if resonant else "; no resonance"
    note += "; dotted: hardly any current of that frequency" if not inside.all() else ""
    note = fitted(view.recording, 7.5, WIDTH - width(note, 7.5)) + note
    write(page, LEFT, top - 0.48, note, 7.5, color=FAINT)
    if view.n_spikes:
        warning = (
            f"{counted(view.n_spikes, 'spike')}: the answer isn't linear, and eFEL's feature has no value"
        )
        write(page, LEFT, top - 0.63, warning, 7.5, color=VERMILLION)
    panel = Panel(
        page,
        (LEFT, BOTTOM, WIDTH, HEIGHT),
        (0.0, float(view.frequency[-1])),
        (0.0, 1.25 * float(view.smooth[inside].max())),
    )
    panel.frame("frequency (Hz)", "|Z| (MΩ)")
    panel.add_line(line(view.frequency_raw, view.raw, color="#C9DCEA", linewidth=0.5))
    panel.add_line(line(view.frequency, view.smooth, color=BLUE, linewidth=0.8, linestyle=(0, (1, 1.5))))
    panel.add_line(line(view.frequency[inside], view.smooth[inside], color=BLUE, linewidth=1.6))
    if resonant:
        panel.rule(x=view.peak, color=FAINT, linewidth=0.7, linestyle=(0, (1, 2)))
    yield page
