"""The steps on cells that a script has in its hands, and may have changed: read them; put them into targets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..averages import mean
from ..recordings.cell import Cell
from ..recordings.computing import Run, compute_features
from ..recordings.reading import Room, count_now
from ..stages.computed import STAGES, Computed
from ..stages.graph import Once
from ..stages.inputs import Inputs
from ..stages.options import check_files
from ..stages.work import Hands
from ..targets.matching import Protocol, build_protocols, match
from .asked import Asked, cells_of, reader_of


def read_cells(
    files_metadata: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]],
    reader: Callable[..., Any] | None,
    efel_settings: Mapping[str, Any] | None,
    run: Run,
    keep_samples: bool | Room = True,
    counted: Collection[str] | None = None,
) -> list[Cell]:
    """Read the files of all cells; each cell's problems say what could not be read.

    Spikes are counted in the protocols that `counted` names (all, if None); elsewhere when somebody asks for them.

    Raises
    ------
    EfeError
        If `files_metadata` isn't ``{cell: {protocol: [metadata, …]}}``, or names no file.
    """
    check_files(files_metadata)
    inputs = Inputs(cells=cells_of(files_metadata), recording_reader=reader_of(reader))
    work = Hands(run, keep_samples)
    found = Computed(Once(STAGES, Asked(inputs, efel_settings or {}, counted), work))
    found.read(work)
    cells: list[Cell] = [found.get("cell", cell.name).cell for cell in inputs.cells]
    for cell in cells:
        if keep_samples is True and counted is None:
            count_now(cell.recordings)
    return cells


def group(
    cells: Sequence[Cell],
    targets: Sequence[Mapping[str, Any]],
    absolute_amplitude: bool,
    use_global_rheobase: bool,
    protocol_mode: str,
    efel_settings: Mapping[str, Any] | None,
    run: Run,
) -> list[Protocol]:
    """Put the recordings into the targets they fall into and take their values."""
    known = [cell.rheobase for cell in cells if cell.rheobase is not None]
    use_relative = use_global_rheobase and not absolute_amplitude and known
    protocols = build_protocols(targets, mean(known) if use_relative else None, protocol_mode, efel_settings)
    matches = match(cells, protocols, absolute_amplitude)
    compute_features(list({id(recording): recording for _, recording, _ in matches}.values()), run)
    for protocol, recording, chosen in matches:
        protocol.append(recording, chosen)
    return protocols
