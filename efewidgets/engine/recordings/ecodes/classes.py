"""The recordings of each stimulus family, under the names that BluePyEfe gives them.

What a family knows is in `families`; here it is only said which one it is, and how its parameters are called.
"""

from __future__ import annotations

from typing import Any

from .. import families
from ..recording import Recording


class Step(Recording):
    """A step from `ton` to `toff` (ms), `amp` (nA) above the holding current `hypamp` (nA)."""

    stimulus_family = families.Step()


class SAHP(Recording):
    """A long step `amp` (nA) from `ton` to `toff`, carrying a short step `amp2` from `tmid` to `tmid2` (ms).

    Both amplitudes are above the holding current; targets are compared with the short step's.
    """

    stimulus_family = families.SAHP()
    tmid: Any
    tmid2: Any
    amp2: Any
    amp2_rel: Any


class Ramp(Recording):
    """A ramp from `hypamp` (nA) at `ton` to `hypamp` + `amp` at `toff` (ms)."""

    stimulus_family = families.Ramp()


class HyperDePol(Recording):
    """A hyperpolarising step `amp` (nA) from `ton` to `tmid`, then a depolarising one `amp2` to `toff` (ms)."""

    stimulus_family = families.HyperDePol()
    tmid: Any
    amp2: Any
    amp2_rel: Any


class DeHyperPol(Recording):
    """A depolarising step `amp` (nA) from `ton` to `tmid`, then a hyperpolarising one `amp2` to `toff` (ms)."""

    stimulus_family = families.DeHyperPol()
    tmid: Any
    amp2: Any
    amp2_rel: Any


class PosCheops(Recording):
    """Three upward triangles, `ton`–`t1`, `t2`–`t3` and `t4`–`toff` (ms), `amp` (nA) high."""

    stimulus_family = families.PosCheops()
    t1: Any
    t2: Any
    t3: Any
    t4: Any


class NegCheops(Recording):
    """Three downward triangles, `ton`–`t1`, `t2`–`t3` and `t4`–`toff` (ms), `amp` (nA, negative) deep."""

    stimulus_family = families.NegCheops()
    t1: Any
    t2: Any
    t3: Any
    t4: Any


class SpikeRec(Recording):
    """Pulses at `tspike` (ms), each `spike_duration` long, `delta` (ms) from one's end to the next one's start.

    Targets are compared with `delta`, not with an amplitude; the train is looked at as a whole.
    """

    stimulus_family = families.SpikeRec()
    tspike: Any
    spike_duration: Any
    delta: Any
    ton = 0.0

    @property
    def toff(self) -> Any:
        """End of the sweep, ms."""
        return self.tend

    @property
    def multi_stim_start(self) -> list[float]:
        """Onset of each pulse, ms."""
        return self.stimulus_family.starts(self)

    @property
    def multi_stim_end(self) -> list[float]:
        """End of each pulse, ms."""
        return self.stimulus_family.ends(self)


class SineSpec(Recording):
    """A sine of rising frequency from `ton` to `toff` (ms), `amp` (nA) high.

    With ``u = t - chirp_time_offset`` (s) the current is
    ``amp sin(2 pi (chirp_frequency_base + chirp_frequency_scale / (chirp_frequency_denominator - u)) u)``.
    """

    stimulus_family = families.SineSpec()
    chirp_frequency_base: Any
    chirp_frequency_scale: Any
    chirp_frequency_denominator: Any
    chirp_time_offset: Any


class PinkNoise(Recording):
    """Pink noise from `ton` to `toff` (ms): `waveform` (between -1 and 1) times `amp` (nA)."""

    stimulus_family = families.PinkNoise()
    waveform: Any


class CapCheck(Recording):
    """A train of small pulses of both signs from `ton` to `toff` (ms): `waveform` times `amp` (nA)."""

    stimulus_family = families.CapCheck()
    waveform: Any
