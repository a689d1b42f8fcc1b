"""Looking closer at the traces that are shown: zoom, move, cursors; each a key and a line of Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...engine.problems import EfeError
from ...state import ExtractionState
from ...state.results.currents import current_unit
from .record import Action
from .walk import look, shown, way

GROUP = "Traces"

Range = tuple[float, float]

#: Of what is shown: how far one press moves the view, and a cursor
PAGE, NUDGE = 0.25, 1 / 200

#: Hz
LOW_PASS = 1000.0

#: What the traits of a view are before anybody has looked closer
USUAL = {"plot": "traces", "align": "peak", "mean": False, "baseline": False, "low_pass": 0.0}

#: The keys of a cursor: to the left and to the right; Shift with the same on German and English keyboards
CURSOR_KEYS = {"A": ((",",), (".",)), "B": ((";", "<"), (":", ">"))}


def looking() -> tuple[Action, ...]:
    """Return the actions on what is seen of the traces."""
    return (*_zooms(), *_cursors(), *_others(), *_plots(), *_through())


def _zooms() -> tuple[Action, ...]:
    return (
        _action(
            "zoom-in", "Zoom in", "show half of the time", ("+", "="), partial(_zoom, by=0.5), repeats=True
        ),
        _action("zoom-out", "Zoom out", "show twice the time", ("-",), partial(_zoom, by=2.0), repeats=True),
        _action(
            "taller",
            "Zoom in, voltage",
            "show half of the voltages",
            ("Alt+ArrowUp",),
            partial(_stretch, by=0.5),
            repeats=True,
        ),
        _action(
            "flatter",
            "Zoom out, voltage",
            "show twice the voltages",
            ("Alt+ArrowDown",),
            partial(_stretch, by=2.0),
            repeats=True,
        ),
        _action(
            "move-right",
            "Later times",
            "move what is shown by a quarter",
            ("Ctrl+ArrowRight",),
            partial(_move, by=PAGE),
            repeats=True,
        ),
        _action(
            "move-left",
            "Earlier times",
            "move what is shown by a quarter",
            ("Ctrl+ArrowLeft",),
            partial(_move, by=-PAGE),
            repeats=True,
        ),
        _action("whole-sweep", "Whole sweep", "show all times and heights", ("0",), whole),
        Action(
            "drag",
            "Drag a box, or move",
            "whether dragging in the traces draws a box that is zoomed to, or moves them; with Shift the other one",
            _other_drag,
            lambda state: f"state.view.drag = {_other(state)!r}",
            ("B",),
            GROUP,
            _seen,
            lambda state: "Drag moves" if state.view.drag == "box" else "Drag draws a box",
        ),
    )


def _cursors() -> tuple[Action, ...]:
    nudges = [
        _action(
            f"cursor-{name.lower()}-{where}",
            f"Cursor {name} to the {where}",
            f"move cursor {name} by a two hundredth of what is shown",
            CURSOR_KEYS[name][k],
            partial(_nudge, which=which, by=(-NUDGE, NUDGE)[k]),
            repeats=True,
            enabled=lambda state: len(state.view.cursors) == 2,
        )
        for which, name in enumerate("AB")
        for k, where in enumerate(("left", "right"))
    ]
    return (
        Action(
            "cursors",
            "Cursors A and B",
            "two upright lines, and what lies between them: time, voltage, slope, current",
            _switch_cursors,
            lambda state: f"state.view.cursors = {_switched(state)!r}",
            ("K",),
            GROUP,
            _seen,
            lambda state: "Remove the cursors" if state.view.cursors else "Cursors A and B",
        ),
        *nudges,
    )


def _others() -> tuple[Action, ...]:
    return (
        Action(
            "overlay",
            "Overlay all sweeps",
            "lay all sweeps of the protocol over each other, and back to one",
            _overlay,
            _line_of_overlay,
            ("O",),
            GROUP,
            lambda state: _seen(state) and len(_group(state)) > 1,
            lambda state: "One sweep" if _is_overlaid(state) else "Overlay all sweeps",
        ),
    )


def _plots() -> tuple[Action, ...]:
    return (
        _switch("phase", "Phase plane", "dV/dt against the voltage, beside the traces", "D", "plot", "phase"),
        _switch("spikes", "Spikes over each other", "beside the traces, aligned", "S", "plot", "spikes"),
        _switch(
            "align",
            "Align at the threshold",
            "or at the peak: spikes over each other",
            "T",
            "align",
            "threshold",
        ),
        _switch("sheet", "Contact sheet", "all sweeps of the protocol, small", "G", "plot", "sheet"),
    )


def _through() -> tuple[Action, ...]:
    return (
        _switch("mean", "Mean of repeats", "mean and standard deviation of repeats", "M", "mean", True),
        _switch(
            "baseline",
            "Subtract the baseline",
            "see voltages above that before the stimulus",
            "V",
            "baseline",
            True,
        ),
        _switch(
            "low-pass",
            f"Low-pass {LOW_PASS:g} Hz",
            "see the traces through a filter; no feature is computed from it",
            "L",
            "low_pass",
            LOW_PASS,
        ),
        _switch("unit", "Currents in pA or nA", "of the whole session", "I", "current_unit", None),
    )


def _switch(identity: str, title: str, tooltip: str, key: str, trait: str, to: Any) -> Action:
    """Return an action that sets a trait of the view, and takes it back if it is set."""

    def value(state: ExtractionState) -> Any:
        if trait == "current_unit":
            return "nA" if current_unit(state).name == "pA" else "pA"
        return USUAL[trait] if getattr(state.view, trait) == to else to

    def do(state: ExtractionState) -> None:
        setattr(state.view, trait, value(state))

    return Action(
        identity,
        title,
        tooltip,
        do,
        lambda state: f"state.view.{trait} = {value(state)!r}",
        (key,),
        GROUP,
        _seen,
    )


def _seen(state: ExtractionState) -> bool:
    return bool(shown(state))


def _action(
    identity: str,
    title: str,
    tooltip: str,
    keys: tuple[str, ...],
    of: Callable[[ExtractionState], Mapping[str, tuple[float, ...] | None]],
    *,
    repeats: bool = False,
    enabled: Callable[[ExtractionState], bool] = _seen,
) -> Action:
    """Return an action that sets what `of` says of a state's view."""

    def do(state: ExtractionState) -> None:
        with state.view.hold_trait_notifications():
            for name, value in of(state).items():
                setattr(state.view, name, value)

    def line(state: ExtractionState) -> str:
        return "; ".join(f"state.view.{name} = {value!r}" for name, value in of(state).items())

    return Action(identity, title, tooltip, do, line, keys, GROUP, enabled, repeats=repeats)


