"""Rheobase: the smallest current that makes a cell fire, by four rules.

The rules are BluePyEfe's, on all sweeps of the chosen protocols, the silent ones included. A rheobase is a
depolarising current: spikes in sweeps at a negative current (rebound, artefact) never decide, and a cell that fires
at no current has none.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..problems import EfeError, Problem, nearest
from ..traces.trace import number
from ..units import HIGHEST_NA

if TYPE_CHECKING:
    from ..recordings.cell import Cell
    from ..recordings.recording import Recording

LOW_CURRENT = 0.01
NO_CURRENT = 1e-3


@dataclass(frozen=True)
class Sweeps:
    """Amplitudes (nA, rising) and spike counts of the sweeps that may decide."""

    amps: tuple[float, ...]
    counts: tuple[int, ...]
    recordings: tuple[Recording, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.amps)

    @property
    def levels(self) -> list[Level]:
        """The nominal amplitudes, rising."""
        return levels_of(self.amps, self.counts)


@dataclass(frozen=True)
class Level:
    """Sweeps at one nominal amplitude, of which noise decides the order.

    Parameters
    ----------
    first, last : int
        Positions of the first sweep, and of the one after the last.
    amp : float
        Mean amplitude, nA.
    counts : tuple of int
        Spike counts of the sweeps.
    """

    first: int
    last: int
    amp: float
    counts: tuple[int, ...]


def apart(amp: float) -> float:
    """Return by how much two amplitudes (nA) near `amp` may differ and still be one nominal amplitude.

    An amplitude is the median of a step, on that of the holding current: the noise of either is far below 0.1 pA
    (10 pA over the root of ten thousand samples), a digit of the converter and the drift of its offset are some tenths
    of one, and its gain is constant to a tenth of a percent. Protocols rise by 1 pA and more.
    """
    return 5e-4 + 2.5e-3 * abs(amp)


def levels_of(amps: Sequence[float], counts: Sequence[int]) -> list[Level]:
    """Put sweeps at one nominal amplitude together.

    Parameters
    ----------
    amps : list of float
        nA, rising.
    counts : list of int
        Their spike counts.
    """
    starts = [i for i, _ in enumerate(amps) if i == 0]
    for i, amp in enumerate(amps):
        if starts and amp - amps[starts[-1]] > apart(amp):
            starts.append(i)
    ends = [*starts[1:], len(amps)]
    return [
        Level(first, last, float(np.mean(amps[first:last])), tuple(counts[first:last]))
        for first, last in zip(starts, ends, strict=True)
    ]


@dataclass(frozen=True)
class Decision:
    """A rheobase and how it came about.

    Parameters
    ----------
    rheobase : float or None
        nA.
    reason : str
        How it was decided, or why there is none; a sentence for a person.
    recording : Recording or None
        The sweep that decided, where one did.
    problems : tuple of Problem
    """

    rheobase: float | None
    reason: str
    recording: Recording | None = None
    problems: tuple[Problem, ...] = ()


def _absolute(sweeps: Sweeps, spike_threshold: int = 1) -> tuple[float | None, int | None]:
    """Lowest amplitude at which a sweep has at least `spike_threshold` spikes."""
    hit = next((i for i, count in enumerate(sweeps.counts) if count >= spike_threshold), None)
    return (None, None) if hit is None else (sweeps.amps[hit], hit)


def _flush(
    sweeps: Sweeps, flush_length: int = 1, upper_bound_spikecount: int | None = None
) -> tuple[float | None, int | None]:
    """Lowest amplitude that fires and whose next `flush_length` amplitudes fire too (as many as there are).

    Of repeats at one amplitude one is enough to fire; the next amplitudes must do so in all of them.
    """
    levels = sweeps.levels
    for i, level in enumerate(levels):
        fewest = min(filter(None, level.counts), default=0)
        if upper_bound_spikecount is not None and fewest > upper_bound_spikecount:
            break
        following = levels[i + 1 : i + 1 + int(flush_length)]
        if fewest and all(all(later.counts) for later in following):
            index = next(k for k in range(level.first, level.last) if sweeps.counts[k])
            return sweeps.amps[index], index
    return None, None


def _majority(
    sweeps: Sweeps, min_step: float = 0.01, majority: float = 0.5
) -> tuple[float | None, int | None]:
    """Centre of the lowest bin of `min_step` (nA) in which at least `majority` of the sweeps fire."""
    lowest = sweeps.amps[0]
    fired: dict[int, list[bool]] = {}
    for level in sweeps.levels:
        # repeats on both sides of an edge belong together, below it
        amp = level.amp if len(level.counts) == 1 else level.amp - min(apart(level.amp), min_step / 2)
        fired.setdefault(_bin(max(amp, lowest), lowest, min_step), []).extend(map(bool, level.counts))
    for place, in_bin in fired.items():
        if any(in_bin) and np.mean(in_bin) >= majority:
            return lowest + place * min_step + min_step / 2.0, None
    return None, None


def _bin(amp: float, lowest: float, width: float) -> int:
    """Place of the bin, from ``lowest + place * width`` on, into which `amp` falls; its lower edge is in it."""
    place = int(np.floor((amp - lowest) / width))
    if lowest + (place + 1) * width <= amp:  # the quotient was rounded down
        return place + 1
    return place - 1 if lowest + place * width > amp else place


def _interpolation(sweeps: Sweeps) -> tuple[float | None, int | None]:
    """Where a straight line through current over spike count, from the last silent sweep on, meets one spike."""
    # of repeats the silent ones come first, as among equal amplitudes
    order = [
        i
        for level in sweeps.levels
        for i in sorted(range(level.first, level.last), key=lambda i: bool(sweeps.counts[i]))
    ]
    counts, amps = [sweeps.counts[i] for i in order], [sweeps.amps[i] for i in order]
    start = next((i for i in range(len(counts) - 1) if not counts[i] and counts[i + 1]), None)
    if start is None:
        return None, None
    fit = np.poly1d(np.polyfit(counts[start:], amps[start:], deg=1))
    return fit(1), None


STRATEGIES: dict[str, Callable[..., tuple[float | None, int | None]]] = {
    "absolute": _absolute,
    "flush": _flush,
    "majority": _majority,
    "interpolation": _interpolation,
}


_COUNTS = ("spike_threshold", "flush_length", "upper_bound_spikecount")


def check_strategy(strategy: str, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the settings of a rheobase rule, checked.

    Raises
    ------
    EfeError
        If there is no such rule, or it has no such setting.
    """
    if strategy not in STRATEGIES:
        raise EfeError(
            f"there is no rheobase strategy {strategy!r}.{nearest(strategy, STRATEGIES)} "
            f"Use one of {', '.join(STRATEGIES)}."
        )
    known = _settings_of(strategy)
    for name, value in (settings or {}).items():
        if name not in known:
            raise EfeError(
                f"the rheobase strategy {strategy!r} has no setting {name!r}.{nearest(name, known)} It takes "
                f"{', '.join(known) or 'none'}."
            )
        if not (name == "upper_bound_spikecount" and value is None):
            _check_setting(name, value)
    return dict(settings or {})


