"""Features against amplitude, cell by cell, with the targets: what went into the output, and what looks odd."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import ipywidgets
import pandas as pd

from ...engine.figures.style import counted
from ...engine.outputs.spreadsheet import as_csv
from ...engine.problems import EfeError, nearest
from ...engine.stages.notes import tag_keys
from ...state import ExtractionState
from ...state.results.currents import current_unit
from ...state.results.noted import CELL
from ...state.results.results import Results
from ..actions.culling import exclude, without_one
from ..actions.reasons import Reasons, place
from ..parts import plots
from ..parts.base import StateWidget
from ..parts.html import escape, plain, tag
from ..parts.pictures import Pictures
from ..parts.style import FILLS, row
from ..parts.table import Table
from .choice import FIRST, FeatureChoice, Legend
from .course import course_panels, ghosts_in_session
from .curves import add_iv_target, fi_panels, iv_panels
from .data import NO_GHOSTS, Panel, distribution, feature_panels, in_unit
from .ghosts import GhostCache
from .groups import Averages, Grouping, averages, offered
from .panel import PanelPlot

#: So many panels are shown at a time
MOST_PANELS = 12

COURSE = "time course"
VIEWS = ("features", "distribution", "I–V", "f–I", COURSE)

EMPTY = {
    "features": "No feature has been computed yet. Add files and targets, and see to it that each cell has a rheobase.",
    "choose": "No feature is chosen. Add one above, or choose the usual ones.",
    "distribution": "There is no target yet. Add one; then the values that went into it are shown cell by cell.",
    "I–V": "No target wants a voltage that could be drawn against current. Add one with the button above.",
    "f–I": "No recording of a step has a spike yet. Add files of a protocol of depolarising steps.",
    COURSE: "No stimulus has been found yet. Add files; then each cell is shown from its first sweep to its last.",
}


class FeaturePlots(StateWidget):
    """Features of all recordings against amplitude, with targets; distributions, I–V and f–I curves, sessions in time.

    Parameters
    ----------
    state : ExtractionState
    features : list of str, optional
        Names of the features that are shown at first; by default the first few of the protocol.
    reasons : Reasons, optional
        Why sweeps are left out; by default those that are remembered on this machine.

    Attributes
    ----------
    view : ipywidgets.ToggleButtons
        "features", "distribution", "I–V", "f–I" or "time course".
    protocol, target : ipywidgets.Dropdown
        What is shown; the state's selection.
    unit : ipywidgets.ToggleButtons
        "%" (of rheobase) or "nA".
    by : ipywidgets.Dropdown
        What the colours tell apart: "cell", or a tag such as "genotype", by which curves and averages are made, too.
    averages : Table
        Of each target that is shown the averages of each group; shown only, not written.
    all_recordings : ipywidgets.Checkbox
        Whether recordings of the targets' protocols are shown that fall into no target.
    choice, legend : FeatureChoice, Legend
    lasso : ipywidgets.ToggleButton
        Whether the mouse draws around points, to choose their recordings.
    reason, exclude, unchoose : ipywidgets.Text, ipywidgets.Button
        Leave the chosen recordings out, or choose none.
    add_iv : ipywidgets.Button
        Adds a target that gives an I–V curve.
    plots : tuple of PanelPlot
    """

    watches: ClassVar[Sequence[str]] = ("revision",)
    watches_view: ClassVar[Sequence[str]] = ("protocol", "target", "recordings", "current_unit")

    def __init__(
        self,
        state: ExtractionState,
        *,
        features: Sequence[str] | None = None,
        reasons: Reasons | None = None,
    ):
        self.reasons = reasons or Reasons(place())
        self.left_out = GhostCache(self._came)
        self._features = None if features is None else tuple(features)
        self._table: tuple[Results, tuple[Any, ...], pd.DataFrame] | None = None
        self._panels: list[Panel] = []
        self._page = 0
        self.plots: tuple[PanelPlot, ...] = ()
        super().__init__(state)

    # --- the controls

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the controls."""
        self.empty = ipywidgets.HTML()
        self.grid = ipywidgets.Box()
        self.grid.add_class("efe-feature-grid")
        self.grid.add_class(FILLS)
        self.legend = Legend(lambda: self._again())
        self.choice = FeatureChoice(lambda: self._again())
        self.averages = Table((), label="averages of each group", height="260px")
        return (
            self._what(),
            self.choice,
            self._which(),
            self.legend,
            self.empty,
            self.grid,
            self._pages(),
            self.averages,
        )

    def _what(self) -> ipywidgets.Widget:
        self.view = ipywidgets.ToggleButtons(
            options=list(VIEWS), description="view", style={"button_width": "auto"}
        )
        self.protocol = ipywidgets.Dropdown(description="protocol", layout={"width": "240px"})
        self.target = ipywidgets.Dropdown(
            description="target", layout={"width": "380px", "max_width": "100%"}
        )
        self.unit = ipywidgets.ToggleButtons(
            options=[("% of rheobase", "%"), ("nA", "nA")],
            description="amplitude",
            style={"button_width": "auto"},
        )
        self.all_recordings = ipywidgets.Checkbox(
            description="all recordings of the protocols",
            tooltip="also those that fall into no target; computes their features",
            indent=False,
            layout={"width": "auto"},
        )
        self.add_iv = ipywidgets.Button(description="add a target for I–V", layout={"width": "auto"})
        self.by = ipywidgets.Dropdown(
            options=[("cell", CELL)],
            description="told apart by",
            style={"description_width": "initial"},
            layout={"width": "200px"},
        )
        self.on(self.by, lambda _: self.refresh())
        self.on(self.view, self._show_view)
        self.on(self.protocol, lambda name: setattr(self.state.view, "protocol", name))
        self.on(self.target, lambda target: setattr(self.state.view, "target", target))
        self.on(self.unit, lambda _: self.refresh())
        self.on(self.all_recordings, self._want_all)
        self.on_click(self.add_iv, lambda: add_iv_target(self.state))
        return row(
            self.view, self.protocol, self.target, self.unit, self.by, self.all_recordings, self.add_iv
        )

    def _which(self) -> ipywidgets.Widget:
        self.lasso = ipywidgets.ToggleButton(
            description="lasso", icon="pencil", tooltip="draw around points to choose recordings",
            layout={"width": "auto"},
        )  # fmt: skip
        self.reason = ipywidgets.Text(description="reason")
        self.exclude = ipywidgets.Button(description="exclude", layout={"width": "auto"})
        self.unchoose = ipywidgets.Button(description="choose none", layout={"width": "auto"})
        self.take_back = ipywidgets.Button(
            description="take back", tooltip="use the chosen crosses again", layout={"width": "auto"}
        )
        self.pictures = Pictures("features", ".efe-feature-grid", self.csv)
        self.on_click(self.take_back, self._take_back)
        self.on(self.lasso, self._use_lasso)
        self.on_click(self.exclude, self._exclude)
        self.on_enter(self.reason, self._exclude)
        self.on_click(self.unchoose, self._unchoose)
        return row(self.lasso, self.reason, self.exclude, self.take_back, self.unchoose, self.pictures)

    def _pages(self) -> ipywidgets.Widget:
        self.back = ipywidgets.Button(description="previous page", layout={"width": "auto"})
        self.forth = ipywidgets.Button(description="next page", layout={"width": "auto"})
        self.where = ipywidgets.HTML()
        self.on_click(self.back, lambda: self._turn(-1))
        self.on_click(self.forth, lambda: self._turn(1))
        self.pages = row(self.back, self.where, self.forth)
        return self.pages

    # --- what is shown

    def view_data(self) -> dict[str, Any]:
        """Return the panels of the view, and what can be chosen.

        Returns
        -------
        dict
            ``view``; ``protocols`` and ``protocol``; ``features``, all of the protocol, and those ``chosen``;
            ``targets`` and ``target``; ``panels``: list of `Panel`; ``cells``: list of str; ``empty``: what to do
            if there is nothing to show.
        """
        results, view, groups = self.state.results, self.view.value, self.grouping
        targets = results.targets
        protocols = list(dict.fromkeys(target.protocol for target in targets))
        wanted = self.state.view.protocol
        protocol = wanted if wanted in protocols else next(iter(protocols), None)
        features = list(dict.fromkeys(t.name for t in targets if t.protocol == protocol))
        chosen = self._chosen_of(features)
        in_force = {target.id: target for target in targets}
        selected = self.state.view.target
        first = next((t.id for t in targets if t.protocol == protocol), None)
        target = selected if selected in in_force else first
        found = {
            "view": view,
            "protocols": protocols,
            "protocol": protocol,
            "features": features,
            "chosen": chosen,
            "targets": list(targets),
            "target": target,
            "selected": selected,
            "cells": [cell.name for cell in self.state.inputs.cells],
            "absolute": self.state.inputs.absolute_amplitude,
            "by": groups.by,
            "groups": groups.names(),
            "offered": offered(results),
        }
        panels = self._view_panels(results, found)
        empty = "" if panels else EMPTY["choose" if view == "features" and features else view]
        return found | {"panels": panels, "empty": empty, "averages": self._averages(results, found)}

    @property
    def grouping(self) -> Grouping:
        """By what points are told apart: a tag, if anything has it."""
        results, by = self.state.results, self.by.value
        return Grouping(results, by if by in tag_keys(results.inputs) else CELL)

    @staticmethod
    def _averages(results: Results, found: dict[str, Any]) -> Averages | None:
        """Return the averages of each group, of the features or the target that are shown; None by cell."""
        if found["by"] == CELL or found["view"] not in ("features", "distribution"):
            return None
        if found["view"] == "distribution":
            return averages(results, found["by"], [found["target"]])
        shown = [
            target.id
            for target in found["targets"]
            if target.protocol == found["protocol"] and target.name in found["chosen"]
        ]
        return averages(results, found["by"], shown)

    def _view_panels(self, results: Results, found: dict[str, Any]) -> list[Panel]:
        currents = current_unit(self.state)
        return [in_unit(panel, currents) for panel in self._panels_in_nA(results, found)]

    def _panels_in_nA(self, results: Results, found: dict[str, Any]) -> list[Panel]:
        view, hidden, unit = found["view"], self.legend.hidden, self.unit.value
        if view == "f–I":
            return fi_panels(results, unit, hidden, self.grouping)
        if view == COURSE:
            return self._course(results, found)
        if not found["targets"]:
            return []
        if view == "I–V":
            return iv_panels(results, self.table(), unit, hidden)
        if view == "distribution":
            of = next(target for target in found["targets"] if target.id == found["target"])
            table = self.table(of.protocol, (of.name,))
            panel = distribution(results, table, found["target"], found["groups"], hidden, found["by"])
            return [panel] if panel else []
        table = self.table(found["protocol"], tuple(found["chosen"]))
        panels = feature_panels(results, table, found["protocol"], found["chosen"], unit, hidden)
        left = self.left_out.get(self.grouping, found["protocol"], found["chosen"], unit, hidden)
        return [dataclasses.replace(panel, ghosts=left.get(panel.title, NO_GHOSTS)) for panel in panels]

    def _course(self, results: Results, found: dict[str, Any]) -> list[Panel]:
        groups, protocol, chosen = self.grouping, found["protocol"], found["chosen"]
        hidden, current = self.legend.hidden, current_unit(self.state)
        if protocol is None:
            return course_panels(groups, results.feature_table, None, (), current, hidden)
        table = self.table(protocol, tuple(chosen))
        panels = course_panels(groups, table, protocol, chosen, current, hidden)
        left = self.left_out.get(groups, protocol, chosen, "nA", hidden)
        crosses = {f"{name} · {protocol}": ghosts_in_session(groups, of) for name, of in left.items()}
        return [dataclasses.replace(panel, ghosts=crosses.get(panel.title, panel.ghosts)) for panel in panels]

    def _chosen_of(self, features: list[str]) -> list[str]:
        if self._features is None:
            return features[:FIRST]
        return [name for name in features if name in self._features]

    def table(self, protocol: str | None = None, features: tuple[str, ...] = ()) -> pd.DataFrame:
        """Return the values of some features of a protocol, or all, as `Results.feature_table`."""
        results = self.state.results
        groups, which = self.grouping, (self._everything, protocol, features)
        key = *which, groups.by
        if self._table is None or self._table[0] is not results or self._table[1] != key:
            self._table = results, key, groups.added_to(self._made_table(results, *which))
        return self._table[2]

    @property
    def _everything(self) -> bool:
        return bool(self.all_recordings.value) and self.state.status == "ready"

    @staticmethod
    def _made_table(
        results: Results, everything: bool, protocol: str | None, features: tuple[str, ...]
    ) -> pd.DataFrame:
        if protocol is not None:
            found = results.features_of(protocol, features, everything)
        else:
            found = results.feature_table_of_all() if everything else results.feature_table
        if any(cell.model for cell in results.inputs.cells):  # over the cells, in no average
            return pd.concat([found, results.model_features], ignore_index=True)
        return found

    def depends_on(self) -> tuple[Any, ...]:
        """Return the results, and the cells of which there may be more than results."""
        inputs, results = self.state.inputs, self.state.results
        return results, self._everything, inputs.cells, inputs.absolute_amplitude

    def render(self, data: dict[str, Any]) -> None:
        """Show the panels of the present page."""
        looks = plots.looks(data["groups"])
        for panel in data["panels"]:  # results may still be of cells that are gone
            looks |= {
                name: look for name, look in plots.looks([*looks, *panel.cells]).items() if name not in looks
            }
        here = {cell for panel in data["panels"] for cell in panel.cells} | set(self.legend.hidden)
        self.legend.show({name: look for name, look in looks.items() if name in here} if here else looks)
        unit = current_unit(self.state).name
        self.put(self.unit, options=(("% of rheobase", "%"), (unit, "nA")), value=self.unit.value)
        self.put(self.reason, placeholder=without_one(self.state))
        self._render_choices(data)
        self._render_averages(data["averages"])
        self._panels = data["panels"]
        pages = max(1, -(-len(self._panels) // MOST_PANELS))
        self._page = min(self._page, pages - 1)
        shown = self._shown
        self._have_plots(len(shown))
        selected = frozenset(self.state.view.recordings)
        target = data["target"] if data["view"] == "distribution" else data["selected"]
        for plot, panel in zip(self.plots, shown, strict=False):
            plot.show(panel, looks, selected, target)
        self.put(self.grid.layout, max_width="820px" if len(shown) == 1 else None)
        for k, plot in enumerate(self.plots):
            self.put(plot.layout, display=None if k < len(shown) else "none")
        self.put(self.pages.layout, display=None if pages > 1 else "none")
        self.put(self.where, value=f"page {self._page + 1} of {pages}")
        self.put(
            self.empty, value=tag("div", escape(data["empty"]), class_="efe-empty") if data["empty"] else ""
        )
        self._render_selection()

    def _render_choices(self, data: dict[str, Any]) -> None:
        view = data["view"]
        self.put(self.by, options=data["offered"], value=data["by"])
        self.put(self.by.layout, display=None if len(data["offered"]) > 1 else "none")
        self._offer(self.protocol, [(plain(name), name) for name in data["protocols"]], data["protocol"])
        if view == "distribution":
            unit = "nA" if data["absolute"] else "%"
            options = [(_words(target, unit), target.id) for target in data["targets"]]
            self._offer(self.target, options, data["target"])
        with self.quiet():
            self.choice.offer(data["features"], data["chosen"])
        for control, shown in (
            (self.protocol, view in ("features", COURSE)),
            (self.choice, view in ("features", COURSE)),
            (self.target, view == "distribution"),
            (self.unit, view not in ("distribution", COURSE)),
            (self.all_recordings, view in ("features", "I–V", COURSE)),
            (self.add_iv, view == "I–V" and not data["panels"]),
        ):
            self.put(control.layout, display=None if shown else "none")

    def _render_averages(self, found: Averages | None) -> None:
        columns, rows = found or ((), [])
        self.averages.set_columns(columns)
        self.averages.show(rows)
        self.put(self.averages.layout, display=None if rows else "none")

    def _offer(self, control: ipywidgets.Dropdown, options: list[tuple[str, str]], value: str | None) -> None:
        self.put(control, options=tuple(options), value=value)

    def _render_selection(self) -> None:
        number = len(self.chosen())
        self.put(self.exclude, description=f"exclude {counted(number, 'recording')}", disabled=not number)
        left = len(self._left_out())
        self.put(self.take_back, disabled=not left)
        self.put(self.unchoose, disabled=not number and not left)

    def _have_plots(self, number: int) -> None:
        if number > len(self.plots):
            new = [
                PanelPlot(self.put, self.open_recording, self._lassoed)
                for _ in range(number - len(self.plots))
            ]
            self.plots = (*self.plots, *new)
            self.grid.children = self.plots

    def _changed(self, change: Any) -> None:
        """Ring other recordings without drawing the rest anew, if nothing else has changed."""
        if change.name != "recordings" or not self.shown:
            super()._changed(change)
            return
        with self._guard, self.quiet():
            selected = frozenset(self.state.view.recordings)
            for plot, panel in zip(self.plots, self._shown, strict=False):
                plot.select(panel, selected)
            self._render_selection()

    # --- what a person does

    def show_features(self, *features: str) -> None:
        """Show these features of the protocol.

        Raises
        ------
        EfeError
            If the protocol has no such feature.
        """
        there = {target.name for target in self.state.results.targets}
        for name in features:
            if name not in there:
                raise EfeError(f"no target wants a feature {name!r}.{nearest(name, there)}")
        self._features = features
        self._page = 0
        self.refresh()

    def chosen(self) -> tuple[str, ...]:
        """Return the ids of the selected recordings that are in use and seen in the plots."""
        chosen = self.state.view.recordings
        if not chosen:
            return ()
        members, seen = self.state.results.members, {i for panel in self._shown for i in panel.ids}
        return tuple(i for i in chosen if i in seen and i in members and members[i].excluded is None)

    @property
    def _shown(self) -> list[Panel]:
        """The panels of the present page."""
        return self._panels[self._page * MOST_PANELS :][:MOST_PANELS]

    def open_recording(self, recording: str) -> None:
        """Select a recording, its cell and protocol, so that whoever shows traces shows it."""
        member = self.state.results.members.get(recording)
        if member is not None:
            with self.state.view.hold_trait_notifications():
                self.state.view.recordings = (recording,)
                self.state.view.cell, self.state.view.protocol = member.cell, member.protocol

    def csv(self) -> str:
        """Return the points that are drawn as CSV, a row each."""
        rows = [
            (panel.title, name, panel.x_label, float(x), float(y), panel.y_label, left)
            for panel in self._shown
            for of, left in ((panel, "no"), (panel.ghosts, "yes"))
            for name, x, y in zip(of.names, of.x, of.y, strict=True)
        ]
        return as_csv(("panel", "recording", "x_is", "x", "y", "unit_of_y", "excluded"), rows)

    def _again(self) -> None:
        """Draw what was chosen with the list or the legend."""
        if not self._rendering:
            with self._guard:
                if set(self.choice.chosen) != set(self._shown_features()):
                    self._features, self._page = self.choice.chosen, 0
                self.refresh()

    def _shown_features(self) -> list[str]:
        protocol = self.protocol.value
        names = dict.fromkeys(t.name for t in self.state.results.targets if t.protocol == protocol)
        return self._chosen_of(list(names))

    def _show_view(self, view: str) -> None:
        self._page = 0
        if view in ("I–V", "f–I"):
            self.put(self.unit, value="nA")
        elif view == "features":
            self.put(self.unit, value="nA" if self.state.inputs.absolute_amplitude else "%")
        self.refresh()

    def _want_all(self, wanted: bool) -> None:
        if wanted:
            self.state.run(everything=True)  # with a runner in the background it is drawn when that is over
        self.refresh()

    def _turn(self, by: int) -> None:
        self._page = max(0, self._page + by)
        self.refresh()

    def _use_lasso(self, on: bool) -> None:
        for plot in self.plots:
            plot.use_lasso(on)

    def _lassoed(self) -> None:
        """Select the recordings of all points inside lassos."""
        if not self._rendering and self.lasso.value:
            with self._guard:
                found = dict.fromkeys(i for plot in self.plots for i in plot.lassoed())
                self.act(setattr, self.state.view, "recordings", tuple(found))

    def _exclude(self) -> None:
        exclude(self.state, self.chosen(), self.reason.value, self.reasons)
        self.put(self.reason, value="")
        self.put(self.lasso, value=False)
        self._use_lasso(False)  # what was left out stays chosen: its trace is shown, and it can be taken back

    def _take_back(self) -> None:
        self.state.take_back(self._left_out())

    def _left_out(self) -> list[str]:
        """Return the chosen recordings that are left out and stand in the plots."""
        members, seen = self.state.results.members, {i for panel in self._shown for i in panel.ghosts.ids}
        return [i for i in self.state.view.recordings if i in seen and members[i].excluded is not None]

    def _came(self) -> None:
        """Show ghosts that took longer to be computed."""
        if self.shown:
            self.refresh()

    def _unchoose(self) -> None:
        self.put(self.lasso, value=False)
        self._use_lasso(False)
        self.state.view.recordings = ()

    def leave(self) -> None:
        """End a lasso that is being drawn, and compute no more."""
        self.left_out.close()
        for plot in self.plots:
            plot.end_lasso()


def _words(target: Any, unit: str) -> str:
    return plain(f"{target.protocol} {target.amplitude:g} {unit} · {target.name}")
