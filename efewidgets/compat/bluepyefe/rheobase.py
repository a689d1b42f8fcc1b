"""The rules for the rheobase, each as a function that sets the one of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.recordings.cell import Cell
from ...engine.targets.rheobase import decide

__all__ = [
    "compute_rheobase_absolute",
    "compute_rheobase_flush",
    "compute_rheobase_interpolation",
    "compute_rheobase_majority_bin",
]


def _set(cell: Cell, protocols: Sequence[str], strategy: str, **settings: Any) -> None:
    """Set a cell's rheobase (nA) by a rule; where none is found it stays what it was."""
    names = [protocols] if isinstance(protocols, str) else list(protocols)
    decision = decide(cell, names, strategy, settings)
    cell.problems = [p for p in cell.problems if p.kind != "rheobase"] + list(decision.problems)
    if decision.rheobase is not None:
        cell.take_rheobase(decision.rheobase, decision.recording)


def compute_rheobase_absolute(
    cell: Cell, protocols_rheobase: Sequence[str], spike_threshold: int = 1
) -> None:
    """Take the lowest amplitude with at least `spike_threshold` spikes."""
    _set(cell, protocols_rheobase, "absolute", spike_threshold=spike_threshold)


def compute_rheobase_flush(
    cell: Cell,
    protocols_rheobase: Sequence[str],
    flush_length: int = 1,
    upper_bound_spikecount: int | None = None,
) -> None:
    """Take the lowest amplitude that fires and whose next `flush_length` sweeps fire, too."""
    limit = {"upper_bound_spikecount": upper_bound_spikecount}
    _set(cell, protocols_rheobase, "flush", flush_length=flush_length, **limit)


def compute_rheobase_majority_bin(
    cell: Cell, protocols_rheobase: Sequence[str], min_step: float = 0.01, majority: float = 0.5
) -> None:
    """Take the centre of the lowest bin of `min_step` (nA) in which at least `majority` of the sweeps fire."""
    _set(cell, protocols_rheobase, "majority", min_step=min_step, majority=majority)


def compute_rheobase_interpolation(cell: Cell, protocols_rheobase: Sequence[str]) -> None:
    """Take where a line through current over spike count meets one spike."""
    _set(cell, protocols_rheobase, "interpolation")
