"""The samples of a recording, and where they are from; they needn't stay in memory, since they can be read again."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from ..problems import EfeError
from ..readers import each_sweep
from ..traces.fingerprint import Fingerprint, fingerprint
from ..traces.scale import scale_of
from ..traces.trace import Trace, standardize
from .parts import copied
from .source import Source


class Samples:
    """The samples of one sweep in mV, nA and ms: in memory, to be read again, as a script set them, or none.

    Parameters
    ----------
    trace : Trace, optional
        The samples; without them they are read from the source, or there are none.
    source : Source, optional
        Where they can be read again.
    whose : str
        Name of their recording, for errors.

    Attributes
    ----------
    scale : dict or None
        What they say about their units; see `traces.scale.scale_of`.
    fingerprint : tuple or None
        What is the same for the same samples, as the reader delivered them.
    """

    scale: dict[str, Any] | None = None
    fingerprint: Fingerprint | None = None
    _edited: dict[str, np.ndarray | None] | None = None  # times, voltage, current, once a script has set any
    _step: tuple[float, str]

    def __init__(self, trace: Trace | None = None, source: Source | None = None, whose: str = ""):
        self._trace, self.source, self.whose = trace, source, whose

    @classmethod
    def delivered(
        cls, config_data: Mapping[str, Any], reader_data: Mapping[str, Any], whose: str = ""
    ) -> Samples:
        """Return what a reader delivers, in the units of the field; none if it delivers nothing. Raises EfeError."""
        found = cls(whose=whose)
        found.fingerprint = fingerprint(reader_data)
        if reader_data:
            found._trace = standardize(config_data, reader_data)
            found.scale = scale_of(found._trace, config_data, reader_data)
        return found

    def __call__(self) -> Trace:
        """Return the samples; raises EfeError if there are none."""
        trace = self.trace
        if trace is None:
            why = ": a script has set them to None." if self._edited else "."
            raise EfeError(f"{self.whose or 'this stimulus'} has no samples{why}")
        return trace

    @property
    def trace(self) -> Trace | None:
        """The samples, read again if they weren't kept; None without data, or if a script forgot them."""
        if self._edited is not None:
            return self._edited_trace(self._edited)
        if self._trace is None and self.source is not None:
            return self.source.load()
        return self._trace

    @property
    def has_samples(self) -> bool:
        """Whether the samples are in memory."""
        return self._trace is not None or self._edited is not None

    def hold(self, trace: Trace) -> None:
        """Take the samples, as they were read again, into memory."""
        self._trace = trace

    def release(self) -> None:
        """Forget the samples, if they can be read again."""
        if self.source is not None:
            self._trace = None

    def load(self) -> None:
        """Read the samples now, if that was put off."""
        if self._edited is None:
            self._trace = self.trace

    def twin(self) -> Samples:
        """Return a copy that a script may edit without changing this one."""
        other = copied(self)
        other._edited = copy.copy(self._edited)
        return other

    def kept(self) -> dict[str, Any]:
        """Return what is known of the samples without them, as plain data."""
        return {"scale": self.scale, "fingerprint": self.fingerprint}

    @property
    def t(self) -> np.ndarray | None:
        """Times, array (n,), ms. A script may set them, as voltage and current; None forgets them to save memory."""
        return self._array("time")

    @t.setter
    def t(self, values: np.ndarray | None) -> None:
        self._edit("time", values)

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
            trace = self()
            self._edited = {key: getattr(trace, key) for key in ("time", "voltage", "current")}
            self._step = trace.step, trace.t_unit
            self._trace = None
        self._edited[name] = None if values is None else np.asarray(values)

    def _edited_trace(self, edited: Mapping[str, np.ndarray | None]) -> Trace | None:
        time, voltage, current = (edited[name] for name in ("time", "voltage", "current"))
        if time is None or voltage is None or current is None:
            return None
        return Trace(voltage, current, *self._step, time)


class Sampled(Protocol):
    """What has samples that may have to be read again: a recording, or samples by themselves."""

    source: Source | None

    @property
    def has_samples(self) -> bool: ...
    def hold(self, trace: Trace) -> None: ...
    def release(self) -> None: ...


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
        elif (trace := source.held) is not None:
            recording.hold(trace)
            yield recording
            recording.release()
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
