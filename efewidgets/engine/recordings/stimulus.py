"""The stimulus of a recording: when it is, how strong, and how sure that is.

Each stimulus family (`ecodes`) says by class attributes which timings and amplitudes it has, and how its levels are
measured and its current rebuilt.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..detection import FAMILIES, Window, detect
from ..problems import EfeError, Problem
from ..traces.trace import Trace, number, setting
from ..units import HIGHEST_NA, to_nA
from .baseline import holding
from .edges import doubts, settle
from .lab_ecodes import LabECode


def percent_of(amp: Any, rheobase: float | None) -> Any:
    """Return a current in % of a rheobase (both in nA); None where either is not known."""
    return None if amp is None or rheobase is None else 100.0 * amp / rheobase


class Stimulus(LabECode):
    """A sweep whose stimulus is known.

    Attributes
    ----------
    timings : tuple of str
        Names of the family's timings, in their order.
    amplitudes : tuple of str
        Names of its amplitudes above the holding current.
    target_amplitude : str
        The one that targets are compared with.
    extra_params : tuple of str
        Names of further parameters from which the stimulus is rebuilt.
    metadata_keys : dict or tuple of str
        What it reads from the metadata besides timings and amplitudes, with their kinds if they are known.
    nominal : dict
        Usual timings (ms), taken where the current confirms them or shows nothing else.
    agree_ms : float
        How far two opinions about an edge may differ (ms) and still be the same.
    guess_timing : bool
        Whether a sweep whose stimulus is not sure is kept, with a warning.
    holding_from : str
        Where the holding current was measured, in words; "" for BluePyEfe's window.
    """

    ton: Any
    toff: Any
    tend: Any
    dt: Any
    amp: Any
    hypamp: Any
    amp_rel: Any
    hypamp_rel: Any

    timings: ClassVar[tuple[str, ...]] = ("ton", "toff")
    amplitudes: ClassVar[tuple[str, ...]] = ("amp",)
    target_amplitude: ClassVar[str] = "amp"
    extra_params: ClassVar[tuple[str, ...]] = ()
    metadata_keys: ClassVar[Mapping[str, Any] | tuple[str, ...]] = ()
    nominal: ClassVar[Mapping[str, float]] = {}
    agree_ms: ClassVar[float] = 1.0
    guess_timing: ClassVar[bool] = True
    level_problems: tuple[Problem, ...] = ()
    holding_from: str = ""
    #: What it says of the membrane; see `membranes.membrane_of`
    membrane: dict[str, float | None] | None = None

    _own_attr: Sequence[str] | None = None

    problems: list[Problem]
    samples: Any

    def __init__(self) -> None:
        self.window: Window | None = None
        self.usual: Mapping[str, int] | None = None
        self.timing_from = "given"
        for name in (*self.export_attr, *self.relative_attr):
            if not isinstance(getattr(type(self), name, None), property):
                setattr(self, name, None)

    @property
    def relative_attr(self) -> tuple[str, ...]:
        return tuple(f"{name}_rel" for name in (*self.amplitudes, "hypamp"))

    @property
    def export_attr(self) -> Sequence[str]:
        """Names of the parameters from which the stimulus can be rebuilt; a lab's own family may set them."""
        if self._own_attr is not None:
            return self._own_attr
        levels = (*self.amplitudes, "hypamp", "dt")
        return (*self.timings, "tend", *levels, *self.relative_attr, *self.extra_params)

    @export_attr.setter
    def export_attr(self, names: Sequence[str] | None) -> None:
        self._own_attr = names

    def get_params(self) -> dict[str, Any]:
        """Return the parameters from which the stimulus can be rebuilt (ms, nA, % of rheobase)."""
        return {name: getattr(self, name) for name in self.export_attr}

    def get_stimulus_parameters(self) -> dict[str, Any]:
        """Return the stimulus in the words of BluePyOpt's protocols (ms, nA)."""
        return {
            "delay": self.ton,
            "amp": self.amp,
            "thresh_perc": self.amp_rel,
            "duration": self.toff - self.ton,
            "totduration": self.tend,
        }

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        """Rebuild the stimulus: times (ms) and current (nA), arrays (n,)."""
        raise NotImplementedError

    def holding(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms) of the rebuilt stimulus, and the holding current (nA) to build it on; arrays (n,)."""
        time = np.arange(self.index(self.tend)) * self.dt
        return time, np.full(time.shape, np.float64(self.hypamp))

    def index(self, ms: float) -> int:
        """Nearest sample index of a time in ms."""
        return round(float(ms / self.dt))

    @property
    def weight(self) -> int:
        """Number of samples: long recordings are worked on first."""
        return self.index(self.tend)

    @property
    def usual_failed(self) -> bool:
        """Whether the edges aren't BluePyEfe's, because those don't fit the current."""
        return self.timing_from in ("seen", "others")

    def forget_results(self) -> None:
        """Forget what was computed from the samples."""

    def interpret(
        self,
        t: np.ndarray | None = None,
        current: np.ndarray | None = None,
        config_data: Mapping[str, Any] | None = None,
        reader_data: Mapping[str, Any] | None = None,
    ) -> None:
        """Find the stimulus in the current and measure its levels.

        A lab's own family may hand on another current (nA) than that of the recording, or other metadata.
        """
        trace = self.samples()
        if current is not None and current is not trace.current:
            trace = dataclasses.replace(trace, current=np.asarray(current))
        if config_data is not None:
            self.config_data = dict(config_data)
        if reader_data is not None:
            self.reader_data = {k: v for k, v in reader_data.items() if k not in ("voltage", "current", "t")}
        given = self.given_edges(trace)
        edges = self.find_edges(trace, given)
        if self.timing_from == "lost":
            self.dt, self.tend = trace.dt, trace.tend
            return
        self.apply_edges(edges, trace, given)

    def given_edges(self, trace: Trace) -> dict[str, int]:
        """Return the sample indexes of the timings that a person or the reader gave (ms), checked."""
        given: dict[str, int] = {}
        last, last_name = 0, "the start"
        for name in self.timings:
            ms = setting(name, self.config_data, self.reader_data)
            if ms is None:
                continue
            index = round(float(number(name, ms, "ms") / trace.dt))
            if not 0 <= index <= trace.n:
                raise EfeError(
                    f"{name} = {ms:g} ms lies outside the recording, which lasts from 0 to {trace.tend:g} ms."
                )
            if (given and index <= last) or index < last:
                raise EfeError(f"{name} = {ms:g} ms must come after {last_name}. Check the timings.")
            given[name] = index
            last, last_name = index, f"{name} = {ms:g} ms"
        return given

    @classmethod
    def family(cls) -> str:
        """Name of the stimulus family whose detector it has: its own, or that of the class it is made from."""
        found = next((base.__name__ for base in cls.__mro__ if base.__name__ in FAMILIES), None)
        if found is None:
            raise EfeError(
                f"the eCode {cls.__name__} has no detector, since it is made from none of {', '.join(FAMILIES)}. "
                f"Give {', '.join(cls.timings)} (ms) in the metadata of its recordings."
            )
        return found

    def find_edges(self, trace: Trace, given: Mapping[str, int]) -> Mapping[str, int]:
        """Return the sample index of each timing; those that are given are kept."""
        if all(name in given for name in self.timings):
            return given
        window = detect(self.family(), trace.current, trace.dt, given)
        self.usual = self.usual_edges(trace, given)
        edges, self.timing_from = settle(self.usual, window, self.agree_ms / trace.dt)
        whole = edges is not None and all(name in edges for name in self.timings)
        if edges is None or not whole or (self.timing_from == "unsure" and not self.guess_timing):
            self.timing_from = "lost"
            edges = edges if edges is not None and whole else dict.fromkeys(self.timings, 0)
        self.problems += doubts(window, self.timing_from)
        self.window = (
            window if self.timing_from in ("unsure", "lost") else dataclasses.replace(window, edges=edges)
        )
        return edges

    def usual_edges(self, trace: Trace, given: Mapping[str, int]) -> dict[str, int] | None:
        """Return BluePyEfe's edges: its simple detection, or the family's nominal timings; None if it has none."""
        if not self.nominal:
            return None
        edges = {name: trace.index(ms) for name, ms in self.nominal.items()} | dict(given)
        return edges if max(edges.values()) <= trace.n else None

    def apply_edges(self, edges: Mapping[str, int], trace: Trace, given: Mapping[str, int]) -> None:
        """Take over the edges and measure the levels between them."""
        told, self.level_problems, self.holding_from = self.level_problems, (), ""
        self.problems = [problem for problem in self.problems if problem not in told]
        levels = self.measure(trace, edges, given)
        currents = [levels.get(name) for name in (*self.amplitudes, "hypamp")]
        if any(current is not None and abs(current) > HIGHEST_NA for current in currents):
            self.tell_of_level(
                f"its current is beyond {HIGHEST_NA:g} nA, which is more than any patched cell needs. It is probably "
                "in pA: set 'i_unit' in the metadata.",
                "warning",
            )
        self.problems = [*self.problems, *self.level_problems]
        self.dt = trace.dt
        for name in self.timings:
            setattr(self, name, trace.at(edges[name]))
        tend = self.config_data.get("tend")
        self.tend = trace.tend if tend is None else number("tend", tend, "ms")
        for name, value in levels.items():
            setattr(self, name, value)
        self.forget_results()

    def measure(self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int]) -> dict[str, Any]:
        """Return the holding current and the amplitudes above it (nA)."""
        raise NotImplementedError

    def holding_current(self, trace: Trace, first: int, last: int, usual: Any) -> Any:
        """Return the holding current (nA) of a stimulus between two samples: BluePyEfe's, if it is of the baseline."""
        found = holding(trace.current, trace.dt, first, last, usual)
        self.holding_from = found.place
        if not found.known:
            self.tell_of_level(
                "the stimulus leaves no baseline in the sweep, so that the holding current is not known and the "
                f"amplitudes may be wrong; it was taken as {1e3 * usual:.4g} pA. Give `hypamp` in the metadata.",
                "warning",
            )
        elif found.place:
            self.tell_of_level(
                f"the holding current of {1e3 * found.level:.4g} pA was measured {found.place}: BluePyEfe's window "
                f"is not all baseline ({1e3 * usual:.4g} pA).",
                "note",
            )
        return found.level

    def tell_of_level(self, message: str, severity: str) -> None:
        """Tell what a person should know about a level that is being measured."""
        self.level_problems += (Problem(message, severity, "stimulus"),)

    def given_level(self, name: str) -> Any:
        """Return an amplitude that a person or the reader gave, in nA, or None."""
        value = setting(name, self.config_data, self.reader_data)
        if value is None:
            return None
        return to_nA(number(name, value), setting("i_unit", self.config_data, self.reader_data))

    def relative_amps(self, rheobase: float) -> dict[str, Any]:
        """Return the amplitudes in % of a rheobase (nA), by their names with ``_rel``."""
        names = (*self.amplitudes, "hypamp")
        return {f"{name}_rel": percent_of(getattr(self, name), rheobase) for name in names}

    def compute_relative_amp(self, amp_threshold: float) -> None:
        """Express the amplitudes in % of the rheobase `amp_threshold` (nA)."""
        for name, value in self.relative_amps(amp_threshold).items():
            setattr(self, name, value)

    def forget_relative_amp(self) -> None:
        """Forget the amplitudes in % of a rheobase that is no more."""
        for name in self.relative_attr:
            setattr(self, name, None)

    def target_level(self, absolute_amplitude: bool = False, rheobase: float | None = None) -> Any:
        """Return what targets are compared with: nA if absolute, else % of `rheobase` (by default the cell's)."""
        level = getattr(self, self.target_amplitude)
        if absolute_amplitude:
            return level
        if rheobase is None:
            return getattr(self, f"{self.target_amplitude}_rel")
        return percent_of(level, rheobase)

    def in_target(self, target: float, tolerance: float, absolute_amplitude: bool = False) -> bool:
        """Whether the amplitude is less than `tolerance` away from `target` (% of rheobase, or nA)."""
        level = self.target_level(absolute_amplitude)
        return level is not None and bool(np.abs(target - level) < tolerance)
