"""A cell: its recordings and its rheobase."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..problems import Problem
from .agreeing import agree_among
from .file_units import judge_units
from .reading import count_now, read_file
from .recording import Recording


class Cell:
    """A cell and its recordings.

    Parameters
    ----------
    name : str
        Name of the cell.

    Attributes
    ----------
    recordings : list of Recording
    rheobase : float or None
        Smallest current that makes the cell fire, nA; may be set by hand (then call `compute_relative_amp`), and
        stays if no rule finds another.
    rheobase_recording : Recording or None
        The recording that decided the rheobase, where one did.
    problems : list of Problem
        What went wrong with the cell's files and rheobase; see `all_problems` for the recordings' too.
    """

    def __init__(self, name: str):
        self.name = name
        self.recordings: list[Recording] = []
        self._rheobase: float | None = None
        self.rheobase_by_hand = False
        self.rheobase_recording: Recording | None = None
        self.problems: list[Problem] = []

    @property
    def rheobase(self) -> float | None:
        """Smallest current that makes the cell fire, nA."""
        return self._rheobase

    @rheobase.setter
    def rheobase(self, value: float | None) -> None:
        self._rheobase, self.rheobase_by_hand = value, value is not None

    def take_rheobase(self, value: float | None, recording: Recording | None) -> None:
        """Take over what a rule has found: unlike one that is set by hand, it goes when no rule finds any."""
        self._rheobase, self.rheobase_recording, self.rheobase_by_hand = value, recording, False

    def all_problems(self) -> list[Problem]:
        """Return the problems of the cell and of its recordings, with their places."""
        found = [problem.at(cell=self.name) for problem in self.problems]
        for recording in self.recordings:
            found += [problem.at(cell=self.name, **recording.place) for problem in recording.problems]
        return found

    def get_protocol_names(self) -> list[str]:
        """Return the names of the cell's protocols, in the order in which they were read."""
        return list(dict.fromkeys(recording.protocol_name for recording in self.recordings))

    def get_recordings_by_protocol_name(self, protocol_name: str) -> list[Recording]:
        """Return the recordings of a protocol."""
        return [recording for recording in self.recordings if recording.protocol_name == protocol_name]

    def get_recordings_id_by_protocol_name(self, protocol_name: str) -> list[int]:
        """Return the positions, in `recordings`, of the recordings of a protocol."""
        return [i for i, recording in enumerate(self.recordings) if recording.protocol_name == protocol_name]

    def reader(
        self, config_data: Mapping[str, Any], recording_reader: Callable[..., Any] | None = None
    ) -> list[dict[str, Any]]:
        """Read the sweeps of one file, by `recording_reader` or by what fits the file; see `engine.readers.read`."""
        from ..readers import read

        sweeps, problems = read(config_data, recording_reader)
        self.problems += [problem.at(cell=self.name) for problem in problems]
        return [sweep for sweep in sweeps if sweep is not None]

    def read_recordings(
        self,
        protocol_data: Sequence[Mapping[str, Any]],
        protocol_name: str,
        recording_reader: Callable[..., Any] | None = None,
        efel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Read the files of one protocol and add their recordings; what can't be read becomes a problem.

        Parameters
        ----------
        protocol_data : list of dict
            Metadata of each file.
        protocol_name : str
        recording_reader : callable, optional
            A lab's own reader: metadata in, list of dicts with voltage and current out.
        efel_settings : dict, optional
            eFEL settings that decide what a spike is.
        """
        added: list[Recording] = []
        for metadata in protocol_data:
            recordings, problems = read_file(metadata, protocol_name, recording_reader, efel_settings)
            added += recordings
            self.problems += problems
        kept, problems = agree_among(added)
        count_now(kept)
        self.recordings += kept
        self.problems += problems
        self.judge_units()

    def judge_units(self) -> None:
        """Judge the units over all sweeps of each file; recordings of one whose unit can't be are left out."""
        refused, self.problems = judge_units(self.recordings, self.problems)
        self.recordings = [recording for recording in self.recordings if recording.serial not in refused]

    def extract_efeatures(
        self,
        protocol_name: str,
        efeatures: Sequence[str],
        efeature_names: Sequence[str | None] | None = None,
        efel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Compute features on all recordings of a protocol; see `Recording.compute_efeatures`."""
        for recording in self.get_recordings_by_protocol_name(protocol_name):
            recording.compute_efeatures(efeatures, efeature_names, efel_settings)

    def compute_relative_amp(self) -> None:
        """Express all amplitudes in % of the rheobase; without a rheobase they are unknown (None)."""
        if not self.rheobase or not math.isfinite(self.rheobase):
            self.rheobase = None
            for recording in self.recordings:
                recording.forget_relative_amp()
            return
        for recording in self.recordings:
            recording.compute_relative_amp(self.rheobase)

    def plot_recordings(
        self, protocol_name: str, output_dir: str | None = None, show: bool = False
    ) -> list[Any]:
        """Draw the recordings of a protocol into a PDF in `output_dir`, and the notebook if `show`; returns the paths.

        Without `output_dir` nothing is written.
        """
        return self._draw(self.get_recordings_by_protocol_name(protocol_name), output_dir, show)

    def plot_all_recordings(self, output_dir: str | None = None, show: bool = False) -> list[Any]:
        """Draw all recordings, one PDF a protocol, as `plot_recordings`; returns the paths."""
        return self._draw(self.recordings, output_dir, show)

    def _draw(self, recordings: list[Recording], output_dir: str | None, show: bool) -> list[Any]:
        from ..figures import draw_and_show, recordings_figures

        shown = Cell(self.name)
        shown.recordings = recordings
        paths, problems = draw_and_show(recordings_figures(shown), output_dir, show)
        self.problems += problems
        return paths
