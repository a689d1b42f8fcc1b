"""Looking at traces: voltage over current, zoomed without loss, with the stimulus' timings to be dragged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import ipywidgets

from ...engine.problems import EfeError
from ...state import ExtractionState
from ..actions.buttons import draw
from ..actions.culling import culling, decided, exclude, without_one
from ..actions.edits import EDITS
from ..actions.keyboard import Keyboard
from ..actions.listing import by_hand
from ..actions.looking import LOW_PASS, looking, whole, within
from ..actions.reasons import Reasons, place
from ..actions.record import by_id
from ..actions.walk import step
from ..notes.choices import TagChoices
from ..notes.editor import NotesEditor
from ..parts.base import StateWidget
from ..parts.html import plain
from ..parts.message import Message
from ..parts.pictures import Pictures
from ..parts.style import FILLS, KEEPS_SIZE, row
from .controls import Controls, Scope
from .data import TraceView, trace_view
from .drags import Drags
from .list_of_sweeps import SweepList
from .marked import MarksCache
from .numbers import samples_as_csv
from .plots import Plots
from .samples import TraceCache
from .timing import as_set, checked


class TraceViewer(StateWidget):
    """Voltage over current of the selected recordings, overlaid or one after the other.

    Shown are the recordings of ``state.view.recordings``, else those of ``state.view.cell`` and ``.protocol``, else
    the first. What is decided of sweeps is decided of those that are chosen, by buttons as by keys; timings are set
    for the recordings that ``controls.scope`` names.
    Keys go through all sweeps, of all protocols and cells: "?" shows them.

    Parameters
    ----------
    state : ExtractionState
    keys : bool
        Whether it hears keys; not on a page that hears them itself.
    reasons : Reasons, optional
        Why sweeps are left out; by default those that are remembered on this machine.
    tags : TagChoices, optional
        Tags that are proposed; by default those that are remembered on this machine.

    Attributes
    ----------
    plots : Plots
        All figures.
    panels : Panels
        Those of voltage and current, with their marks.
    controls : Controls
        Everything that can be chosen, typed or pressed.
    active : str or None
        Id of the recording that words, handles and number boxes are about.
    keyboard : Keyboard or None
    noted : NotesEditor
        Tags and notes of the cell and of the sweeps that are shown.
    """

    watches_view = (
        *("recordings", "cell", "protocol", "time_range", "to_check"),
        *("voltage_range", "current_range", "cursors", "drag", "feature", "plot", "align"),
        *("order", "filters", "baseline", "mean", "low_pass", "current_unit"),
    )

    def __init__(
        self,
        state: ExtractionState,
        *,
        keys: bool = True,
        reasons: Reasons | None = None,
        tags: TagChoices | None = None,
    ):
        self._tags = tags
        self.reasons = reasons or Reasons(place())
        self.actions = by_id((*culling(self.reasons), *looking()))
        self._hears = keys
        self.keyboard: Keyboard | None = None
        self.active: str | None = None
        self.cache, self.marks = TraceCache(self._came), MarksCache(self._came)
        self._view = TraceView()
        self._zoom: tuple[float, float] | None = None
        self._gathered: tuple[str, ...] = ()  # sweeps chosen one by one in the contact sheet
        self._sets = 0
        super().__init__(state)

    # --- from the state to the screen

    def build(self) -> Sequence[ipywidgets.Widget]:
        self.controls = controls = Controls(self.actions, SweepList(self._choose, self._arrange))
        self.noted = NotesEditor(self.state, choices=self._tags)
        self.observe(lambda change: self.noted.set_trait("shown", change.new), "shown")
        self.plots = Plots(
            self.put, self.cache, controls.legend, lambda *pressed: self.act(self._open, *pressed)
        )
        self.panels = self.plots.panels
        self.drags = Drags(self.panels, controls.timings, self.put)
        self.timing_message, self.exclusion_message, self.range_message = Message(), Message(), Message()
        self.pictures = Pictures("traces", ".efe-plots", self.csv)
        self._resample = self.later(self._zoomed, 0.03, soon=0.008)
        self._dropped = self.later(self._drop, 0.2)
        self._listen()
        controls.look_row.children = (*controls.look_row.children, self.pictures)
        body = ipywidgets.Box([controls.facts, self.plots.box, controls.sweeps, controls.notes, self.noted])
        body.add_class("efe-trace-body")
        body.add_class(FILLS)
        self._rest = ipywidgets.VBox(
            [
                row(controls.choice_row, controls.exclusion_row, kind="efe-deciding"),
                self.exclusion_message,
                body,
                controls.range_row,
                controls.look_row,
                self.range_message,
                controls.timing_row,
                self.timing_message,
            ]
        )
        self._rest.add_class(KEEPS_SIZE)
        self._rest.add_class(FILLS)
        if self._hears:
            self.keyboard = Keyboard(self.state, (*self.actions.values(), *EDITS), self.model_id)
        return [controls.empty, self._rest, *([self.keyboard] if self.keyboard else [])]

    def _listen(self) -> None:
        controls, panels = self.controls, self.panels
        self.on(controls.cell, lambda name: self._choose_group(name, controls.protocol.value))
        self.on(controls.protocol, lambda name: self._choose_group(controls.cell.value, name))
        self.on_click(controls.previous, lambda: self.step(-1))
        self.on_click(controls.next, lambda: self.step(1))
        self.on(controls.to_check, lambda only: setattr(self.state.view, "to_check", only))
        for box in (controls.start, controls.end):
            self.on(box, lambda _: self._type_range(), message=self.range_message)
        for control, name in self._pressed():
            self.on_click(control, partial(self._do, name), self.range_message)
        self.on(controls.fit, lambda _: self.refresh())
        self.on(controls.drag, lambda drag: setattr(self.state.view, "drag", drag))
        for axis in (panels.time, *panels.heights):
            for name in ("min", "max"):
                self.on(axis, lambda _: self._resample(), name=name)
        self._listen_to_looks()
        self._listen_to_the_glass()
        self.on(panels.handles, lambda _: self._dragged(), name="x", message=self.timing_message)
        panels.handles.on_drag_start(self.drags.begins)
        panels.handles.on_drag_end(self.drags.ends)
        controls.typed = lambda name, box: self.on(
            box, partial(self._typed, name), message=self.timing_message
        )
        self.on(controls.scope, lambda _: self.refresh())
        self.on_click(controls.detected, self.back_to_detected, self.timing_message)
        self.on_click(controls.exclude, self._exclude, self.exclusion_message)
        self.on_click(controls.accept, self._accept, self.exclusion_message)
        self.on_enter(controls.reason, self._exclude, self.exclusion_message)
        controls.reasons.pressed = lambda why: self.act(self._exclude, why, message=self.exclusion_message)
        self.on_click(controls.include, self._include, self.exclusion_message)

    def _pressed(self) -> Sequence[tuple[ipywidgets.Button, str]]:
        """Return the buttons that do no more than an action, and its id."""
        controls = self.controls
        return (
            (controls.all, "overlay"),
            (controls.reset, "whole-sweep"),
            (controls.closer, "zoom-in"),
            (controls.wider, "zoom-out"),
            (controls.cursors, "cursors"),
        )

    def _do(self, name: str) -> None:
        self.actions[name].do(self.state)

    def _listen_to_looks(self) -> None:
        controls, view = self.controls, self.state.view
        for control, name in (
            *((controls.feature, "feature"), (controls.plot, "plot"), (controls.unit, "current_unit")),
            *((controls.mean, "mean"), (controls.baseline, "baseline")),
        ):
            self.on(control, partial(setattr, view, name))
        self.on(controls.low_pass, lambda on: setattr(view, "low_pass", LOW_PASS if on else 0.0))
        self.on(controls.hertz, self._filter, message=self.range_message)

    def _filter(self, hertz: float) -> None:
        if not 1.0 <= hertz <= 1e5:
            raise EfeError("a low-pass has a corner from 1 to 100,000 Hz.")
        self.state.view.low_pass = float(hertz)

    def _listen_to_the_glass(self) -> None:
        glass = self.panels.glass
        self.on(glass, lambda times: setattr(self.state.view, "cursors", tuple(times)), name="cursors")
        glass.chosen = lambda identity: self.act(self.show, [identity])
        glass.whole = lambda: self.act(self._do, "whole-sweep", message=self.range_message)
        glass.moved = lambda name, ms: self.act(
            self.set_timing,
            {name: self._value_at(name, ms)},
            None,
            self._proposed(),
            message=self.timing_message,
        )

    def depends_on(self) -> tuple[Any, ...]:
        """Return the recordings with their amplitudes, and what was decided of them: targets are no part of a trace."""
        results, inputs = self.state.results, self.state.inputs
        cells = [cell.name for cell in results.inputs.cells]
        recordings = [results.get(stage, cell) for cell in cells for stage in ("members", "threshold")]
        status = None if cells else self.state.status
        told = inputs.cells, inputs.accepted, inputs.cell_notes, inputs.recording_notes
        return *told, results.inputs.cells, recordings, status

    def view_data(self) -> TraceView:
        return trace_view(self.state, self.cache, self.active, fit=self.controls.fit.value, marks=self.marks)

    def render(self, data: TraceView) -> None:
        self._view = data
        self.active = data.active
        self.controls.draw(self.put, data, self._scope_in_words())
        for control, name in (
            (self.controls.previous, "previous-sweep"),
            (self.controls.next, "next-sweep"),
            *self._pressed(),
        ):
            draw(self.put, control, self.actions[name], self.state)
        self.put(self.controls.to_check, value=self.state.view.to_check)
        self.put(self.controls.reasons, reasons=list(self.reasons.listed))
        self.put(self.controls.reason, placeholder=without_one(self.state))
        self.put(self._rest.layout, display="none" if data.active is None else "")
        if data.active is None:
            return
        self.state.view.set_trait("axes", (data.span, data.voltages, data.currents))
        self.drags.begin_from(data.timings, self._step(), self._value_at)
        self.plots.draw(data)
        if data.plot != "sheet" and data.span != self._zoom:
            self._zoom = data.span
            self.put(self.panels.time, min=data.span[0], max=data.span[1])

    def _open(self, identity: str, more: bool) -> None:
        """Show one sweep of the sheet, or choose it with the others that are chosen there."""
        if more:
            self._gather(identity)
            return
        self.state.view.plot = "traces"
        self.show([identity])

    def _gather(self, identity: str) -> None:
        """Choose a sweep of the sheet with the others, or no more.

        What was only looked at, be it one sweep or all of the protocol, is none of them.
        """
        chosen = self.state.view.recordings
        if len(chosen) == 1 and chosen != self._gathered:
            chosen = ()
        left = tuple(one for one in chosen if one != identity)
        self._gathered = left if identity in chosen else (*chosen, identity)
        self.show(self._gathered or [identity], identity if identity in self._gathered else None)

    def csv(self) -> str:
        """Return the samples of the sweeps that are drawn, at the times that are shown, as CSV."""
        return samples_as_csv(self.state, self.cache, self._view)

    # --- which sweeps

    def show(self, recordings: Sequence[str], active: str | None = None) -> None:
        """Show recordings; one of them stands for all."""
        recordings = tuple(recordings)
        if not recordings:
            raise EfeError("no recording is chosen.")
        self.active = active if active in recordings else recordings[0]
        member = self.state.results.members.get(self.active)
        place = {} if member is None else {"cell": member.cell, "protocol": member.protocol}
        self._look(**place, recordings=recordings)

    def step(self, by: int) -> None:
        """Show the sweep after those that are shown (1), or before them (-1), by itself; see `walk.step`."""
        to = step(self.state, by)
        if to is not None:
            self.show([to])

    def _choose(self) -> None:
        """Show what was chosen in the list."""
        with self._guard:
            sweeps, known = self.controls.sweeps, self.state.results.members
            chosen = tuple(identity for identity in sweeps.selected if identity in known)
            if chosen and (chosen, sweeps.active) != (self._view.chosen, self._view.active):
                self.show(chosen, sweeps.active)

    def _arrange(self, order: str, filters: dict[str, str]) -> None:
        """List the sweeps in another order, or others of them."""
        with self._guard:
            self._look(order=order, filters=filters)

    def _choose_group(self, cell: str, protocol: str) -> None:
        """Show all sweeps of a protocol of a cell; another cell may have other protocols."""
        found = self.state.results.inputs.by_name.get(cell)
        if found is None:
            raise EfeError(f"there is no cell {plain(cell)} any more.")
        groups = found.groups
        protocol = protocol if protocol in groups else next(iter(groups))
        self.active = None
        self._look(cell=cell, protocol=protocol, recordings=(), **whole(self.state))

    def _look(self, **values: Any) -> None:
        """Change what everything looks at; be drawn once."""
        with self.state.view.hold_trait_notifications():
            for name, value in values.items():
                setattr(self.state.view, name, value)
        self.refresh()

    # --- which times

    def zoom(self, between: tuple[float, float] | None) -> None:
        """Show the times between two (ms), or all."""
        if between is not None:
            low, high = (float(end) for end in between)
            full = self._view.full
            if not low < high:
                raise EfeError(f"the times shown must begin ({low:g} ms) before they end ({high:g} ms).")
            if high <= full[0] or low >= full[1]:
                raise EfeError(f"the recording lasts from {full[0]:g} to {full[1]:g} ms.")
            low, high = max(low, full[0]), min(high, full[1])
            between = None if (low, high) == full else (low, high)
        self._zoom = None if between is None else self._zoom
        if self.state.view.time_range == between or not self.shown:
            self.refresh()
        self.state.view.set_trait(
            "time_range", between
        )  # all who look at it draw themselves anew, this one too

    def _zoomed(self) -> None:
        """Take over what the mouse has made of the axes, and show the samples that belong to it."""
        panels, view = self.panels, self._view
        low, high = float(panels.time.min), float(panels.time.max)
        full, least = view.full, 4.0 * self._step()
        if high - low >= full[1] - full[0]:
            low, high = full
        elif high - low < least:
            low, high = (low + high - least) / 2, (low + high + least) / 2
        self._zoom = (float(panels.time.min), float(panels.time.max))
        ends = [(float(axis.min), float(axis.max)) for axis in panels.heights]
        with self.state.view.hold_trait_notifications():
            for name, now, drawn, most in zip(
                ("voltage_range", "current_range"),
                ends,
                (view.voltages, view.currents),
                (view.most_voltages, view.most_currents),
                strict=True,
            ):
                if now != drawn and now[0] < now[1]:
                    setattr(self.state.view, name, None if now == most else now)
            self.zoom(within((low, high), full))

    def _step(self) -> float:
        """Sampling step of the active sweep, ms."""
        member = self.state.results.members.get(self.active or "")
        return 0.0 if member is None else float(member.recording.dt)

    def _type_range(self) -> None:
        self.zoom((self.controls.start.value, self.controls.end.value))

    # --- timings

    def set_timing(
        self,
        values: Mapping[str, float],
        merge: str | None = None,
        proposed: Mapping[str, float] | None = None,
    ) -> None:
        """Set timings (ms) of the recordings that `controls.scope` names, e.g. ``{"ton": 700}``.

        Where no stimulus was found one timing isn't enough: there `proposed` are set too.

        Raises
        ------
        EfeError
            If a timing can't be; nothing is changed then.
        """
        members = self.state.results.members
        chosen = self.scope()
        dt = self._step()
        values = {name: as_set(name, value, dt) for name, value in values.items()}
        more = {name: as_set(name, value, dt) for name, value in (proposed or {}).items()} | values
        lost = [identity for identity in chosen if more != values and members[identity].lost]
        groups = [(lost, more), ([identity for identity in chosen if identity not in lost], values)]
        for group, found in groups:
            checked((members[identity] for identity in group), self.state.inputs, found)
        if all(group for group, _ in groups):
            self._sets += 1
            merge = merge or f"timings {self._sets} of {self.active}"  # one step to be undone
        for group, found in groups:
            if group:
                self.state.set_sweep(group, merge=merge, **found)
        self.refresh()

    def back_to_detected(self) -> None:
        """Take back the timings that were set by hand."""
        chosen = [identity for identity in self.scope() if by_hand(self.state.inputs, identity)]
        if not chosen:
            raise EfeError("no timing was set by hand here.")
        names = {name for identity in chosen for name in by_hand(self.state.inputs, identity)}
        self.state.set_sweep(chosen, **dict.fromkeys(sorted(names)))
        self.refresh()

    def scope(self) -> tuple[str, ...]:
        """Return the ids of the recordings whose timings are set."""
        if self.active is None:
            raise EfeError("no recording is chosen.")
        members, scope = self.state.results.members, self.controls.scope.value
        if scope == "shown":
            return self._view.chosen
        if scope == "this":
            return (self.active,)
        cell, protocol = members[self.active].cell, members[self.active].protocol
        cells = {cell} if scope == "protocol" else {member.cell for member in members.values()}
        return tuple(
            one for one, member in members.items() if member.protocol == protocol and member.cell in cells
        )

    def _scope_in_words(self) -> Scope:
        if self.active is None:
            return Scope(0, 0, 0, 0)
        chosen, timed, inputs = self._view.chosen, self.scope(), self.state.inputs
        said = [identity for identity in chosen if decided(self.state, identity)]
        return Scope(len(chosen), len(said), len(timed), sum(bool(by_hand(inputs, one)) for one in timed))

    def _typed(self, name: str, ms: float) -> None:
        try:
            self.set_timing({name: float(ms)}, proposed=self._proposed())
        except EfeError:
            self.refresh()
            raise

    def _value_at(self, name: str, ms: float) -> float:
        """Return the value of a timing of the active sweep that is taken hold of and moved to `ms`."""
        member = self.state.results.members.get(self.active or "")
        if member is None or member.lost:
            return ms
        return member.recording.stimulus_family.when_at(member.recording, name, ms)

    def _proposed(self) -> dict[str, float]:
        """Return the timings where the handles are: what sweeps get in which no stimulus was found."""
        return {name: t.ms for name, t in self._view.timings.items()}

    def _dragged(self) -> None:
        self.drags.follow()
        self._dropped()

    def _drop(self) -> None:
        """Set the timings whose handles have been moved."""
        moved, merge = self.drags.moved(), f"drag {self.drags.count} of {self.active}"
        if moved and not self.act(
            self.set_timing, moved, merge, self._proposed(), message=self.timing_message
        ):
            self.refresh()

    # --- exclusion

    def _exclude(self, reason: str = "") -> None:
        exclude(self.state, self._view.chosen, reason or self.controls.reason.value, self.reasons)
        self.put(self.controls.reason, value="")
        self.refresh()

    def _accept(self) -> None:
        self.state.accept(self._view.chosen)
        self.refresh()

    def _include(self) -> None:
        self.state.take_back([one for one in self._view.chosen if decided(self.state, one)])
        self.refresh()

    def _came(self) -> None:
        """Show samples that took longer to be read."""
        if self.shown:
            self.refresh()
        else:
            self._late.add("samples")

    def leave(self) -> None:
        """Read no more."""
        self.cache.close()
        self.marks.close()
