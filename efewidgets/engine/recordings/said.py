"""What is said about a stimulus: by a person in the metadata, else by the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..problems import EfeError
from ..traces.trace import Trace, number, setting
from ..units import to_nA


class Said:
    """Timings (ms), levels (in ``i_unit``) and other parameters; what a person wrote beats what the file says.

    Parameters
    ----------
    written : dict, optional
        What a person wrote.
    delivered : dict, optional
        What the file says.
    """

    __slots__ = ("delivered", "written")

    def __init__(self, written: Mapping[str, Any] | None = None, delivered: Mapping[str, Any] | None = None):
        self.written, self.delivered = written or {}, delivered or {}

    def value(self, name: str) -> Any:
        """Return a parameter as it is said, or None."""
        return setting(name, self.written, self.delivered)

    def level(self, name: str) -> Any:
        """Return a current in nA, or None. Raises EfeError if it is no number or the unit is none."""
        value = self.value(name)
        return None if value is None else to_nA(number(name, value), self.value("i_unit"))

    def not_said(self, names: Sequence[str], levels: Mapping[str, Any]) -> list[Any]:
        """Return what was measured of levels (nA) that aren't said; None for one that wasn't."""
        return [levels.get(name) for name in names if self.level(name) is None]

    def edges(self, names: Sequence[str], trace: Trace) -> dict[str, int]:
        """Return the sample indexes of those of the timings that are said, checked.

        Raises
        ------
        EfeError
            If one lies outside of the sweep, or not after the one before.
        """
        given: dict[str, int] = {}
        last, last_name = 0, "the start"
        for name in names:
            ms = self.value(name)
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
