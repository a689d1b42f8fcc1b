"""A plain panel: a frame with ticks into which artists are put.

Most of the time that a figure takes in matplotlib goes into its Axes: a dozen objects a tick, measured and
laid out several times before anything is drawn. Our figures know beforehand where everything goes, so a
panel has the two coordinate systems and the few methods of an Axes that we draw with, one collection for
all ticks and one artist a label: a page takes less than half the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .style import FRAME, INK, tick_labels
from .words import width, words

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

LABEL, TICK = 8.0, 7.0  # sizes of letters in points
Limits = tuple[float, float]


def figure(width: float, height: float) -> Figure:
    """Return an empty white page of `width` by `height` inches that belongs to no window."""
    from matplotlib.figure import Figure

    page = Figure(figsize=(width, height), dpi=150, facecolor="white", edgecolor="white", linewidth=0)
    page.set_layout_engine("none")  # whatever a person has in matplotlib's settings
    return page


class Panel:
    """A rectangle of a page with data coordinates.

    Parameters
    ----------
    page : Figure
        Where the panel is put.
    inches : tuple of 4 float
        Left, bottom, width and height of the frame on the page, in inches.
    xlim, ylim : tuple of 2 float
        Data coordinates of its edges.
    """

    def __init__(self, page: Figure, inches: tuple[float, float, float, float], xlim: Limits, ylim: Limits):
        from matplotlib.transforms import Bbox, BboxTransformFrom, BboxTransformTo, TransformedBbox

        left, bottom, self.width, self.height = inches
        self.page, self.xlim, self.ylim = page, xlim, ylim
        box = TransformedBbox(Bbox.from_bounds(left, bottom, self.width, self.height), page.dpi_scale_trans)
        self.transAxes = BboxTransformTo(box)
        self.transData = (
            BboxTransformFrom(Bbox.from_extents(xlim[0], ylim[0], xlim[1], ylim[1])) + self.transAxes
        )
        self.clip_box = box

    def add_artist(self, artist: Artist) -> Any:
        """Put an artist into the panel: in data coordinates if it has none of its own, cut at the frame."""
        if not artist.is_transform_set():
            artist.set_transform(self.transData)
        self.page.add_artist(artist)
        artist.set_clip_box(self.clip_box)
        return artist

    add_line = add_collection = add_artist  # as the methods of an Axes are called

    def write(self, x: float, y: float, string: object, size: float, **look: Any) -> None:
        """Write at a place given in parts of the frame, perhaps outside of it; `look` as for `words`."""
        self.page.add_artist(words(x, y, string, size, transform=self.transAxes, **look))

    def frame(
        self,
        xlabel: str = "",
        ylabel: str = "",
        *,
        xticks: bool = True,
        yticks: bool = True,
        whole_y: bool = False,
    ) -> None:
        """Draw the left and the lower edge with ticks; numbers and labels only where asked for.

        `whole_y`: whether y counts things, so that its ticks are whole numbers.
        """
        from matplotlib.collections import LineCollection

        x_ticks = ticks(self.xlim, self.width / 0.6)
        y_ticks = ticks(self.ylim, self.height / 0.34, whole=whole_y)
        x_places = (x_ticks - self.xlim[0]) / (self.xlim[1] - self.xlim[0])
        y_places = (y_ticks - self.ylim[0]) / (self.ylim[1] - self.ylim[0])
        length, gap = 0.035, 0.06  # inches
        lines: list[Any] = [[(0.0, 1.0), (0.0, 0.0), (1.0, 0.0)]]
        lines += [[(x, 0.0), (x, -length / self.height)] for x in x_places]
        lines += [[(0.0, y), (-length / self.width, y)] for y in y_places]
        self.page.add_artist(LineCollection(lines, colors=FRAME, linewidths=0.6, transform=self.transAxes))
        if xticks:
            for x, label in zip(x_places, tick_labels(x_ticks), strict=True):
                self.write(x, -gap / self.height, label, TICK, along="center", across="top")
            self.write(0.5, -(gap + 0.15) / self.height, xlabel, LABEL, along="center", across="top")
        if yticks:
            labels = tick_labels(y_ticks)
            for y, label in zip(y_places, labels, strict=True):
                self.write(-gap / self.width, y, label, TICK, along="right", across="center")
            room = gap + 0.08 + max((width(label, TICK) for label in labels), default=0.0)
            self.write(-room / self.width, 0.5, ylabel, LABEL, along="center", rotation=90)

    def rule(self, *, x: float | None = None, y: float | None = None, **style: Any) -> None:
        """Draw a straight line across the panel, at `x` or at `y`."""
        ends = ((x, x), self.ylim) if x is not None else (self.xlim, (y, y))
        self.add_artist(line(*ends, **{"color": INK, "linewidth": 0.6, **style}))


def line(x: Any, y: Any, **style: Any) -> Line2D:
    """Return a line through points, or its markers only; arrays (n,)."""
    from matplotlib.lines import Line2D

    return Line2D(x, y, **style)


def ticks(limits: Limits, n: float, whole: bool = False) -> np.ndarray:
    """Return at most about `n` round numbers, or whole ones, within the limits; array (m,)."""
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(nbins=max(2, int(n)), steps=[1, 2, 2.5, 5, 10], integer=whole)
    places = np.asarray(locator.tick_values(*limits))
    slack = 1e-9 * (limits[1] - limits[0])
    return places[(places >= limits[0] - slack) & (places <= limits[1] + slack)]


def limits(values: Any, pad: float = 0.05, within: Limits | None = None) -> Limits:
    """Return the range of the finite values, a little widened; never empty.

    Parameters
    ----------
    values : array_like
        What must be seen.
    pad : float
        By which part of the range it is widened on both sides.
    within : tuple of 2 float, optional
        Values beyond it are left out unless there are no others: an artefact shall not make the rest flat.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if within is not None and finite.size:
        clipped = finite[(finite >= within[0]) & (finite <= within[1])]
        finite = clipped if clipped.size else finite
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    span = high - low
    if span <= 1e-12 * max(abs(low), abs(high), 1e-12):
        span, pad = abs(low) or 1.0, 0.5
    return low - pad * span, high + pad * span
