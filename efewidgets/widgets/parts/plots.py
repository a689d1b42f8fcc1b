"""Figures that look alike: margins, axes with units, round ticks, the colours and markers of the cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import bqplot
import numpy as np

from ...engine.figures.style import BLUE, CellStyle, cell_styles, tick_labels

#: bqplot's names of the markers that the PDF figures give to cells
MARKERS = {
    "o": "circle",
    "^": "triangle-up",
    "s": "square",
    "D": "diamond",
    "v": "triangle-down",
    "P": "cross",
    "X": "ellipse",  # bqplot's crosshair is thin lines
}

#: What a mark without points has
NONE = np.empty(0, dtype=np.float32)

MARGIN = {"top": 24, "bottom": 42, "left": 70, "right": 14}


def scale(low: float | None = None, high: float | None = None) -> bqplot.LinearScale:
    """Return a scale whose ends are those of the axis: markers don't widen it, so that stacked figures are aligned."""
    return bqplot.LinearScale(min=low, max=high, allow_padding=False)


class Axis(bqplot.Axis):
    """An axis that tells its labels before its ticks, when both are new.

    The browser writes new ticks a moment later, with the labels that it knew when it heard of them. ipywidgets tells
    of what has changed in any order.
    """

    def send_state(self, key: Any = None) -> None:
        super().send_state(sorted(key) if isinstance(key, set) else key)


def x_axis(of: bqplot.LinearScale, label: str = "", **traits: Any) -> bqplot.Axis:
    """Return an axis below; the label has a unit."""
    given = {"label": label, "grid_lines": "none", "label_offset": "2.6em", **traits}
    return Axis(scale=of, **given)


def y_axis(of: bqplot.LinearScale, label: str = "", **traits: Any) -> bqplot.Axis:
    """Return an axis on the left; the label has a unit."""
    given = {
        "label": label,
        "grid_lines": "none",
        "label_offset": "4em",
        "side": "left",
        **traits,
    }
    return Axis(scale=of, **given)


def figure(
    marks: Sequence[bqplot.Mark], axes: Sequence[bqplot.Axis], height: int = 260, **traits: Any
) -> bqplot.Figure:
    """Return a figure as wide as its place and `height` pixels high, without animation."""
    given: dict[str, Any] = {
        "fig_margin": dict(MARGIN),
        "animation_duration": 0,
        "background_style": {"fill": "none"},
        "display_toolbar": False,  # the keyboard doesn't reach it
    }
    layout = {"width": "100%", "height": f"{height}px", "min_width": "260px"}
    return bqplot.Figure(marks=list(marks), axes=list(axes), layout=layout, **(given | traits))


def empty_lines(scales: Mapping[str, bqplot.Scale], **look: Any) -> bqplot.Lines:
    """Return lines that have no points yet."""
    return bqplot.Lines(x=NONE, y=NONE, scales=dict(scales), **{"colors": [BLUE], **look})


def stacked(found: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return lines as one mark takes them, arrays (n_lines, m) or (m,): shorter ones stay at their last point."""
    seen = [(x, y) for x, y in found if len(x)]
    if not seen:
        return {"x": NONE, "y": NONE}
    most = max(len(x) for x, _ in seen)
    sides = [
        np.stack([np.pad(values, (0, most - len(values)), mode="edge") for values in side])
        for side in zip(*seen, strict=True)
    ]
    x, y = (side[0] if len(seen) == 1 else side for side in sides)
    return {"x": x, "y": y.astype(np.float32)}


def ticks(low: float, high: float, most: int = 6) -> np.ndarray:
    """Return at most `most` round numbers from `low` to `high`: steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return np.array([low] if math.isfinite(low) else [])
    rough = span / max(most - 1, 1)
    exponent = math.floor(math.log10(rough))
    power = 10.0**exponent
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return np.round(np.arange(first, last + 1) * step, max(-exponent, 0))


def ticked(values: Sequence[float] | np.ndarray, factor: float = 1.0) -> dict[str, Any]:
    """Return ticks as an axis takes them, each with as many decimals as the step between them needs.

    They are written in a unit of which `factor` are one of the axis'.

    Left to itself, an axis keeps the format of the ticks that it had first, and writes 0 for 0.2.
    """
    labels = dict(
        zip(map(tick_key, values), tick_labels(np.round(np.asarray(values) * factor, 9)), strict=True)
    )
    return {"tick_labels": labels, "tick_values": np.asarray(values, dtype=float)}


def tick_key(value: float) -> str:
    """Return a number as JavaScript writes it, by which an axis finds the label of its tick."""
    text = repr(float(value) + 0.0)  # no negative zero
    if value and not 1e-6 <= abs(value) < 1e21:
        mantissa, exponent = text.split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"
    return format(Decimal(text), "f").removesuffix(".0")


def padded(values: Iterable[float], share: float = 0.05, least: float = 0.0) -> tuple[float, float]:
    """Return the ends of an axis on which all values are seen, with some room at both ends.

    Parameters
    ----------
    values : iterable of float
    share : float
        Room at an end, as a share of what lies between the values.
    least : float
        Least room at an end, as a share of the largest value.
    """
    found = np.asarray(list(values), dtype=float)
    found = found[np.isfinite(found)]
    if not found.size:
        return 0.0, 1.0
    low, high = float(found.min()), float(found.max())
    span, largest = high - low, max(abs(low), abs(high))
    same = span <= 1e-9 * largest  # but for the last bits: no axis could tell them apart
    room = max(abs(low) * share, 1e-9) if same else max(share * span, least * largest)
    return low - room, high + room


def looks(cells: Iterable[str]) -> dict[str, CellStyle]:
    """Return the colour and the marker (bqplot's name) of each cell, as in the PDF figures."""
    return {name: style._replace(marker=MARKERS[style.marker]) for name, style in cell_styles(cells).items()}
