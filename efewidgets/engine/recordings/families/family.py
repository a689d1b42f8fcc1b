"""What a stimulus family knows: its timings and levels, how they are found in a current, how it is rebuilt from them.

A family is no recording. It takes values: a sweep, sample indexes, what was said; or anything that has its parameters
as attributes, be it a `Stimulus` or a recording.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...detection import FAMILIES
from ...problems import EfeError
from ...traces.trace import Trace
from ..finding import Finding
from .signal import BASE_SAMPLES, base_current

#: Times (ms) and current (nA), arrays (n,)
Current = tuple[np.ndarray, np.ndarray]


def percent_of(amp: Any, rheobase: float | None) -> Any:
    """Return a current in % of a rheobase (both in nA); None where either is not known."""
    return None if amp is None or rheobase is None else 100.0 * amp / rheobase


class Family:
    """A stimulus family.

    Attributes
    ----------
    timings : tuple of str
        Names of its timings, in their order.
    amplitudes : tuple of str
        Names of its amplitudes above the holding current.
    target_amplitude : str
        The one that targets are compared with, or another parameter.
    extra_params : tuple of str
        Names of further parameters from which the stimulus is rebuilt.
    metadata_keys : dict or tuple of str
        What it reads from the metadata besides timings and amplitudes, with their kinds if they are known.
    nominal : dict
        Usual timings (ms), taken where the current confirms them or shows nothing else.
    between : dict
        For each amplitude at which the current stays, in which of the stretches between the timings it does.
    agree_ms : float
        How far two opinions about an edge may differ (ms) and still be the same.
    rests_after : bool
        Whether its holding current is that of what lies before and after it, not before it alone.
    guess_timing : bool
        Whether a sweep whose stimulus is not sure is kept, with a warning.
    """

    timings: tuple[str, ...] = ("ton", "toff")
    amplitudes: tuple[str, ...] = ("amp",)
    target_amplitude: str = "amp"
    extra_params: tuple[str, ...] = ()
    metadata_keys: ClassVar[Mapping[str, Any] | tuple[str, ...]] = ()
    nominal: ClassVar[Mapping[str, float]] = {}
    between: ClassVar[Mapping[str, Sequence[int]]] = {}
    agree_ms: float = 1.0
    rests_after: bool = False
    guess_timing: bool = True

    def __init__(self) -> None:
        self.name = self.detected_as = type(self).__name__

    def saying(self, name: str, **changes: Any) -> Family:
        """Return a family of another name that knows the same, but for what is changed."""
        other = copy.copy(self)
        vars(other).update(changes, name=name)
        if name in FAMILIES:
            other.detected_as = name
        return other

    def __getstate__(self) -> dict[str, Any]:
        # what may stand in metadata is checked by code, which not every process can be sent
        return {name: value for name, value in vars(self).items() if name != "metadata_keys"}

    @property
    def detector(self) -> str:
        """Name by which the detector knows it. Raises EfeError if it doesn't."""
        if self.detected_as not in FAMILIES:
            raise EfeError(
                f"the eCode {self.name} has no detector, since it is made from none of {', '.join(FAMILIES)}. "
                f"Give {', '.join(f'`{name}`' for name in self.timings)} (ms) in the metadata of its recordings."
            )
        return self.detected_as

    @property
    def relative(self) -> tuple[str, ...]:
        """Names of the amplitudes in % of the rheobase."""
        return tuple(f"{name}_rel" for name in (*self.amplitudes, "hypamp"))

    @property
    def target_is_current(self) -> bool:
        """Whether targets are compared with a current, which may be expressed in % of the rheobase."""
        return self.target_amplitude in self.amplitudes

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all from which a stimulus can be rebuilt."""
        levels = (*self.amplitudes, "hypamp", "dt")
        return (*self.timings, "tend", *levels, *self.relative, *self.extra_params)

    # --- said by a person, who may take hold of it on the trace

    @property
    def says_when(self) -> tuple[str, ...]:
        """Names of the entries of the metadata that say when it is; the times among them are in ms."""
        return self.timings

    def when(self, s: Any) -> dict[str, tuple[float, float | None]]:
        """Return of each of these entries its value, and where on the time axis (ms) it is taken hold of, if it is."""
        return {name: (float(getattr(s, name)), float(getattr(s, name))) for name in self.timings}

    def when_at(self, s: Any, name: str, ms: float) -> float:
        """Return the value of an entry that is taken hold of and moved to `ms`."""
        return ms

    def check_when(self, values: Mapping[str, float], tend: float) -> None:
        """Check what is said about when it is, beyond the order of its timings. Raises EfeError if it can't be.

        Parameters
        ----------
        values : dict
            All entries that say when it is.
        tend : float
            End of the sweep, ms.
        """

    # --- finding

    def usual_edges(
        self, trace: Trace, given: Mapping[str, int], finding: Finding
    ) -> Mapping[str, int] | None:
        """Return BluePyEfe's edges: its simple detection, or the family's nominal timings; None if it has none."""
        if not self.nominal:
            return None
        edges = {name: trace.index(ms) for name, ms in self.nominal.items()} | dict(given)
        return edges if max(edges.values()) <= trace.n else None

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        """Return the holding current and the amplitudes above it (nA), and the extra parameters.

        Parameters
        ----------
        trace : Trace
        edges : dict
            Sample index of each timing.
        given : dict
            Of those that were said.
        finding : Finding
            Holds what was said, and takes what there is to tell.
        """
        raise NotImplementedError

    def holding_before(
        self, trace: Trace, edges: Mapping[str, int], finding: Finding, onset_is_known: bool
    ) -> Any:
        """Return the holding current (nA): that which was said, or the median up to the onset, if that is known.

        Otherwise BluePyEfe takes its first samples, whatever is in them; `Finding.holding_current` looks at that.
        """
        said = finding.level("hypamp")
        if said is not None:
            return said
        usual = base_current(trace.current, edges["ton"] if onset_is_known else BASE_SAMPLES)
        return finding.holding_current(trace, edges["ton"], edges["toff"], usual)

    # --- rebuilding: `s` has the parameters as attributes

    def generate(self, s: Any) -> Current:
        """Rebuild the stimulus: times (ms) and current (nA), arrays (n,)."""
        raise NotImplementedError

    def in_words_of_bluepyopt(self, s: Any) -> dict[str, Any]:
        """Return the stimulus in the words of BluePyOpt's protocols (ms, nA)."""
        return {
            "delay": s.ton,
            "amp": s.amp,
            "thresh_perc": s.amp_rel,
            "duration": s.toff - s.ton,
            "totduration": s.tend,
        }

    def relative_amps(self, s: Any, rheobase: float) -> dict[str, Any]:
        """Return the amplitudes in % of a rheobase (nA), by their names with ``_rel``."""
        names = (*self.amplitudes, "hypamp")
        return {f"{name}_rel": percent_of(getattr(s, name), rheobase) for name in names}

    def target_level(self, s: Any, absolute_amplitude: bool = False, rheobase: float | None = None) -> Any:
        """Return what targets are compared with: nA if absolute, else % of `rheobase` (by default as `s` has it).

        Of a family that is compared by what is no amplitude it is that, in its own unit.
        """
        if absolute_amplitude or not self.target_is_current:
            return getattr(s, self.target_amplitude)
        if rheobase is None:
            return getattr(s, f"{self.target_amplitude}_rel")
        return percent_of(getattr(s, self.target_amplitude), rheobase)

    def settings_of(self, feature: str, s: Any) -> dict[str, Any]:
        """Return the eFEL settings that a feature needs on such a stimulus, where nobody says otherwise."""
        return {}
