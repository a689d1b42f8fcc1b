"""Features against the amplitude of the stimulus: of one cell, and of all cells with their targets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..names import safe_name
from .jobs import FigureJob, build_job
from .legend import LEGEND_WIDTH, cell_markers, draw_cell_names
from .panel import LABEL, Panel, figure, limits, line
from .style import BLACK, FAINT, CellStyle, cell_styles, counted
from .sweeps import amplitude
from .words import fitted, width, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KeyAmp = Literal["amp", "amp_rel"]
AMPLITUDE_LABELS = {"amp": "step amplitude (nA)", "amp_rel": "step amplitude (% of rheobase)"}
LEFT, RIGHT, TOP, BOTTOM = 0.9, 0.25, 0.62, 0.56  # inches
WIDTH, HEIGHT = 4.9, 3.3


@dataclass(frozen=True)
class CellPoints:
    """Values of one feature in the recordings of one cell; arrays (n,), x in nA or % of rheobase."""

    cell: str
    style: CellStyle
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class TargetBand:
    """Mean ± std of a target, over the amplitudes from which its values come.

    `tolerated`: whether `low` to `high` is the tolerance around the target's amplitude, or else the span
    of the recordings that matched.
    """

    tolerated: bool
    x: float
    low: float
    high: float
    mean: float
    std: float


@dataclass(frozen=True)
class FeatureView:
    """What is drawn of one feature under one protocol."""

    protocol: str
    feature: str
    unit: str
    key_amp: str
    points: tuple[CellPoints, ...]
    targets: tuple[TargetBand, ...]


@dataclass(frozen=True)
class _Wanted:
    """A feature that is a target under a protocol, with those targets."""

    protocol: str
    feature: str
    efel_name: str
    targets: tuple[tuple[Any, Any], ...]  # (Protocol, EFeatureTarget)


def feature_figures(
    cells: Sequence[Any], protocols: Sequence[Any], key_amp: KeyAmp = "amp"
) -> list[FigureJob]:
    """Return the figures of all features that are targets, for each cell and for all cells together.

    Parameters
    ----------
    cells : sequence of Cell
    protocols : sequence of Protocol
        With their targets: which features are shown, and over which amplitudes they were averaged.
    key_amp : {"amp", "amp_rel"}
        Against which amplitude: in nA, or in % of the rheobase; of those that a stimulus has, the one that
        targets are compared with. Cells without rheobase aren't in the latter.

    Returns
    -------
    list of FigureJob
        ``<protocol>_<feature>_<key_amp>`` and ``<cell>/<cell>_<protocol>_<feature>_<key_amp>``, without
        those in which there would be no point.
    """
    styles = cell_styles(cell.name for cell in cells)
    wanted = _wanted(protocols)
    groups = [*((cell.name, [cell]) for cell in cells), (None, cells)]
    figures = []
    for name, group in groups:
        for feature in wanted:
            stem = f"{feature.protocol}_{feature.feature}_{key_amp}"
            path = safe_name(stem) if name is None else f"{safe_name(name)}/{safe_name(f'{name}_{stem}')}"
            build = partial(_feature_view, feature, group, key_amp, styles)
            figures.append(build_job(path, draw_feature, build, cell=name, protocol=feature.protocol))
    return [job for job in figures if job is not None]


def _wanted(protocols: Sequence[Any]) -> list[_Wanted]:
    """Return each feature of each protocol once, in the order of the targets."""
    targets: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
    for protocol in protocols:
        for target in protocol.feature_targets:
            targets.setdefault((protocol.name, target.efeature_name), []).append((protocol, target))
    return [
        _Wanted(protocol, feature, own[0][1].efel_feature_name, tuple(own))
        for (protocol, feature), own in targets.items()
    ]


def _feature_view(
    wanted: _Wanted, cells: Sequence[Any], key_amp: KeyAmp, styles: Mapping[str, CellStyle]
) -> FeatureView | None:
    points = []
    for cell in cells:
        x, y = _values(cell, wanted, key_amp)
        if len(x):
            points.append(CellPoints(cell.name, styles[cell.name], x, y))
    if not points:
        return None
    bands = (_band(protocol, target, key_amp) for protocol, target in wanted.targets)
    return FeatureView(
        wanted.protocol,
        wanted.feature,
        feature_unit(wanted.efel_name),
        key_amp,
        tuple(points),
        tuple(band for band in bands if band is not None),
    )


def _values(cell: Any, wanted: _Wanted, key_amp: KeyAmp) -> tuple[np.ndarray, np.ndarray]:
    """Return amplitudes and values of a feature in the recordings of a cell, both finite; arrays (n,)."""
    pairs = [
        (amplitude(recording, key_amp == "amp_rel"), _value(recording, wanted))
        for recording in cell.recordings
        if recording.protocol_name == wanted.protocol
    ]
    known = [(x, y) for x, y in pairs if x is not None and y is not None and math.isfinite(y)]
    return (
        np.array([x for x, _ in known], dtype=float),
        np.array([y for _, y in known], dtype=float),
    )


def _value(recording: Any, wanted: _Wanted) -> Any:
    """Return the value that went into a target, for each may have its own settings."""
    for protocol, target in wanted.targets:
        if hasattr(recording, "feature_value") and any(used is recording for used in protocol.recordings):
            return recording.feature_value(wanted.feature, target.efel_feature_name, target.efel_settings)
    return recording.efeatures.get(wanted.feature)


def _band(protocol: Any, target: Any, key_amp: KeyAmp) -> TargetBand | None:
    """Return where a target lies, or None if no recording matched it.

    Along the amplitude that the protocol is defined by, it spans the tolerance around the protocol's;
    along the other one, the recordings that matched it.
    """
    used = [amplitude(recording, key_amp == "amp_rel") for recording in protocol.recordings]
    known = [x for x in used if x is not None]
    if not target.sample_size or not known:
        return None
    centre, reach = float(protocol.amplitude), float(protocol.tolerance)
    # Which of the two it is, the recordings tell: all of them are within the tolerance.
    tolerated = all(x is not None and abs(x - centre) <= reach * (1 + 1e-9) for x in used)
    low, high = (centre - reach, centre + reach) if tolerated else (min(known), max(known))
    mean, std = float(target.mean), float(target.std)
    if not (math.isfinite(mean) and math.isfinite(std)):
        return None
    return TargetBand(tolerated, centre if tolerated else float(np.mean(known)), low, high, mean, std)


def feature_unit(efel_name: str) -> str:
    """Return the unit of an eFEL feature, or "" if it has none or isn't known."""
    try:
        from efel.units import get_unit

        unit = get_unit(efel_name)
    except (ImportError, KeyError):
        return ""
    return "" if unit == "constant" else str(unit).replace("(ms)", "ms").replace("MOhm", "MΩ")


