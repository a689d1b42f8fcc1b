"""What the feature plots show, as plain data: points, targets and curves, panel by panel."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.figures.style import counted
from ...engine.targets.rheobase import apart
from ...state.results.currents import CurrentUnit
from ...state.results.noted import CELL
from ..parts.html import plain
from .groups import GROUP, grouped

if TYPE_CHECKING:
    import pandas as pd

    from ...state.results.results import Results

#: More points than these are not drawn in one panel
MOST_POINTS = 5000

#: How amplitudes are shown: the column of the tables, and the axis' label
AMPLITUDES = {"%": ("amp_percent", "amplitude (% of rheobase)"), "nA": ("amp_nA", "amplitude (nA)")}


@dataclass(frozen=True)
class Band:
    """A target: where recordings fall into it, and what came out.

    Parameters
    ----------
    low, high : float
        Amplitudes, % of rheobase or nA.
    mean, std : float
        In the feature's unit; NaN without values.
    in_output : bool
        Whether there are values enough.
    """

    target: str
    low: float
    high: float
    mean: float
    std: float
    in_output: bool


@dataclass(frozen=True)
class Curve:
    """The means of one cell, or another group, at rising amplitudes."""

    cell: str
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, eq=False)
class Ghosts:
    """Sweeps that were left out, where they would stand; one entry each."""

    x: np.ndarray
    y: np.ndarray
    ids: np.ndarray
    names: np.ndarray


NO_GHOSTS = Ghosts(*(np.empty(0) for _ in range(2)), *(np.empty(0, dtype=object) for _ in range(2)))


@dataclass(frozen=True, eq=False)
class Panel:
    """One figure.

    Parameters
    ----------
    x, y : np.ndarray
        One entry a point.
    cells, ids, names : np.ndarray of str
        Of each point: its cell, or another group that it is told apart by, the recording's id, and what it is called.
    faint : np.ndarray of bool
        Whether the value isn't in the output.
    places : dict
        Texts at some x, where x isn't a number: the cells of a distribution.
    ghosts : Ghosts
    whole : bool
        Whether x are whole numbers.
    """

    title: str
    x_label: str
    y_label: str
    x: np.ndarray
    y: np.ndarray
    cells: np.ndarray
    ids: np.ndarray
    names: np.ndarray
    faint: np.ndarray
    bands: tuple[Band, ...] = ()
    curves: tuple[Curve, ...] = ()
    note: str = ""
    places: dict[float, str] = field(default_factory=dict)
    ghosts: Ghosts = NO_GHOSTS
    whole: bool = False

    def __len__(self) -> int:
        return len(self.x)


def in_unit(panel: Panel, unit: CurrentUnit) -> Panel:
    """Return a panel whose currents, if it has some, are in another unit than nA."""
    if panel.x_label != AMPLITUDES["nA"][1] or unit.factor == 1.0:
        return panel
    by = unit.factor
    return dataclasses.replace(
        panel,
        x_label=f"amplitude ({unit.name})",
        x=panel.x * by,
        bands=tuple(
            dataclasses.replace(band, low=band.low * by, high=band.high * by) for band in panel.bands
        ),
        curves=tuple(dataclasses.replace(curve, x=curve.x * by) for curve in panel.curves),
        ghosts=dataclasses.replace(panel.ghosts, x=panel.ghosts.x * by),
    )


def words_of(member: Any) -> str:
    """Return what a sweep is called beside its point."""
    return " · ".join(map(plain, (member.cell, member.protocol, member.recording.label)))


def feature_panels(
    results: Results,
    table: pd.DataFrame,
    protocol: str,
    features: Iterable[str],
    unit: str,
    hidden: Iterable[str] = (),
) -> list[Panel]:
    """Return a panel for each feature: values against amplitude, and the targets.

    Parameters
    ----------
    table : pandas.DataFrame
        As `Results.feature_table`.
    unit : {"%", "nA"}
    hidden : list of str
        Cells, or other groups, that are left out.
    """
    table = grouped(table)
    statistics = results.target_statistics
    statistics = statistics[statistics.protocol == protocol]
    kept = set(statistics.target[statistics.in_output])
    of_protocol = table[(table.protocol == protocol) & ~table[GROUP].isin(list(hidden))]
    in_unit = "nA" if results.inputs.absolute_amplitude else "%"
    found = []
    for feature in features:
        rows = of_protocol[of_protocol.feature == feature]
        wanted = statistics[statistics.feature == feature]
        bands = tuple(_bands(wanted)) if unit == in_unit else ()
        y_unit = str(wanted.unit.iloc[0]) if len(wanted) else ""
        found.append(_panel(rows, feature, y_unit, unit, kept, bands))
    return found


def _bands(statistics: pd.DataFrame) -> Iterable[Band]:
    columns = "target amplitude tolerance mean std in_output".split()
    for target, amplitude, tolerance, mean, std, enough in zip(
        *(statistics[column].tolist() for column in columns), strict=True
    ):
        yield Band(target, amplitude - tolerance, amplitude + tolerance, mean, std, enough)


def _panel(
    rows: pd.DataFrame, title: str, y_label: str, unit: str, kept: set[str], bands: tuple[Band, ...] = ()
) -> Panel:
    """Return the points of a table; those whose targets all have too few values are faint."""
    column, x_label = AMPLITUDES[unit]
    x, y = rows[column].to_numpy(float), rows["value"].to_numpy(float)
    seen = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    notes = []
    if len(seen) > MOST_POINTS:
        notes.append(f"{MOST_POINTS:,} of {len(seen):,} points are drawn")
        seen = seen[np.linspace(0, len(seen) - 1, MOST_POINTS).astype(int)]
    missing = len(rows) - int((np.isfinite(x) & np.isfinite(y)).sum())
    if missing:
        notes.append(f"{counted(missing, 'recording')} without a value")
    shown = rows.iloc[seen]
    faint = np.fromiter((not kept.intersection(ids) for ids in shown["targets"].tolist()), bool, len(shown))
    return Panel(
        title,
        x_label,
        y_label,
        x[seen],
        y[seen],
        texts(shown[GROUP].tolist()),
        texts(shown["recording"].tolist()),
        _names(shown),
        faint,
        bands,
        note="; ".join(notes),
    )


def texts(values: Iterable[Any]) -> np.ndarray:
    """Return texts as an array, an empty one too."""
    return np.array([str(value) for value in values], dtype=object)


def _names(rows: pd.DataFrame) -> np.ndarray:
    parts = (rows[column].tolist() for column in ("cell", "protocol", "sweep"))
    return np.array(list(map(_name, *parts)), dtype=object)


@lru_cache(maxsize=50_000)
def _name(*parts: Any) -> str:
    """Return what a recording is called beside a point; there is one in the panel of each feature."""
    return " · ".join(map(plain, parts))


def distribution(
    results: Results,
    table: pd.DataFrame,
    target: str,
    cells: Sequence[str],
    hidden: Iterable[str] = (),
    by: str = CELL,
) -> Panel | None:
    """Return the values that went into a target, cell beside cell, or None if there is no such target in force.

    Parameters
    ----------
    table : pandas.DataFrame
        As `Results.feature_table`; other groups than cells stand in it.
    cells : list of str
        The groups, in their order.
    by : str
        What the groups are.
    """
    table = grouped(table)
    statistics = results.target_statistics
    found = statistics[statistics.target == target]
    if not len(found):
        return None
    about = found.iloc[0]
    rows = table[(table.protocol == about.protocol) & (table.feature == about.feature)]
    inside = np.fromiter((target in ids for ids in rows["targets"]), bool, len(rows))
    rows = rows[inside & ~rows[GROUP].isin(list(hidden)).to_numpy()]
    kept = {target} if about.in_output else set()
    panel = _panel(rows, _title(results, about), str(about.unit), "nA", kept)
    there = [cell for cell in cells if cell in set(panel.cells)]
    place = {cell: float(k + 1) for k, cell in enumerate(there)}
    band = Band(
        target, 0.5, len(there) + 0.5, float(about["mean"]), float(about["std"]), bool(about.in_output)
    )
    return Panel(
        panel.title,
        by,
        panel.y_label,
        _spread(np.array([place[cell] for cell in panel.cells])),
        panel.y,
        panel.cells,
        panel.ids,
        panel.names,
        panel.faint,
        (band,),
        tuple(_boxes(panel, place)),
        panel.note,
        {x: cell for cell, x in place.items()},
    )


def _title(results: Results, about: Any) -> str:
    unit = "nA" if results.inputs.absolute_amplitude else "% of rheobase"
    return f"{about.feature} · {about.protocol} at {about.amplitude:g} ± {about.tolerance:g} {unit}"


def _spread(x: np.ndarray) -> np.ndarray:
    """Return points beside each other that would lie upon each other, in their order and never by chance."""
    found = x.astype(float)
    for place in np.unique(x):
        at = np.flatnonzero(x == place)
        found[at] = place + 0.25 * (np.arange(len(at)) % 7 - min(len(at) - 1, 6) / 2) / 3.5
    return found


def _boxes(panel: Panel, place: dict[str, float]) -> Iterable[Curve]:
    """Yield a box of the quartiles of each cell that has three values or more, with the median as its waist."""
    for cell, x in place.items():
        values = panel.y[panel.cells == cell]
        if len(values) > 2:
            low, middle, high = np.percentile(values, (25, 50, 75))
            left, right = x - 0.32, x + 0.32
            yield Curve(
                cell,
                np.array([left, right, right, left, left, right, right, left, left]),
                np.array([middle, middle, high, high, middle, middle, low, low, middle]),
            )


def curves(panel: Panel) -> tuple[Curve, ...]:
    """Return a line through the means of each cell, of repeats one; their amplitudes miss each other a little."""
    in_nA = panel.x_label == AMPLITUDES["nA"][1]
    found = []
    for cell in dict.fromkeys(panel.cells):
        mine = np.flatnonzero(panel.cells == cell)
        mine = mine[np.argsort(panel.x[mine], kind="stable")]
        x, y = panel.x[mine], panel.y[mine]
        least = np.array([apart(value) if in_nA else 0.5 for value in x])
        where = np.cumsum(np.r_[0, np.diff(x) > least[1:]]) if len(x) else np.empty(0, int)
        number = np.bincount(where)
        found.append(Curve(str(cell), np.bincount(where, x) / number, np.bincount(where, y) / number))
    return tuple(found)
