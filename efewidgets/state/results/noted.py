"""What a person noted, beside the results: all notes as a table, and the averages of targets group by group."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from ...engine.averages import mean_and_std
from ...engine.problems import EfeError, nearest
from ...engine.stages.inputs import Inputs
from ...engine.stages.notes import NOTE, in_order, tag_keys, tags_of
from .found import Found
from .tables import unit_of

NOTE_COLUMNS = ("cell", "protocol", "file", "sweep")
GROUP_COLUMNS = "target protocol amplitude feature group recordings cells n mean std unit".split()

#: By what everything is grouped without a tag
CELL = "cell"

#: The group of recordings without the tag
WITHOUT = ""


def notes_table(results: Found) -> pd.DataFrame:
    """Return one row per cell, and one per recording, of which something was noted.

    Returns
    -------
    pandas.DataFrame
        A column for each tag, and ``note``; a tag of a cell stands in the row of the cell alone.
    """
    inputs, members = results.inputs, results.members
    keys = tag_keys(inputs)
    names = [f"{key} (tag)" if key in NOTE_COLUMNS else key for key in keys]
    rows: list[tuple[Any, ...]] = []
    for cell in inputs.cells:
        told = inputs.cell_notes.get(cell.name)
        if told:
            rows.append((cell.name, None, None, None, *map(told.get, (*keys, NOTE))))
    for one, told in inputs.recording_notes.items():
        if one in members:
            member = members[one]
            place = (member.cell, member.protocol, member.file.path, member.recording.label)
            rows.append((*place, *map(told.get, (*keys, NOTE))))
    return pd.DataFrame(rows, columns=[*NOTE_COLUMNS, *names, NOTE], dtype=object)


def grouped_table(
    inputs: Inputs,
    statistics: pd.DataFrame,
    table: pd.DataFrame,
    by: str,
    targets: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return one row per target and group of recordings; what is written doesn't depend on groups.

    Parameters
    ----------
    inputs : Inputs
    statistics, table : pandas.DataFrame
        `Results.target_statistics` and `Results.feature_table`.
    by : str
        Name of a tag, such as "genotype", or "cell".
    targets : list of str, optional
        Ids of targets; by default all in force.

    Returns
    -------
    pandas.DataFrame
        ``recordings`` and ``cells``: how many of the group fall into the target; ``n``: how many give a value;
        ``mean`` and ``std`` of these, in ``unit``, counted as in the output. Those without the tag come last, as the
        group "".

    Raises
    ------
    EfeError
        If nothing has such a tag.
    """
    keys = tag_keys(inputs)
    if by != CELL and by not in keys:
        raise EfeError(f"no cell and no recording has a tag {by!r}.{nearest(by, keys)}")
    values = _values(inputs, table, by)
    rows = []
    for one in statistics.to_dict("records"):
        if targets is not None and one["target"] not in targets:
            continue
        of_target = values.get(one["target"], {})
        names = in_order(of_target) if by != CELL else list(of_target)
        for group in sorted(names, key=lambda name: name == WITHOUT):
            found = of_target[group]
            known = [value for _, value in found if np.isfinite(value)]
            average, std = mean_and_std(known)
            rows.append(
                (
                    *(one["target"], one["protocol"], one["amplitude"], one["feature"], group),
                    *(len(found), len({cell for cell, _ in found}), len(known), average),
                    inputs.default_std_value if std == 0.0 else std,
                    unit_of(one["efeature"]),
                )
            )
    return pd.DataFrame(rows, columns=GROUP_COLUMNS)


def _values(inputs: Inputs, table: pd.DataFrame, by: str) -> dict[str, dict[str, list[tuple[str, float]]]]:
    """Return cell and value of each recording that fell into a target, by target and group."""
    groups: dict[str, str] = {}
    found: dict[str, dict[str, list[tuple[str, float]]]] = {}
    columns = (table[name].tolist() for name in ("recording", "cell", "value", "targets"))
    for recording, cell, value, targets in zip(*columns, strict=True):
        if recording not in groups:
            groups[recording] = cell if by == CELL else tags_of(inputs, cell, recording).get(by, WITHOUT)
        for target in targets:
            found.setdefault(target, {}).setdefault(groups[recording], []).append((cell, value))
    return found
