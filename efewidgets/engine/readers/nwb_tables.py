"""The tables of NWB 2's icephys metadata: which response belongs to which stimulus, under which protocol."""

from __future__ import annotations

from dataclasses import dataclass

import h5py
import numpy as np

from .hdf5 import text

_ICEPHYS = "general/intracellular_ephys"


@dataclass(frozen=True)
class Row:
    """One row of the table of intracellular recordings.

    Parameters
    ----------
    index : int
    response, stimulus : str
        Paths of the series.
    v_window, i_window : (first sample, number of samples)
    """

    index: int
    response: str
    stimulus: str
    v_window: tuple[int, int]
    i_window: tuple[int, int]


def _member(content: h5py.File, path: str) -> h5py.Dataset | None:
    try:
        found = content.get(f"{_ICEPHYS}/{path}")
    except (KeyError, OSError, RuntimeError):
        return None
    return found if isinstance(found, h5py.Dataset) and found.ndim == 1 else None


def recording_rows(content: h5py.File) -> list[Row]:
    """Return the rows that have both a response and a stimulus."""
    responses = _member(content, "intracellular_recordings/responses/response")
    stimuli = _member(content, "intracellular_recordings/stimuli/stimulus")
    if responses is None or stimuli is None or len(responses) != len(stimuli):
        return []
    rows = []
    for index, (response, stimulus) in enumerate(zip(responses[()], stimuli[()], strict=True)):
        voltage, current = _reference(content, response), _reference(content, stimulus)
        if voltage is not None and current is not None:
            rows.append(Row(index, voltage[0], current[0], voltage[1], current[1]))
    return rows


def _reference(content: h5py.File, cell: np.void) -> tuple[str, tuple[int, int]] | None:
    """Return the path and the window of a cell (idx_start, count, timeseries); -1 stands for nothing."""
    try:
        first, count = int(cell["idx_start"]), int(cell["count"])
        target = content[cell["timeseries"]]
    except (KeyError, ValueError, TypeError, IndexError, OSError):
        return None
    return (str(target.name), (first, count)) if first >= 0 and count > 0 else None


def stimulus_types(content: h5py.File) -> dict[int, str]:
    """Return the stimulus type of each row of recordings, from the table of sequential recordings."""
    types = _member(content, "sequential_recordings/stimulus_type")
    groups = _ragged(content, "sequential_recordings/simultaneous_recordings")
    recordings = _ragged(content, "simultaneous_recordings/recordings")
    if types is None or len(types) != len(groups):
        return {}
    found = {}
    for kind, simultaneous in zip(types[()], groups, strict=True):
        for group in simultaneous:
            for row in recordings[group] if 0 <= group < len(recordings) else []:
                found[int(row)] = text(kind) or ""
    return found


def _ragged(content: h5py.File, path: str) -> list[np.ndarray]:
    """Return a column of lists, stored as one column of values and one of where each list ends."""
    values, ends = _member(content, path), _member(content, path + "_index")
    if values is None or ends is None or values.dtype.kind not in "iu" or ends.dtype.kind not in "iu":
        return []
    return np.split(values[()], ends[()].astype(np.int64))[: len(ends)]


def repetition_column(content: h5py.File) -> dict[int, int]:
    """Return the repetition of each row of the recordings, if the table has such a column."""
    column = _member(content, "intracellular_recordings/repetition")
    if column is None or column.dtype.kind not in "iu":
        return {}
    return {row: int(number) for row, number in enumerate(column[()])}
