"""What went wrong, where, and what to do: records that travel with results instead of stopping them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class EfeError(ValueError):
    """Input that can't be used; the message says what was expected and what to do."""


class ReadError(EfeError):
    """A file from which no recording can be had."""


class MissingFileError(ReadError, FileNotFoundError):
    """A file that isn't there; also a FileNotFoundError, for scripts that wait for that."""


class NoSweepError(ReadError):
    """A file that can be read and holds no sweep of the protocol that is wanted."""


class UnitError(EfeError):
    """A unit that isn't known, or numbers that can't be in it."""


class ScaleError(UnitError):
    """Samples that can't be in the unit in which they were taken.

    Parameters
    ----------
    message : str
    quantity : {"voltage", "current"}
    unit : str
        The one that was taken.
    value : float
        What it makes of the samples, mV or nA.
    likely : str or None
        The unit in which they probably are.
    """

    def __init__(self, message: str, quantity: str, unit: str, value: float, likely: str | None):
        super().__init__(message)
        self.quantity, self.unit, self.value, self.likely = quantity, unit, value, likely

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.quantity, self.unit, self.value, self.likely)


@dataclass(frozen=True)
class Problem:
    """One thing that a person should know about one place of their data.

    Parameters
    ----------
    message : str
        One or two sentences for a neuroscientist: what is wrong and what to do.
    severity : {"error", "warning", "note"}
        "error": something is missing from the results; "warning": a result to look at; "note": for information.
    kind : str
        What the problem is about: "file", "unit", "stimulus", "spikes", "rheobase", "feature", "target", "output".
    file, cell, protocol, recording, target : str or None
        The place, as far as it is known.
    """

    message: str
    severity: str = "error"
    kind: str = ""
    file: str | None = None
    cell: str | None = None
    protocol: str | None = None
    recording: str | None = None
    target: str | None = None

    def at(self, **places: str | None) -> Problem:
        """Return a copy in which the places that were not known yet are filled in."""
        unknown: dict[str, Any] = {k: v for k, v in places.items() if getattr(self, k) is None}
        return dataclasses.replace(self, **unknown)

    @property
    def place(self) -> str:
        """The place in words, e.g. ``cell 'B6', protocol 'IV', file 'x.ibw'``."""
        names = ("cell", "protocol", "file", "recording", "target")
        return ", ".join(
            f"{name} {getattr(self, name)!r}" for name in names if getattr(self, name) is not None
        )

    def as_dict(self) -> dict[str, str]:
        """Return the fields that are set, for JSON."""
        return {k: v for k, v in dataclasses.asdict(self).items() if v}

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class MissingFile(Problem):
    """A file isn't there."""


class NoSweep(Problem):
    """A file holds no sweep of the protocol that is wanted."""


@dataclass(frozen=True)
class WrongUnit(Problem):
    """Sweeps that can't be in the unit in which they were taken.

    Parameters
    ----------
    quantity, unit, value, likely
        As in `ScaleError`.
    sweeps : int
        How many.
    cause : str
        The message without their number, if they are several.
    """

    quantity: str = ""
    unit: str = ""
    value: float = 0.0
    likely: str | None = None
    sweeps: int = 1
    cause: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the fields that all problems have, for JSON."""
        common = {field.name for field in dataclasses.fields(Problem)}
        return {k: v for k, v in super().as_dict().items() if k in common}


def nearest(name: str, names: Iterable[str]) -> str:
    """Return " Did you mean 'X'?" for the known name most like `name`, or "" if none is like it."""
    names = list(names)
    by_lower = {n.lower(): n for n in names}
    found = difflib.get_close_matches(str(name).lower(), list(by_lower), n=1, cutoff=0.6)
    return f" Did you mean {by_lower[found[0]]!r}?" if found else ""


def misspelt(name: str, names: Iterable[str]) -> str | None:
    """Return the known name of which `name` is most probably a misspelling; None if it may well mean something else.

    That is one slip in a short name, two in one of five characters or more: a character too many, one too few,
    another one, or two exchanged. Case and underscores don't count.
    """
    asked = _squeezed(name)
    slips = {known: _slips(asked, _squeezed(known)) for known in names}
    found = min(slips, key=lambda known: slips[known], default=None)
    return found if found is not None and slips[found] <= (1 if len(asked) < 5 else 2) else None


def _squeezed(name: str) -> str:
    return str(name).lower().replace("_", "")


def _slips(a: str, b: str) -> int:
    """Return by how many slips two texts differ (their optimal string alignment distance)."""
    rows = [list(range(len(b) + 1))]
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            other = a[i - 1] != b[j - 1]
            row.append(min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + other))
            if i > 1 and j > 1 and (a[i - 1], a[i - 2]) == (b[j - 2], b[j - 1]):
                row[j] = min(row[j], rows[i - 2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
