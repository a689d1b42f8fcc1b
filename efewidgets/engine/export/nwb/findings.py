"""What was found in each sweep and decided about it, as columns of a table that says what each of them means."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from .sweeps import NwbSweep

Column = tuple[str, str, list[Any]]

#: What is said of each sweep, in words; the names of timings and amplitudes follow from its stimulus
_SAID: tuple[tuple[str, str, Callable[[NwbSweep], Any]], ...] = (
    ("protocol", "the stimulus, as the person who recorded calls it", lambda sweep: sweep.protocol),
    ("file", "name of the file that it is from", lambda sweep: ", ".join(map(os.path.basename, sweep.paths))),
    ("sweep", "its name in that file", lambda sweep: sweep.label),
    ("excluded", "whether a person left it out", lambda sweep: bool(sweep.excluded)),
    ("exclusion_reason", "why; empty if it isn't left out", lambda sweep: sweep.excluded),
    ("current_from", "'measured', or 'command' if no current was recorded", lambda sweep: sweep.current_from),
    (
        "timing_from",
        "where the timings are from: 'given' by a person, 'usual' for the protocol, 'seen' in the current, of 'others' "
        "of the protocol; empty where no stimulus was found",
        lambda sweep: sweep.timing_from,
    ),
    (
        "samples_as_recorded",
        "whether voltage and current are the numbers of the original file; else they are its values, scaled",
        lambda sweep: sweep.voltage.as_recorded and sweep.current.as_recorded,
    ),
)

_WORDS = {
    "ton": "begin of the stimulus",
    "toff": "end of the stimulus",
    "amp": "amplitude of the stimulus above the holding current",
    "hypamp": "holding current",
}


def findings(sweeps: Sequence[tuple[str, str, NwbSweep]]) -> list[Column]:
    """Return the columns (name, description, values) for sweeps, each with its cell and the name of its series."""
    found: list[Column] = [
        ("cell", "the cell", [cell for cell, _, _ in sweeps]),
        ("response", "name of the series of the voltage in /acquisition", [name for _, name, _ in sweeps]),
    ]
    found += [(name, words, [of(sweep) for _, _, sweep in sweeps]) for name, words, of in _SAID]
    ljp = [_number(sweep.ljp) for _, _, sweep in sweeps]
    if any(value == value for value in ljp):
        words = (
            "liquid junction potential in mV, which an extraction subtracts; the samples here are without it"
        )
        found.append(("ljp_mV", words, ljp))
    found += _numbers([sweep.found for _, _, sweep in sweeps], "of the stimulus")
    found += _numbers([sweep.facts for _, _, sweep in sweeps], "as the file has it")
    return found


def _numbers(of_sweeps: Sequence[Any], whose: str) -> list[Column]:
    """Return a column for each number that any sweep has; NaN where one hasn't."""
    names = dict.fromkeys(name for numbers in of_sweeps for name in numbers)
    return [
        (name, _described(name, whose), [_number(numbers.get(name)) for numbers in of_sweeps])
        for name in names
    ]


def _described(name: str, whose: str) -> str:
    stem, _, unit = name.rpartition("_")
    words = _WORDS.get(stem) or f"{stem.replace('_', ' ')} {whose}"
    return f"{words}, in {unit}; NaN where it isn't known"


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
