"""What is found in an NWB file: sweeps, and series that make none."""

from __future__ import annotations

from dataclasses import dataclass

from ..problems import Problem
from .nwb_names import Names

NO_STIMULUS = "its stimulus isn't in the file."


@dataclass(frozen=True)
class Pair:
    """Where the voltage and the current of one sweep are in the file.

    Parameters
    ----------
    id : str
        Name of the sweep.
    names : Names
        Of its stimulus.
    voltage, current : str
        Paths of the two series.
    repetition : int or None
    cell : str or None
        The cell's name, or its electrode's.
    clock : {"voltage", "current"}
        Which of the two says the sampling rate.
    raw_protocol : str
        The stimulus as the file calls it, where the dialect has rules for it.
    v_window, i_window : (first sample, number of samples) or None
        The stretch of the series that is this sweep; None for all of it.
    remark : str
        What a person should know of how the two were put together.
    """

    id: str
    names: Names
    voltage: str
    current: str
    repetition: int | None = None
    cell: str | None = None
    clock: str = "voltage"
    raw_protocol: str = ""
    v_window: tuple[int, int] | None = None
    i_window: tuple[int, int] | None = None
    remark: str = ""

    @property
    def protocol(self) -> str:
        """Name of the stimulus."""
        return self.names.protocol


@dataclass(frozen=True)
class Lost:
    """A series that makes no sweep, though one would expect it.

    Parameters
    ----------
    id : str
        Name of the series.
    reason : str
    names : Names or None
        Of its stimulus, None if they can't be known.
    path, current : str
        Where it is in the file, and where its stimulus would be.
    severity : str
        "error" if a response is lost, "note" if that is as it should be.
    cell : str or None
    """

    id: str
    reason: str
    names: Names | None = None
    path: str = ""
    current: str = ""
    severity: str = "error"
    cell: str | None = None

    def problem(self) -> Problem:
        """Return what to tell."""
        return Problem(self.reason, self.severity, "file", recording=self.id)
