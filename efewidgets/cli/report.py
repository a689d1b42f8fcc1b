"""What a command has to say: for people as text, for other programs as one JSON document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engine.problems import Problem
from .console import Console

DONE, WITH_PROBLEMS, UNUSABLE, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130
_STATUS = {
    DONE: "done",
    WITH_PROBLEMS: "problems",
    UNUSABLE: "unusable",
    BROKEN: "failed",
}


@dataclass
class Report:
    """The outcome of a command.

    Parameters
    ----------
    data : dict
        What ``--json`` prints, besides status and problems.
    show : callable, optional
        Writes the same for people.
    problems : list of Problem
    error : str
        Why there is nothing else.
    exit_code : int
        Follows from the problems, if it isn't given.
    """

    data: dict[str, Any] = field(default_factory=dict)
    show: Callable[[Console], None] | None = None
    problems: Sequence[Problem] = ()
    error: str = ""
    exit_code: int = -1

    def __post_init__(self) -> None:
        if self.exit_code < 0:
            serious = any(problem.severity != "note" for problem in self.problems)
            self.exit_code = WITH_PROBLEMS if serious else DONE

    @classmethod
    def failure(cls, error: str, exit_code: int) -> Report:
        """Report that there is nothing but an error."""
        return cls(error=error, exit_code=exit_code)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        head: dict[str, Any] = {
            "status": _STATUS.get(self.exit_code, "interrupted"),
            "exit_code": self.exit_code,
        }
        if self.error:
            head["error"] = self.error
        return head | self.data | {"problems": [problem.as_dict() for problem in self.problems]}

    def print(self, console: Console) -> int:
        """Print the report and return its exit code."""
        console.show(self.as_dict(), self.show, self.problems, self.error)
        return self.exit_code
