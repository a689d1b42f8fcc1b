"""One time series of an NWB file: its samples, unit and clock, and what can be wrong with them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import h5py
import numpy as np

from ..long.array import lean
from ..problems import ReadError
from .hdf5 import read_samples
from .hdf5_members import Dataset, attribute, dataset, item, scalar, text
from .inspection import Stored, step_in_ms


class Series:
    """A PatchClampSeries (or what older files have in its place).

    Parameters
    ----------
    group : h5py.Group
        With a dataset ``data`` and either ``starting_time`` (attribute ``rate``) or ``timestamps``.
    default_unit : str
        What NWB prescribes for this kind of series, used where the file leaves the unit out.
    path : str, optional
        Where it was found, if that isn't the group's own name.
    """

    def __init__(self, group: h5py.Group, default_unit: str, path: str | None = None):
        self.group = group
        self.default_unit = default_unit
        self.path = path

    @property
    def name(self) -> str:
        """Where it is in the file: HDF5 gives a series that lies in another file the place that it has there."""
        return str(self.group.name) if self.path is None else self.path

    @cached_property
    def data(self) -> Dataset | h5py.Dataset:
        data = dataset(self.group, "data")
        if data is None:
            raise ReadError(f"{self.name} has no data.")
        return data

    @property
    def type(self) -> str:
        """NWB's name for the kind of series, "" if the file doesn't say."""
        kind = text(attribute(self.group, "neurodata_type")) or ""
        ancestry = attribute(self.group, "ancestry") if kind in ("", "TimeSeries") else None  # NWB 1
        if ancestry is not None and np.size(ancestry):
            kind = text(np.asarray(ancestry).reshape(-1)[-1:]) or kind
        return kind

    @cached_property
    def unit(self) -> str:
        """The unit that the file gives; what is no word is no unit that is known."""
        found = attribute(self.data, "unit")
        words = text(found)
        return self.default_unit if found is None or words == "" else words or str(found)

    @property
    def n_samples(self) -> int:
        shape = self.data.shape or (0,)
        return int(max(shape)) if len(shape) == 2 and 1 in shape else int(shape[0])

    @property
    def sample_bytes(self) -> int:
        """Bytes that a sample takes as it is stored."""
        return int(self.data.dtype.itemsize)

    def member(self, name: str) -> Any:
        """Return what is in the series under a name, or None; most of what is asked for isn't there, which is cheap."""
        return item(self.group, name) if self.group.id.links.exists(name.encode()) else None

    def _stored(self, name: str) -> Dataset | h5py.Dataset | None:
        return dataset(self.group, name) if self.group.id.links.exists(name.encode()) else None

    def word(self, name: str) -> str | None:
        """Return a text that stands as an attribute or as a dataset of the series."""
        found = text(attribute(self.group, name))
        if found is None:
            member = self._stored(name)
            found = text(member[()]) if member is not None and member.size else None
        return found

    def number(self, name: str) -> float | None:
        """Return a number that stands as an attribute or as a dataset of the series."""
        return as_number(self.value(name))

    def value(self, name: str) -> Any:
        """Return what stands as an attribute or as a dataset of the series, None if there is nothing."""
        value = attribute(self.group, name)
        if value is None:
            member = self._stored(name)
            value = scalar(member) if member is not None and member.size else None
        return value

    @cached_property
    def clock(self) -> Dataset | h5py.Dataset | None:
        """The dataset that tells the times: ``starting_time``, else ``timestamps``."""
        return dataset(self.group, "timestamps") if self._start is None else self._start

    @cached_property
    def _start(self) -> Dataset | h5py.Dataset | None:
        return dataset(self.group, "starting_time")

    @property
    def is_stamped(self) -> bool:
        """Whether each sample has a time of its own."""
        return self._start is None and self.clock is not None

    @cached_property
    def rate(self) -> float | None:
        """Samples per unit of time, as ``starting_time`` has it. Raises ReadError if it isn't one number."""
        found = attribute(self.clock, "rate") if self.clock is not None else None
        rate = as_number(found)
        if found is not None and rate is None:
            raise ReadError(
                f"the sampling rate of {self.name} must be one number, but is {np.asarray(found).tolist()!r}."
            )
        return rate

    @cached_property
    def t_unit(self) -> str:
        """Unit of the times; NWB prescribes seconds."""
        found = attribute(self.clock, "unit") if self.clock is not None else None
        words = text(found)
        return "seconds" if found is None or words == "" else words or str(found)

    def step(self, every_stamp: bool = True, window: tuple[int, int] | None = None) -> float:
        """Return the sampling step in `t_unit`: from the rate, else from the time stamps (or their ends).

        Between the sweeps of a long series there may be gaps: only the stamps of the `window` count.
        """
        if self.clock is None:
            raise ReadError(f"{self.name} has neither a sampling rate nor time stamps.")
        if self.is_stamped:
            return _step_of_stamps(self.clock, self.name, self.n_samples, every_stamp, window)
        rate = self.rate
        if rate is None:
            raise ReadError(f"{self.name}/starting_time says no sampling rate.")
        if not (np.isfinite(rate) and rate > 0):
            raise ReadError(f"the sampling rate of {self.name} is {rate:g} Hz; it must be greater than zero.")
        return 1.0 / rate

    def starting_time(self) -> float | None:
        """Return the time of the first sample, in `t_unit`; None if the file doesn't say it."""
        if self.clock is None or self.clock.shape is None or 0 in self.clock.shape:
            return None
        return as_number(self.clock[0] if self.is_stamped else scalar(self.clock))

    def starts_at(self, first: int = 0) -> float | None:
        """Return the time of a sample, ms; None if the file doesn't say it."""
        if first and self.clock is not None and self.is_stamped:
            stamped = first < self.clock.size and self.clock.ndim == 1
            return step_in_ms(as_number(self.clock[first]), self.t_unit) if stamped else None
        start = step_in_ms(self.starting_time(), self.t_unit)
        step = step_in_ms(self.step(every_stamp=False), self.t_unit) if first else 0.0
        return None if start is None or step is None else start + first * step

    def samples(self, conversion: float | None = None, window: tuple[int, int] | None = None) -> np.ndarray:
        """Return the samples in `unit` as float32, array (n,): data · conversion + offset; long ones stay as stored.

        The product is rounded to float32 once, as BluePyEfe does. `conversion` replaces the file's own,
        `window` is (first sample, number of samples).
        """
        factor = self._factor("conversion", 1.0) if conversion is None else conversion
        if factor == 0 or not np.isfinite(factor):
            raise ReadError(f"the conversion factor of {self.name} is {factor:g}.")
        raw = lean(read_samples(self.data, window))
        values = np.multiply(raw, factor, dtype=_precision(raw, factor))
        offset = self._factor("offset", 0.0)
        if offset:
            values = np.add(values, offset, dtype=np.float64)
        return values.astype(np.float32)

    def stored(self, window: tuple[int, int] | None = None) -> Stored:
        """Return the samples as they stand in the file; `window` is (first sample, number of samples)."""
        return Stored(read_samples(self.data, window), self.conversion(), float(self._factor("offset", 0.0)))

    def conversion(self) -> float:
        """Return the factor that brings the stored numbers to `unit`."""
        return float(self._factor("conversion", 1.0))

    def _factor(self, name: str, default: float) -> Any:
        """Return a number among the attributes of the data, in the precision of the file."""
        found = attribute(self.data, name)
        value = np.asarray(np.float64(default) if found is None else found)
        if value.size != 1 or value.dtype.kind not in "fiu":
            raise ReadError(f"{self.name}/data has a {name} that isn't one number: {value!r}.")
        return value.reshape(-1)[0]


