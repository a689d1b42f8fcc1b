"""Stimuli as anybody can play them: a waveform from an entry of protocols.json, and one taken apart into pieces.

A piece is a square pulse, a ramp, or samples. Pieces add up, and stand on the holding current, which is apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..problems import EfeError
from ..recordings import families
from ..recordings.ecodes import SAHP, DeHyperPol, SpikeRec, ecode_of
from ..recordings.recording import Recording

__all__ = ["draw", "held_by", "pieces", "rebuild", "stimulus_from"]

#: ms, where an entry has no sampling step of its own
STEP_MS = 0.025

#: Entries of protocols.json that only one family has, and what is so called here
_TELLTALE: dict[str, tuple[str, ...]] = {
    "SAHP": ("long_amp",),
    "SpikeRec": ("n_spikes",),
    "PosCheops": ("t1", "t2", "t3", "t4"),
    "SineSpec": ("chirp_time_offset",),
    "PinkNoise": ("waveform",),
    "HyperDePol": ("amp2",),
}


def rebuild(
    entry: Mapping[str, Any], name: str = "", kind: str | None = None, dt: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the stimulus that an entry of protocols.json stands for, holding current included.

    Parameters
    ----------
    entry : dict
        ``{"holding": …, "step": …}`` (ms, nA).
    name : str
        The entry's name. A ramp and a step have the same keys: only the name tells which it is.
    kind : str, optional
        Which stimulus it is ("Step", "Ramp", …), for names that don't tell.
    dt : float, optional
        Sampling step, ms; by default the entry's own if it has one, else 0.025.

    Returns
    -------
    time, current : np.ndarray, shape (n,)
        ms, nA.

    Raises
    ------
    EfeError
        If the entry lacks something, or it isn't known which stimulus it is.
    """
    return stimulus_from(entry, name, kind, dt).generate()


def stimulus_from(
    entry: Mapping[str, Any], name: str = "", kind: str | None = None, dt: float | None = None
) -> Recording:
    """Return an entry of protocols.json as a stimulus without data; parameters are those of `rebuild`."""
    try:
        step, holding = dict(entry["step"]), float(entry["holding"]["amp"])
        delay, tend = float(step["delay"]), float(step["totduration"])
    except (KeyError, TypeError) as error:
        raise EfeError(
            f'{name or "the stimulus"} must have "holding" with an amp, and "step" with delay and totduration, as in '
            f"protocols.json, but {error} is wrong or missing."
        ) from None
    family = _family(step, name, kind)
    stimulus = family({}, {}, name)
    given: dict[str, Any] = {key: value for key, value in step.items() if key not in _NOT_OURS}
    given |= {"ton": delay, "tend": tend, "hypamp": holding}
    given["amp_rel"] = step.get("thresh_perc")
    if "toff" not in step and step.get("duration") is not None:
        given["toff"] = delay + float(step["duration"])
    given["dt"] = dt or step.get("dt") or STEP_MS
    if issubclass(family, SAHP):
        given |= {"amp": step.get("long_amp"), "amp2": step.get("amp"), "amp_rel": step.get("long_amp_rel")}
        given["amp2_rel"] = step.get("thresh_perc")
    if issubclass(family, DeHyperPol):
        given |= {"amp_rel": step.get("amp_rel"), "amp2_rel": step.get("thresh_perc")}
    if issubclass(family, SpikeRec):
        given["tspike"] = _train(step)
    if "waveform" in step and dt and step.get("dt") and dt != step["dt"]:
        given["waveform"] = _resampled(np.asarray(step["waveform"], dtype=float), float(step["dt"]), dt)
    _take(stimulus, given, name)
    return stimulus


_NOT_OURS = ("delay", "totduration", "thresh_perc", "duration", "long_amp", "long_amp_rel", "n_spikes")


