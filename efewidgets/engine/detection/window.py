"""What a detector hands back: where the stimulus is, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

SURE = 0.5  # at or above this confidence an answer may be used without asking
RISK = 0.01  # an answer with this chance of being wrong is just sure enough


class Doubt(StrEnum):
    """Why a detector isn't sure, as far as the other sweeps could settle it."""

    NONE = ""
    NOTHING = "nothing"  # no stimulus to be seen in this sweep
    NOISE = "noise"  # seen, but the noise blurs where it starts or ends
    SHAPE = "shape"  # what is seen doesn't have the shape of the family
    HIGHER = "higher"  # a step, beside a short pulse that is far higher
    BRIEF = "brief"  # short pulses, which may be a test pulse or an artefact
    GRADUAL = "gradual"  # seen, but it begins little by little, or under a transient, in all sweeps alike
    OTHERS = "others"  # the other sweeps of the protocol say something else


@dataclass(frozen=True)
class Box:
    """A stretch of current off the baseline, seen in one sweep: a stimulus, or a test pulse.

    Attributes
    ----------
    start, end : int
        First sample of the stretch and first sample after it.
    amplitude : float
        Its level above the baseline (nA).
    """

    start: int
    end: int
    amplitude: float


@dataclass(frozen=True)
class Window:
    """The stimulus found in one sweep.

    Attributes
    ----------
    edges : mapping of str to int
        Sample index at which the current changes, for each timing of the family
        (``{"ton": 7000, "toff": 27000}``). Empty if no stimulus is to be seen.
    confidence : float
        0 to 1; at least 0.5 means "right within 1 ms".
    reason : str
        One sentence for a person.
    pulses : tuple of (int, int)
        SpikeRec and CapCheck: first sample of each pulse and first sample after it.
    n, dt : int, float
        Samples in the sweep and their spacing (ms).
    noise : float
        Robust standard deviation of the current (nA).
    boxes : tuple of Box
        Every stretch that stood out, for comparison with the other sweeps of the protocol.
    errors : mapping of str to float
        Standard error of a timing (ms), where it comes from a fit of straight lines.
    doubt : Doubt
        Why it isn't sure.
    given : tuple of str
        Timings that a person gave; nothing changes them.
    outline : numpy.ndarray, shape (m,)
        Median current of each block of the sweep (nA), for comparison with the other sweeps.
    block : int
        Samples in a block.
    """

    edges: Mapping[str, int] = field(default_factory=dict)
    confidence: float = 0.0
    reason: str = ""
    pulses: tuple[tuple[int, int], ...] = ()
    n: int = 0
    dt: float = 0.0
    noise: float = 0.0
    boxes: tuple[Box, ...] = ()
    errors: Mapping[str, float] = field(default_factory=dict)
    doubt: Doubt = Doubt.NONE
    given: tuple[str, ...] = ()
    outline: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    block: int = 0

    @property
    def sure(self) -> bool:
        """Whether the edges may be used without asking."""
        return self.confidence >= SURE and bool(self.edges)


def trust(right: float) -> float:
    """Confidence (0 to 1) in an answer that is right with that probability: 0.5 at 99 %."""
    return min(0.99, RISK / (RISK + max(0.0, 1.0 - right)))
