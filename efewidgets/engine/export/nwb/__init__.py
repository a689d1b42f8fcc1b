"""NWB: the recordings themselves as one Neurodata-Without-Borders file, with what was decided about them.

`convert` writes files in whatever format as NWB; `build` does so for the recordings of an extraction.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...problems import EfeError, Problem
from ...readers.extras import has_module
from .. import Export, Format
from ..choices import Choices
from ..extracted import Seen, unseen
from .proposing import metadata_of
from .session import Session, session_of
from .sweeps import CellSweeps, gather

if TYPE_CHECKING:
    from ...extraction.run import Extraction

__all__ = ["FORMAT", "Session", "build", "convert", "write_nwb"]

_NEEDED = 'writing NWB files needs pynwb, which isn\'t installed: pip install "efewidgets[nwb]".'


def convert(
    files: Iterable[str | os.PathLike[str]] | Mapping[str, Any],
    output: str | os.PathLike[str],
    *,
    cell: str | None = None,
    protocol: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    force: bool = False,
    recording_reader: Callable[..., Any] | None = None,
    efel_settings: Mapping[str, Any] | None = None,
    **about: Any,
) -> list[Problem]:
    """Write recordings, whatever their format, as one NWB file.

    Parameters
    ----------
    files : list of path, or dict
        Recordings, or ``{cell: {protocol: [metadata of a file, …]}}`` as `extract_efeatures` takes it, with the timings
        and exclusions that it may hold.
    output : path
        Where to write; it should end with ".nwb".
    cell, protocol : str, optional
        Of which cell and protocol the files are, where they don't say it; by default its name, and "unknown".
    metadata : dict, optional
        What the files don't say of themselves, such as ``{"v_unit": "mV", "dt": 0.1, "t_unit": "ms"}``.
    force : bool
        Whether a file that is there already is replaced.
    recording_reader, efel_settings : optional
        As `extract_efeatures` takes them.
    **about
        Facts of the session, see `Session`; what isn't given is taken from the files, and told where it is guessed.

    Returns
    -------
    list of Problem
        What couldn't be read, and what was guessed.

    Raises
    ------
    EfeError
        If pynwb is missing, nothing can be read, a fact isn't known, or the file is there already.
    """
    place = pathlib.Path(output)
    _check_place(place, force)
    problems: list[Problem] = []
    found = (
        files if isinstance(files, Mapping) else metadata_of(files, problems, cell, protocol, metadata or {})
    )
    cells = gather(found, problems, recording_reader, efel_settings)
    session = session_of(cells, about, problems)
    write_nwb(place, cells, session)
    return problems


def _check_place(place: pathlib.Path, force: bool) -> None:
    _need_pynwb()
    if place.suffix.lower() != ".nwb":
        raise EfeError(f"{place} must end with .nwb, by which programs know such files.")
    if place.is_dir():
        raise EfeError(f"{place} is a folder.")
    if place.exists() and not force:
        raise EfeError(
            f"{place} is there already. Name another file, or replace it with --force (force=True)."
        )


def _need_pynwb() -> None:
    if not has_module("pynwb"):
        raise EfeError(_NEEDED)


def write_nwb(place: pathlib.Path, cells: list[CellSweeps], session: Session) -> None:
    """Write an NWB file, whole or not at all."""
    from .writing import write_whole

    write_whole(place, cells, session)


def build(extraction: Extraction, choices: Choices, seen: Seen = unseen) -> Export:
    """Return the recordings of an extraction as one NWB file, with the timings and exclusions in force."""
    if not has_module("pynwb"):
        return Export(refusals=(_NEEDED,))
    from .writing import as_bytes

    options = extraction.options
    problems: list[Problem] = []
    cells = gather(options.files_metadata, problems, options.recording_reader, extraction.efel_settings)
    session = session_of(cells, {}, problems)
    told = dict.fromkeys(
        str(problem) for problem in problems if problem.kind == "output" or problem.severity != "note"
    )
    return Export({f"{choices.name}.nwb": as_bytes(cells, session)}, (), tuple(told))


FORMAT = Format("nwb", "NWB", "the recordings as one NWB file, with timings and exclusions", build)
