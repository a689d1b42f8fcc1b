"""The tables of NWB 2's icephys metadata: which response belongs to which stimulus, under which protocol.

Rows of recordings are grouped by simultaneous, these by sequential recordings, these by repetitions, these by
conditions. The extension from which the tables come (ndx-icephys-meta) called them otherwise, and had one flat table
of recordings; NeuroConv writes the names of the groups beside each row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import h5py
import numpy as np

from .hdf5_members import attribute, text
from .nwb_names import real_name

_ICEPHYS = "general/intracellular_ephys"
_PLACES = (_ICEPHYS, "general", "acquisition", "processing/icephys")
# What a row is called that names the stimulus; the first of them goes before what its sequence says.
_TYPE_COLUMNS = ("stimulus_type", "protocol", "protocol_name", "stimulus_description", "stimulus_name")
_CATEGORIES = ("", "stimuli/", "responses/", "electrodes/")

# Names and kinds of the tables, today's and the extension's, and the column by which each points to the one below.
_RECORDINGS = ("intracellular_recordings", "IntracellularRecordings", "IntracellularRecordingsTable")
_SIMULTANEOUS = ("simultaneous_recordings", "SimultaneousRecordingsTable", "sweeps", "Sweeps")
_SEQUENTIAL = ("sequential_recordings", "SequentialRecordingsTable", "sweep_sequences", "SweepSequences")
_REPETITIONS = ("repetitions", "RepetitionsTable", "runs", "Runs")
_CONDITIONS = ("experimental_conditions", "ExperimentalConditionsTable", "conditions", "Conditions")
_LEVELS = (
    (_SIMULTANEOUS, ("recordings",)),
    (_SEQUENTIAL, ("simultaneous_recordings", "sweeps")),
    (_REPETITIONS, ("sequential_recordings", "sweep_sequences")),
    (_CONDITIONS, ("repetitions", "runs")),
)

# Columns that say whether a sweep is good, or isn't; and those in which people say why.
_GOOD = re.compile(r"(sweep_|qc_|quality_)*(pass(ed)?|good|valid|ok|include[d]?|use[d]?)", re.IGNORECASE)
_BAD = re.compile(r"(sweep_|qc_|quality_)*(fail(ed|s)?|bad|exclude[d]?|reject(ed)?|invalid)", re.IGNORECASE)
_SAID = re.compile(r"(sweep_)?(tag|comment|note|remark|exclusion_reason|fail_reason)s?", re.IGNORECASE)
_NOTHING = ("", "nan", "none", "n/a", "na", "-", "no comments", "no comment", "[]")

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
    electrode : str or None
        Path of the electrode, where the table has it.
    condition : str or None
    remark : str
        What people wrote about it: that it failed, tags, comments.
    """

    index: int
    response: str
    stimulus: str | None
    v_window: Window
    i_window: Window | None
    stimulus_type: str | None = None
    repetition: int | None = None
    at_once: int | None = None
    electrode: str | None = None
    condition: str | None = None
    remark: str = ""


@dataclass(frozen=True)
class Tables:
    """What the tables say of each response; nothing, where there are none. `gone` are rows that point to nothing."""

    rows: list[Row] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)

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
        return {path: row.stimulus for path, row in self.alone.items() if row.stimulus is not None}

    @cached_property
    def alone(self) -> dict[str, Row]:
        """Rows by the paths of the responses that stand in one row only."""
        counts = Counter(row.response for row in self.rows)
        return {row.response: row for row in self.rows if counts[row.response] == 1}

    @cached_property
    def at_once(self) -> dict[str, int]:
        """Which responses were recorded at once, by their paths."""
        return {row.response: row.at_once for row in self.rows if row.at_once is not None}


def read_tables(content: h5py.File) -> Tables:
    """Return the rows that have a response."""
    table = _table(content, _RECORDINGS)
    responses = _column(table, "responses/response", "response")
    if table is None or responses is None:
        return Tables()
    n = len(responses)
    references = {"response": list(responses[()])}
    for name, places in (
        ("stimulus", ("stimuli/stimulus", "stimulus")),
        ("electrode", ("electrodes/electrode", "electrode")),
    ):
        column = _column(table, *places)
        references[name] = list(column[()]) if column is not None and len(column) == n else [None] * n
    electrodes = _electrodes(content, references["electrode"])
    groups = _groups(content, n)
    types = _types(content, table, groups[1], n)
    conditions = _conditions(content, table, groups[3], n)
    numbers = _repetitions(content, table, groups, types, conditions, electrodes)
    remarks = _remarks(table, n)
    rows, gone = [], []
    for k in range(n):
        voltage = _reference(content, references["response"][k])
        current = _reference(content, references["stimulus"][k]) or (None, None)
        if voltage is not None:
            about = (
                types.get(k),
                numbers.get(k),
                groups[0].get(k),
                electrodes[k],
                conditions.get(k),
                remarks.get(k, ""),
            )
            rows.append(Row(k, voltage[0], current[0], voltage[1], current[1], *about))
        elif _points(references["response"][k]):
            gone.append(k)
    return Tables(rows, gone)


