"""Which sweeps of models are drawn over those of cells."""

from __future__ import annotations

from collections.abc import Sequence

from ...state import Results
from ...state.results.members import Member


def models_over(results: Results, chosen: Sequence[str]) -> tuple[str, ...]:
    """Return of each model, and of each chosen sweep of a cell, the model's sweep with the nearest stimulus.

    Nearest in % of each one's own rheobase, or in nA if amplitudes are absolute. A model that was chosen itself isn't
    drawn over anything.
    """
    models = {cell.name for cell in results.inputs.cells if cell.model}
    members = results.members
    shown = [members[identity] for identity in chosen]
    if not models or any(member.cell in models for member in shown):
        return ()
    found: dict[str, None] = {}
    for model in sorted(models):
        own: dict[str, list[tuple[float, str]]] = {}
        for member in members.values():
            level = _level(results, member) if member.cell == model else None
            if level is not None:
                own.setdefault(member.protocol, []).append((level, member.id))
        for member in shown:
            level, there = _level(results, member), own.get(member.protocol)
            if level is not None and there:
                found[min((abs(one - level), identity) for one, identity in there)[1]] = None
    return tuple(found)


def _level(results: Results, member: Member) -> float | None:
    """Return what targets compare; None where it isn't known, or the sweep isn't used."""
    if member.lost or member.excluded is not None:
        return None
    absolute = results.inputs.absolute_amplitude
    rheobase = results.get("threshold", member.cell)
    if rheobase is None and not absolute:
        return None
    level = member.recording.target_level(absolute, rheobase)
    return None if level is None else float(level)
