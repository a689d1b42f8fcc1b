"""The course of a session: what a cell was like from its first sweep to its last one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.figures.style import counted
from ...state.results.currents import CurrentUnit
from ...state.results.members import Member
from ..actions.walk import in_session
from .data import NO_GHOSTS, Curve, Ghosts, Panel, feature_panels, texts, words_of
from .groups import Grouping

if TYPE_CHECKING:
    import pandas as pd

X_LABEL = "sweep, in the order of acquisition"


def course_panels(
    groups: Grouping, table: pd.DataFrame, protocol: str | None, features: Iterable[str], current: CurrentUnit,
    hidden: Iterable[str] = (),
) -> list[Panel]:  # fmt: skip
    """Return a panel for the baseline, the input resistance and the holding current, and for each feature.

    Parameters
    ----------
    groups : Grouping
    table : pandas.DataFrame
        As `Results.feature_table`, with groups.
    protocol : str or None
        That of the features; None if no target wants any.
    features : list of str
    current : CurrentUnit
    hidden : list of str
        Cells, or other groups, that are left out.
    """
    left_out = tuple(hidden)
    panels = [panel for about in _MEASURES if len(panel := _measured(groups, *about, current, left_out))]
    if protocol is None:
        return panels
    for panel in feature_panels(groups.results, table, protocol, features, "nA", left_out):
        placed = _in_session(groups, panel)
        panels += [dataclasses.replace(placed, title=f"{panel.title} · {protocol}")] if len(placed) else []
    return panels


def ghosts_in_session(groups: Grouping, ghosts: Ghosts) -> Ghosts:
    """Return sweeps that were left out, where they were acquired."""
    numbers = in_session(groups.results)
    at = np.array([n for n, one in enumerate(ghosts.ids) if one in numbers], dtype=int)
    ids = ghosts.ids[at]
    return Ghosts(np.array([numbers[one] for one in ids], dtype=float), ghosts.y[at], ids, ghosts.names[at])


def _baseline(member: Member, factor: float) -> float | None:
    return (member.recording.membrane or {}).get("baseline")


def _resistance(member: Member, factor: float) -> float | None:
    return (member.recording.membrane or {}).get("resistance")


def _holding(member: Member, factor: float) -> float | None:
    held = member.recording.hypamp
    return None if held is None else float(held) * factor


#: Title, unit ("" for that of currents), how it is had, and why some sweeps don't tell it
_MEASURES: tuple[tuple[str, str, Callable[[Member, float], float | None], str], ...] = (
    ("baseline before the stimulus", "mV", _baseline, "no step, or nothing before it"),
    ("input resistance", "MΩ", _resistance, "no step that the membrane answers passively"),
    ("holding current", "", _holding, "no stimulus was found"),
)


def _measured(
    groups: Grouping,
    title: str,
    unit: str,
    value: Callable[[Member, float], float | None],
    without: str,
    current: CurrentUnit,
    hidden: Sequence[str],
) -> Panel:
    """Return what all sweeps tell of one measure, with those that were left out as ghosts."""
    numbers, members = in_session(groups.results), groups.results.members
    sweeps = [members[one] for one in numbers if groups.of(members[one]) not in hidden]
    told = [(m, None if m.lost else value(m, current.factor)) for m in sweeps]
    points = [(m, y) for m, y in told if y is not None and np.isfinite(y)]
    used = [(m, y) for m, y in points if m.excluded is None]
    left = [(m, y) for m, y in points if m.excluded is not None]
    missing = len(told) - len(points)
    x, y, ids, names = _columns(numbers, used)
    panel = Panel(
        title,
        X_LABEL,
        unit or current.name,
        x,
        y,
        texts(groups.of(m) for m, _ in used),
        ids,
        names,
        np.zeros(len(used), dtype=bool),
        note=f"{counted(missing, 'sweep')} without a value: {without}" if missing else "",
        whole=True,
    )
    ghosts = Ghosts(*_columns(numbers, left, excluded=True)) if left else NO_GHOSTS
    return dataclasses.replace(panel, curves=_lines(groups, panel), ghosts=ghosts)


def _columns(
    numbers: dict[str, int], points: Sequence[tuple[Member, float]], excluded: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.array([numbers[m.id] for m, _ in points], dtype=float),
        np.array([y for _, y in points], dtype=float),
        texts(m.id for m, _ in points),
        texts(words_of(m) + (f" · excluded: {m.excluded}" if excluded else "") for m, _ in points),
    )


def _in_session(groups: Grouping, panel: Panel) -> Panel:
    """Return the points of a panel where they were acquired; those of models, which never were, are left out."""
    numbers = in_session(groups.results)
    at = np.array([n for n, one in enumerate(panel.ids) if one in numbers], dtype=int)
    of_points: dict[str, Any] = {
        name: getattr(panel, name)[at] for name in ("y", "cells", "ids", "names", "faint")
    }
    x = np.array([numbers[one] for one in of_points["ids"]], dtype=float)
    found = dataclasses.replace(panel, x_label=X_LABEL, x=x, bands=(), whole=True, **of_points)
    return dataclasses.replace(found, curves=_lines(groups, found))


def _lines(groups: Grouping, panel: Panel) -> tuple[Curve, ...]:
    """Return a line through the points of each cell, in the colour of its group."""
    members, found = groups.results.members, []
    cells = texts(members[one].cell for one in panel.ids)
    for cell in dict.fromkeys(cells):
        mine = np.flatnonzero(cells == cell)
        mine = mine[np.argsort(panel.x[mine], kind="stable")]
        found.append(Curve(str(panel.cells[mine[0]]), panel.x[mine], panel.y[mine]))
    return tuple(found)
