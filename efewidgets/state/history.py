"""Undo and redo: what the inputs were before each edit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..engine.stages.inputs import Inputs


@dataclass(frozen=True)
class Step:
    """An edit.

    Parameters
    ----------
    label : str
        What was done, in words.
    inputs : Inputs
        What to go back to (or forward).
    merge : str or None
        Steps in a row with the same name are one, such as those of a slider that is being dragged.
    """

    label: str
    inputs: Inputs
    merge: str | None = None


class History:
    """The edits so far, and those that were undone.

    Parameters
    ----------
    limit : int
        How many edits can be undone; the inputs share what is the same, so that a step is small.
    """

    def __init__(self, limit: int = 1000):
        self._done: deque[Step] = deque(maxlen=limit)
        self._undone: list[Step] = []

    def add(self, label: str, before: Inputs, merge: str | None = None) -> None:
        """Note an edit and what the inputs were before it; what was undone is forgotten."""
        self._undone.clear()
        if merge is None or not self._done or self._done[-1].merge != merge:
            self._done.append(Step(label, before, merge))

    def undo(self, now: Inputs) -> Step | None:
        """Return the last edit and the inputs before it; None if there is none."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(Step(step.label, now))
        return step

    def redo(self, now: Inputs) -> Step | None:
        """Return the edit undone last and the inputs after it; None if there is none."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(Step(step.label, now))
        return step

    @property
    def done(self) -> tuple[Step, ...]:
        """The edits that can be undone, the last one last."""
        return tuple(self._done)

    def begin(self, done: Iterable[Step]) -> None:
        """Go on with edits that were made in another session; there must be none in this one."""
        if not self._done and not self._undone:
            self._done.extend(done)

    @property
    def undo_label(self) -> str:
        """What `undo` would take back; "" if nothing."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        """What `redo` would do again; "" if nothing."""
        return self._undone[-1].label if self._undone else ""

    def __len__(self) -> int:
        return len(self._done)
