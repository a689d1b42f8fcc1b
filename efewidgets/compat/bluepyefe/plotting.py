"""Figures by BluePyEfe's names; what each function draws is written below its output folder."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...engine.figures import (
    draw_and_show,
    feature_figures,
    impedance_figures,
    legend_figure,
    recordings_figures,
)
from ...engine.recordings.cell import Cell
from ...engine.targets.matching import Protocol
from ...extract import plot_all_recordings_efeatures

__all__ = [
    "plot_all_impedances",
    "plot_all_recordings",
    "plot_all_recordings_efeatures",
    "plot_efeature",
    "plot_efeatures",
    "plot_grouped_efeatures",
    "plot_impedance",
    "plot_individual_efeatures",
]

logger = logging.getLogger(__name__)


def _draw(jobs: Iterable[Any], output_dir: Any, show: bool = False) -> None:
    _, problems = draw_and_show(jobs, output_dir, show)
    for problem in problems:
        logger.warning("%s", problem)


def plot_all_recordings(
    cells: Sequence[Cell], output_dir: Any, show: bool = False, mapper: Callable[..., Any] = map
) -> None:
    """Draw the recordings of cells, one figure a protocol."""
    _draw((job for cell in cells for job in recordings_figures(cell)), output_dir, show)


def plot_efeature(
    cells: Sequence[Cell],
    efeature: str,
    protocol_name: str,
    output_dir: Any = None,
    protocols: Sequence[Protocol] = (),
    key_amp: str = "amp",
    colors: Any = None,
    markers: Any = None,
    show: bool = False,
    show_targets: bool = True,
) -> None:
    """Draw one feature of one protocol against amplitude."""
    chosen = [
        _with_targets(protocol, [t for t in protocol.feature_targets if t.efel_feature_name == efeature])
        for protocol in protocols
    ]
    plot_efeatures(cells, protocol_name, output_dir, chosen, key_amp, colors, markers, show, show_targets)


def plot_efeatures(
    cells: Sequence[Cell],
    protocol_name: str,
    output_dir: Any = None,
    protocols: Sequence[Protocol] = (),
    key_amp: str = "amp",
    colors: Any = None,
    markers: Any = None,
    show: bool = False,
    show_targets: bool = True,
) -> None:
    """Draw the features of one protocol against amplitude, for all cells together (or for the one that there is)."""
    of_protocol = [protocol for protocol in protocols if protocol.name == protocol_name]
    _draw(_features(cells, of_protocol, key_amp, together=len(cells) > 1), output_dir, show)


def plot_individual_efeatures(
    cells: Sequence[Cell],
    protocols: Sequence[Protocol],
    output_dir: Any = None,
    colors: Any = None,
    markers: Any = None,
    key_amp: str = "amp",
    show: bool = False,
    mapper: Callable[..., Any] = map,
) -> None:
    """Draw the features of each cell against amplitude."""
    _draw(_features(cells, protocols, key_amp, together=False), output_dir, show)


def plot_grouped_efeatures(
    cells: Sequence[Cell],
    protocols: Sequence[Protocol],
    output_dir: Any = None,
    colors: Any = None,
    markers: Any = None,
    key_amp: str = "amp",
    show: bool = False,
) -> None:
    """Draw the features of all cells together against amplitude, and which colour is which cell."""
    _draw([*_features(cells, protocols, key_amp, together=True), *legend_figure(cells)], output_dir, show)


def plot_impedance(cell: Cell, output_dir: Any, efel_settings: Mapping[str, Any] | None = None) -> None:
    """Draw the impedance of a cell's sine sweeps."""
    _draw(impedance_figures(cell, efel_settings), output_dir)


def plot_all_impedances(
    cells: Sequence[Cell],
    output_dir: Any,
    mapper: Callable[..., Any] = map,
    efel_settings: Mapping[str, Any] | None = None,
) -> None:
    """Draw the impedances of cells."""
    _draw((job for cell in cells for job in impedance_figures(cell, efel_settings)), output_dir)


def _features(
    cells: Sequence[Cell], protocols: Sequence[Protocol], key_amp: Any, together: bool
) -> list[Any]:
    """Return the figures of all cells together, or those of each: they lie in folders of the cells' names."""
    return [job for job in feature_figures(cells, protocols, key_amp) if ("/" not in job.path) is together]


def _with_targets(protocol: Protocol, targets: list[Any]) -> Protocol:
    other = copy.copy(protocol)
    other.feature_targets = targets
    return other
