"""The stimulus of a recording: its family, when it is and how strong, how it was found, how it is rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..detection import detect
from ..problems import Problem
from ..traces.trace import Trace, number
from ..units import HIGHEST_NA
from .families.family import Current, Family
from .finding import Finding
from .missed import missed
from .parts import copied
from .said import Said
from .unrest import unrest

#: BluePyEfe's edges from a sweep and the edges that are given; levels from a sweep, all edges and those given
UsualEdges = Callable[[Trace, Mapping[str, int]], Mapping[str, int] | None]
Measure = Callable[[Trace, Mapping[str, int], Mapping[str, int]], dict[str, Any]]


class Stimulus:
    """A stimulus: its parameters are attributes (ms, nA), each None until it is known.

    Parameters
    ----------
    family : Family
        Which timings and amplitudes it has, how they are found, and how it is rebuilt from them.
    **parameters
        Those that are known: ``Stimulus(Step(), ton=10.0, toff=20.0, amp=0.1, hypamp=0.0, tend=30.0, dt=0.1)``.

    Attributes
    ----------
    finding : Finding
        How it was found.
    """

    ton: Any
    toff: Any
    tend: Any
    dt: Any
    amp: Any
    hypamp: Any
    amp_rel: Any
    hypamp_rel: Any
    _own_attr: Sequence[str] | None = None

    def __init__(self, family: Family, **parameters: Any):
        self.family, self.finding = family, Finding()
        for name in family.parameters:
            setattr(self, name, None)
        self.take(parameters)

    def take(self, parameters: Mapping[str, Any]) -> None:
        """Take over parameters (ms, nA)."""
        for name, value in parameters.items():
            setattr(self, name, value)

    def twin(self) -> Stimulus:
        """Return a copy that can be changed without changing this one."""
        other = copied(self)
        other.finding = copied(self.finding)
        return other

    def kept(self) -> dict[str, Any]:
        """Return the parameters, as plain data."""
        return {name: value for name, value in vars(self).items() if name not in ("family", "finding")}

    # --- finding

    def find(self, trace: Trace, said: Said | None = None) -> list[Problem]:
        """Find the stimulus in a sweep and measure its levels; return what a person should know about it.

        Parameters
        ----------
        trace : Trace
        said : Said, optional
            What is said about it; that is believed.

        Raises
        ------
        EfeError
            If what is said can't be.
        """
        said = said or Said()
        given = said.edges(self.family.timings, trace)
        edges = self.find_edges(trace, given, said)
        told = list(self.finding.doubts)
        if self.finding.timing_from == "lost":
            self.dt, self.tend = trace.dt, trace.tend
            return told
        self.take(self.measured(trace, edges, given, said))
        return [*told, *self.finding.doubts, *self.finding.level_problems]

    def find_edges(
        self, trace: Trace, given: Mapping[str, int], said: Said, usual_edges: UsualEdges | None = None
    ) -> Mapping[str, int]:
        """Return the sample index of each timing; those that are given are kept.

        Parameters
        ----------
        trace : Trace
        given : dict
            Sample indexes of the timings that were said.
        said : Said
        usual_edges : callable, optional
            How BluePyEfe's edges are found, if not as the family says.
        """
        self.finding.said, self.finding.doubts = said, ()
        family = self.family
        if all(name in given for name in family.timings):
            return given
        window = detect(family.detector, trace.current, trace.dt, given)
        usual = usual_edges(trace, given) if usual_edges else family.usual_edges(trace, given, self.finding)
        return self.finding.settle(
            window, usual, family.timings, family.agree_ms / trace.dt, family.guess_timing
        )

    def measured(
        self,
        trace: Trace,
        edges: Mapping[str, int],
        given: Mapping[str, int],
        said: Said,
        measure: Measure | None = None,
    ) -> dict[str, Any]:
        """Return the parameters that follow from the edges; nothing is taken over but what there is to tell.

        Parameters
        ----------
        trace : Trace
        edges, given : dict
            Sample index of each timing, and of those that were said.
        said : Said
        measure : callable, optional
            How levels are measured, if not as the family says.
        """
        finding, family = self.finding, self.family
        finding.said, finding.doubts, finding.level_problems, finding.holding_from = said, (), (), ""
        levels = measure(trace, edges, given) if measure else family.measure(trace, edges, given, finding)
        currents = [levels.get(name) for name in (*family.amplitudes, "hypamp")]
        if any(current is not None and abs(current) > HIGHEST_NA for current in currents):
            finding.tell(
                f"its current is beyond {HIGHEST_NA:g} nA, which is more than any patched cell needs. It is probably "
                "in pA: set 'i_unit' in the metadata.",
                "warning",
            )
        own = {name: edges[name] for name in family.timings}
        words = missed(trace, family, own, said, levels)
        if words is None and not finding.warns:
            words = unrest(trace, family, own, said, levels)
        if words is not None:
            finding.tell(words, "warning")
        tend = said.written.get("tend")
        times = {name: trace.at(edges[name]) for name in family.timings}
        end = trace.tend if tend is None else number("tend", tend, "ms")
        return {"dt": trace.dt, **times, "tend": end, **levels}

    # --- rebuilding

    @property
    def export_attr(self) -> Sequence[str]:
        """Names of the parameters from which the stimulus can be rebuilt; a lab's own family may set them."""
        return self.family.parameters if self._own_attr is None else self._own_attr

    @export_attr.setter
    def export_attr(self, names: Sequence[str] | None) -> None:
        self._own_attr = names

    def generate(self) -> Current:
        """Rebuild the stimulus: times (ms) and current (nA), arrays (n,)."""
        return self.family.generate(self)

    def holding(self) -> Current:
        """Times (ms) of the rebuilt stimulus, and the holding current (nA) to build it on; arrays (n,)."""
        return holding(self)

    def index(self, ms: float) -> int:
        """Nearest sample index of a time in ms."""
        return round(float(ms / self.dt))


def holding(s: Any) -> Current:
    """Return the times (ms) of a stimulus with `index`, `tend`, `dt` and `hypamp`, and its holding current (nA)."""
    time = np.arange(s.index(s.tend)) * s.dt
    return time, np.full(time.shape, np.float64(s.hypamp))
