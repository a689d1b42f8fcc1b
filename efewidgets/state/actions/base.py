"""What the actions need of the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...engine.stages.inputs import Inputs

if TYPE_CHECKING:
    from ..results.results import Results
    from ..running.telling import EditLock


class Editing:
    """A state that can be edited."""

    _lock: EditLock
    _new_id: Callable[[str], str]

    @property
    def inputs(self) -> Inputs:
        """All decisions."""
        raise NotImplementedError

    @property
    def results(self) -> Results:
        """All results."""
        raise NotImplementedError

    def commit(self, label: str, *, merge: str | None = None, **changes: Any) -> bool:
        """Change decisions."""
        raise NotImplementedError


def count(number: int, what: str) -> str:
    """Return "1 file", "3 files"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
