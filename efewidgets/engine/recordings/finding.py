"""How a stimulus was found: where, on whose word, how sure that is, and what a person should know about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..detection import Window
from ..problems import Problem
from ..traces.trace import Trace
from .accuracy import SURE, unsure_amplitudes, unsure_pulses
from .baseline import holding
from .edges import doubts, settle, slow_to_begin, unsure_problem
from .said import Said


class Finding:
    """What is noted while a stimulus is looked for; families note here, too, what they see when they measure.

    Parameters
    ----------
    said : Said, optional
        What is said about the stimulus.

    Attributes
    ----------
    window : Window or None
        What the detector saw; None if it wasn't asked.
    usual : dict or None
        BluePyEfe's edges, by the names of the timings.
    timing_from : {"given", "usual", "seen", "unsure", "others", "lost"}
        Whose timings are taken.
    doubts : tuple of Problem
        What there is to tell about when the stimulus is, since it was last looked for.
    level_problems : tuple of Problem
        What there is to tell about how strong it is, since it was last measured.
    holding_from : str
        Where the holding current was measured, in words; "" for BluePyEfe's window.
    membrane : dict or None
        What the sweep says of the membrane; see `membranes.membrane_of`.
    """

    window: Window | None = None
    usual: Mapping[str, int] | None = None
    timing_from: str = "given"
    doubts: tuple[Problem, ...] = ()
    level_problems: tuple[Problem, ...] = ()
    holding_from: str = ""
    membrane: dict[str, float | None] | None = None

    def __init__(self, said: Said | None = None):
        self.said = said or Said()

    @property
    def usual_failed(self) -> bool:
        """Whether the edges aren't BluePyEfe's, because those don't fit the current."""
        return self.timing_from in ("seen", "others")

    @property
    def was_looked_for(self) -> bool:
        """Whether the timings are those of a stimulus that was found in the current, for sure."""
        return self.timing_from in ("usual", "seen", "others")

    def settle(
        self,
        window: Window,
        usual: Mapping[str, int] | None,
        names: Sequence[str],
        tolerance: float,
        guess: bool,
    ) -> Mapping[str, int]:
        """Take the edges that are to be believed.

        Parameters
        ----------
        window : Window
            What the detector sees.
        usual : dict or None
            BluePyEfe's edges (sample indexes).
        names : list of str
            The timings that must be known.
        tolerance : float
            How many samples the two may differ and still be the same.
        guess : bool
            Whether edges that aren't sure are taken, with a warning.

        Returns
        -------
        dict
            The sample index of each timing; if `timing_from` is "lost" they mean nothing.
        """
        self.usual = usual
        edges, self.timing_from = settle(usual, window, tolerance)
        whole = edges is not None and all(name in edges for name in names)
        if edges is None or not whole or (self.timing_from == "unsure" and not guess):
            self.timing_from = "lost"
            edges = edges if edges is not None and whole else dict.fromkeys(names, 0)
        self.doubts = tuple(doubts(window, self.timing_from))
        if not self.doubts and self.timing_from == "usual" and slow_to_begin(window, usual, tolerance):
            self.doubts = (unsure_problem(window),)
        kept_as_seen = self.timing_from in ("unsure", "lost")
        self.window = window if kept_as_seen else dataclasses.replace(window, edges=edges)
        return edges

    def level(self, name: str) -> Any:
        """Return a current (nA) that is said, or None."""
        return self.said.level(name)

    def holding_current(self, trace: Trace, first: int, last: int, usual: Any) -> Any:
        """Return the holding current (nA) of a stimulus between two samples: BluePyEfe's, if it is of the baseline."""
        found = holding(trace.current, trace.dt, first, last, usual)
        self.holding_from = found.place
        if not found.known:
            self.tell(
                "the stimulus leaves no baseline in the sweep, so that the holding current is not known and the "
                f"amplitudes may be wrong; it was taken as {1e3 * usual:.4g} pA. Give `hypamp` in the metadata.",
                "warning",
            )
        elif found.before is not None:
            self.tell(
                f"the current stays at {1e3 * found.before:.4g} pA before the onset, and at {1e3 * found.level:.4g} pA "
                "elsewhere, which is taken for the holding current: another stimulus comes first. If it does not, "
                "give `hypamp` in the metadata.",
                "warning",
            )
        elif found.place:
            self.tell(
                f"the holding current of {1e3 * found.level:.4g} pA was measured {found.place}: {found.why} "
                f"({1e3 * usual:.4g} pA).",
                "note",
            )
        if found.moves is not None:
            self.tell(
                f"the baseline jumps: after the stimulus it is {1e3 * found.moves:.3g} pA away from what it is before. "
                "The holding current and the amplitudes may be wrong by so much; give `hypamp` if it is known.",
                "warning",
            )
        return found.level

    def look_at_levels(
        self, edges: Mapping[str, int], between: Mapping[str, Sequence[int]], levels: Mapping[str, Any]
    ) -> None:
        """Tell of amplitudes that noise may have moved, where the current was looked at and they weren't said.

        Parameters
        ----------
        edges : dict
            Sample index of each timing.
        between : dict
            For each amplitude, in which of the stretches between the timings the current is there.
        levels : dict
            The amplitudes and the holding current that were measured (nA).
        """
        if self.window is None or not self._are_in_question:
            return
        measured = {name: places for name, places in between.items() if self.level(name) is None}
        said = self.level("hypamp") is not None
        for name, all_say in unsure_amplitudes(
            self.window, list(edges.values()), measured, levels, said
        ).items():
            self.tell(
                f"the amplitude is not certain: `{name}` was measured as {1e3 * levels[name]:.4g} pA, but all of the "
                f"stretch against all of the baseline is {1e3 * all_say.value:.4g} pA, give or take "
                f"{1e3 * SURE * all_say.error:.2g} pA: the current wanders slowly, or leaves these levels. "
                f"Look at the trace, and give `{name}` and `hypamp` in the metadata if they are known.",
                "warning",
            )

    def look_at_pulses(self, pulses: Sequence[np.ndarray], hypamp: Any, amp: Any) -> None:
        """Tell of an amplitude of brief pulses (nA) of which their slopes, or few samples, don't leave one sure.

        Parameters
        ----------
        pulses : sequence of array (n,)
            Current of each pulse (nA).
        hypamp, amp : float
            Holding current, and the amplitude that was measured (nA).
        """
        if self.window is None or not self._are_in_question or self.level("amp") is not None:
            return
        second = unsure_pulses(pulses, hypamp, amp, self.window.noise)
        if second is not None:
            self.tell(
                f"the amplitude is not certain: `amp` was measured as {1e3 * amp:.4g} pA, but between its slopes the "
                f"pulse is at {1e3 * second.value:.4g} pA, give or take {1e3 * SURE * second.error:.2g} pA: it is "
                "brief for its filter, or for its noise. Look at the trace, and give `amp` in the metadata if it is "
                "known.",
                "warning",
            )

    @property
    def _are_in_question(self) -> bool:
        """Whether levels are those of a stimulus that was found, and nothing is told of them yet."""
        return self.was_looked_for and not self.warns

    @property
    def warns(self) -> bool:
        """Whether something is told of the levels that a person should look at."""
        return any(problem.severity == "warning" for problem in self.level_problems)

    def tell(self, message: str, severity: str) -> None:
        """Tell what a person should know about a level that is being measured."""
        self.level_problems += (Problem(message, severity, "stimulus"),)

    def kept(self) -> dict[str, Any]:
        """Return all but what was said, as plain data."""
        return {name: value for name, value in vars(self).items() if name != "said"}
