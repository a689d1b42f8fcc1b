"""An action as one record: what it is called, its keys, when it can be done, what it does, its line of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ...state import ExtractionState


def always(state: ExtractionState) -> bool:
    """Whether it can be done: whatever the state is."""
    return True


@dataclass(frozen=True)
class Action:
    """Something that a person can do.

    Parameters
    ----------
    id : str
    title : str
        What it is called, on buttons and in lists.
    tooltip : str
        What it does, in a sentence.
    do : callable
        ``do(state)`` does it; it may return a few words that say what was done. What can't be raises EfeError.
    python : str or callable
        The line of Python that does the same, or ``python(state)`` that returns it.
    keys : tuple of str
        As "X", "Ctrl+Z", "ArrowRight", "Space"; on a Mac the command key stands for Ctrl.
    group : str
        Under which heading it stands.
    enabled : callable
        ``enabled(state)``: whether it can be done now.
    now : callable, optional
        ``now(state)``: its title with what it is about just now, as "Undo: add 2 files".
    there : callable
        ``there(state)``: whether it is listed at all.
    repeats : bool
        Whether a key that is held down does it again and again.
    """

    id: str
    title: str
    tooltip: str
    do: Callable[[ExtractionState], Any]
    python: str | Callable[[ExtractionState], str]
    keys: tuple[str, ...] = ()
    group: str = ""
    enabled: Callable[[ExtractionState], bool] = always
    now: Callable[[ExtractionState], str] | None = None
    repeats: bool = False
    there: Callable[[ExtractionState], bool] = always

    def called(self, state: ExtractionState) -> str:
        """Return its title, with what it is about just now."""
        return self.title if self.now is None else self.now(state)

    def line(self, state: ExtractionState) -> str:
        """Return the line of Python that does the same."""
        return self.python if isinstance(self.python, str) else self.python(state)

    @property
    def hint(self) -> str:
        """What it does, and by which key."""
        return f"{self.tooltip} ({in_words(self.keys[0])})" if self.keys else self.tooltip


#: Names of keys for people
_WORDS = {"ArrowRight": "→", "ArrowLeft": "←", "ArrowUp": "↑", "ArrowDown": "↓"}


def in_words(key: str) -> str:
    """Return a key as a person calls it: "Ctrl+Z", "→"."""
    *held, last = key.split("+") if key != "+" else [key]
    return "+".join((*held, _WORDS.get(last, last)))


def by_id(actions: Iterable[Action]) -> dict[str, Action]:
    """Return actions by their ids.

    Raises
    ------
    ValueError
        If two have the same id, or the same key.
    """
    found: dict[str, Action] = {}
    keys: dict[str, str] = {}
    for action in actions:
        if action.id in found:
            raise ValueError(f"there are two actions {action.id!r}.")
        found[action.id] = action
        for key in action.keys:
            if key in keys:
                raise ValueError(f"{key} is a key of {keys[key]!r} and of {action.id!r}.")
            keys[key] = action.id
    return found