@functools.cache
def _settings_of(strategy: str) -> list[str]:
    return list(inspect.signature(STRATEGIES[strategy]).parameters)[1:]


def _check_setting(name: str, value: Any) -> None:
    if not number(f"the rheobase setting {name!r}", value) > 0:
        raise EfeError(f"the rheobase setting {name!r} must be a number above zero, but is {value!r}.")
    if name in _COUNTS and value != int(value):
        raise EfeError(f"the rheobase setting {name!r} must be a whole number, but is {value!r}.")


def deciding_sweeps(cell: Cell, protocols: Collection[str]) -> tuple[Sweeps, list[Problem]]:
    """Return the sweeps that may decide a cell's rheobase, in the order of their amplitudes."""
    problems = []
    chosen: list[tuple[float, int, int, Recording]] = []
    for i, recording in enumerate(cell.recordings):
        if recording.protocol_name not in protocols or recording.amp is None or recording.spikecount is None:
            continue
        count = recording.spikecount
        if count and recording.amp < -NO_CURRENT:
            problems.append(_place(recording, _NEGATIVE.format(amp=recording.amp, count=count)))
            continue
        if count and abs(recording.amp) > NO_CURRENT and recording.amp < LOW_CURRENT:
            problems.append(_place(recording, _LOW.format(amp=recording.amp, count=count)))
        chosen.append((recording.amp, count, i, recording))
    chosen.sort(key=lambda item: item[:3])
    amps, counts, _, recordings = zip(*chosen, strict=True) if chosen else ((), (), (), ())
    return Sweeps(tuple(amps), tuple(counts), tuple(recordings)), problems


_NEGATIVE = (
    "{count} spike(s) at {amp:.3g} nA, a hyperpolarising current: left out of the rheobase. "
    "Check for rebound spikes or artefacts."
)
_LOW = "{count} spike(s) at only {amp:.3g} nA: check the timing of the stimulus, and for spontaneous spikes."


def _place(recording: Recording, message: str) -> Problem:
    return Problem(message, "warning", "rheobase").at(**recording.place)


def decide(
    cell: Cell,
    protocols: Collection[str],
    strategy: str = "absolute",
    settings: Mapping[str, Any] | None = None,
) -> Decision:
    """Find the rheobase of a cell.

    Parameters
    ----------
    cell : Cell
    protocols : list of str
        Names of the protocols whose sweeps are looked at.
    strategy : {"absolute", "flush", "majority", "interpolation"}
    settings : dict, optional
        Settings of the strategy.

    Raises
    ------
    EfeError
        If the strategy or a setting isn't known.
    """
    chosen = check_strategy(strategy, settings)
    sweeps, problems = deciding_sweeps(cell, protocols)
    reason = _no_sweeps(cell, protocols, sweeps)
    if reason:
        return _none(reason, problems)
    rheobase, index = STRATEGIES[strategy](sweeps, **chosen)
    if rheobase is None or not np.isfinite(rheobase) or rheobase <= NO_CURRENT:
        return _none(_why_none(sweeps, strategy, rheobase), problems)
    recording = None if index is None else sweeps.recordings[index]
    problems += _doubts(sweeps, strategy, index, float(rheobase))
    return Decision(rheobase, f"{strategy} rule over {len(sweeps)} sweeps", recording, tuple(problems))


