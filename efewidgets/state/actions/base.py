"""What all actions have in common: the decisions that they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...engine.stages.inputs import Inputs
from ..decisions import Decisions

if TYPE_CHECKING:
    from ..results.results import Results


class Editing:
    """Edits of decisions.

    Parameters
    ----------
    decisions : Decisions
    results : callable, optional
        Returns the results that are shown, for edits that take something over from them.
    """

    def __init__(self, decisions: Decisions, results: Callable[[], Results] | None = None):
        self._lock, self._new_id = decisions.lock, decisions.new_id
        self.commit = decisions.commit
        self._decisions, self._results = decisions, results

    @property
    def inputs(self) -> Inputs:
        """The present decisions."""
        return self._decisions.inputs

    @property
    def results(self) -> Results:
        """The results that are shown."""
        assert self._results is not None
        return self._results()


def count(number: int, what: str) -> str:
    """Return "1 file", "3 files"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
