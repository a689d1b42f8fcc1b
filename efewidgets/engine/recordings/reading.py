"""From a file to recordings: each sweep is read, its stimulus found and its spikes counted before the next one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..problems import EfeError, MissingFile, NoSweep, NoSweepError, Problem, ScaleError, WrongUnit
from ..readers import each_sweep
from .ecodes import ecode_of
from .held import Place, hold
from .memory import keep_freed_memory
from .metadata import check
from .recording import Recording
from .source import Source, files_of, reader_metadata
from .sweeps import EXCLUDE, Labels, split_metadata, unknown_sweeps


@dataclass
class Room:
    """Memory for the samples of several recordings.

    Parameters
    ----------
    left : int
        How many bytes are left.
    """

    left: int

    def keep(self, recording: Recording) -> bool:
        """Whether there is room for the samples of one more recording, which takes it."""
        trace = recording.samples()
        size = trace.voltage.nbytes + trace.current.nbytes
        if size > self.left:
            return False
        self.left -= size
        return True


class Held(Room):
    """Samples of one file are kept in this process, for a later job, and not by the recordings, which are sent away."""

    def __init__(self) -> None:
        super().__init__(0)
        self._place = Place.new()

    def keep(self, recording: Recording) -> bool:
        """Whether there is room for the samples with the recording."""
        source = recording.source
        if source is not None and recording.has_samples:
            hold(self._place, source.index, recording.samples())
            recording.source = dataclasses.replace(source, place=self._place)
        return False


def read_file(
    metadata: Mapping[str, Any],
    protocol_name: str,
    reader: Callable[..., Any] | None = None,
    efel_settings: Mapping[str, Any] | None = None,
    keep_samples: bool | Room = True,
    between: Callable[[], None] | None = None,
    count_spikes: bool = True,
    only: Collection[int] | None = None,
) -> tuple[list[Recording], list[Problem]]:
    """Read the sweeps of one file and find the stimulus and the spikes in each.

    Parameters
    ----------
    metadata : dict
        What a person wrote about the file, and perhaps about single sweeps of it (see `engine.sweeps`).
    protocol_name : str
    reader : callable, optional
        A lab's own reader.
    efel_settings : dict, optional
        eFEL settings that decide what a spike is.
    keep_samples : bool or Room
        Whether the recordings keep their samples (all, or those for which there is room); otherwise they read them
        again when asked.
    between : callable, optional
        Called before each sweep; may raise to stop.
    count_spikes : bool
        Whether spikes are counted now, and what is odd about them told; otherwise when somebody asks for them.
    only : collection of int, optional
        Positions of the sweeps that are wanted; by default all.

    Returns
    -------
    recordings : list of Recording
        Those that are excluded have a reason in `excluded`.
    problems : list of Problem
        What could not be read, and why.
    """
    if not isinstance(metadata, Mapping):
        problem = Problem(f"the metadata of a file must be a dictionary, but is {metadata!r}.", kind="file")
        return [], [problem.at(protocol=protocol_name)]
    keep_freed_memory()
    told: list[Problem] = []
    try:
        file = _File.of(metadata, protocol_name, reader, efel_settings)
        told += file.remarks
        sweeps = each_sweep(file.prepared, told, reader, only)
    except Exception as error:
        return [], [as_problem(error, "file", **_place(metadata, protocol_name))]
    recordings, failures, labels = [], [], Labels()
    for index, item in enumerate(_tried(sweeps)):
        if isinstance(item, Exception):
            place = _place(metadata, protocol_name)
            remarks = [dataclasses.replace(remark, **place) for remark in file.remarks]
            return [], [*remarks, as_problem(item, "file", **place)]
        if between is not None:
            between()
        label, sweep = labels.add(item[0]), item[1]
        if sweep is None:
            continue
        try:
            recording = file.recording(index, label, sweep)
            if count_spikes:
                recording.count_spikes()
                # for a script, which may change them; without a stimulus not before the others have been asked for one
                if keep_samples is True and recording.timing_from != "lost":
                    recording.count_now()
        except Exception as error:
            failures.append(as_problem(error, "stimulus", recording=label))
            continue
        if keep_samples is False or (isinstance(keep_samples, Room) and not keep_samples.keep(recording)):
            recording.release()
        recordings.append(recording)
    problems = [*told, *unknown_sweeps(file.of_sweeps, labels.all), *failures]
    place = _place(metadata, protocol_name)
    return recordings, [dataclasses.replace(problem, **place) for problem in problems]


def count_now(recordings: Sequence[Recording]) -> None:
    """Find the spikes of recordings that were moved to the timing of others, before a script changes anything."""
    for recording in recordings:
        try:
            recording.count_now()
        except Exception as error:
            recording.problems.append(as_problem(error, "spikes"))


def sweep_labels(metadata: Mapping[str, Any], protocol_name: str) -> list[str]:
    """Name the sweeps of a file without reading their samples, where the format allows."""
    labels = Labels()
    for label, _ in each_sweep(_File.of(metadata, protocol_name, None, None).prepared, [], only=()):
        labels.add(label)
    return labels.all


@dataclass(frozen=True)
class _File:
    """What a person wrote about a file: as a whole, about single sweeps, and as its reader takes it."""

    protocol: str
    whole: Mapping[str, Any]
    of_sweeps: Mapping[str, dict[str, Any]]
    prepared: Mapping[str, Any]
    reader: Callable[..., Any] | None
    efel_settings: Mapping[str, Any] | None
    remarks: list[Problem]

    @classmethod
    def of(
        cls,
        metadata: Mapping[str, Any],
        protocol: str,
        reader: Callable[..., Any] | None,
        efel_settings: Mapping[str, Any] | None,
    ) -> _File:
        """Check the metadata. Raises EfeError."""
        remarks = check(metadata, protocol, reader)
        whole, of_sweeps = split_metadata(metadata, own_reader=reader is not None)
        ecode_of(protocol, whole.get("ecode"))
        return cls(
            protocol, whole, of_sweeps, reader_metadata(whole, protocol), reader, efel_settings, remarks
        )

    def recording(self, index: int, label: str, sweep: Mapping[str, Any]) -> Recording:
        """Make a recording of a sweep. Raises EfeError."""
        own = dict(self.of_sweeps.get(label, {}))
        excluded = own.pop(EXCLUDE, None)
        config = {"protocol_name": self.protocol, **self.whole, **own}
        ecode = ecode_of(self.protocol, config.get("ecode"))
        recording = ecode(config, sweep, self.protocol, self.efel_settings)
        recording.label, recording.excluded = label, excluded
        recording.source = Source({**self.prepared, **own} if own else self.prepared, self.reader, index)
        return recording


def _place(metadata: Mapping[str, Any], protocol_name: str) -> dict[str, Any]:
    return {"protocol": protocol_name, "file": next(iter(reversed(files_of(metadata))), None)}


def _tried(items: Iterator[Any]) -> Iterator[Any]:
    """Yield the items, and in the end the exception if there was one."""
    try:
        yield from items
    except Exception as error:
        yield error


def as_problem(error: Exception, kind: str, **place: Any) -> Problem:
    """Turn whatever went wrong with one file or recording into a problem, so that the others go on."""
    expected = isinstance(error, (EfeError, OSError))
    message = str(error) if expected else f"{type(error).__name__}: {error}"
    if isinstance(error, ScaleError):
        scale = {name: getattr(error, name) for name in ("quantity", "unit", "value", "likely")}
        return WrongUnit(message, kind="unit", **place, **scale)
    special = {FileNotFoundError: MissingFile, NoSweepError: NoSweep}
    made = next((made for of, made in special.items() if isinstance(error, of)), Problem)
    return made(message, kind=kind, **place)
