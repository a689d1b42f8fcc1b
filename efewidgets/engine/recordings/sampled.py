"""The samples of a recording, and where they are from; they needn't stay in memory, since they can be read again."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from ..problems import EfeError, Problem
from ..readers import each_sweep
from ..traces.fingerprint import fingerprint
from ..traces.scale import scale_of
from ..traces.trace import Trace, standardize
from .source import Source, files_of

_serials = itertools.count()


def new_serial() -> int:
    """Return a number that no other recording of this process has."""
    return next(_serials)


class Sampled:
    """One sweep: what a person wrote about it, what the file says, and its samples.

    Parameters
    ----------
    config_data : dict
        What a person wrote about the recording: units, timings (ms), amplitudes (in ``i_unit``), corrections.
    reader_data : dict
        What the reader delivers: voltage, current, dt, units, id, repetition, … Empty for a stimulus without data.
    protocol_name : str
        Name of the protocol.
    """

    _edited: dict[str, np.ndarray | None] | None = (
        None  # times, voltage and current, once a script has set any
    )
    _step: tuple[float, str]
    #: What it says about its units; see `file_units.scale_of`
    scale: dict[str, Any] | None = None

    def __init__(self, config_data: Mapping[str, Any], reader_data: Mapping[str, Any], protocol_name: str):
        self.config_data = dict(config_data)
        self.reader_data = {k: v for k, v in reader_data.items() if k not in ("voltage", "current", "t")}
        self.protocol_name = protocol_name
        self.files = files_of(config_data)
        self.id = reader_data.get("id")
        self.repetition = reader_data.get("repetition")
        self.label: str | None = None
        self.excluded: str | None = None
        self.location: str | None = None
        self.source: Source | None = None
        self.problems: list[Problem] = []
        self.serial = new_serial()
        self.fingerprint = fingerprint(reader_data)
        self._trace = standardize(self.config_data, reader_data) if reader_data else None
        if self._trace is not None:
            self.scale = scale_of(self._trace, self.config_data, reader_data)

    @property
    def name(self) -> str:
        """The recording's id, or the name of its file."""
        if self.id:
            return str(self.id)
        return pathlib.Path(self.files[-1]).stem if self.files else ""

    @property
    def current_from(self) -> str:
        """Where the current comes from: "measured", or "command" if it is what was commanded."""
        return str(self.reader_data.get("current_from") or "measured")

    @property
    def facts(self) -> dict[str, float]:
        """What the file knows of electrode and cell: numbers, by names that end with their unit."""
        return dict(self.reader_data.get("facts") or {})

    @property
    def trace(self) -> Trace | None:
        """The samples in mV and nA, read again if they weren't kept; None without data, or if a script forgot them."""
        if self._edited is not None:
            return self._edited_trace(self._edited)
        if self._trace is None and self.source is not None:
            return self.source.load()
        return self._trace

    @property
    def has_samples(self) -> bool:
        """Whether the samples are in memory."""
        return self._trace is not None or self._edited is not None

    def samples(self) -> Trace:
        """Return the samples; raises EfeError for a stimulus without data."""
        trace = self.trace
        if trace is None:
            why = ": a script has set them to None." if self._edited else "."
            raise EfeError(f"{self.name or 'this stimulus'} has no samples{why}")
        return trace

    def hold(self, trace: Trace) -> None:
        """Take the samples, as they were read again, into memory."""
        self._trace = trace

    def release(self) -> None:
        """Forget the samples, if they can be read again."""
        if self.source is not None:
            self._trace = None

    @property
    def t(self) -> np.ndarray | None:
        """Times, array (n,), ms. A script may set them, as voltage and current; None forgets them to save memory."""
        return self._array("time")

    @t.setter
    def t(self, values: np.ndarray | None) -> None:
        self._edit("time", values)

    time = t

    @property
    def voltage(self) -> np.ndarray | None:
        """Voltage, array (n,), mV."""
        return self._array("voltage")

    @voltage.setter
    def voltage(self, values: np.ndarray | None) -> None:
        self._edit("voltage", values)

    @property
    def current(self) -> np.ndarray | None:
        """Current, array (n,), nA."""
        return self._array("current")

    @current.setter
    def current(self, values: np.ndarray | None) -> None:
        self._edit("current", values)

    def _array(self, name: str) -> np.ndarray | None:
        if self._edited is not None:
            return self._edited[name]
        trace = self.trace
        if trace is None:
            return None
        values: np.ndarray = getattr(trace, name)
        if self._trace is None:  # read again for this once: a change would be lost without a word
            values = values.view()
            values.flags.writeable = False
        return values

    def _edit(self, name: str, values: np.ndarray | None) -> None:
        """Take over what a script sets. What was computed before stays as it was, until it is asked for anew."""
        if self._edited is None:
            trace = self.samples()
            self._edited = {key: getattr(trace, key) for key in ("time", "voltage", "current")}
            self._step = trace.step, trace.t_unit
            self._trace = None
        self._edited[name] = None if values is None else np.asarray(values)

    def _edited_trace(self, edited: Mapping[str, np.ndarray | None]) -> Trace | None:
        time, voltage, current = (edited[name] for name in ("time", "voltage", "current"))
        if time is None or voltage is None or current is None:
            return None
        return Trace(voltage, current, *self._step, time)

    def forget_results(self) -> None:
        """Forget what was computed from the samples."""


S = TypeVar("S", bound=Sampled)


def with_samples(recordings: Iterable[S]) -> Iterator[S]:
    """Yield recordings file by file, each with its samples in memory until the next; a file is opened once.

    One that can't be read again is yielded as it is: who asks for its samples is told why.
    """
    by_file: dict[int, dict[int, S]] = {}
    for recording in recordings:
        source = recording.source
        alike = {} if source is None else by_file.setdefault(id(source.metadata), {})
        if recording.has_samples or source is None or source.index in alike:
            yield recording
        else:
            alike[source.index] = recording
    for by_index in by_file.values():
        yield from _read_again(by_index) if len(by_index) > 1 else by_index.values()


def _read_again(by_index: dict[int, S]) -> Iterator[S]:
    source = next(iter(by_index.values())).source
    assert source is not None
    with contextlib.suppress(Exception):
        for index, (_, sweep) in enumerate(
            each_sweep(source.metadata, [], source.reader, only=set(by_index))
        ):
            if sweep is not None:
                trace = standardize(source.metadata, sweep)
                recording = by_index.pop(index)
                recording.hold(trace)
                yield recording
                recording.release()
    yield from by_index.values()
