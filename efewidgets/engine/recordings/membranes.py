"""Are the files of a cell of one cell? Their resting potentials and input resistances say if they can't be.

Neurons of one kind are alike, so that silence proves nothing; and one that drifts, or is held at several potentials, is
still one.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..problems import Problem
from ..traces.robust import median, spread
from ..traces.trace import Trace

if TYPE_CHECKING:
    from .recording import Recording

#: A step of fewer nA, or an answer of fewer mV, tells nothing of the resistance; a higher one in mV isn't passive
_SMALLEST_NA, _SMALLEST_MV, _PASSIVE_MV = 5e-3, 1.0, 20.0
#: How many sweeps of a file must say something
_ENOUGH = 3
#: From one neuron to another: mV, and a factor. Within one, in an hour, 10 mV and a half more are nothing unusual.
_APART_MV, _APART = 15.0, 2.0
#: nA; holding currents that differ by more aren't the same
_SAME_HOLDING = 0.02
_SPREADS = 3.0
#: Samples that are enough for a median
_MANY = 1000


def membrane_of(trace: Trace, ton: int, toff: int, amp: float) -> dict[str, float | None]:
    """Measure what a sweep with a step says of its membrane.

    Parameters
    ----------
    trace : Trace
    ton, toff : int
        Sample indexes of the step.
    amp : float
        Its amplitude above the holding current, nA.

    Returns
    -------
    dict
        ``baseline``: median voltage before the step, mV; ``resistance``: MΩ, from the last fifth of a step that the
        membrane answers passively. None where it can't be had.
    """
    before = trace.voltage[:ton] if ton > 1 else trace.voltage[:0]
    if not len(before):
        return {"baseline": None, "resistance": None}
    baseline = _median(before)
    step = trace.voltage[ton:toff]
    answer = _median(step[-(len(step) // 5 + 1) :]) - baseline if len(step) else 0.0
    passive = (
        abs(amp) >= _SMALLEST_NA
        and abs(answer) >= _SMALLEST_MV
        and answer * amp > 0
        and float(np.max(step)) < baseline + _PASSIVE_MV
    )
    return {"baseline": baseline, "resistance": answer / float(amp) if passive else None}


def _median(samples: np.ndarray) -> float:
    return float(median(samples[:: max(1, len(samples) // _MANY)]))


@dataclass(frozen=True)
class _Membrane:
    """What the sweeps of a file say together: medians, and how much they differ.

    Parameters
    ----------
    place : str
        The file, or the folder of files of one sweep.
    baseline, baseline_spread : float
        mV.
    holding : float
        nA.
    resistance : float or None
        MΩ.
    resistance_spread : float
        Of its logarithm.
    """

    place: str
    baseline: float
    baseline_spread: float
    holding: float
    resistance: float | None
    resistance_spread: float

    @property
    def words(self) -> str:
        """The values, for a person."""
        resistance = "" if self.resistance is None else f", {self.resistance:.3g} MΩ"
        return f"{self.baseline:.3g} mV at {1e3 * self.holding:.3g} pA{resistance} ({os.path.basename(self.place)})"


def judge_membranes(recordings: Sequence[Recording]) -> list[Problem]:
    """Say if files of one cell can hardly be of one cell.

    Resistances of files must differ by more than a factor of 2, or the potentials, after what the difference of the
    holding currents explains, by more than 15 mV; and by more than three times what each file's sweeps differ.

    Parameters
    ----------
    recordings : list of Recording
        Those of one cell.
    """
    found = _membranes(recordings)
    pairs = [(_how_far(a, b), a, b) for a, b in itertools.combinations(found, 2)]
    far, a, b = max(pairs, key=lambda pair: pair[0], default=(0.0, None, None))
    if a is None or b is None or far <= 1:
        return []
    message = (
        f"its files are hardly of one cell: the membrane is at {a.words}, and at {b.words}. If they are of several "
        "cells, give each its own; else look at the traces: the electrode, its offset or the bridge may have changed."
    )
    return [Problem(message, "warning", "file")]


def _membranes(recordings: Sequence[Recording]) -> list[_Membrane]:
    many = Counter(recording.file for recording in recordings)
    places: dict[str, list[tuple[float, float, float | None]]] = {}
    for recording in recordings:
        measured: Mapping[str, float | None] | None = recording.membrane
        if measured is None or measured["baseline"] is None or recording.hypamp is None:
            continue
        file = recording.file
        place = file if many[file] > 1 else os.path.dirname(file)
        values = (measured["baseline"], float(recording.hypamp), measured["resistance"])
        places.setdefault(place, []).append(values)
    return [_membrane(place, values) for place, values in places.items() if len(values) >= _ENOUGH]


def _membrane(place: str, values: Sequence[tuple[float, float, float | None]]) -> _Membrane:
    baselines = np.array([baseline for baseline, _, _ in values])
    logs = np.log([resistance for _, _, resistance in values if resistance is not None])
    known = len(logs) >= 2
    return _Membrane(
        place,
        float(np.median(baselines)),
        spread(baselines),
        float(np.median([holding for _, holding, _ in values])),
        float(np.exp(np.median(logs))) if known else None,
        spread(logs) if known else 0.0,
    )


def _how_far(a: _Membrane, b: _Membrane) -> float:
    """Return how far two files are apart, in what no single neuron exceeds."""
    far = 0.0
    both = [m.resistance for m in (a, b) if m.resistance is not None]
    if a.resistance is not None and b.resistance is not None:
        limit = np.log(_APART) + _SPREADS * (a.resistance_spread + b.resistance_spread)
        far = abs(float(np.log(a.resistance / b.resistance))) / float(limit)
    held = a.holding - b.holding
    if both or abs(held) <= _SAME_HOLDING:
        # held on purpose: any of the resistances may explain it
        rests = [abs(a.baseline - b.baseline - resistance * held) for resistance in (*both, 0.0)]
        if both and abs(held) > _SAME_HOLDING:
            rests = rests[:-1]
        limit = _APART_MV + _SPREADS * (a.baseline_spread + b.baseline_spread)
        far = max(far, min(rests) / float(limit))
    return far
