"""What an extraction would use: which recordings fall into which target, and why others don't.

Recordings are read and rheobases found, but no feature is computed and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from ..features.catalogue import feature_info
from ..problems import Problem, nearest
from ..recordings.cell import Cell
from ..recordings.computing import Run
from ..stages.computed import Computed
from ..stages.options import Options
from ..stages.parts import Matched, Sweeps
from .run import Extraction, prepare_extraction


@dataclass(frozen=True)
class CellPreview:
    """A cell, its recordings and its rheobase.

    Parameters
    ----------
    name : str
    recordings : dict
        Number of recordings of each protocol.
    rheobase : float or None
        nA.
    reason : str
        How the rheobase came about, or why there is none; "" if none is needed.
    deciding : str or None
        The recording that decided it, where one did.
    """

    name: str
    recordings: dict[str, int]
    rheobase: float | None
    reason: str
    deciding: str | None


@dataclass(frozen=True)
class TargetPreview:
    """The features that are wanted of one protocol at one amplitude with one tolerance.

    Parameters
    ----------
    protocol : str
    amplitude, tolerance : float
    unit : str
        Their unit: "%" of rheobase, "nA", or "ms" between the pulses of a SpikeRec.
    efeatures : tuple of str
    recordings : int
        How many recordings match.
    cells : tuple of str
        The cells that they are of.
    nearest : float or None
        Amplitude of the recording that is nearest, matching or not.
    nearest_cell : str or None
    reason : str
        Why no recording matches; "" if one does.
    """

    protocol: str
    amplitude: float
    tolerance: float
    unit: str
    efeatures: tuple[str, ...]
    recordings: int
    cells: tuple[str, ...]
    nearest: float | None
    nearest_cell: str | None
    reason: str


@dataclass(frozen=True)
class Preview:
    """What an extraction would use."""

    cells: tuple[CellPreview, ...]
    targets: tuple[TargetPreview, ...]
    problems: tuple[Problem, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {
            "cells": [asdict(cell) for cell in self.cells],
            "targets": [asdict(target) for target in self.targets],
        }


def preview(options: Options, run: Run) -> Preview:
    """Read the recordings, find the rheobases and see what falls into the targets.

    Parameters
    ----------
    options : Options
    run : callable
        As for `run_extraction`.

    Raises
    ------
    EfeError
        If an option can't be used.
    """
    prepared, found = prepare_extraction(options, run)
    targets = tuple(_targets(prepared, found))
    problems = [*prepared.problems, *found.problems_of_cells, *found.get("targets").problems]
    problems += [_unmatched(target) for target in targets if not target.recordings]
    problems += _lacking_settings(prepared)
    return Preview(
        tuple(_cell(cell, prepared) for cell in prepared.cells),
        targets,
        tuple(problems),
    )


def _cell(cell: Cell, prepared: Extraction) -> CellPreview:
    decision = prepared.rheobases.get(cell.name)
    deciding = cell.rheobase_recording
    return CellPreview(
        cell.name,
        {name: len(cell.get_recordings_by_protocol_name(name)) for name in cell.get_protocol_names()},
        None if cell.rheobase is None else float(cell.rheobase),
        decision.reason if decision else "",
        f"{deciding.protocol_name}, {deciding.label or deciding.name}" if deciding else None,
    )


def _targets(prepared: Extraction, found: Computed) -> Iterable[TargetPreview]:
    unit_of = partial(_unit, prepared.cells, absolute=prepared.options.absolute_amplitude)
    for item, wanted in found.get("targets").groups.items():
        matched: Matched = found.get("match", item)
        protocol, amplitude = wanted.targets[0].protocol, wanted.targets[0].amplitude
        closest, unit = _closest(matched.sweeps, amplitude), unit_of(protocol)
        for tolerance in dict.fromkeys(target.tolerance for target in wanted.targets):
            near = matched.match.within(tolerance)
            cells = [cell for cell, inside in zip(matched.cells, near, strict=True) if inside]
            yield TargetPreview(
                protocol,
                amplitude,
                tolerance,
                unit,
                tuple(target.efeature for target in wanted.targets if target.tolerance == tolerance),
                len(cells),
                tuple(dict.fromkeys(cells)),
                None if closest is None else closest[0],
                None if closest is None else closest[1],
                "" if cells else _reason(prepared.cells, protocol, closest, unit),
            )


def _closest(sweeps: Sweeps, amplitude: float) -> tuple[float, str] | None:
    """Return the amplitude that is nearest to that of a target, and its cell; None if none is known."""
    distances = np.abs(sweeps.levels - amplitude)
    if np.isnan(distances).all():
        return None
    at = int(np.nanargmin(distances))
    return float(sweeps.levels[at]), sweeps.cells[at]


def _unit(cells: Sequence[Cell], protocol: str, absolute: bool) -> str:
    found = next((r for cell in cells for r in cell.get_recordings_by_protocol_name(protocol)), None)
    if found is not None and found.target_amplitude == "delta":
        return "ms"
    return "nA" if absolute else "%"


def _reason(cells: Sequence[Cell], protocol: str, closest: tuple[float, str] | None, unit: str) -> str:
    names = {name: None for cell in cells for name in cell.get_protocol_names()}
    if protocol not in names:
        return f"no cell has recordings of {protocol}.{nearest(protocol, names)}"
    if closest is None:
        return f"the cells that have {protocol} have no rheobase."
    return f"the nearest one, of cell {closest[1]}, is at {closest[0]:.4g} {unit}."


def _lacking_settings(prepared: Extraction) -> list[Problem]:
    """Say which features have no value because a setting that they need isn't given."""
    first = {r.protocol_name: r for cell in reversed(prepared.cells) for r in reversed(cell.recordings)}
    found = {}
    for target in prepared.targets:
        name = target["efeature"]
        given = {*prepared.efel_settings, *(target.get("efel_settings") or {}), "stimulus_current"}
        missing = [
            setting
            for setting in feature_info(name).needed_settings
            if setting not in given and not hasattr(first.get(target["protocol"]), setting)
        ]
        if missing:
            message = f"{name} has no value without the eFEL setting(s) {', '.join(missing)}."
            found[name] = Problem(message, "warning", "feature")
    return list(found.values())


def _unmatched(target: TargetPreview) -> Problem:
    title = f"{target.protocol} at {target.amplitude:g}"
    return Problem(
        f"no recording matches: {target.reason}", "warning", "target", protocol=target.protocol, target=title
    )
