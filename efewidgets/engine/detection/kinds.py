"""Which kind of stimulus a current is: a step, a ramp, a train of pulses …; for sweeps whose name doesn't say it.

    >>> kind_of(current, dt)
    Kind(name='ramp', confidence=0.93, reason='a straight line up to +200 pA from 100 to 900 ms, then a jump back', …)

Method. Explanations compete: each draws the current as its kind would have it, and is judged by the share of the
absolute charge off the baseline that it leaves unexplained (as `levels` chooses among edges; the description that
explains with the fewest parts is taken, after Rissanen 1978, Automatica 14:465). Constant levels are those of
`segments` (Auger & Lawrence 1989; Killick, Fearnhead & Eckley 2012), and what they are follows from their order: one is
a step, two of opposite sign a hyper- and depolarising pair, one upon another an sAHP, many alike a train. A ramp is a
baseline that a line leaves at the block that leaves least behind (Hinkley 1971, J. Am. Stat. Assoc. 66:736); cheops are
the fits of `flanks`. What goes to and fro is a sine if each half wave is about as high and as long as the next, and
rounder than a rectangle; what is restless without that is noise. Short pulses are those of `pulses`. The kinds are
those that BluePyEfe's eCodes read.

The sweeps of a protocol answer together: each votes with its confidence; those that show nothing don't vote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .level_kinds import by_levels
from .outlines import Outline, outline
from .sights import FITS, NAMES, NOTHING, OTHER, Sight
from .slopes import by_slopes
from .trace import Trace, converter_step, finite
from .trains import by_pulses, has_peaks
from .waves import by_waves
from .window import SURE

__all__ = ["ECODES", "SURE", "Kind", "kind_of", "together"]

#: Kinds of stimuli, and the eCode by which each is read; "" where none is.
ECODES = dict(NAMES)
DOUBTFUL = 0.4  # explanations that are worse than that aren't named first
CLEAR = 0.8  # levels as sure as that need no other explanation
UNSURE = 0.25  # weight of a sweep that shows something, nobody knows what
FEWEST = 32  # samples; in fewer there is nothing to be seen
#: What a sweep of a kind looks like whose other level is zero, or that has one pulse
PARTS = {
    "step": ("sAHP", "hyper-depolarising pair", "de-hyperpolarising pair"),
    "short pulse": ("pulse train",),
}
MANY = 1 / 3  # of the sweeps
ALONE = 0.8  # of the confidence: one sweep of a protocol of several could be a stray one


@dataclass(frozen=True)
class Kind:
    """What a stimulus seems to be, by its current alone.

    Attributes
    ----------
    name : str
        A key of `ECODES`: "step", "short pulse", "pulse train", "ramp", "sAHP", "hyper-depolarising pair",
        "de-hyperpolarising pair", "cheops, up", "cheops, down", "sine sweep", "noise", "capacitance check",
        "nothing", or "something else".
    confidence : float
        0 to 1; at least `SURE` (0.5) where it may be offered.
    reason : str
        What is seen, in words, with amounts.
    ranked : tuple of (str, float)
        This answer and the others that were considered, the likeliest first.
    sweeps, agreeing : int
        How many sweeps were looked at and how many said so.
    """

    name: str
    confidence: float
    reason: str
    ranked: tuple[tuple[str, float], ...] = ()
    sweeps: int = 1
    agreeing: int = 1

    @property
    def ecode(self) -> str:
        """The eCode that reads such a stimulus ("Step"), "" if none does."""
        return ECODES[self.name]

    @property
    def sure(self) -> bool:
        """Whether it may be offered: sure enough, and a stimulus that an eCode reads."""
        return self.confidence >= SURE and bool(self.ecode)

    def as_dict(self) -> dict[str, object]:
        """Return plain data, for JSON."""
        return {
            "kind": self.name,
            "ecode": self.ecode or None,
            "confidence": round(self.confidence, 2),
            "reason": self.reason,
            "sure": self.sure,
            "others": {name: round(value, 2) for name, value in self.ranked[1:4]},
            "sweeps": self.sweeps,
            "agreeing": self.agreeing,
            "method": "by the current",
        }


def kind_of(current: np.ndarray, dt: float) -> Kind:
    """Say which kind of stimulus one recorded current is.

    Parameters
    ----------
    current : numpy.ndarray, shape (n,)
        Current (nA).
    dt : float
        Sampling step (ms).

    Raises
    ------
    ValueError
        If `dt` isn't positive.
    """
    if not dt > 0:
        raise ValueError(f"The sampling step must be positive, not {dt} ms.")
    x = finite(current)
    if len(x) < FEWEST:
        return Kind(NOTHING, 0.0, f"only {len(x)} samples of current")
    if float(np.ptp(x)) == 0.0:
        return Kind(NOTHING, 0.99, "the current never changes")
    trace = Trace(x, float(dt), step=converter_step(x))
    seen = explanations(trace)
    if not seen or seen[0].confidence < SURE:
        quiet = trace.without_lines()
        if quiet is not None:  # mains hum
            again = explanations(quiet)
            if again and (not seen or again[0].confidence > seen[0].confidence):
                seen = again
    return _ranked(seen)


def explanations(trace: Trace) -> list[Sight]:
    """List what a current may be, the likeliest first; at least one."""
    seen = outline(trace)
    found = list(by_levels(seen))
    if max((one.confidence for one in found), default=0.0) < CLEAR:
        found += by_slopes(trace)
    pulses = list(by_pulses(trace)) if has_peaks(trace, seen) else []
    train = max((one.confidence for one in pulses), default=0.0)
    waves = list(by_waves(trace))
    noise = max((one.confidence for one in waves if one.kind == "noise"), default=0.0)
    # a current that is restless in itself is none of levels or slopes, and a train is no noise
    found = [one.less(1.0 - 0.7 * noise * (1.0 - train)) for one in found] + pulses
    found += [one.less((1.0 - train) ** 2) if one.kind == "noise" else one for one in waves]
    found = sorted(found, key=lambda one: -one.confidence)
    if not found:
        return [_nothing_or_other(trace, seen)]
    rest = 1.0 - found[0].confidence
    if found[0].confidence < DOUBTFUL:
        found.insert(0, Sight(OTHER, min(0.45, rest), f"no known stimulus: most like {found[0].reason}"))
    return found


def _nothing_or_other(trace: Trace, seen: Outline) -> Sight:
    words = f"nothing stands out of a noise of {1e3 * trace.noise:.2g} pA"
    top = float(np.abs(trace.coarse - seen.base).max())
    if top > 8.0 * seen.sigma and top > 2e-3 and seen.unexplained > FITS:
        return Sight(OTHER, 0.4, f"changes of up to {1e3 * top:.3g} pA that are no known stimulus")
    return Sight(NOTHING, 0.9 if trace.noise < 0.02 else 0.6, words)


def _ranked(seen: Sequence[Sight]) -> Kind:
    best: dict[str, Sight] = {}
    for one in sorted(seen, key=lambda s: -s.confidence):
        best.setdefault(one.kind, one)
    first = next(iter(best.values()))
    return Kind(first.kind, first.confidence, first.reason, tuple((k, s.confidence) for k, s in best.items()))


def together(kinds: Iterable[Kind]) -> Kind:
    """Say which kind of stimulus the sweeps of one protocol are, from what each of them is.

    Parameters
    ----------
    kinds : iterable of Kind
        What `kind_of` says of each sweep.

    Returns
    -------
    Kind
        Its confidence is that of the sweeps that say so, less the share of the votes for something else.
    """
    kinds = list(kinds)
    if not kinds:
        return Kind(NOTHING, 0.0, "no sweep to look at", sweeps=0, agreeing=0)
    voters = [kind for kind in kinds if kind.name != NOTHING and kind.confidence > 0.0]
    if not voters:
        least = min(kinds, key=lambda kind: kind.confidence)
        return Kind(
            NOTHING, least.confidence, least.reason, ((NOTHING, least.confidence),), len(kinds), len(kinds)
        )
    votes: dict[str, list[Kind]] = defaultdict(list)
    for kind in voters:
        votes[kind.name].append(kind)
    _join_parts(votes, len(voters))
    weights = {name: sum(map(_weight, those)) for name, those in votes.items()}
    shares = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    ranked = []
    for name, those in votes.items():
        surest = float(np.quantile([kind.confidence for kind in those], 0.75))
        lonely = ALONE if len(those) == 1 and len(kinds) > 2 else 1.0
        ranked.append((name, surest * lonely * _decided(shares[name])))
    ranked.sort(key=lambda one: (-shares[one[0]], -one[1]))
    name, confidence = ranked[0]
    clearest = max(votes[name], key=lambda kind: (kind.name == name, kind.confidence))
    many = len(votes[name])
    words = clearest.reason if len(kinds) == 1 else f"{many} of {len(kinds)} sweeps: {clearest.reason}"
    return Kind(name, confidence, words, tuple(ranked), len(kinds), many)


def _join_parts(votes: dict[str, list[Kind]], voters: int) -> None:
    """Count a kind for another one whose sweep it is where one of the levels or all pulses but one are missing."""
    for part, wholes in PARTS.items():
        sure = {name: sum(kind.confidence >= SURE for kind in votes.get(name, ())) for name in wholes}
        whole = max(sure, key=lambda name: sure[name])
        if part in votes and sure[whole] >= max(1, MANY * voters):
            votes[whole] += votes.pop(part)


def _weight(kind: Kind) -> float:
    return kind.confidence * (UNSURE if kind.name == OTHER and kind.confidence < SURE else 1.0)


def _decided(share: float) -> float:
    """Factor of the confidence by the share of the votes: 1 from nine in ten on, 0 at half of them."""
    return float(np.clip((share - 0.5) / 0.4, 0.0, 1.0))
