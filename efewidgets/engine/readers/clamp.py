"""Was a sweep recorded in current clamp? What the file states counts; where it states nothing, the samples say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..long.looks import last_place
from ..problems import ReadError, UnitError
from ..units import check_plausible, to_mV, to_nA
from .inspection import LeftOutError

#: What metadata (and readers) call the two modes
CLAMP_MODES = ("current", "voltage")

_KEY = r"(?:clamp|recording|amplifier)[ _]?mode|mode"
_STATED = re.compile(rf"\b(?:{_KEY})[ \t]*[:=#][ \t]*([^\r\n;,]*)", re.IGNORECASE)
_NUMBERED = re.compile(r"\bclamp[ _]?mode[ \t]*[:=#][ \t]*([012])\b", re.IGNORECASE)
_STIMULUS_UNIT = re.compile(r"^UNITS\d+#\s*[munpµ]?([AV])\s*$", re.IGNORECASE | re.MULTILINE)
_VOLTAGE = re.compile(r"\bv(?:olt(?:age)?)?[ _-]*clamp|\bvc\b", re.IGNORECASE)
_CURRENT = re.compile(r"\b(?:i|c|curr(?:ent)?)[ _-]*clamp|\b(?:ic|cc)\b|\bI\s*=\s*0", re.IGNORECASE)

# A command changes as fast as a filter lets it, and stands still between; a membrane charges.
_JUMP, _STILL, _FASTEST = 0.1, 0.02, 4
_NOISELESS = 1e-4  # of the range
_SMALLEST_MV = 4.0  # less may be one digit of the converter
_LOOK_MS = 0.1  # of samples that are closer together, some are looked at
_SHORTEST = 50  # samples


def clamp_in_words(words: str) -> str | None:
    """Return "current" or "voltage" if a note says so ("Clamp mode: V-Clamp", "UNITS0#A"), None if it doesn't.

    A note that says both says nothing.
    """
    found = {{"A": "current", "V": "voltage"}[unit.upper()] for unit in _STIMULUS_UNIT.findall(words)}
    # MultiClamp and MIES count the modes: voltage clamp, current clamp, I = 0.
    found |= {"voltage" if number == "0" else "current" for number in _NUMBERED.findall(words)}
    for stated in _STATED.findall(words) or [words]:
        found |= {"voltage"} if _VOLTAGE.search(stated) else set()
        found |= {"current"} if _CURRENT.search(stated) else set()
    return found.pop() if len(found) == 1 else None


def check_clamp(sweep: Mapping[str, Any], metadata: Mapping[str, Any], step: float) -> None:
    """Raise ReadError for a sweep in voltage clamp; what ``clamp_mode`` in the metadata says beats all else.

    ``clamp_mode`` in the sweep is what the file states. Without either, the samples are looked at; `step` is
    between them, ms.
    """
    said = metadata.get("clamp_mode")
    if said is not None and said not in CLAMP_MODES:
        raise ReadError(f"'clamp_mode' in the metadata must be 'current' or 'voltage', but is {said!r}.")
    stated = said or sweep.get("clamp_mode")
    how = "'clamp_mode': 'current' in the metadata reads it all the same."
    if stated == "voltage":
        who = "the metadata say" if said else "the file says"
        raise LeftOutError(
            f"it was recorded in voltage clamp, as {who}: left out.{'' if said else f' {how}'}"
        )
    if stated is not None:
        return
    every = max(1, int(_LOOK_MS / step))
    if is_command(sweep["voltage"][::every], sweep["current"][::every]) and _plausible(sweep, metadata):
        raise ReadError(
            "it looks like voltage clamp (or voltage and current are exchanged): the voltage steps without "
            f"noise, as a command does, and it is the current that answers. The sweep is left out; {how}"
        )


def _plausible(sweep: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Whether the samples can be in their units (else another fault comes first), and are no single digit's step."""
    v_unit, i_unit = (metadata.get(key) or sweep.get(key) for key in ("v_unit", "i_unit"))
    voltage = to_mV(sweep["voltage"], v_unit)
    try:
        check_plausible(voltage, to_nA(sweep["current"], i_unit), v_unit, i_unit)
    except UnitError:
        return False
    return float(np.ptp(voltage)) >= _SMALLEST_MV