def _family(step: Mapping[str, Any], name: str, kind: str | None) -> type[Recording]:
    if kind is not None:
        return ecode_of(name, kind)
    try:
        return ecode_of(name)
    except EfeError:
        telltale = next((f for f, keys in _TELLTALE.items() if all(key in step for key in keys)), None)
        if telltale is None:
            raise EfeError(
                f"which stimulus {name or 'this'} is can't be told from its name, and its entry would be the same for "
                'a step and for a ramp. Say the kind, e.g. kind="Step".'
            ) from None
        return ecode_of(name, telltale)


def _train(step: Mapping[str, Any]) -> np.ndarray:
    """Return the beginnings (ms) of equally spaced pulses."""
    n = int(step.get("n_spikes") or 1)
    between = float(step["spike_duration"]) + float(step.get("delta") or 0.0)
    return float(step["delay"]) + between * np.arange(n)


def _resampled(waveform: np.ndarray, old: float, new: float) -> np.ndarray:
    n = round(len(waveform) * old / new)
    found: np.ndarray = waveform[np.minimum((np.arange(n) * new / old + 1e-9).astype(int), len(waveform) - 1)]
    return found


def _take(stimulus: Recording, given: Mapping[str, Any], name: str) -> None:
    for key, value in given.items():
        attribute = getattr(type(stimulus), key, None)
        if not (isinstance(attribute, property) and attribute.fset is None):
            setattr(stimulus, key, value)
    lacking = [
        key
        for key in stimulus.export_attr
        if getattr(stimulus, key, None) is None and not key.endswith("_rel") and key != "delta"
    ]
    if lacking:
        raise EfeError(
            f"the entry of {name or 'the stimulus'} lacks {', '.join(lacking)}, without which its stimulus "
            f"({type(stimulus).__name__}) can't be rebuilt."
        )


def pieces(stimulus: Recording) -> list[dict[str, Any]]:
    """Take a stimulus apart.

    Parameters
    ----------
    stimulus : Recording
        Without data, as `Protocol.ecode` and `stimulus_from` return it.

    Returns
    -------
    list of dict
        Each ``{"shape": "square", "delay", "duration", "amp", "amp_rel"}``, ``{"shape": "ramp", "delay", "duration",
        "start", "end", "start_rel", "end_rel"}`` or ``{"shape": "samples", "delay", "dt", "current", "amp",
        "amp_rel"}``: ms, nA above the holding current, and the same in % of rheobase (None where that isn't known). Of
        samples, `amp` and `amp_rel` are the height of the stimulus.
    """
    ours = type(stimulus).generate is Recording.generate
    drawn = type(stimulus.stimulus_family if ours else stimulus).generate
    taken_apart = _PIECES.get(drawn, _samples)
    return list(taken_apart(stimulus))


def _square(delay: float, end: float, amp: Any, amp_rel: Any) -> dict[str, Any]:
    return {
        "shape": "square",
        "delay": _number(delay),
        "duration": _number(end - delay),
        "amp": _number(amp),
        "amp_rel": _number(amp_rel),
    }


