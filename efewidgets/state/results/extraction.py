"""Results as the engine's `Extraction`, from which files are written and figures drawn."""

from __future__ import annotations

import copy

from ...engine.extraction.run import Extraction
from ...engine.recordings.cell import Cell
from ...engine.recordings.computing import request_features
from ...engine.recordings.recording import Recording
from ...engine.stages.options import without_models
from ...engine.targets.matching import Protocol
from ..convert import as_options
from .results import Results


def as_extraction(results: Results) -> Extraction:
    """Return results as a run of `extract_efeatures` leaves them, on recordings of its own."""
    options = without_models(as_options(results.inputs))
    context = results.context
    found = Extraction(options, context.efel_settings, list(context.rule.protocols))
    names = [cell.name for cell in results.inputs.measured]
    found.cells = [_copy(results, results.cells[name]) for name in names]
    found.rheobases = {name: results.get("rheobase", name) for name in names}
    found.targets = [target.as_dict() for target in results.targets]
    request_features(found.cells, found.targets, found.efel_settings)
    twins = {
        r.serial: twin
        for n, cell in zip(names, found.cells, strict=True)
        for r, twin in zip(results.cells[n].recordings, cell.recordings, strict=True)
    }
    found.protocols = [_copy_of(protocol, twins) for protocol in results.protocols_matched]
    found.features, found.protocols_dict, found.currents = (
        results.features,
        results.protocols,
        results.currents,
    )
    found.problems = list(results.problems)
    return found


def _copy(results: Results, cell: Cell) -> Cell:
    """Return a cell whose recordings know their relative amplitudes, and all that those of the state know."""
    decision = results.get("rheobase", cell.name)
    found = Cell(cell.name)
    for recording in cell.recordings:
        twin = recording.twin()
        twin.feature_store.restore(recording.feature_store.all_known(), {})
        found.recordings.append(twin)
    found.problems = list(cell.problems)
    found.rheobase = results.get("threshold", cell.name)
    if decision.recording is not None:
        place = [recording.serial for recording in cell.recordings].index(decision.recording.serial)
        found.rheobase_recording = found.recordings[place]
    found.compute_relative_amp()
    return found


def _copy_of(protocol: Protocol, twins: dict[int, Recording]) -> Protocol:
    """Return a protocol with targets of its own and these recordings, by the serial numbers of those of the state."""
    found = copy.copy(protocol)
    found.feature_targets = copy.deepcopy(protocol.feature_targets)
    found.recordings = [twins[recording.serial] for recording in protocol.recordings]
    return found
