"""Which cell each sweep of an NWB file is of: that of its electrode, if there is more than one."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Hashable, Sequence

import h5py

from .hdf5_members import item, members
from .nwb_pairs import Pair
from .nwb_series import Series
from .nwb_tables import Tables

_ICEPHYS = "general/intracellular_ephys"
_MIES_OUTPUT = re.compile(r"data_(\d+)_DA(\d+)")

# The cell of sweeps without an electrode, where others have one.
_NO_ELECTRODE = "no electrode"

Mark = Hashable
Groups = dict[Mark, tuple[str, str | None]]


def electrode_of(series: Series) -> Mark | None:
    """Return what tells the electrode of a series from others: its place in the file, or its name."""
    electrode = series.member("electrode")
    if isinstance(electrode, h5py.Group):
        return _place(electrode)
    return series.word("electrode_name")


def sweep_number(series: Series) -> Hashable | None:
    """Return the number of a sweep, as the series or its name (MIES) has it."""
    number = series.number("sweep_number")
    if number is None:
        digits = re.match(r"data_(\d+)_(?:AD|DA)", series.name.rsplit("/", 1)[-1])
        return int(digits.group(1)) if digits else None
    return number


def with_cells(content: h5py.File, pairs: Sequence[Pair], tables: Tables) -> list[Pair]:
    """Return the sweeps with the names of their cells; those that the file names already keep them.

    An electrode is a cell, unless each of several electrodes has one sweep and none were recorded at once: then a
    program has counted its sweeps. Electrodes that the file says were in one cell, one after the other, are that cell.
    """
    if len({pair.cell for pair in pairs} - {None}) > 1:
        return list(pairs)
    groups = _groups(content)
    marks = [_mark(content, pair) for pair in pairs]
    pairs = [_with_electrode(pair, mark, groups) for pair, mark in zip(pairs, marks, strict=True)]
    marks = _one_a_cell(content, pairs, marks, tables, groups)
    if not any(mark is not None for mark in marks):
        marks = [_channel(pair) for pair in pairs]
    counts = Counter(mark for mark in marks if mark is not None)
    at_once = _at_once(content, pairs, marks, tables)
    if len(counts) > 2 and max(counts.values()) == 1 and not at_once:
        return pairs
    names = _names(list(counts), groups)
    if len(counts) < 2:
        return [
            dataclasses.replace(p, cell=p.cell or names.get(m)) for p, m in zip(pairs, marks, strict=True)
        ]
    return [
        dataclasses.replace(p, cell=names.get(m, _NO_ELECTRODE)) for p, m in zip(pairs, marks, strict=True)
    ]


def _place(group: h5py.Group) -> Mark:
    about = h5py.h5o.get_info(group.id)
    return about.fileno, about.addr


def _mark(content: h5py.File, pair: Pair) -> Mark | None:
    if pair.electrode is not None:
        return _place(content[pair.electrode])
    for path in (pair.voltage, pair.current):
        found = electrode_of(Series(content[path], ""))
        if found is not None:
            return found
    return None


def _with_electrode(pair: Pair, mark: Mark | None, groups: Groups) -> Pair:
    """Return a sweep with the path of its electrode, if the file describes it where NWB has it."""
    name = mark if isinstance(mark, str) else groups[mark][0] if mark in groups else None
    return pair if name is None else dataclasses.replace(pair, electrode=f"/{_ICEPHYS}/{name}")


def electrode_names(content: h5py.File, paths: Sequence[str]) -> list[str]:
    """Return the names of the electrodes of series, those of the series where no electrode is known."""
    groups, found = _groups(content), []
    for path in paths:
        mark = electrode_of(Series(content[path], ""))
        name = (
            groups[mark][0] if mark in groups else mark if isinstance(mark, str) else path.rsplit("/", 1)[-1]
        )
        found.append(name)
    return list(dict.fromkeys(found))


def _one_a_cell(
    content: h5py.File, pairs: Sequence[Pair], marks: list[Mark | None], tables: Tables, groups: Groups
) -> list[Mark | None]:
    """Return the marks with one for all electrodes that have the same ``cell_id`` and never recorded at once."""
    ids = {mark: found[1] for mark, found in groups.items() if mark in set(marks) and found[1]}
    for cell in {name for name, n in Counter(ids.values()).items() if n > 1}:
        same = {mark for mark, name in ids.items() if name == cell}
        of_cell = [k for k, mark in enumerate(marks) if mark in same]
        if not _at_once(content, [pairs[k] for k in of_cell], [marks[k] for k in of_cell], tables):
            first = marks[of_cell[0]]
            marks = [first if mark in same else mark for mark in marks]
    return marks


def _channel(pair: Pair) -> Mark | None:
    found = _MIES_OUTPUT.search(pair.current)
    return f"DA{found.group(2)}" if found else None


def _at_once(content: h5py.File, pairs: Sequence[Pair], marks: Sequence[Mark | None], tables: Tables) -> bool:
    """Whether any two electrodes have a sweep of one number, or stand in one row of simultaneous recordings."""
    seen: dict[Hashable, Mark | None] = {}
    if len(set(marks)) < 2:
        return False
    for pair, mark in zip(pairs, marks, strict=True):
        number = sweep_number(Series(content[pair.voltage], ""))
        row = tables.at_once.get(pair.voltage) if pair.at_once is None else pair.at_once
        for key in (("number", number), ("row", row)):
            if key[1] is not None and seen.setdefault(key, mark) != mark:
                return True
    return False


def _names(marks: Sequence[Mark], groups: Groups) -> dict[Mark, str]:
    """Return the names of electrodes' cells: the cell's own where the file gives each another, else the electrode's."""
    own = {mark: groups[mark][1] for mark in marks if mark in groups and groups[mark][1]}
    if len(set(own.values())) == len(marks):
        return {mark: str(name) for mark, name in own.items()}
    return {
        mark: mark if isinstance(mark, str) else groups[mark][0] if mark in groups else f"electrode {k + 1}"
        for k, mark in enumerate(marks)
    }


def _groups(content: h5py.File) -> Groups:
    """Return the names of electrodes, and of the cells that the file says they were in."""
    groups: Groups = {}
    parent = content.get(_ICEPHYS)
    for name in members(parent):
        group = item(parent, name)
        if isinstance(group, h5py.Group):
            groups[_place(group)] = (name, Series(group, "").word("cell_id"))
    return groups