def _table(content: h5py.File, names: Sequence[str]) -> h5py.Group | None:
    """Return a table by its name, or by its kind where it stands elsewhere."""
    for place in _PLACES:
        parent = _get(content, place)
        if not isinstance(parent, h5py.Group):
            continue
        for name in names:
            found = _get(parent, name)
            # a series of a person's may be called as a table is
            if isinstance(found, h5py.Group) and (place == _ICEPHYS or _kind(found) in names):
                return found
    return None


def _kind(group: h5py.Group) -> str:
    return text(attribute(group, "neurodata_type")) or ""


def _get(group: h5py.Group, name: str) -> h5py.HLObject | None:
    try:
        return group.get(name)
    except (KeyError, OSError, RuntimeError):
        return None


def _column(table: h5py.Group | None, *names: str) -> h5py.Dataset | None:
    """Return a column of a table by the first of its names that there is."""
    for name in names:
        found = _get(table, name) if table is not None else None
        if isinstance(found, h5py.Dataset) and found.ndim == 1:
            return found
    return None


def _reference(content: h5py.File, cell: np.void | None) -> tuple[str, Window] | None:
    """Return the path and the window of a cell (idx_start, count, timeseries); -1 stands for nothing."""
    try:
        first, count = int(cell["idx_start"]), int(cell["count"])  # type: ignore[index]
        target = content[cell["timeseries"]].name if first >= 0 and count > 0 else None  # type: ignore[index]
    except (KeyError, ValueError, TypeError, IndexError, OSError):
        return None
    return (str(target), (first, count)) if target is not None else None


def _points(cell: np.void) -> bool:
    """Whether a cell (idx_start, count, timeseries) says that there is something."""
    try:
        return int(cell["idx_start"]) >= 0 and int(cell["count"]) > 0
    except (KeyError, ValueError, TypeError, IndexError):
        return False


def _electrodes(content: h5py.File, references: Sequence[object]) -> list[str | None]:
    """Return the paths of electrodes; HDF5 searches the file for each path, and there are few electrodes."""
    known: dict[Hashable, str | None] = {}
    found: list[str | None] = []
    for reference in references:
        try:
            place = content[reference]
            about = h5py.h5o.get_info(place.id)
        except (KeyError, ValueError, TypeError, OSError):
            found.append(None)
            continue
        if about.addr not in known:
            known[about.addr] = place.name
        found.append(known[about.addr])
    return found


# --- which rows belong together


def _groups(content: h5py.File, n: int) -> list[dict[int, int]]:
    """Return, for each level above the recordings, in which of its rows each recording is."""
    found: list[dict[int, int]] = []
    below: dict[int, list[int]] = {k: [k] for k in range(n)}
    for names, columns in _LEVELS:
        lists = _ragged(_table(content, names), columns)
        members = {k: [row for each in of for row in below.get(int(each), ())] for k, of in enumerate(lists)}
        found.append({row: k for k, rows in members.items() for row in rows})
        below = members
    return found


def _ragged(table: h5py.Group | None, names: Sequence[str]) -> list[np.ndarray]:
    """Return a column of lists, stored as one column of values and one of where each list ends."""
    for name in names:
        values, ends = _column(table, name), _column(table, name + "_index")
        if values is not None and ends is not None and values.dtype.kind in "iu" and ends.dtype.kind in "iu":
            return np.split(values[()], ends[()].astype(np.int64))[: len(ends)]
    return []


def _words(table: h5py.Group | None, n: int, *names: str) -> dict[int, str]:
    """Return the texts of a column of `n` rows by the first of its names that there is, without empty ones."""
    for name in names:
        column = _column(table, name)
        if column is not None and len(column) == n:
            found = ((k, _word(value)) for k, value in enumerate(column[()]))
            return {k: word for k, word in found if word}
    return {}


def _word(value: object) -> str | None:
    """Return a text, or a whole number as text."""
    return str(int(value)) if isinstance(value, np.integer) else text(value)


def _types(content: h5py.File, table: h5py.Group, sequences: dict[int, int], n: int) -> dict[int, str]:
    """Return the stimulus of each row: its own type, else that of its sequence, else what other columns call it.

    Words that name nothing ("not described") give way to any name.
    """
    above = _table(content, _SEQUENTIAL)
    size = max(sequences.values(), default=-1) + 1
    column = _column(above, "stimulus_type")
    of_sequences = (
        _words(above, len(column), "stimulus_type") if column is not None and len(column) >= size else {}
    )
    said = [
        _words(table, n, *(category + _TYPE_COLUMNS[0] for category in _CATEGORIES)),
        {row: of_sequences[k] for row, k in sequences.items() if k in of_sequences},
        *(_words(table, n, *(category + name for category in _CATEGORIES)) for name in _TYPE_COLUMNS[1:]),
    ]
    found: dict[int, str] = {}
    for words in said:
        for row, word in words.items():
            if real_name(found.get(row)) is None:
                found[row] = word if row not in found or real_name(word) else found[row]
    return found