def given(rheobase: float) -> Decision:
    """Return a rheobase (nA) that a person set by hand, which beats any rule.

    Raises
    ------
    EfeError
        If it isn't a depolarising current.
    """
    if number("the rheobase", rheobase, "nA") <= 0:
        raise EfeError(f"the rheobase must be a current above zero (nA), but is {rheobase!r}.")
    return Decision(float(rheobase), "set by hand")


def _none(reason: str, problems: Sequence[Problem]) -> Decision:
    problem = Problem(f"no rheobase: {reason}", "warning", "rheobase")
    return Decision(None, reason, None, (*problems, problem))


def _no_sweeps(cell: Cell, protocols: Collection[str], sweeps: Sweeps) -> str:
    if len(sweeps):
        return ""
    if not cell.recordings:
        return "no recording of the cell can be used: what is said of its files tells why."
    there = ", ".join(cell.get_protocol_names())
    return f"there is no sweep of {', '.join(protocols)}; the cell's protocols are {there}."


def _why_none(sweeps: Sweeps, strategy: str, rheobase: float | None) -> str:
    if not any(sweeps.counts):
        words = f"none of the {len(sweeps)} sweeps, up to {sweeps.amps[-1]:.3g} nA, has a spike."
        above = sum(recording.rests_above_threshold for recording in sweeps.recordings)
        if above:
            words += (
                f" In {above} of them the baseline lies above the spike threshold, which is then never crossed: "
                "look at the voltage's offset and unit, and at Threshold."
            )
        return words
    if rheobase is not None and abs(rheobase) <= NO_CURRENT:
        return "the cell fires without any current."
    if rheobase is not None:
        return f"the {strategy} rule gives {rheobase:.3g} nA, which is no depolarising current."
    if strategy == "interpolation":
        return "no silent sweep is followed by one with spikes, which the interpolation needs."
    return f"the sweeps do not meet the {strategy} rule."


def _doubts(sweeps: Sweeps, strategy: str, index: int | None, rheobase: float) -> list[Problem]:
    doubts = []
    if rheobase > HIGHEST_NA:
        doubts.append(
            f"{rheobase:.3g} nA is more than any patched cell needs ({HIGHEST_NA:g} nA). The currents are probably in "
            "pA: set 'i_unit' in the metadata."
        )
    if strategy == "interpolation":
        below = [
            amp for amp, count in zip(sweeps.amps, sweeps.counts, strict=True) if count and amp < rheobase
        ]
        if below:
            shown = ", ".join(f"{amp:.3g}" for amp in below[:4]) + (", …" if len(below) > 4 else "")
            doubts.append(
                f"{len(below)} sweep(s) with spikes lie below the interpolated {rheobase:.3g} nA, at {shown} nA."
            )
    if all(sweeps.counts):
        doubts.append(
            f"every sweep has spikes, down to {sweeps.amps[0]:.3g} nA, so that the true rheobase may be lower. "
            "Add sweeps at smaller currents."
        )
    top = sweeps.levels[-1]
    alone = index is not None and index >= top.first and sum(map(bool, top.counts)) == 1
    if strategy == "flush" and alone and len(sweeps) > 1:
        doubts.append("only the sweep with the largest current fires, so that no other one confirms it.")
    return [Problem(f"the rheobase is not certain: {text}", "warning", "rheobase") for text in doubts]


def _is_current(rheobase: Any) -> bool:
    return isinstance(rheobase, (int, float, np.floating)) and np.isfinite(rheobase) and rheobase != 0


def _kept(cell: Cell, decision: Decision) -> Decision:
    problem = Problem(
        f"no rheobase was found ({decision.reason.rstrip('.')}): the cell keeps its rheobase of "
        f"{cell.rheobase:.4g} nA, which was set by hand.",
        "warning",
        "rheobase",
    )
    told = [p for p in decision.problems if not p.message.startswith("no rheobase:")]
    return Decision(cell.rheobase, "set by hand; the rule finds none", None, (*told, problem))


def assign(
    cell: Cell,
    protocols: Collection[str],
    strategy: str = "absolute",
    settings: Mapping[str, Any] | None = None,
    value: float | None = None,
) -> Decision:
    """Find the rheobase of a cell, or take the `value` (nA) set by hand, and express its amplitudes in % of it.

    Where none is found the cell keeps one that a script has set.
    """
    decision = decide(cell, protocols, strategy, settings) if value is None else given(value)
    if decision.rheobase is None and cell.rheobase_by_hand and _is_current(cell.rheobase):
        decision = _kept(cell, decision)
    else:
        cell.take_rheobase(decision.rheobase, decision.recording)
    cell.problems = [p for p in cell.problems if p.kind != "rheobase"] + list(decision.problems)
    cell.compute_relative_amp()
    return decision
