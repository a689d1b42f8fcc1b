"""The classic functions, and those that BluePyEfe keeps for itself but scripts call all the same."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ... import extract as classic
from ...engine.outputs.standard_files import build_currents, save_outputs
from ...engine.recordings.cell import Cell
from ...engine.targets.automatic import AutoTarget, default_auto_targets
from ...engine.targets.matching import Protocol, build_protocols
from ...engine.targets.targets import check_targets
from ...extract import *  # noqa: F403
from . import tools
from .plotting import plot_all_recordings
from .rheobase import (
    compute_rheobase_absolute,
    compute_rheobase_flush,
    compute_rheobase_interpolation,
    compute_rheobase_majority_bin,
)
from .tools import DEFAULT_EFEL_SETTINGS, PRESET_PROTOCOLS_RHEOBASE

__all__ = [
    *classic.__all__,
    "DEFAULT_EFEL_SETTINGS",
    "PRESET_PROTOCOLS_RHEOBASE",
    "compute_rheobase_absolute",
    "compute_rheobase_flush",
    "compute_rheobase_interpolation",
    "compute_rheobase_majority_bin",
    "plot_all_recordings",
    "tools",
]

Files = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
Targets = Sequence[Mapping[str, Any]]
Settings = Mapping[str, Any] | None

logger = classic.peer_logger


def _create_cell(
    cell_definition: tuple[str, Mapping[str, Any]],
    recording_reader: Callable[..., Any] | None,
    efel_settings: Settings = None,
) -> Cell:
    """Read the files of one cell."""
    name, files = cell_definition
    return classic.read_recordings({name: files}, recording_reader, efel_settings=efel_settings)[0]


def _extract_efeatures_cell(cell: Cell, targets: Targets, efel_settings: Settings = None) -> Cell:
    """Compute the features that the targets name on the recordings of one cell."""
    return classic.extract_efeatures_at_targets([cell], targets, efel_settings=efel_settings)[0]


def _read_extract(
    files_metadata: Files,
    recording_reader: Callable[..., Any] | None,
    map_function: Callable[..., Any],
    targets: Targets,
    efel_settings: Settings = None,
) -> list[Cell]:
    """Read recordings and compute the features that the targets name."""
    cells = classic.read_recordings(files_metadata, recording_reader, map_function, efel_settings)
    return classic.extract_efeatures_at_targets(cells, targets, map_function, efel_settings)


def _read_extract_low_memory(
    files_metadata: Files,
    recording_reader: Callable[..., Any] | None,
    targets: Targets,
    efel_settings: Settings = None,
) -> list[Cell]:
    """As `_read_extract`, cell by cell, and forget the samples."""
    cells = []
    for name, files in files_metadata.items():
        cells += _read_extract({name: files}, recording_reader, map, targets, efel_settings)
        for recording in cells[-1].recordings:
            recording.t = recording.voltage = recording.current = None
    return cells


def _extract_with_targets(
    files_metadata: Files,
    targets: Targets,
    protocols_rheobase: Sequence[str] | None = None,
    absolute_amplitude: bool = False,
    recording_reader: Callable[..., Any] | None = None,
    map_function: Callable[..., Any] = map,
    low_memory_mode: bool = False,
    protocol_mode: str = "mean",
    efel_settings: Settings = None,
    rheobase_strategy: str = "absolute",
    rheobase_settings: Settings = None,
) -> tuple[list[Cell], list[Protocol]]:
    """Read, compute, find the rheobases and group: all but the averages and the files."""
    if low_memory_mode:
        cells = _read_extract_low_memory(files_metadata, recording_reader, targets, efel_settings)
    else:
        cells = _read_extract(files_metadata, recording_reader, map_function, targets, efel_settings)
    if not absolute_amplitude:
        names = PRESET_PROTOCOLS_RHEOBASE if protocols_rheobase is None else protocols_rheobase
        classic.compute_rheobase(cells, names, rheobase_strategy, rheobase_settings)
    protocols = classic.group_efeatures(
        cells, targets, absolute_amplitude, True, protocol_mode, efel_settings
    )
    return cells, protocols


def _extract_auto_targets(
    files_metadata: Files,
    protocols_rheobase: Sequence[str],
    recording_reader: Callable[..., Any] | None,
    map_function: Callable[..., Any],
    protocol_mode: str,
    efel_settings: Settings,
    auto_targets: Sequence[AutoTarget] | None = None,
    rheobase_strategy: str = "flush",
    rheobase_settings: Settings = None,
) -> tuple[list[Cell], list[Protocol], list[dict[str, Any]]]:
    """Read, find the rheobases, choose targets by what there is, compute and group."""
    if rheobase_settings is None and rheobase_strategy == "flush":
        rheobase_settings = {"upper_bound_spikecount": 4}
    cells = classic.read_recordings(files_metadata, recording_reader, map_function, efel_settings)
    classic.compute_rheobase(cells, protocols_rheobase, rheobase_strategy, rheobase_settings)
    if not any(cell.rheobase for cell in cells):
        logger.warning("No cells with valid rheobase")
        return cells, [], []
    recordings = [recording for cell in cells for recording in cell.recordings]
    targets: list[dict[str, Any]] = []
    for goal in default_auto_targets() if auto_targets is None else auto_targets:
        goal.select_ecode_and_amplitude(recordings)
        targets += goal.generate_targets()
    cells = classic.extract_efeatures_at_targets(cells, targets, map_function, efel_settings)
    return cells, classic.group_efeatures(cells, targets, False, True, protocol_mode, efel_settings), targets


def _build_protocols(
    targets: Targets, global_rheobase: float | None, protocol_mode: str, efel_settings: Settings = None
) -> list[Protocol]:
    """Gather targets of the same protocol and amplitude; nothing is in them yet."""
    return build_protocols(check_targets(targets)[0], global_rheobase, protocol_mode, efel_settings)


def _build_current_dict(cells: Sequence[Cell], default_std_value: float) -> dict[str, Any]:
    """Return the holding currents and rheobases (nA), nan where there is none."""
    return classic._numbers(build_currents(cells, default_std_value), cells)


def _saving_data(
    output_directory: str | pathlib.Path,
    feat: Mapping[str, Any],
    stim: Mapping[str, Any],
    currents: Mapping[str, Any],
) -> None:
    """Write the three files, null where there is no number."""
    save_outputs(output_directory, *(tools._finite(dict(data)) for data in (feat, stim, currents)))