def _ramp(delay: float, end: float, levels: tuple[Any, Any], relative: tuple[Any, Any]) -> dict[str, Any]:
    return {
        "shape": "ramp",
        "delay": _number(delay),
        "duration": _number(end - delay),
        "start": _number(levels[0]),
        "end": _number(levels[1]),
        "start_rel": _number(relative[0]),
        "end_rel": _number(relative[1]),
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _step(s: Any) -> Iterator[dict[str, Any]]:
    yield _square(s.ton, s.toff, s.amp, s.amp_rel)


def _sahp(s: Any) -> Iterator[dict[str, Any]]:
    yield _square(s.tmid, s.tmid2, s.amp2, s.amp2_rel)  # first the one that targets are compared with
    yield _square(s.ton, s.tmid, s.amp, s.amp_rel)
    yield _square(s.tmid2, s.toff, s.amp, s.amp_rel)


def _rising(s: Any) -> Iterator[dict[str, Any]]:
    yield _ramp(s.ton, s.toff, (0.0, s.amp), (_zero(s.amp_rel), s.amp_rel))


def _two(s: Any) -> Iterator[dict[str, Any]]:
    yield _square(s.ton, s.tmid, s.amp, s.amp_rel)
    yield _square(s.tmid, s.toff, s.amp2, s.amp2_rel)


def _triangles(s: Any) -> Iterator[dict[str, Any]]:
    edges = [float(getattr(s, name)) for name in s.timings]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        summit, none = 0.5 * (start + end), _zero(s.amp_rel)
        yield _ramp(start, summit, (0.0, s.amp), (none, s.amp_rel))
        yield _ramp(summit, end, (s.amp, 0.0), (s.amp_rel, none))


def _pulses(s: Any) -> Iterator[dict[str, Any]]:
    for start in s.tspike:
        yield _square(start, start + s.spike_duration, s.amp, s.amp_rel)


def _zero(relative: Any) -> float | None:
    return None if relative is None else 0.0


def _samples(stimulus: Recording) -> Iterator[dict[str, Any]]:
    """Yield the samples of a stimulus from the first to the last that isn't 0."""
    time, current = stimulus.generate()
    above = np.asarray(current, dtype=float) - float(stimulus.hypamp)
    there = np.flatnonzero(above)
    first, end = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 1)
    yield {
        "shape": "samples",
        "delay": float(time[first]),
        "dt": float(stimulus.dt),
        "current": above[first:end].tolist(),
        "amp": _number(stimulus.amp),
        "amp_rel": _number(stimulus.amp_rel),
    }


def level(piece: Mapping[str, Any], key: str, rheobase: float | None) -> float:
    """Return a level of a piece, nA: as it was recorded, or the same % of another rheobase (nA)."""
    return float(piece[key]) if rheobase is None else float(piece[f"{key}_rel"]) / 100.0 * rheobase


def scale_of(samples: Mapping[str, Any], rheobase: float | None) -> float:
    """Return what samples are multiplied by for a model of another rheobase (nA)."""
    return (
        level(samples, "amp", rheobase) / samples["amp"] if rheobase is not None and samples["amp"] else 1.0
    )


def held_by(protocol: Mapping[str, Any], holding: float | None) -> float:
    """Return the current (nA) that a protocol of a fit stands on: the model's own, where the cells were held.

    Parameters
    ----------
    protocol : dict
        One of a fit's "protocols".
    holding : float or None
        The model's holding current, nA; None where it isn't searched: then it is that of the cells.
    """
    if holding is None:
        return float(protocol["holding"])
    return holding if protocol["held"] else 0.0


def draw(
    parts: Sequence[Mapping[str, Any]], time: np.ndarray, holding: float, rheobase: float | None = None
) -> np.ndarray:
    """Return the current (nA) of pieces on a holding current, at some times (ms); array (n,).

    Parameters
    ----------
    parts : list of dict
        As `pieces` returns them.
    time : np.ndarray, shape (n,)
    holding : float
        nA.
    rheobase : float, optional
        Of the model (nA) that is played the same % of it as the cells; by default the amplitudes are those recorded.
    """
    total = np.full(len(time), float(holding))
    for part in parts:
        since = np.asarray(time, dtype=float) - part["delay"] + 1e-9
        if part["shape"] == "samples":
            scale = scale_of(part, rheobase)
            index = np.floor(since / part["dt"] + 1e-6).astype(int)
            inside = (index >= 0) & (index < len(part["current"]))
            total[inside] += scale * np.asarray(part["current"], dtype=float)[index[inside]]
            continue
        inside = (since >= 0.0) & (since < part["duration"])
        if part["shape"] == "square":
            total[inside] += level(part, "amp", rheobase)
        else:
            start, end = (level(part, key, rheobase) for key in ("start", "end"))
            total[inside] += start + (end - start) * since[inside] / part["duration"]
    return total


#: By the way that a stimulus is drawn: a lab's own family may draw another one than the family it is made from
_PIECES: dict[Callable[..., Any], Callable[[Any], Iterator[dict[str, Any]]]] = {
    families.Step.generate: _step,
    families.SAHP.generate: _sahp,
    families.Ramp.generate: _rising,
    families.HyperDePol.generate: _two,
    families.PosCheops.generate: _triangles,
    families.SpikeRec.generate: _pulses,
}
