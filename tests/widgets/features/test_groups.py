"""Points told apart by a tag instead of their cells: colours, curves, averages; what is written stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.widgets.features.groups import Grouping, averages, offered


def cells_of(state):
    return [cell.name for cell in state.inputs.cells]


def test_without_a_tag_there_is_nothing_to_choose(state, plots):
    assert offered(state.results) == (("cell", "cell"),)
    assert plots.by.layout.display == "none"
    assert plots.averages.layout.display == "none"
    assert set(plots.legend.buttons) == set(cells_of(state))


def test_points_are_told_apart_by_a_tag(state, plots):
    one, other = cells_of(state)
    before, written = plots.view_data()["panels"][0], state.results.texts
    state.describe_cells(one, genotype="WT")
    plots.by.value = "genotype"
    after = plots.view_data()["panels"][0]
    np.testing.assert_array_equal(after.x, before.x)
    assert after.names.tolist() == before.names.tolist()
    assert after.cells.tolist() == [{one: "WT", other: "no genotype"}[cell] for cell in before.cells]
    assert list(plots.legend.buttons) == ["WT", "no genotype"]
    plots.legend.buttons["WT"].value = False
    assert set(plots.view_data()["panels"][0].cells) == {"no genotype"}
    assert state.results.texts == written
    state.undo()
    assert plots.view_data()["by"] == "cell"  # nothing has the tag any more
    assert set(plots.legend.buttons) == {one, other}


def test_a_sweeps_own_tag_counts_and_values_are_sorted(state, plots):
    one, other = cells_of(state)
    state.describe_cells(one, age="P14")
    state.describe_cells(other, age="P9")
    first = next(i for i, member in state.results.members.items() if member.cell == one)
    state.describe(first, age="P21")
    groups = Grouping(state.results, "age")
    assert groups.names() == ["P9", "P14", "P21", "no age"]
    assert groups.of(state.results.members[first]) == "P21"


def test_curves_go_through_the_means_of_a_group(state, plots):
    state.describe_cells(cells_of(state), genotype="WT")
    plots.view.value = "f–I"
    by_cell = plots.view_data()["panels"][0]
    plots.by.value = "genotype"
    panel = plots.view_data()["panels"][0]
    assert [curve.cell for curve in by_cell.curves] == cells_of(state)
    assert [curve.cell for curve in panel.curves] == ["WT"]
    assert panel.y.sum() == by_cell.y.sum()


def test_a_distribution_stands_group_beside_group(state, plots):
    one, other = cells_of(state)
    state.describe_cells(one, genotype="WT")
    state.describe_cells(other, genotype="KO")
    plots.view.value = "distribution"
    plots.by.value = "genotype"
    (panel,) = plots.view_data()["panels"]
    assert panel.x_label == "genotype"
    assert list(panel.places.values()) == [name for name in ("KO", "WT") if name in panel.cells]
    (row,) = plots.averages.rows
    assert row["id"] == plots.target.value


def test_averages_stand_below_group_by_group(state, plots):
    one, other = cells_of(state)
    state.describe_cells(one, genotype="WT")
    state.describe_cells(other, genotype="<b>KO")
    plots.by.value = "genotype"
    assert plots.averages.layout.display is None
    labels = [column.label for column in plots.averages.columns]
    assert labels == ["Protocol", "Amplitude", "Feature", "Unit", "<b>KO", "± std", "n", "WT", "± std", "n"]
    by = state.results.statistics_by("genotype")
    for row in plots.averages.rows:
        for k, name in enumerate(("<b>KO", "WT")):
            told = by[(by.target == row["id"]) & (by.group == name)]
            if len(told) and told.n.iloc[0]:
                assert row[f"mean:{k}"] == pytest.approx(told["mean"].iloc[0])
                assert row[f"n:{k}"] == told.n.iloc[0]
            else:
                assert row[f"mean:{k}"] is None
    columns, rows = averages(state.results, "genotype", [])
    assert rows == []
    assert len(columns) == 4
