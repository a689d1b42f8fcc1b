"""Going through sweeps and saying of each whether it is used: each a key, and the next sweep stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ...engine.problems import EfeError
from ...state import ExtractionState
from ...state.actions.files import NO_REASON
from ..parts.html import plain
from .listing import excluded
from .reasons import MOST, Reasons
from .record import Action
from .walk import chosen, left_in_words, left_to_check, look, shown, step

GROUP = "Sweeps"

#: Said where a protocol is shown and no sweep of it was chosen
CHOOSE = "all sweeps of a protocol are shown: choose some of them in the list, or go to the first (→)."


def culling(reasons: Reasons) -> tuple[Action, ...]:
    """Return the actions on the sweeps that are chosen.

    Parameters
    ----------
    reasons : Reasons
        Those that the keys 1 to 9 stand for.
    """
    return (
        Action(
            "next-sweep",
            "Next sweep",
            "show the sweep after this one, of this protocol, the next protocol or the next cell",
            partial(_go, by=1),
            partial(_line_of_step, by=1),
            ("ArrowRight", "N"),
            GROUP,
            lambda state: step(state, 1) is not None,
            repeats=True,
        ),
        Action(
            "previous-sweep",
            "Previous sweep",
            "show the sweep before this one, of this protocol, the protocol or the cell before",
            partial(_go, by=-1),
            partial(_line_of_step, by=-1),
            ("ArrowLeft", "P"),
            GROUP,
            lambda state: step(state, -1) is not None,
            repeats=True,
        ),
        Action(
            "only-to-check",
            "Only those to check",
            "whether next and previous go to the sweeps of which something is told and nothing was decided",
            _only_to_check,
            lambda state: f"state.view.to_check = {not state.view.to_check}",
            ("C",),
            GROUP,
            lambda state: bool(shown(state)),
            lambda state: "Next of all sweeps" if state.view.to_check else "Only those to check",
        ),
        Action(
            "accept",
            "It is right",
            "use it as it is: what was told of it has been looked at; then show the next sweep",
            _accept,
            lambda state: f"state.accept({_ids(state)})",
            ("Space", "A"),
            GROUP,
            lambda state: bool(chosen(state)),
        ),
        Action(
            "exclude",
            "Exclude",
            "leave it out of everything, for the reason that was given last; then show the next sweep",
            lambda state: _exclude(state, state.view.reason, reasons),
            lambda state: _line_of_exclusion(state, state.view.reason),
            ("X", "Delete"),
            GROUP,
            lambda state: bool(chosen(state)),
            lambda state: f"Exclude: {plain(state.view.reason)}" if state.view.reason else "Exclude",
        ),
        *(_because(reasons, number) for number in range(1, MOST + 1)),
        Action(
            "take-back",
            "Take back",
            "neither excluded nor accepted: nothing was decided of it",
            _take_back,
            lambda state: f"state.take_back({_ids(state)})",
            ("U",),
            GROUP,
            lambda state: any(decided(state, one) for one in chosen(state)),
        ),
    )


def _because(reasons: Reasons, number: int) -> Action:
    def reason() -> str:
        listed = reasons.listed
        return listed[number - 1] if number <= len(listed) else ""

    def do(state: ExtractionState) -> str:
        found = reason()
        if not found:
            raise EfeError(f"no reason has the number {number} yet: one that you type gets the next.")
        return _exclude(state, found, reasons)

    return Action(
        f"exclude-{number}",
        f"Exclude for reason {number}",
        "leave it out of everything, for this reason; then show the next sweep",
        do,
        lambda state: _line_of_exclusion(state, reason()),
        (str(number),),
        GROUP,
        lambda state: bool(reason() and chosen(state)),
        lambda state: f"Exclude: {plain(reason())}" if reason() else f"Exclude for reason {number}",
        there=lambda state: bool(reason()),
    )


def decided(state: ExtractionState, identity: str) -> bool:
    """Whether a sweep was excluded or accepted."""
    return excluded(state, identity) is not None or identity in state.inputs.accepted


def _left(state: ExtractionState) -> str:
    return left_in_words(left_to_check(state))


def _about(state: ExtractionState) -> tuple[str, ...]:
    """Return the sweeps that are chosen.

    Raises
    ------
    EfeError
        If none is.
    """
    found = chosen(state)
    if not found:
        raise EfeError(CHOOSE if shown(state) else "there is no sweep yet: add recordings first.")
    return found


def _many(ids: tuple[str, ...]) -> str:
    return "" if len(ids) == 1 else f" ({len(ids):,} sweeps)"


def _and_go_on(state: ExtractionState, decide: Callable[[], None]) -> str:
    """Decide, show the sweep after those that it was about, and say how many are left."""
    after = step(state, 1)
    decide()
    if after is not None:
        look(state, after)
    return f"{_left(state)}{'' if after else '; this was the last sweep'}"


def leave_out(state: ExtractionState, ids: Iterable[str], reason: str) -> str:
    """Leave sweeps out; without a reason for the last one, or by eye. Return the reason, "" for none."""
    reason = reason.strip() or state.view.reason
    state.exclude(ids, reason or NO_REASON)
    state.view.reason = reason
    return reason


def without_one(state: ExtractionState) -> str:
    """Say for which reason sweeps are left out where none is typed."""
    return f"else: {plain(state.view.reason) or NO_REASON}"


def exclude(state: ExtractionState, ids: Iterable[str], reason: str, reasons: Reasons) -> None:
    """Leave sweeps out as `leave_out` does, and remember why."""
    reasons.used(leave_out(state, ids, reason))


def _exclude(state: ExtractionState, reason: str, reasons: Reasons) -> str:
    ids = _about(state)

    def decide() -> None:
        exclude(state, ids, reason, reasons)

    told = _and_go_on(state, decide)
    return f"Excluded{_many(ids)}{f': {plain(reason)}' if reason else ''}; {told}"


def _accept(state: ExtractionState) -> str:
    ids = _about(state)
    return f"Accepted{_many(ids)}; {_and_go_on(state, lambda: state.accept(ids))}"


def _take_back(state: ExtractionState) -> str:
    ids = tuple(one for one in _about(state) if decided(state, one))
    if not ids:
        raise EfeError("nothing was decided of this sweep.")
    state.take_back(ids)
    return f"Taken back{_many(ids)}; {_left(state)}"


def _go(state: ExtractionState, by: int) -> None:
    to = step(state, by)
    if to is None:
        if not shown(state):
            raise EfeError("there is no sweep yet: add recordings first.")
        if state.view.to_check:
            raise EfeError("no other sweep is left to check; C walks through all sweeps again.")
        raise EfeError(f"this is the {'last' if by > 0 else 'first'} of all sweeps.")
    look(state, to)


def _only_to_check(state: ExtractionState) -> str:
    state.view.to_check = not state.view.to_check
    words = "Only the sweeps to check" if state.view.to_check else "All sweeps"
    return f"{words}; {_left(state)}"


def _ids(state: ExtractionState) -> str:
    return repr(list(chosen(state)))


def _line_of_step(state: ExtractionState, by: int) -> str:
    to = step(state, by)
    return f"state.view.recordings = {(to,)!r}" if to else "state.view.recordings = ()"


def _line_of_exclusion(state: ExtractionState, reason: str) -> str:
    return f"state.exclude({_ids(state)}{f', {reason!r}' if reason else ''})"