def _precision(raw: np.ndarray, factor: float) -> np.dtype:
    """Return the precision of a product: a number of the file brings its own, one of ours takes the samples'.

    Said explicitly, because numpy 1 and 2 differ in it.
    """
    if isinstance(factor, np.generic):
        return np.result_type(raw.dtype, factor.dtype)
    return np.result_type(raw.dtype) if raw.dtype.kind == "f" else np.dtype(np.float64)


def as_number(value: Any) -> float | None:
    """Return the one number that a value is; None for text, for nothing and for several."""
    array = np.asarray(value)
    return float(array.reshape(-1)[0]) if array.size == 1 and array.dtype.kind in "fiu" else None


def _step_of_stamps(
    stamps: Dataset | h5py.Dataset,
    name: str,
    n: int,
    every_stamp: bool,
    window: tuple[int, int] | None = None,
) -> float:
    if stamps.ndim != 1 or stamps.dtype.kind not in "fiu" or len(stamps) != n or n < 2:
        raise ReadError(f"the time stamps of {name} don't fit its {n} samples (shape {stamps.shape}).")
    first, count = window or (0, n)
    if not (0 <= first < first + count <= n and count > 1):
        raise ReadError(f"samples {first} to {first + count} of {name} were asked for, but it has {n}.")
    step = float(stamps[first + count - 1] - stamps[first]) / (count - 1)
    if not (np.isfinite(step) and step > 0):
        raise ReadError(f"the time stamps of {name} don't go forward (mean step {step:g}).")
    if every_stamp:
        steps = np.diff(read_samples(stamps, window))
        if not float(np.max(np.abs(steps - step))) <= 0.1 * step:
            raise ReadError(
                f"the time stamps of {name} are irregular: steps of {np.min(steps):g} to {np.max(steps):g}. "
                "Features need even steps."
            )
    whole = round(1.0 / step)
    # Time stamps are rounded numbers; 9999.99999 samples per second are 10000.
    return 1.0 / whole if whole and abs(whole * step - 1.0) < 1e-6 else step
