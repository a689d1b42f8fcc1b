"""What is found in an NWB file: sweeps, and series that make none."""

from __future__ import annotations

from dataclasses import dataclass

from ..problems import Problem
from .nwb_names import Names

LISTENED = (
    "it was only listened to (no recording of a stimulus): that of this sweep went to another electrode."
)
NO_STIMULUS = (
    "its stimulus isn't in the file. If the current was recorded or its command is known, write the file again with it "
    "(a CurrentClampStimulusSeries; in NeuroConv by 'stimulus_channel_name' or 'stimulus_command'), or read what the "
    "rig itself wrote (.abf, .dat, …)."
)


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
    electrode : str or None
        Path of the electrode, where that is known.
    condition : str or None
        The experimental condition.
    comment : str
        What people wrote about the sweep in a table.
    at_once : int or None
        Row of the table of simultaneous recordings.
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
    electrode: str | None = None
    condition: str | None = None
    comment: str = ""
    at_once: int | None = None

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
    at_once : int or None
        Row of the table of simultaneous recordings.
    """

    id: str
    reason: str
    names: Names | None = None
    path: str = ""
    current: str = ""
    severity: str = "error"
    cell: str | None = None
    at_once: int | None = None

    def problem(self) -> Problem:
        """Return what to tell."""
        return Problem(self.reason, self.severity, "file", recording=self.id)