def draw_feature(view: FeatureView) -> Iterator[Figure]:
    """Draw the page of one feature."""
    several = len(view.points) > 1
    page = figure(LEFT + WIDTH + RIGHT + LEGEND_WIDTH * several, TOP + HEIGHT + BOTTOM)
    x = [points.x for points in view.points] + [np.array([b.low, b.high]) for b in view.targets]
    y = [points.y for points in view.points] + [b.mean + b.std * np.array([-1, 1]) for b in view.targets]
    x_limits, y_limits = limits(np.concatenate(x), 0.04), limits(np.concatenate(y), 0.08)
    panel = Panel(page, (LEFT, BOTTOM, WIDTH, HEIGHT), x_limits, y_limits)
    unit = f" ({view.unit})" if view.unit else ""
    feature = fitted(view.feature, LABEL, HEIGHT - width(unit, LABEL))
    panel.frame(AMPLITUDE_LABELS[view.key_amp], feature + unit)
    for points in view.points:
        panel.add_line(cell_markers(points.x, points.y, points.style, size=4.5))
    _draw_targets(panel, view.targets)
    _draw_titles(page, view)
    if several:
        names = [(points.cell, points.style) for points in view.points]
        draw_cell_names(page, names, LEFT + WIDTH + RIGHT, BOTTOM + HEIGHT - 0.08)
    yield page


def _draw_targets(panel: Panel, bands: Sequence[TargetBand]) -> None:
    """Draw mean ± std of the targets in black behind the points, and in grey the amplitudes that count."""
    from matplotlib.collections import LineCollection, PolyCollection

    if not bands:
        return
    bottom, top = panel.ylim
    areas = [[(b.low, bottom), (b.low, top), (b.high, top), (b.high, bottom)] for b in bands if b.tolerated]
    if areas:
        panel.add_collection(PolyCollection(areas, facecolors="#F0F0F0", edgecolors="none", zorder=0.5))
    cap = 0.006 * (panel.xlim[1] - panel.xlim[0])
    bars: list[Any] = [[(b.low, b.mean), (b.high, b.mean)] for b in bands]
    for band in (b for b in bands if b.std > 0):
        low, high = band.mean - band.std, band.mean + band.std
        bars.append([(band.x, low), (band.x, high)])
        bars += [[(band.x - cap, y), (band.x + cap, y)] for y in (low, high)]
    panel.add_collection(LineCollection(bars, colors=BLACK, linewidths=0.9, zorder=1))
    x, means = [band.x for band in bands], [band.mean for band in bands]
    panel.add_line(line(x, means, color=BLACK, linestyle="none", marker="D", markersize=5, zorder=1.5))


def _draw_titles(page: Figure, view: FeatureView) -> None:
    top = TOP + HEIGHT + BOTTOM
    several = len(view.points) > 1
    protocol = f"  ·  {fitted(view.protocol, 11, 0.4 * WIDTH)}"
    title = fitted(view.feature, 11, WIDTH - width(protocol, 11)) + protocol
    write(page, LEFT, top - 0.27, title, 11)
    note = ", " + counted(sum(len(points.x) for points in view.points), "recording")
    if view.targets:
        which = "grey amplitudes" if any(b.tolerated for b in view.targets) else "amplitudes that matched"
        note += f"; targets in black: mean ± std over the {which}"
    who = f"{len(view.points)} cells" if several else view.points[0].cell
    room = WIDTH + LEGEND_WIDTH * several - width(note, 7.5)
    write(page, LEFT, top - 0.47, fitted(who, 7.5, room) + note, 7.5, color=FAINT)
