"""The tables of NWB 2's icephys metadata: which response belongs to which stimulus, under which protocol."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

import h5py
import numpy as np

from .hdf5 import text

_ICEPHYS = "general/intracellular_ephys"
# Columns of the table of recordings in which files without sequential recordings name the stimulus.
_TYPE_COLUMNS = ("stimulus_type", "protocol", "protocol_name", "stimulus_description", "stimulus_name")

Window = tuple[int, int]


@dataclass(frozen=True)
class Row:
    """One row of the table of intracellular recordings.

    Parameters
    ----------
    index : int
    response : str
        Path of the series.
    stimulus : str or None
    v_window, i_window : (first sample, number of samples)
    stimulus_type : str or None
    repetition : int or None
    at_once : int or None
        Row of the table of simultaneous recordings.
    """

    index: int
    response: str
    stimulus: str | None
    v_window: Window
    i_window: Window | None
    stimulus_type: str | None = None
    repetition: int | None = None
    at_once: int | None = None


@dataclass(frozen=True)
class Tables:
    """What the tables say of each response; nothing, where there are none."""

    rows: list[Row] = field(default_factory=list)

    @cached_property
    def types(self) -> dict[str, str]:
        """Types of the stimuli, by the paths of the responses."""
        return {row.response: row.stimulus_type for row in self.rows if row.stimulus_type is not None}

    @cached_property
    def repetitions(self) -> dict[str, int]:
        """Repetitions, by the paths of the responses."""
        return {row.response: row.repetition for row in self.rows if row.repetition is not None}

    @cached_property
    def stimuli(self) -> dict[str, str]:
        """Stimuli, by the paths of the responses that stand in one row only."""
        rows = [row for row in self.rows if row.stimulus is not None]
        counts = Counter(row.response for row in rows)
        return {row.response: str(row.stimulus) for row in rows if counts[row.response] == 1}

    @cached_property
    def at_once(self) -> dict[str, int]:
        """Which responses were recorded at once, by their paths."""
        return {row.response: row.at_once for row in self.rows if row.at_once is not None}


def read_tables(content: h5py.File) -> Tables:
    """Return the rows that have a response."""
    responses = _member(content, "intracellular_recordings/responses/response")
    if responses is None:
        return Tables()
    stimuli = _member(content, "intracellular_recordings/stimuli/stimulus")
    given = list(stimuli[()]) if stimuli is not None and len(stimuli) == len(responses) else []
    at_once, types = _groups(content)
    types = _own_types(content) | types
    repetitions = repetition_column(content)
    rows = []
    for index, response in enumerate(responses[()]):
        voltage = _reference(content, response)
        current = _reference(content, given[index]) if given else None
        if voltage is not None:
            about = types.get(index), repetitions.get(index), at_once.get(index)
            i_path, i_window = current or (None, None)
            rows.append(Row(index, voltage[0], i_path, voltage[1], i_window, *about))
    return Tables(rows)


def _member(content: h5py.File, path: str) -> h5py.Dataset | None:
    try:
        found = content.get(f"{_ICEPHYS}/{path}")
    except (KeyError, OSError, RuntimeError):
        return None
    return found if isinstance(found, h5py.Dataset) and found.ndim == 1 else None


def _reference(content: h5py.File, cell: np.void) -> tuple[str, Window] | None:
    """Return the path and the window of a cell (idx_start, count, timeseries); -1 stands for nothing."""
    try:
        first, count = int(cell["idx_start"]), int(cell["count"])
        target = content[cell["timeseries"]]
    except (KeyError, ValueError, TypeError, IndexError, OSError):
        return None
    return (str(target.name), (first, count)) if first >= 0 and count > 0 else None


def _groups(content: h5py.File) -> tuple[dict[int, int], dict[int, str]]:
    """Return, for each row of recordings, its row of simultaneous ones, and the stimulus type of its sequence."""
    recordings = _ragged(content, "simultaneous_recordings/recordings")
    at_once = {int(row): k for k, group in enumerate(recordings) for row in group}
    types = _member(content, "sequential_recordings/stimulus_type")
    sequences = _ragged(content, "sequential_recordings/simultaneous_recordings")
    if types is None or len(types) != len(sequences):
        return at_once, {}
    found = {}
    for kind, simultaneous in zip(types[()], sequences, strict=True):
        for group in simultaneous:
            for row in recordings[group] if 0 <= group < len(recordings) else []:
                found[int(row)] = text(kind) or ""
    return at_once, found


def _own_types(content: h5py.File) -> dict[int, str]:
    """Return what the table of recordings itself says of the stimulus of each row."""
    for place in ("intracellular_recordings", "intracellular_recordings/stimuli"):
        for name in _TYPE_COLUMNS:
            column = _member(content, f"{place}/{name}")
            if column is not None:
                words = (text(value) for value in column[()])
                return {row: word for row, word in enumerate(words) if word is not None}
    return {}


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