def is_command(voltage: np.ndarray, current: np.ndarray) -> bool:
    """Whether a voltage is a step that somebody commanded, and not what a membrane does.

    It jumps from one level to another within a few samples, stands still on each, and is much quieter than the
    current, which changes whenever it does.

    Parameters
    ----------
    voltage, current : array (n,), in any unit
    """
    n = _without_padding(voltage, current)
    if n < _SHORTEST:
        return False
    voltage = voltage[:n].astype(float)
    reach = float(np.ptp(voltage))
    if not 0 < reach < np.inf:
        return False
    jumps = np.flatnonzero(np.abs(np.diff(voltage)) > _JUMP * reach)
    if not 0 < len(jumps) <= n // _SHORTEST:
        return False
    first = jumps[np.r_[True, np.diff(jumps) > _FASTEST]]
    last = jumps[np.r_[np.diff(jumps) > _FASTEST, True]]
    plateaus = _plateaus(first, last, n)
    if not plateaus or not _levels(voltage, plateaus, reach):
        return False
    current = current[:n].astype(float)
    noise, answer = (_roughness(samples, plateaus) for samples in (voltage, current))
    if np.ptp(current) > 0 and answer <= _NOISELESS:
        return False  # both step without noise, as in a computed sweep: nobody can tell which of them was commanded
    return (noise <= _NOISELESS or noise < 0.3 * answer) and _answers(current, first, last)


def _without_padding(voltage: np.ndarray, current: np.ndarray) -> int:
    """Return how many samples there are before the end at which neither channel changes any more."""
    for start in (max(0, len(voltage) - _SHORTEST), 0):  # most sweeps change until their end
        last = last_place((np.diff(voltage[start:]) != 0) | (np.diff(current[start:]) != 0))
        if last is not None:
            return start + last + 2
    return 0


def _plateaus(first: np.ndarray, last: np.ndarray, n: int) -> list[slice]:
    """Return the stretches between jumps, a few samples from each; none if jumps take long, or most of the sweep."""
    if np.any(last - first >= _FASTEST):
        return []
    edges = zip(np.r_[0, last + 1 + _FASTEST], np.r_[first + 1 - _FASTEST, n], strict=True)
    found = [slice(int(start), int(stop)) for start, stop in edges if stop - start >= 2]
    covered = sum(part.stop - part.start for part in found)
    return found if len(found) > 1 and covered > 0.9 * n else []


def _levels(voltage: np.ndarray, plateaus: list[slice], reach: float) -> bool:
    """Whether the voltage stands still on each level, and goes far at once.

    A quiet membrane that was rounded to few numbers climbs them one by one.
    """
    if not all(np.ptp(voltage[part]) <= _STILL * reach for part in plateaus):
        return False  # nearly all sweeps
    levels = np.array([np.median(voltage[part]) for part in plateaus])
    return np.ptp(levels) >= 0.8 * reach and np.max(np.abs(np.diff(levels))) >= 0.5 * reach


def _roughness(samples: np.ndarray, plateaus: list[slice]) -> float:
    """Return how much samples vary within the stretches, for their whole range; 0 without any."""
    reach = float(np.ptp(samples))
    within = np.concatenate([samples[part] - np.median(samples[part]) for part in plateaus])
    return float(np.std(within)) / reach if reach > 0 else 0.0


def _answers(current: np.ndarray, first: np.ndarray, last: np.ndarray) -> bool:
    """Whether the current changes at every jump of the voltage, or shows no change anywhere."""
    changes = np.abs(np.diff(current))
    noise = 1.05 * float(np.median(changes))  # the standard deviation, if it is noise
    seen = max(8 * noise, 0.02 * float(np.ptp(current)))
    if not np.any(changes > seen):
        return True
    before = current[np.maximum(first - _FASTEST, 0)]
    after = np.arange(2 * _FASTEST)[:, np.newaxis] + first
    around = np.abs(current[np.minimum(after, len(current) - 1)] - before)
    return bool(np.all(np.max(around, axis=0) > seen))
