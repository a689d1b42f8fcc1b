"""All decisions of an extraction and what they were before: one way to change them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ..engine.problems import EfeError, nearest
from ..engine.stages.inputs import CellInputs, Goal, Inputs, Target
from ..engine.stages.values import Value, freeze
from .checks import check_inputs
from .convert import ids
from .history import History, Step
from .running.telling import Telling

_LISTS = {"cells": CellInputs, "targets": Target, "auto_targets": Goal}


class Decisions:
    """The present decisions, and those that an undo goes back to.

    Parameters
    ----------
    telling : Telling
        Its lock is held while they change.
    history : History
    taken : callable
        ``taken(old, new)`` when other inputs are taken over.
    announce : callable
        ``announce(label)`` when observers are to be told.

    Attributes
    ----------
    inputs : Inputs
        All decisions, as one value that never changes.
    new_id : callable
        Returns a new id that starts with the given letter.
    """

    def __init__(
        self,
        telling: Telling,
        history: History,
        taken: Callable[[Inputs, Inputs], None],
        announce: Callable[[str], None],
    ):
        self.inputs = Inputs()
        self.lock, self.history = telling.lock, history
        self.new_id: Callable[[str], str] = ids()
        self._telling, self._taken, self._announce = telling, taken, announce

    def commit(self, label: str, *, merge: str | None = None, **changes: Any) -> bool:
        """Change decisions: all of them, or none if something is wrong.

        Parameters
        ----------
        label : str
            What is done, in words, for undo.
        merge : str, optional
            Commits in a row with the same name are undone together, such as those of a slider.
        **changes
            Fields of `Inputs` and their new values.

        Returns
        -------
        bool
            Whether anything has changed.

        Raises
        ------
        EfeError
            If something can't be; nothing is changed then.
        """
        for name in changes:
            if name not in Inputs.__dataclass_fields__:
                raise EfeError(
                    f"there is nothing called {name!r} to decide.{nearest(name, Inputs.__dataclass_fields__)}"
                )
        fields = {name: _field(name, value) for name, value in changes.items()}
        with self.lock:
            self._telling.check_passes(label)
            new = dataclasses.replace(self.inputs, **fields)
            if new == self.inputs:
                return False
            check_inputs(new, self.inputs)
            self.history.add(label, self.inputs, merge)
            self._take_over(new, label)
        return True

    def begin(self, inputs: Inputs) -> None:
        """Start with these decisions, which were made elsewhere."""
        with self.lock:
            check_inputs(inputs, self.inputs, opened=True)
            self._take_over(inputs, "open")

    def go_on(self, done: list[Step]) -> None:
        """Have edits of another session undone as if they had been made in this one."""
        with self.lock:
            self.history.begin(done)
            self._announce("")

    def undo(self) -> str:
        """Take back the last edit; return what it was, "" if there is none."""
        return self._step(self.history.undo)

    def redo(self) -> str:
        """Do the edit again that was undone last; return what it was, "" if there is none."""
        return self._step(self.history.redo)

    def _step(self, go: Callable[[Inputs], Step | None]) -> str:
        with self.lock:
            step = go(self.inputs)
            if step is None:
                return ""
            self._take_over(step.inputs, step.label)
        return step.label

    def _take_over(self, new: Inputs, label: str) -> None:
        old, self.inputs = self.inputs, new
        self._taken(old, new)
        self._announce(label)


def _field(name: str, value: Any) -> Any:
    """Return the value of a field of `Inputs` as it is kept there."""
    if name in _LISTS and value is not None:
        if all(isinstance(part, _LISTS[name]) for part in value):
            return tuple(value)
        raise EfeError(f"{name} must be a list of {_LISTS[name].__name__}; see the actions of the state.")
    return value if isinstance(value, Value) else freeze(value)
