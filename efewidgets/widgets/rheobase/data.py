"""What is shown of rheobases, as plain data: spike counts against current, the rule in force, the other rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.problems import EfeError
from ...engine.recordings.cell import Cell
from ...engine.stages.context import Context, Rule
from ...engine.stages.inputs import CellInputs, Inputs
from ...engine.stages.values import thaw
from ...engine.stages.world import World
from ...engine.targets.rheobase import NO_CURRENT, STRATEGIES, Decision, decide, deciding_sweeps
from ...state import ExtractionState
from ...state.results.members import Member
from ...state.results.results import Results
from ..parts.html import plain

#: How many of a unit are in a nA
UNITS = {"pA": 1000.0, "nA": 1.0}

NOT_YET = "not computed yet"


@dataclass(frozen=True)
class CellView:
    """What is drawn of a cell; currents in nA.

    Parameters
    ----------
    name : str
    ids : tuple of str, n
        The recordings of the rule's protocols whose spikes could be counted, excluded ones too.
    amps, counts : np.ndarray, shape (n,)
    excluded : np.ndarray of bool, shape (n,)
    hints : tuple of str, n
        What there is to say of each, in words.
    value : float or None
        The rheobase in force.
    by_hand : bool
    label : str
        What the line in force is called.
    deciding : str or None
        Id of the recording that decided.
    reason : str
        How the rheobase came about, or why there is none.
    others : tuple of (str, float)
        What other rules say, for comparison.
    rules : dict
        What each rule says (nA, or None) with its usual settings, the one in force with its own.
    curve : tuple of np.ndarray, or None
        Currents and spike counts of the line that the interpolation has drawn.
    """

    name: str
    ids: tuple[str, ...]
    amps: np.ndarray
    counts: np.ndarray
    excluded: np.ndarray
    hints: tuple[str, ...]
    value: float | None
    by_hand: bool
    label: str
    deciding: str | None
    reason: str
    others: tuple[tuple[str, float], ...] = ()
    rules: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    curve: tuple[np.ndarray, np.ndarray] | None = None


def rule_of(inputs: Inputs) -> Rule:
    """Return the rule in force, with the protocols and settings that hold where a person gave none."""
    return Context(inputs, World()).rule


def members_of(results: Results, protocols: Iterable[str]) -> dict[str, list[Member]]:
    """Return the recordings of some protocols, cell by cell."""
    wanted = set(protocols)
    found: dict[str, list[Member]] = {}
    for member in results.members.values():
        if member.protocol in wanted:
            found.setdefault(member.cell, []).append(member)
    return found


def in_force(state: ExtractionState, cell: str) -> tuple[float | None, str, str | None, bool]:
    """Return a cell's rheobase (nA), how it came about, the recording that decided, and whether it is by hand.

    What a person sets by hand is known at once, the rest when a run is over.
    """
    inputs, results = state.inputs, state.results
    by_hand = inputs.rheobase_values.get(cell)
    if inputs.absolute_amplitude:
        return None, "targets are in nA, so that no rheobase is needed.", None, False
    if by_hand is not None:
        return float(by_hand), "set by hand", None, True
    if cell not in results.inputs.by_name:
        return None, NOT_YET, None, False
    found = results.rheobases[cell]
    if found.by_hand:
        return None, NOT_YET, None, False
    return found.value, found.reason, found.recording, False


def table_rows(state: ExtractionState, factor: float = 1.0) -> list[dict[str, Any]]:
    """Return a row for each cell: its rheobase (nA times `factor`) and how that came about."""
    members = state.results.members
    rows = []
    for cell in state.inputs.measured:
        value, reason, deciding, _ = in_force(state, cell.name)
        member = members.get(deciding) if deciding else None
        missing = value is None and reason != NOT_YET and not state.inputs.absolute_amplitude
        rows.append(
            {
                "id": cell.name,
                "cell": plain(cell.name),
                "value": None if value is None else value * factor,
                "sweep": f"{plain(member.protocol)}, {plain(member.recording.label)}" if member else "",
                "reason": plain(reason),
                "_class": {"reason": "efe-bad"} if missing else {"reason": "efe-faint"},
                "_hint": {"reason": plain(reason), "cell": plain(reason)},
            }
        )
    return rows


def cell_view(
    state: ExtractionState,
    cell: str,
    members: Sequence[Member],
    rule: Rule,
    unit: str = "nA",
    compare: bool = False,
) -> CellView:
    """Return what is drawn of a cell.

    Parameters
    ----------
    state : ExtractionState
    cell : str
    members : list of Member
        The cell's recordings of the rule's protocols; see `members_of`.
    rule : Rule
    unit : {"pA", "nA"}
        Of currents in words.
    compare : bool
        Whether the other rules are looked at, too.
    """
    seen = [m for m in members if not m.lost and m.recording.amp is not None]
    seen = [m for m in seen if m.recording.spikecount is not None]
    excluded = [_excluded(state.inputs.by_name.get(cell), m) for m in seen]
    value, reason, deciding, by_hand = in_force(state, cell)
    used = _without([m for m, out in zip(seen, excluded, strict=True) if not out], cell)
    rules = _rules(used, rule) if compare else {}
    return CellView(
        name=cell,
        ids=tuple(m.id for m in seen),
        amps=np.array([m.recording.amp for m in seen], dtype=float),
        counts=np.array([m.recording.spikecount for m in seen], dtype=float),
        excluded=np.array([bool(out) for out in excluded], dtype=bool),
        hints=tuple(_hint(m, out, unit) for m, out in zip(seen, excluded, strict=True)),
        value=value,
        by_hand=by_hand,
        label="by hand" if by_hand else rule.strategy,
        deciding=deciding,
        reason=reason,
        others=_others(rules, rule, by_hand),
        rules=rules,
        curve=_curve(used, rule, value) if compare and not by_hand else None,
    )


def _excluded(cell: CellInputs | None, member: Member) -> str | None:
    """Why a recording is left out; the decisions may be newer than the results."""
    file = cell.by_id.get(member.file.id) if cell else None
    return (file or member.file).excluded.get(str(member.recording.label))


def _hint(member: Member, excluded: str | None, unit: str) -> str:
    recording = member.recording
    count = int(recording.spikecount or 0)
    words = f"{member.protocol}, {recording.label}: {recording.amp * UNITS[unit]:.4g} {unit}, "
    words += "1 spike" if count == 1 else f"{count} spikes"
    return f"{words}; excluded: {excluded}" if excluded else words


def _without(members: Sequence[Member], name: str) -> Cell:
    cell = Cell(name)
    cell.recordings = [member.recording for member in members]
    return cell


def _rules(cell: Cell, rule: Rule) -> dict[str, float | None]:
    """What each rule says with its usual settings, the one in force with its own."""
    found = {}
    for strategy in STRATEGIES:
        settings = thaw(rule.settings) if strategy == rule.strategy else None
        value = _decided(cell, rule.protocols, strategy, settings).rheobase
        found[strategy] = None if value is None else float(value)
    return found


def _others(rules: Mapping[str, float | None], rule: Rule, by_hand: bool) -> tuple[tuple[str, float], ...]:
    """What the other rules say, and the rule itself where a person overrules it."""
    found: dict[float, list[str]] = {}
    for strategy, value in rules.items():
        if value is not None and (strategy != rule.strategy or by_hand):
            found.setdefault(value, []).append(strategy)
    return tuple((" = ".join(names), value) for value, names in sorted(found.items()))


def _decided(cell: Cell, protocols: tuple[str, ...], strategy: str, settings: Any) -> Decision:
    try:
        return decide(cell, protocols, strategy, settings)
    except Exception as error:  # as the state does: a rule that fails is a problem of the cell, told there
        return Decision(None, str(error))


def _curve(cell: Cell, rule: Rule, value: float | None) -> tuple[np.ndarray, np.ndarray] | None:
    """The line through current over spike count that the interpolation goes along, to one spike more than was seen."""
    if rule.strategy != "interpolation" or value is None:
        return None
    sweeps, _ = deciding_sweeps(cell, rule.protocols)
    amps, counts = np.array(sweeps.amps), np.array(sweeps.counts)
    onsets = np.flatnonzero((counts[:-1] == 0) & (counts[1:] > 0))
    if not onsets.size:
        return None
    slope, start = np.polyfit(counts[onsets[0] :], amps[onsets[0] :], deg=1)
    ends = np.array([0.0, counts[onsets[0] :].max()])
    return slope * ends + start, ends


def telling_sweep(view: CellView) -> str | None:
    """Return the sweep that shows a rheobase: that which decided, else the first that fires at it or above."""
    if view.deciding is not None or view.value is None:
        return view.deciding
    fires = np.flatnonzero((view.counts > 0) & ~view.excluded & (view.amps >= view.value - NO_CURRENT))
    return view.ids[fires[np.argmin(view.amps[fires])]] if fires.size else None


def protocol_choices(inputs: Inputs, rule: Rule) -> dict[str, bool]:
    """Return the protocols of the data, and those asked for that the data lack; whether each decides."""
    asked = inputs.protocols_rheobase or ()
    return {name: name in rule.protocols for name in dict.fromkeys((*inputs.protocols, *asked))}


def typed_current(text: str, factor: float) -> float:
    """Return a current (nA) that a person typed in a unit of which `factor` are in a nA.

    Raises
    ------
    EfeError
        If it is no number.
    """
    try:
        value = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        raise EfeError(f"the rheobase must be a number, but is {text!r}.") from None
    return value / factor


def settings_after(rule: Rule, name: str, value: float | int | None) -> Mapping[str, Any]:
    """Return the rule's settings with one changed; None for its usual value."""
    settings = dict(thaw(rule.settings) or {})
    settings.pop(name, None)
    if value is not None or name == "upper_bound_spikecount":  # of which None is a value: no bound
        settings[name] = value
    return settings
