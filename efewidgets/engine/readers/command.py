"""Currents that were commanded, not measured: what is said of them in every format that has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kinds import TEXT, Kind
from ..problems import Problem, ReadError

MEASURED, COMMAND = "measured", "command"

#: What metadata may say where a file has both, and of which kind
KEYS: dict[str, Kind] = {
    "current_from": TEXT.about(
        "Current from",
        "What counts where a file has both: the current that was measured, or the command.",
        choices=(MEASURED, COMMAND),
    )
}


def wants(metadata: Mapping[str, Any]) -> str | None:
    """Return which current a person prefers, "measured" or "command"; None if they don't say. Raises ReadError."""
    said = metadata.get("current_from")
    if said is not None and said not in (MEASURED, COMMAND):
        raise ReadError(f"'current_from' in the metadata must be 'measured' or 'command', but is {said!r}.")
    return said


def note(what: str) -> Problem:
    """Return the note that a current is the command; `what` says from where."""
    return Problem(
        f"the current is the command, not measured: {what}. What the amplifier injected may differ from it.",
        "note",
        "file",
    )
