"""What can be chosen, typed and pressed beside the traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import ipywidgets

from ...engine.recordings.metadata import timing_keys
from ..actions.buttons import button
from ..actions.reason_bar import ReasonBar
from ..actions.record import Action
from ..actions.walk import left_in_words
from ..parts.html import escape, plain, tag
from ..parts.style import row
from .colours import BY_HAND, FAINT, INK, MARKS, RAMP, STIMULUS
from .data import TraceView
from .list_of_sweeps import SweepList, sort_of
from .timing import Timing

SCOPES = (
    ("the sweeps chosen in the list", "shown"),
    ("the active one of them", "this"),
    ("all sweeps of this protocol in this cell", "protocol"),
    ("all sweeps of this protocol in all cells", "cells"),
)

#: Letters of a fact that has two columns
LONG = 24

#: Facts that the drop-downs tell
SAID_ABOVE = ("cell", "protocol")

Put = Callable[..., None]


class Scope(NamedTuple):
    """Of how many sweeps something is changed.

    Parameters
    ----------
    sweeps, decided : int
        All that are chosen, and those of them that are excluded or accepted.
    timed, by_hand : int
        Those whose timings are set, and those of them with one that was set by hand.
    """

    sweeps: int
    decided: int
    timed: int
    by_hand: int


class Controls:
    """The controls of a trace viewer.

    Attributes
    ----------
    cell, protocol : Dropdown
    previous, next, all : Button
        One sweep further; all over each other.
    to_check : ToggleButton
        Whether previous and next go to sweeps to check only.
    left : HTML
        How many are left to check.
    sweeps : SweepList
    start, end : FloatText
        Times shown, ms.
    closer, wider, reset : Button
        Zoom.
    drag : ToggleButtons
        Whether dragging draws a "box" that is zoomed to, or moves what is shown ("move").
    cursors : Button
        Cursors A and B, there or not.
    fit : Checkbox
        Whether the heights are fitted to what is seen.
    feature : Dropdown
        The feature that is marked on the traces.
    plot : ToggleButtons
        "traces", "phase", "spikes" or "sheet".
    mean, baseline, low_pass : ToggleButton
        What the traces are seen through.
    hertz : FloatText
        Corner of the low-pass.
    unit : ToggleButtons
        Unit of currents in the whole session.
    scope : Dropdown
        What timings apply to: "shown", all that are chosen, "this", "protocol" (in this cell), or that in all "cells".
        Decisions are about those chosen.
    timings : dict of FloatText
        Number boxes of what says when a stimulus is (ms, or how many), by name: of all families that have been seen.
    detected, exclude, accept, include : Button
    reason : Text
    reasons : ReasonBar
        The reasons that have a number.
    """

    def __init__(self, actions: Mapping[str, Action], sweeps: SweepList) -> None:
        self.actions = actions
        self.empty, self.facts, self.notes = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        self.facts.add_class("efe-sweep-facts")
        self.notes.add_class("efe-sweep-warnings")
        self.legend = ipywidgets.HTML()
        self.legend.add_class("efe-legends")
        self.sweeps = sweeps
        self._make_choice()
        self._make_range()
        self._make_timings()
        self._make_exclusion()

    def _make_choice(self) -> None:
        narrow = {"width": "auto", "max_width": "320px"}
        self.cell = ipywidgets.Dropdown(description="cell", layout=narrow)
        self.protocol = ipywidgets.Dropdown(description="protocol", layout=narrow)
        self.previous = button(self.actions["previous-sweep"], "◀ previous")
        self.next = button(self.actions["next-sweep"], "next ▶")
        self.all = button(self.actions["overlay"], "overlay all")
        self.place, self.left = ipywidgets.HTML(), ipywidgets.HTML()
        check = self.actions["only-to-check"]
        self.to_check = ipywidgets.ToggleButton(
            description=check.title.lower(), tooltip=check.hint, layout={"width": "auto"}
        )
        steps = (self.previous, self.place, self.next, self.all, self.to_check, self.left)
        self.choice_row = row(self.cell, self.protocol, *steps, kind="efe-choice")

    def _make_range(self) -> None:
        self.start = _number("from (ms)", 90)
        self.end = _number("to (ms)", 90)
        self.closer = button(self.actions["zoom-in"], "zoom in")
        self.wider = button(self.actions["zoom-out"], "zoom out")
        self.reset = button(self.actions["whole-sweep"], "whole sweep")
        self.drag = ipywidgets.ToggleButtons(
            options=[("box", "box"), ("move", "move")],
            tooltips=["dragging draws a box that is zoomed to (B; Shift: move)", "dragging moves (B)"],
            description="drag",
            style={"button_width": "auto"},
            layout={"width": "auto"},
        )
        self.cursors = button(self.actions["cursors"], "cursors A B")
        self.fit = ipywidgets.Checkbox(
            description="fit heights to what is seen", indent=False, layout={"width": "auto"}
        )
        self.feature = ipywidgets.Dropdown(
            options=[("none", "")],
            description="marks of",
            tooltip="where eFEL measures a feature of the targets: begin, peak, AHP, windows, fits",
            layout={"width": "auto", "max_width": "300px"},
        )
        self.plot = ipywidgets.ToggleButtons(
            options=[("traces", "traces"), ("dV/dt", "phase"), ("spikes", "spikes"), ("all sweeps", "sheet")],
            tooltips=[
                "the traces alone",
                *(self.actions[name].hint for name in ("phase", "spikes", "sheet")),
            ],
            description="plot",
            style={"button_width": "auto"},
            layout={"width": "auto"},
        )
        self.mean, self.baseline, self.low_pass = (
            _toggle(self.actions[name], label)
            for name, label in (
                ("mean", "mean of repeats"),
                ("baseline", "baseline to 0"),
                ("low-pass", "low-pass"),
            )
        )
        self.hertz = _number("Hz", 90)
        self.unit = ipywidgets.ToggleButtons(
            options=["pA", "nA"],
            description="currents",
            tooltips=["currents of the whole session in pA (I)", "in nA (I)"],
            style={"button_width": "auto"},
            layout={"width": "auto"},
        )
        self.look_row = row(
            *(self.plot, self.feature, self.mean, self.baseline, self.low_pass, self.hertz, self.unit),
            kind="efe-look",
        )
        self.range_row = row(
            *(self.start, self.end, self.closer, self.wider, self.reset),
            *(self.drag, self.cursors, self.fit),
            kind="efe-range",
        )

    def _make_timings(self) -> None:
        self.scope = ipywidgets.Dropdown(
            options=SCOPES, description="timings apply to", layout={"width": "auto"}
        )
        self.timings: dict[str, ipywidgets.FloatText] = {}
        self.typed: Callable[[str, ipywidgets.FloatText], object] = lambda name, box: None
        self.detected = _button("back to detected", "take back the timings that were set by hand")
        self.timing_row = row(self.scope, self.detected, kind="efe-timings")

    def _make_exclusion(self) -> None:
        self.reason = ipywidgets.Text(description="reason", layout={"width": "200px"})
        self.exclude = button(self.actions["exclude"], "exclude")
        self.accept = button(self.actions["accept"], "it is right")
        self.include = button(self.actions["take-back"], "take back")
        self.reasons = ReasonBar()
        self.status = ipywidgets.HTML()
        self.status.add_class("efe-judged")
        self.exclusion_row = row(
            *(self.accept, self.exclude, self.include, self.reason, self.reasons, self.status),
            kind="efe-exclusion",
        )

    # --- drawing

    def draw(self, put: Put, view: TraceView, scope: Scope) -> None:
        """Show a view, and say on the buttons to how many sweeps they apply."""
        nothing = view.active is None
        put(self.empty, value=tag("div", escape(" ".join(view.notes)), class_="efe-empty") if nothing else "")
        put(self.empty.layout, display="" if nothing else "none")
        if nothing:
            return
        _draw_choice(put, self.cell, view.cells, view.cell)
        _draw_choice(put, self.protocol, view.protocols, view.protocol)
        put(self.all, description="one sweep" if 1 < view.of <= len(view.chosen) else "overlay all")
        put(self.place, value=escape(_place(view)))
        self._draw_sweeps(put, view)
        put(self.start, value=round(view.span[0], 3))
        put(self.end, value=round(view.span[1], 3))
        put(self.drag, value=view.drag)
        put(self.plot, value=view.plot)
        put(self.mean, value=view.mean)
        put(self.baseline, value=view.through.baseline)
        put(self.low_pass, value=bool(view.through.low_pass))
        put(self.hertz.layout, display="" if view.through.low_pass else "none")
        if view.through.low_pass:
            put(self.hertz, value=view.through.low_pass)
        put(self.unit, value=view.unit.name)
        self._draw_timings(put, view)
        put(self.facts, value=_facts(view))
        put(self.notes, value="".join(_note(note) for note in view.notes))
        put(self.left, value=_left(view.left))
        put(self.legend, value=_legend(view))
        put(self.feature, options=(("none", ""), *((plain(name), name) for name in view.features)))
        put(self.feature, value=view.feature)
        put(self.status, value=_status(view))
        self._draw_scope(put, scope)

    def _draw_sweeps(self, put: Put, view: TraceView) -> None:
        self.sweeps.show_sweeps(view.rows, view.unit)
        put(self.sweeps, sort=sort_of(view.order), filters=view.filters, total=view.total)
        put(self.sweeps, selected=view.chosen, active=view.active)

    def _draw_scope(self, put: Put, scope: Scope) -> None:
        put(self.exclude, description=_for("exclude", scope.sweeps))
        put(self.accept, description=_for("it is right", scope.sweeps, ": "))
        words = _for("take back", scope.decided or scope.sweeps, ": ")
        put(self.include, description=words, disabled=not scope.decided)
        back = _for("back to detected", scope.by_hand or scope.timed, ": ")
        put(self.detected, description=back, disabled=not scope.by_hand)

    def _box(self, name: str) -> ipywidgets.FloatText:
        """Return the box of a timing, made when a sweep has such a one for the first time."""
        if name not in self.timings:
            unit = timing_keys()[name].unit
            self.timings[name] = box = _number(f"{name} ({unit})" if unit else name, 100)
            self.typed(name, box)
        return self.timings[name]

    def _draw_timings(self, put: Put, view: TraceView) -> None:
        for name, timing in view.timings.items():
            put(self._box(name), value=round(timing.ms, 4), tooltip=_said_of(name, timing))
        put(self.timing_row, children=(self.scope, *map(self._box, view.timings), self.detected))


def _said_of(name: str, timing: Timing) -> str:
    kind = timing_keys()[name]
    state = "set by hand" if timing.by_hand else "detected" if timing.known else "unknown"
    return f"{kind.title}: {state}" if kind.title else state


def _for(action: str, number: int, between: str = " ") -> str:
    """Return the label of a button; of one sweep nothing need be said."""
    return action if number == 1 else f"{action}{between}{number:,} sweeps"


def _draw_choice(put: Put, control: ipywidgets.Dropdown, names: Sequence[str], chosen: str | None) -> None:
    put(control, options=tuple((plain(name), name) for name in names), value=chosen)


def _place(view: TraceView) -> str:
    if len(view.chosen) > 1:
        return f"{len(view.curves)} of {view.of:,} sweeps shown"
    return f"sweep {view.place + 1:,} of {view.of:,}"


def _facts(view: TraceView) -> str:
    pieces = (
        tag(
            "span",
            tag("span", escape(name), class_="efe-faint"),
            " ",
            tag("b", escape(value)),
            class_="efe-fact efe-wide" if len(name) + len(value) > LONG else "efe-fact",
            title=value,
        )
        for name, value in view.facts
        if name not in SAID_ABOVE
    )
    return tag("div", *pieces, class_="efe-facts")


def _note(text: str) -> str:
    return tag("div", escape(text), class_="efe-says efe-warning")


def _status(view: TraceView) -> str:
    if view.excluded is not None:
        words = f"excluded: {view.excluded}"
        return tag("span", "excluded: ", tag("b", escape(view.excluded)), class_="efe-excluded", title=words)
    return tag("span", "✓ accepted", class_="efe-accepted") if view.accepted else ""


def _left(number: int) -> str:
    return tag("span", left_in_words(number), class_="efe-faint", role="status")


def _legend(view: TraceView) -> str:
    entries = (
        ("dashed", STIMULUS, "stimulus found"),
        ("solid", STIMULUS, "timing, detected"),
        ("solid", BY_HAND, "timing set by hand"),
        ("dotted", FAINT, "spike threshold"),
    )
    lines = [
        tag("span", tag("i", style=f"border-top: 2px {kind} {colour}"), escape(label))
        for kind, colour, label in entries
    ]
    lines.append(tag("span", tag("i", class_="efe-dot", style=f"border: 1.5px solid {INK}"), "spike"))
    if view.ramp is not None:
        colours = f"background: linear-gradient(to right, {', '.join(RAMP)})"
        ends = [tag("b", escape(end)) for end in view.ramp]
        lines.insert(0, tag("span", ends[0], tag("i", class_="efe-ramp", style=colours), ends[1]))
    said = []
    if view.through.words:
        said.append(tag("span", escape(view.through.words), class_="efe-seen-through"))
    if view.marked:
        dot = tag("i", class_="efe-dot", style=f"background: {MARKS}")
        said.append(tag("span", dot, escape(view.marked), class_="efe-marked"))
    return tag("div", *lines, class_="efe-legend") + tag("div", *said, class_="efe-legend")


def _toggle(action: Action, label: str) -> ipywidgets.ToggleButton:
    return ipywidgets.ToggleButton(description=label, tooltip=action.hint, layout={"width": "auto"})


def _button(label: str, hint: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=label, tooltip=hint, layout={"width": "auto"})


def _number(label: str, width: int) -> ipywidgets.FloatText:
    box = ipywidgets.FloatText(description=label, layout={"width": "auto"}, step=None)
    box.continuous_update = False
    box.add_class("efe-ms")
    return box
