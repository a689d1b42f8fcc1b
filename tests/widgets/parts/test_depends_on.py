"""What is drawn anew after an edit: nothing, if what a widget shows has stayed as it was."""

from __future__ import annotations

import ipywidgets
import pytest

import efewidgets
from efewidgets import ExtractionState, datasets
from efewidgets.widgets.parts.base import StateWidget


class Cells(StateWidget):
    """Shows the cells' names, and which one is looked at."""

    watches_view = ("cell",)

    def build(self):
        self.drawn = []
        self.words = ipywidgets.HTML()
        return [self.words]

    def depends_on(self):
        return (self.state.inputs.cells,)

    def view_data(self):
        return [cell.name for cell in self.state.inputs.cells], self.state.view.cell

    def render(self, data):
        self.drawn.append(data)


@pytest.fixture
def cells():
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        yield Cells(state)


def test_an_edit_of_something_else_draws_nothing(cells):
    cells.state.set_targets([])
    assert cells.drawn == [(["RS1"], None)]
    cells.state.rename_cell("RS1", "new")
    assert cells.drawn[1:] == [(["new"], None)]
    cells.state.undo()
    assert cells.drawn[2:] == [(["RS1"], None)]


def test_where_the_eye_is_always_counts(cells):
    cells.state.view.cell = "RS1"
    assert cells.drawn[1:] == [(["RS1"], "RS1")]


def test_what_was_hidden_meanwhile_catches_up_only_if_it_must(cells):
    cells.shown = False
    cells.state.set_targets([])
    cells.shown = True
    assert len(cells.drawn) == 1
    cells.shown = False
    cells.state.rename_cell("RS1", "new")
    cells.state.undo()
    cells.shown = True  # there and back
    assert len(cells.drawn) == 1
    cells.shown = False
    cells.state.view.cell = "RS1"
    cells.shown = True
    assert cells.drawn[1:] == [(["RS1"], "RS1")]


def test_files_and_traces_are_not_drawn_for_targets_nor_plots_without_new_results():
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        files, traces = efewidgets.FileSelector(state), efewidgets.TraceViewer(state)
        plots, before = efewidgets.FeaturePlots(state), state.results
        state.set_targets([])
        for shown in (files, traces):
            assert shown._is_drawn({"revision"})
        assert plots._on_screen[0] is state.results is not before  # what is computed here is there at once
        drawn = traces._on_screen
        state.set_rheobase("RS1", 0.1)  # amplitudes in % of it stand beside the traces
        assert traces._on_screen != drawn
        drawn = traces._on_screen
        state.exclude([next(iter(state.results.members))], "drift")
        assert traces._on_screen != drawn
        for widget in (files, traces, plots):
            widget.close()


def test_a_table_of_what_is_seen_is_a_part_of_the_whole():
    with ExtractionState.from_arguments(datasets.sample_config(["RS1", "RS2"])) as state:
        results = state.results
        whole = results.feature_table
        assert len(whole) > 50
        for protocol, names in whole.groupby("protocol").feature.unique().items():
            chosen = list(names)[:3]
            found = results.features_of(protocol, chosen)
            assert set(found.feature) == set(chosen)
            for name in chosen:
                wanted = whole[(whole.protocol == protocol) & (whole.feature == name)]
                assert (
                    found[found.feature == name].reset_index(drop=True).equals(wanted.reset_index(drop=True))
                )
            assert set(found.protocol) == {protocol}