def _conditions(content: h5py.File, table: h5py.Group, groups: dict[int, int], n: int) -> dict[int, str]:
    """Return the experimental condition of each row, by its label or else its number."""
    own = _words(table, n, *(category + "condition" for category in _CATEGORIES))
    if own:
        return own
    above = _table(content, _CONDITIONS)
    size = max(groups.values(), default=-1) + 1
    labels = _words(above, size, "condition", "name", "label", "tag") if size else {}
    return {row: labels.get(k, f"condition {k + 1}") for row, k in groups.items()}


# --- repetitions


def _repetitions(
    content: h5py.File,
    table: h5py.Group,
    groups: list[dict[int, int]],
    types: dict[int, str],
    conditions: dict[int, str],
    electrodes: list[str | None],
) -> dict[int, int]:
    """Return the number of the repetition of each row, from 1 on where it isn't given as a number.

    It is given by the row, by the table of repetitions (within each condition), or is the how-manieth sequence of
    its stimulus it stands in, as acquisition programs count.
    """
    own = repetition_column(content)
    if own:
        return own
    n = len(electrodes)
    labels = _words(table, n, "repetition")
    if labels:
        return _numbered(labels)
    if groups[2]:
        return _counted({row: ((conditions.get(row),), k) for row, k in groups[2].items()})
    runs = _words(table, n, "sequence") or {row: str(k) for row, k in groups[1].items()}
    if len(set(runs.values())) < 2:
        return {}
    about = {row: (types.get(row), conditions.get(row), electrodes[row]) for row in runs}
    return _counted({row: (about[row], run) for row, run in runs.items()})


def _numbered(labels: dict[int, str]) -> dict[int, int]:
    """Return the number at the end of each label, if different labels have different ones; else which label it is."""
    distinct = list(dict.fromkeys(labels.values()))
    ends = {label: re.search(r"(\d{1,9})\s*$", label) for label in distinct}
    numbers = {label: int(end[1]) for label, end in ends.items() if end}
    if len(set(numbers.values())) < len(distinct):
        numbers = {label: k + 1 for k, label in enumerate(distinct)}
    return {row: numbers[label] for row, label in labels.items()}


def _counted(runs: dict[int, tuple[tuple[Any, ...], object]]) -> dict[int, int]:
    """Return how many different runs there were up to that of each row, among those of its kind."""
    seen: dict[tuple[Any, ...], dict[object, int]] = {}
    found = {}
    for row, (kind, run) in sorted(runs.items()):
        counts = seen.setdefault(kind, {})
        found[row] = counts.setdefault(run, len(counts) + 1)
    return found


def repetition_column(content: h5py.File) -> dict[int, int]:
    """Return the repetition of each row of the recordings, if the table has such a column of whole numbers."""
    column = _column(_table(content, _RECORDINGS), "repetition")
    if column is None or column.dtype.kind not in "iu":
        return {}
    return {row: int(number) for row, number in enumerate(column[()])}


# --- what people wrote about single sweeps


def _remarks(table: h5py.Group, n: int) -> dict[int, str]:
    """Return what the table's own columns say of rows: that they failed, and tags and comments."""
    found: dict[int, list[str]] = {}
    for name, column in _own_columns(table, n):
        judged = _BAD.fullmatch(name) or _GOOD.fullmatch(name)
        bad = bool(_BAD.fullmatch(name))
        if not judged and not _SAID.fullmatch(name):
            continue
        for row, value in enumerate(column[()]):
            truth = _truth(value)
            if judged and truth is bad:
                found.setdefault(row, []).append(f"the file marks it as failed ({name} = {truth})")
            elif not judged and _word(value) and str(_word(value)).strip().lower() not in _NOTHING:
                found.setdefault(row, []).append(f"{name} in the file: {_word(value)!r}")
    return {row: "; ".join(words) for row, words in found.items()}


def _own_columns(table: h5py.Group, n: int) -> Iterator[tuple[str, h5py.Dataset]]:
    for category in _CATEGORIES:
        place = _get(table, category.rstrip("/")) if category else table
        for name in place if isinstance(place, h5py.Group) else ():
            column = _column(place, name)
            if column is not None and len(column) == n:
                yield str(name), column


def _truth(value: object) -> bool | None:
    """Return what a cell says: true, false, or neither."""
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, np.integer) and value in (0, 1)):
        return bool(value)
    word = (text(value) or "").strip().lower()
    return True if word in ("true", "yes", "1") else False if word in ("false", "no", "0") else None
