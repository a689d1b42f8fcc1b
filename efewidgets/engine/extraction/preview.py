"""What an extraction would use: which recordings fall into which target, and why others don't.

Recordings are read and rheobases found, but no feature is computed and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..features.catalogue import feature_info
from ..problems import Problem, nearest
from ..recordings.cell import Cell
from ..targets.matching import build_protocols, match
from .pipeline import Run
from .run import Extraction, Options, prepare_extraction


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
    prepared = prepare_extraction(options, run)
    targets = tuple(_targets(prepared))
    problems = [*prepared.problems, *(p for cell in prepared.cells for p in cell.all_problems())]
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


def _targets(prepared: Extraction) -> Iterable[TargetPreview]:
    absolute = prepared.options.absolute_amplitude
    protocols = build_protocols(prepared.targets, None, prepared.options.protocol_mode)
    found = match(prepared.cells, protocols, absolute)
    home = {id(recording): cell for cell in prepared.cells for recording in cell.recordings}
    for protocol in protocols:
        tolerances = dict.fromkeys(target.tolerance for target in protocol.feature_targets)
        for tolerance in tolerances:
            wanted = [target for target in protocol.feature_targets if target.tolerance == tolerance]
            matching = [
                recording
                for matched, recording, chosen in found
                if matched is protocol and any(target is wanted[0] for target in chosen)
            ]
            distances = list(_distances(prepared.cells, protocol.name, protocol.amplitude, absolute))
            unit = _unit(prepared.cells, protocol.name, absolute)
            closest = min(distances, key=lambda item: item[0], default=None)
            yield TargetPreview(
                protocol.name,
                protocol.amplitude,
                tolerance,
                unit,
                tuple(target.efel_feature_name for target in wanted),
                len(matching),
                tuple(dict.fromkeys(home[id(recording)].name for recording in matching)),
                None if closest is None else float(closest[1]),
                None if closest is None else closest[2].name,
                "" if matching else _reason(prepared.cells, protocol.name, closest, unit),
            )


def _distances(
    cells: Sequence[Cell], protocol: str, amplitude: float, absolute: bool
) -> Iterable[tuple[float, float, Cell]]:
    """Yield how far each recording of a protocol is from an amplitude, its own amplitude, and its cell."""
    for cell in cells:
        if absolute or cell.rheobase is not None:
            for recording in cell.get_recordings_by_protocol_name(protocol):
                own = recording.target_level(absolute)
                if own is not None:
                    yield abs(own - amplitude), own, cell


def _unit(cells: Sequence[Cell], protocol: str, absolute: bool) -> str:
    found = next((r for cell in cells for r in cell.get_recordings_by_protocol_name(protocol)), None)
    if found is not None and found.target_amplitude == "delta":
        return "ms"
    return "nA" if absolute else "%"


def _reason(
    cells: Sequence[Cell], protocol: str, closest: tuple[float, float, Cell] | None, unit: str
) -> str:
    names = {name: None for cell in cells for name in cell.get_protocol_names()}
    if protocol not in names:
        return f"no cell has recordings of {protocol}.{nearest(protocol, names)}"
    if closest is None:
        return f"the cells that have {protocol} have no rheobase."
    return f"the nearest one, of cell {closest[2].name}, is at {closest[1]:.4g} {unit}."


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
