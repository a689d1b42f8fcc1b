"""Which colour and marker is which cell: beside a panel, and as a figure of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .jobs import FigureJob
from .panel import figure, line
from .style import FAINT, CellStyle, cell_styles
from .words import fitted, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BESIDE = 18  # so many fit beside a panel; more are in the legend's own figure
LEGEND_WIDTH = 1.75  # inches
COLUMN, ROW, ROWS = 2.6, 0.19, 40


def cell_markers(x: Any, y: Any, style: CellStyle, size: float, **kwargs: Any) -> Any:
    """Return the points of a cell as an artist; arrays (n,)."""
    return line(
        x,
        y,
        linestyle="none",
        marker=style.marker,
        markersize=size,
        markerfacecolor=style.colour if style.filled else "none",
        markeredgecolor="white" if style.filled else style.colour,
        markeredgewidth=0.4 if style.filled else 1.0,
        **kwargs,
    )


def draw_cell_names(page: Figure, cells: Sequence[tuple[str, CellStyle]], x: float, y: float) -> None:
    """Write the names of the cells with their markers below each other, from `x`, `y` in inches."""
    for name, style in cells[:MOST_BESIDE]:
        _draw_entry(page, name, style, x, y, LEGEND_WIDTH)
        y -= ROW
    if len(cells) > MOST_BESIDE:
        more = f"and {len(cells) - MOST_BESIDE} more: see the legend"
        write(page, x + 0.12, y, more, 7, color=FAINT, across="center")


def legend_figure(cells: Sequence[Any]) -> list[FigureJob]:
    """Return the figure ``legend``: which colour and marker is which cell.

    Parameters
    ----------
    cells : sequence of Cell
        All cells of the extraction, in their order: that decides their colours.
    """
    styles = cell_styles(cell.name for cell in cells)
    return [FigureJob("legend", draw_legend, tuple(styles.items()))] if styles else []


def draw_legend(cells: Sequence[tuple[str, CellStyle]]) -> Iterator[Figure]:
    """Draw the names of the cells with their markers, in columns."""
    n_rows = min(len(cells), ROWS)
    n_columns = -(-len(cells) // n_rows)
    top = 0.6 + n_rows * ROW
    page = figure(0.3 + n_columns * COLUMN, top)
    write(page, 0.2, top - 0.28, "cells", 10)
    for i, (name, style) in enumerate(cells):
        column, row = divmod(i, n_rows)
        _draw_entry(page, name, style, 0.28 + column * COLUMN, top - 0.52 - row * ROW, COLUMN)
    yield page


def _draw_entry(page: Figure, name: str, style: CellStyle, x: float, y: float, room: float) -> None:
    page.add_artist(cell_markers([x], [y], style, size=5, transform=page.dpi_scale_trans))
    write(page, x + 0.12, y, fitted(name, 7, room - 0.3), 7, across="center")
