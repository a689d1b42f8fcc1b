"""Letting another protocol decide a rheobase: which could, and the action."""

from __future__ import annotations

from collections import defaultdict

from ...engine.recordings.families import Step
from ...state import ExtractionState, Results
from ..actions.record import Action
from ..parts.html import plain
from .data import rule_of

#: Protocols that are offered
MOST = 2


def could_decide(results: Results, cell: str) -> list[str]:
    """Return the protocols of a cell that could decide its rheobase and don't: steps at several currents, some firing.

    Those with most steps come first.
    """
    rule = rule_of(results.inputs)
    amps: dict[str, set[float]] = defaultdict(set)
    fires = set()
    for member in results.members.values():
        one = member.recording
        if member.cell != cell or member.protocol in rule.protocols or member.lost or member.excluded:
            continue
        if one.amp is None or one.spikecount is None or not isinstance(one.stimulus_family, Step):
            continue
        amps[member.protocol].add(round(one.amp, 4))
        if one.spikecount and one.amp > 0:
            fires.add(member.protocol)
    found = [name for name, seen in amps.items() if name in fires and len(seen) > 1]
    return sorted(found, key=lambda name: (-len(amps[name]), name))[:MOST]


def let_decide(protocol: str) -> Action:
    """Return the action that lets a protocol decide, beside those that do already and are there."""

    def names(state: ExtractionState) -> list[str]:
        inputs = state.inputs
        return [name for name in rule_of(inputs).protocols if name in inputs.protocols] + [protocol]

    def do(state: ExtractionState) -> str:
        state.set_rheobase_rule(protocols=names(state))
        return f"{plain(protocol)} decides rheobases, too."

    return Action(
        f"let-decide {protocol}",
        f"Let {plain(protocol)} decide",
        "count the spikes of this protocol's sweeps, too, when rheobases are looked for, in all cells",
        do,
        lambda state: f"state.set_rheobase_rule(protocols={names(state)!r})",
    )