# --- what of the axes is seen


def _axes(state: ExtractionState) -> tuple[Range, Range, Range]:
    """Return the ends of the axes of time, voltage and current.

    Raises
    ------
    EfeError
        If no traces are drawn.
    """
    if not state.view.axes:
        raise EfeError("no traces are shown.")
    time, voltage, current = ((float(low), float(high)) for low, high in state.view.axes)
    return time, voltage, current


def duration(state: ExtractionState) -> float:
    """Return how long the longest of the shown sweeps is, ms."""
    members = state.results.members
    return max((float(members[one].recording.tend) for one in shown(state)), default=0.0)


def _zoom(state: ExtractionState, by: float) -> dict[str, Range | None]:
    (low, high), _, _ = _axes(state)
    full = (0.0, duration(state))
    half, middle = by * (high - low) / 2, (low + high) / 2
    return {"time_range": within((middle - half, middle + half), full)}


def _move(state: ExtractionState, by: float) -> dict[str, Range | None]:
    (low, high), _, _ = _axes(state)
    way_ = by * (high - low)
    return {"time_range": within((low + way_, high + way_), (0.0, duration(state)))}


def _stretch(state: ExtractionState, by: float) -> dict[str, Range | None]:
    _, (low, high), _ = _axes(state)
    half, middle = by * (high - low) / 2, (low + high) / 2
    return {"voltage_range": (round(middle - half, 4), round(middle + half, 4))}


def whole(state: ExtractionState) -> dict[str, None]:
    """Return what shows all times and heights."""
    return {"time_range": None, "voltage_range": None, "current_range": None}


def within(wanted: Range, full: Range) -> Range | None:
    """Return a range moved so that it lies within another, as long as it was if there is room; None for all."""
    low, high = wanted
    by = max(full[0] - low, 0.0) or min(full[1] - high, 0.0)
    low, high = max(low + by, full[0]), min(high + by, full[1])
    return None if (low, high) == full else (low, high)


def _other(state: ExtractionState) -> str:
    return "move" if state.view.drag == "box" else "box"


def _other_drag(state: ExtractionState) -> str:
    state.view.drag = _other(state)
    return "Dragging draws a box" if state.view.drag == "box" else "Dragging moves"


# --- cursors


def _switched(state: ExtractionState) -> tuple[float, ...]:
    if state.view.cursors:
        return ()
    low, high = _axes(state)[0]
    return tuple(round(low + share * (high - low), 3) for share in (1 / 3, 2 / 3))


def _switch_cursors(state: ExtractionState) -> None:
    state.view.cursors = _switched(state)


def _nudge(state: ExtractionState, which: int, by: float) -> dict[str, tuple[float, ...]]:
    cursors = list(state.view.cursors)
    if len(cursors) != 2:
        raise EfeError("there are no cursors: K shows them.")
    low, high = _axes(state)[0]
    moved = cursors[which] + by * (high - low)
    cursors[which] = round(min(max(moved, 0.0), duration(state)), 4)
    return {"cursors": tuple(cursors)}


# --- all sweeps of a protocol


def _group(state: ExtractionState) -> tuple[str, ...]:
    """Return the sweeps of the protocol of the first that is shown, in their order."""
    first = state.results.members[shown(state)[0]]
    return way(state.results, state.view.order).groups[first.cell, first.protocol]


def _is_overlaid(state: ExtractionState) -> bool:
    found = shown(state)
    return len(found) > 1 and set(found) >= set(_group(state))


def _alone(state: ExtractionState) -> str:
    """Return the sweep that stood by itself before all were laid over each other, or the first."""
    found = _group(state)
    return state.view.alone if state.view.alone in found else found[0]


def _line_of_overlay(state: ExtractionState) -> str:
    return f"state.view.recordings = {(_alone(state),) if _is_overlaid(state) else ()!r}"


def _overlay(state: ExtractionState) -> None:
    if not _seen(state):
        raise EfeError("there is no sweep yet: add recordings first.")
    if _is_overlaid(state):
        look(state, _alone(state))
        return
    first = shown(state)[0]
    member = state.results.members[first]
    with state.view.hold_trait_notifications():  # none is selected: no key leaves a whole protocol out
        state.view.alone, state.view.recordings = first, ()
        state.view.cell, state.view.protocol = member.cell, member.protocol
