"""The unit in which currents are told, one for all of a session; everything is computed in nA."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..view import View
from .results import Results


class CurrentUnit(NamedTuple):
    """A unit of currents.

    Parameters
    ----------
    name : {"pA", "nA"}
    factor : float
        How many of it are a nA.
    """

    name: str
    factor: float


class Looked(Protocol):
    """What has results and looks at them: a state."""

    view: View

    @property
    def results(self) -> Results:
        """The present results."""


PICO, NANO = CurrentUnit("pA", 1e3), CurrentUnit("nA", 1.0)


def current_unit(state: Looked) -> CurrentUnit:
    """Return the unit in which a session tells currents: that of its view, or pA unless most sweeps reach 1 nA."""
    chosen = state.view.current_unit
    if chosen != "auto":
        return NANO if chosen == "nA" else PICO
    return NANO if state.results.usual_size >= 1.0 else PICO
