"""Units are judged over all sweeps of a file: a sweep at 0 pA can be in any unit, and passes when looked at alone.

A file is judged over all its protocols, and files of one sweep (Igor waves) with those beside them.
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..problems import Problem, WrongUnit
from ..units import canonical_unit, likely_unit
from .recording import Recording

#: What is usual: the median of a sweep's voltage (mV) and the largest current (nA) lie between these
_USUAL = {"voltage": (5.0, 200.0), "current": (1e-3, 20.0)}
#: nA; a stimulus that is smaller is none
_TOO_SMALL = 5e-4
#: How many such small stimuli are no accident
_SEVERAL = 3

#: File (or folder and suffix), quantity, unit that was taken
Key = tuple[str, str, str]


@dataclass
class _Votes:
    """What the sweeps of one file say about a unit."""

    usual: int
    unusual: list[float]
    recordings: list[Recording]
    refused: list[WrongUnit]

    @property
    def count(self) -> int:
        """Number of sweeps."""
        return len(self.recordings) + sum(problem.sweeps for problem in self.refused)

    @property
    def wrong(self) -> bool:
        """Whether the unit can't be: more sweeps speak against it than for it, and it isn't one alone."""
        against = sum(p.sweeps for p in self.refused if self.unusual or not self.recordings or not _small(p))
        total = against + len(self.unusual)
        return against > 0 and total > self.usual and (total > 1 or 2 * total > self.count)

    def take(self, recording: Recording, quantity: str, value: float, stimulus: bool) -> None:
        """Count a sweep whose voltage (mV) or current (nA) is as large as that."""
        self.recordings.append(recording)
        low, high = _USUAL[quantity]
        if value > high or (stimulus and quantity == "current" and value < _TOO_SMALL):
            self.unusual.append(value)
        elif stimulus and value >= low:
            self.usual += 1


def judge_units(
    recordings: Sequence[Recording], problems: Sequence[Problem]
) -> tuple[dict[int, str], list[Problem]]:
    """Judge the units of each file of a cell over all its sweeps.

    Where more sweeps speak against a unit than for it, and some can't be in it, none is. Where all could be, but
    no cell has such values, it is told.

    Parameters
    ----------
    recordings : list of Recording
        Those of one cell that passed.
    problems : list of Problem
        Those of the cell; a `WrongUnit` stands for a sweep that was refused.

    Returns
    -------
    refused : dict
        Serial numbers of the recordings that are refused too, and why.
    problems : list of Problem
        The same, with one sentence for each file whose unit is wrong or doubtful.
    """
    kept = [p for p in problems if not (isinstance(p, WrongUnit) and p.severity == "warning")]
    refused: dict[int, str] = {}
    for (place, quantity, unit), votes in _votes(recordings, kept).items():
        if votes.wrong and votes.count > 1:
            verdict = _refusal(votes)
            kept[kept.index(votes.refused[0])] = verdict
            kept = [problem for problem in kept if problem not in votes.refused]
            refused |= {recording.serial: verdict.message for recording in votes.recordings}
        elif not votes.refused and _doubtful(votes, quantity):
            kept.append(_doubt(votes, place, quantity, unit))
    return refused, kept


def _votes(recordings: Sequence[Recording], problems: Sequence[Problem]) -> dict[Key, _Votes]:
    many = Counter(recording.file for recording in recordings)
    for problem in problems:
        if isinstance(problem, WrongUnit):
            many[problem.file or ""] += problem.sweeps
    found: dict[Key, _Votes] = {}
    for problem in problems:
        if isinstance(problem, WrongUnit):
            key = (_place(problem.file or "", many), problem.quantity, str(canonical_unit(problem.unit)))
            found.setdefault(key, _Votes(0, [], [], [])).refused.append(problem)
    for recording in recordings:
        for quantity, unit, value, stimulus in _said(recording):
            key = (_place(recording.file, many), quantity, unit)
            found.setdefault(key, _Votes(0, [], [], [])).take(recording, quantity, value, stimulus)
    return found


def _said(recording: Recording) -> Iterator[tuple[str, str, float, bool]]:
    """Yield voltage and current: their units, how large they are (mV, nA), and whether that counts."""
    scale = recording.scale
    if scale is not None:
        yield "voltage", str(scale["v_unit"]), abs(scale["voltage"]), True
        yield "current", str(scale["i_unit"]), scale["current"], scale["stimulus"]


def _small(problem: WrongUnit) -> bool:
    return problem.quantity == "current" and problem.value < _TOO_SMALL


def _place(file: str, sweeps: Counter[str]) -> str:
    """Return the file, or where it is if it holds no more than one sweep."""
    if sweeps[file] > 1:
        return file
    return os.path.join(os.path.dirname(file), "*" + os.path.splitext(file)[1].lower())


def _refusal(votes: _Votes) -> WrongUnit:
    """Return one sentence for all sweeps of a file, those that passed by themselves too."""
    middle = sorted(votes.refused, key=lambda problem: abs(problem.value))[len(votes.refused) // 2]
    largest = max(votes.unusual, default=0.0)
    if abs(middle.value) < largest:  # too small to be true: those sweeps are the quietest, and say least
        middle = _doubt(votes, middle.file or "", middle.quantity, middle.unit)
        middle = dataclasses.replace(middle, severity="error")
    refused, rest = sum(problem.sweeps for problem in votes.refused), len(votes.recordings)
    words = f" ({refused} of {votes.count} sweeps"
    if rest:
        words += f"; the other {rest} {'is' if rest == 1 else 'are'} in the same unit, and left out too"
    files = {problem.file for problem in votes.refused} | {recording.file for recording in votes.recordings}
    protocols = {problem.protocol for problem in votes.refused}
    return dataclasses.replace(
        middle,
        message=f"{middle.cause or middle.message}{words})",
        cause=middle.cause or middle.message,
        file=middle.file if len(files) == 1 else os.path.dirname(middle.file or "") or None,
        protocol=middle.protocol if len(protocols) == 1 else None,
        recording=None,
        sweeps=refused,
    )


def _doubtful(votes: _Votes, quantity: str) -> bool:
    if not len(votes.unusual) > votes.usual:
        return False
    return quantity == "voltage" or max(votes.unusual) > _TOO_SMALL or len(votes.unusual) >= _SEVERAL


def _doubt(votes: _Votes, place: str, quantity: str, unit: str) -> WrongUnit:
    """Return the warning for a file whose values could be, but no cell has them."""
    value = float(np.median(votes.unusual))
    likely = likely_unit(quantity, value, unit)
    what = (
        f"the voltage lies around {value:.3g} mV from zero, where no cell rests"
        if quantity == "voltage"
        else f"the current reaches {value:.3g} nA, and no patched cell is given "
        + ("so much" if value > _USUAL["current"][1] else "so little")
    )
    if likely is None:
        advice = "in no other unit would it be usual. Was an amplifier's gain (10, 100) taken off?"
    else:
        advice = f"the samples are probably in {likely!r}. Set the unit in the metadata if so."
    where = f"in {len(votes.unusual)} of {votes.count} sweeps"
    message = f"{what}, {where}. The {quantity} unit is taken as {unit!r}: {advice}"
    files = list(dict.fromkeys(recording.file for recording in votes.recordings))
    file = (files[0] if len(files) == 1 else os.path.dirname(place)) or None
    return WrongUnit(
        message, "warning", "unit", file=file, quantity=quantity, unit=unit, value=value, likely=likely
    )
