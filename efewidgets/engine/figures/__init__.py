"""Figures of recordings, features, rheobases and impedances, as PDF or PNG.

Each figure is gathered first, as plain data (`FigureJob`), and drawn afterwards by a pure function of that
data: here, in threads, in processes or on a cluster (`draw_all`).
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from ..names import folder_names
from ..problems import Problem
from .features import feature_figures
from .impedance import impedance_figures
from .jobs import FigureJob, Format, draw_all
from .legend import legend_figure
from .recordings import recordings_figures
from .rheobase import rheobase_figure
from .showing import draw_and_show
from .sweeps import plot_recording

__all__ = [
    "FigureJob",
    "all_figures",
    "draw_all",
    "draw_and_show",
    "feature_figures",
    "impedance_figures",
    "legend_figure",
    "plot_all",
    "plot_recording",
    "recordings_figures",
    "rheobase_figure",
]


def all_figures(
    cells: Sequence[Any],
    protocols: Sequence[Any] = (),
    protocols_rheobase: Sequence[str] | None = None,
    efel_settings: Mapping[str, Any] | None = None,
) -> Iterator[FigureJob]:
    """Gather every figure of an extraction, one after the other.

    Parameters
    ----------
    cells : sequence of Cell
    protocols : sequence of Protocol
        With their targets; without, no feature is drawn.
    protocols_rheobase : sequence of str, optional
        Protocols from which the rheobases were computed; without, no rheobase is drawn.
    efel_settings : dict, optional
        eFEL settings; ``impedance_max_freq`` matters here.
    """
    folders = folder_names(cell.name for cell in cells)
    for job in _gathered(cells, protocols, protocols_rheobase or (), efel_settings):
        yield job if job.cell is None else job.below(folders[job.cell])


def _gathered(
    cells: Sequence[Any],
    protocols: Sequence[Any],
    protocols_rheobase: Sequence[str],
    efel_settings: Mapping[str, Any] | None,
) -> Iterator[FigureJob]:
    for cell in cells:
        yield from recordings_figures(cell)
        yield from impedance_figures(cell, efel_settings)
        yield from rheobase_figure(cell, protocols_rheobase)
    if protocols:
        yield from feature_figures(cells, protocols, "amp")
        yield from feature_figures(cells, protocols, "amp_rel")
        yield from legend_figure(cells)


def plot_all(
    cells: Sequence[Any],
    protocols: Sequence[Any],
    output_dir: str | os.PathLike[str],
    protocols_rheobase: Sequence[str] | None = None,
    efel_settings: Mapping[str, Any] | None = None,
    fmt: Format = "pdf",
    executor: Executor | None = None,
    jobs: int | None = None,
) -> tuple[list[pathlib.Path], list[Problem]]:
    """Draw every figure of an extraction below `output_dir`.

    Parameters are those of `all_figures` and of `draw_all`; so is what is returned and raised.
    """
    figures = all_figures(cells, protocols, protocols_rheobase, efel_settings)
    return draw_all(figures, output_dir, fmt, executor, jobs)
