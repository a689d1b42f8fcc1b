"""One time series of an NWB file: its samples, unit and clock, and what can be wrong with them."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from ..problems import ReadError

# More than half an hour at 100 kHz: beyond it, a sweep is a mistake (or an attack on the memory).
MAX_SAMPLES = 200_000_000


def text(value: Any) -> str | None:
    """Return HDF5's many kinds of text as str; None if it is no text."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value) if isinstance(value, str) else None


def item(group: h5py.Group, name: str) -> Any:
    """Return a member of a group, None if there is none; raise ReadError if its link leads nowhere."""
    try:
        found = group.get(name)
    except (KeyError, OSError, RuntimeError):
        found = None
    if found is not None:
        return found
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise ReadError(
            f"{group.name}/{name} lies in another file, {link.filename!r}, which isn't there. "
            "Put it beside this one."
        )
    if isinstance(link, h5py.SoftLink):
        raise ReadError(f"{group.name}/{name} points to {link.path!r}, which isn't in the file.")
    return None


def members(group: h5py.Group | None) -> list[str]:
    """Return the names in a group, in the file's order; nothing for what is no group."""
    return list(group.keys()) if isinstance(group, h5py.Group) else []


class Series:
    """A PatchClampSeries (or what older files have in its place).

    Parameters
    ----------
    group : h5py.Group
        With a dataset ``data`` and either ``starting_time`` (attribute ``rate``) or ``timestamps``.
    default_unit : str
        What NWB prescribes for this kind of series, used where the file leaves the unit out.
    """

    def __init__(self, group: h5py.Group, default_unit: str):
        self.group = group
        self.default_unit = default_unit

    @property
    def name(self) -> str:
        return str(self.group.name)

    @property
    def data(self) -> h5py.Dataset:
        data = item(self.group, "data")
        if not isinstance(data, h5py.Dataset):
            raise ReadError(f"{self.name} has no data.")
        return data

    @property
    def type(self) -> str:
        """NWB's name for the kind of series, "" if the file doesn't say."""
        kind = text(self.group.attrs.get("neurodata_type")) or ""
        ancestry = self.group.attrs.get("ancestry")  # NWB 1
        if kind in ("", "TimeSeries") and ancestry is not None and np.size(ancestry):
            kind = text(np.asarray(ancestry).reshape(-1)[-1:]) or kind
        return kind

    @property
    def unit(self) -> str:
        return text(self.data.attrs.get("unit")) or self.default_unit

    @property
    def n_samples(self) -> int:
        shape = self.data.shape or (0,)
        return int(shape[0])

    def word(self, name: str) -> str | None:
        """Return a text that stands as an attribute or as a dataset of the series."""
        found = text(self.group.attrs.get(name))
        if found is None:
            member = item(self.group, name)
            if isinstance(member, h5py.Dataset) and member.size:
                found = text(member[()])
        return found

    def number(self, name: str) -> float | None:
        """Return a number that stands as an attribute or as a dataset of the series."""
        value = self.group.attrs.get(name)
        if value is None:
            member = item(self.group, name)
            value = member[()] if isinstance(member, h5py.Dataset) and member.size else None
        try:
            return None if value is None else float(np.asarray(value).reshape(-1)[0])
        except (TypeError, ValueError, IndexError):
            return None

    def has_clock(self) -> bool:
        return "starting_time" in self.group or "timestamps" in self.group

    def t_unit(self) -> str:
        """Return the unit of `step`; NWB prescribes seconds."""
        clock = item(self.group, "starting_time")
        if clock is None:
            clock = item(self.group, "timestamps")
        return (text(clock.attrs.get("unit")) if clock is not None else None) or "seconds"

    def step(self, check: bool = True) -> float:
        """Return the sampling step in `t_unit`; `check` looks at every time stamp, not at the ends only."""
        clock = item(self.group, "starting_time")
        if clock is not None:
            if "rate" not in clock.attrs:
                raise ReadError(f"{self.name}/starting_time says no sampling rate.")
            rate = float(np.asarray(clock.attrs["rate"]).reshape(-1)[0])
            if not (np.isfinite(rate) and rate > 0):
                raise ReadError(
                    f"the sampling rate of {self.name} is {rate:g} Hz; it must be greater than zero."
                )
            return 1.0 / rate
        stamps = item(self.group, "timestamps")
        if not isinstance(stamps, h5py.Dataset):
            raise ReadError(f"{self.name} has neither a sampling rate nor time stamps.")
        return _step_of_stamps(stamps, self.name, self.n_samples, check)

    def starting_time(self) -> float | None:
        """Return the time of the first sample, in `t_unit`."""
        clock = item(self.group, "starting_time")
        if clock is None:
            clock = item(self.group, "timestamps")
        if not isinstance(clock, h5py.Dataset) or not clock.size or clock.dtype.kind not in "fiu":
            return None
        return float(clock[()] if clock.shape == () else clock[0])

    def samples(self, conversion: Any = None) -> np.ndarray:
        """Return the samples in `unit` as float32, array (n,): data · conversion + offset.

        The product is rounded to float32 once, as BluePyEfe does; `conversion` replaces the file's own.
        """
        data = self.data
        if conversion is None:
            conversion = data.attrs.get("conversion", np.float64(1.0))
        raw = read_samples(data)
        # numpy < 2 would multiply by a scalar in the array's own precision.
        kind = np.result_type(
            raw.dtype, conversion if isinstance(conversion, float) else np.asarray(conversion)
        )
        scaled = np.multiply(raw, conversion, dtype=kind)
        offset = float(np.asarray(data.attrs.get("offset", 0.0)).reshape(-1)[0])
        if offset:
            scaled = scaled + np.float64(offset)
        return scaled.astype(np.float32)


def _step_of_stamps(stamps: h5py.Dataset, name: str, n: int, check: bool) -> float:
    if stamps.ndim != 1 or stamps.dtype.kind not in "fiu" or len(stamps) != n or n < 2:
        raise ReadError(f"the time stamps of {name} don't fit its {n} samples (shape {stamps.shape}).")
    step = float(stamps[-1] - stamps[0]) / (n - 1)
    if not (np.isfinite(step) and step > 0):
        raise ReadError(f"the time stamps of {name} don't go forward (mean step {step:g}).")
    if check:
        steps = np.diff(read_samples(stamps))
        worst = float(np.max(np.abs(steps - step)))
        if not worst <= 0.1 * step:
            raise ReadError(
                f"the time stamps of {name} are irregular: steps of {np.min(steps):g} to {np.max(steps):g}. "
                "Features need even steps."
            )
    whole = round(1.0 / step)
    # Time stamps are rounded numbers; 9999.99999 samples per second are 10000.
    return 1.0 / whole if whole and abs(whole * step - 1.0) < 1e-6 else step


def check_dataset(data: h5py.Dataset, columns: int = 1) -> None:
    """Raise ReadError if a dataset can't be a sweep: no numbers, other columns, more claimed than stored."""
    if data.shape is None or data.dtype.kind not in "fiu":
        raise ReadError(
            f"{data.name} holds {'nothing' if data.shape is None else 'text or records'}, not numbers."
        )
    n = int(np.prod(data.shape, dtype=object))
    if not (data.ndim == 2 and columns in data.shape) and not (data.ndim == columns == 1):
        raise ReadError(
            f"{data.name} has the shape {data.shape}: expected one row of samples. Split the channels first."
        )
    stored = _stored_samples(data, n)
    if stored < n:
        raise ReadError(
            f"{data.name} claims {n} samples, but only {stored} are in the file: damaged, or never filled."
        )
    if n > MAX_SAMPLES:
        raise ReadError(f"{data.name} claims {n} samples; sweeps of more than {MAX_SAMPLES} are not read.")


def _stored_samples(data: h5py.Dataset, n: int) -> int:
    """Return how many of the `n` samples that a dataset claims can be in the file."""
    if n == 0 or data.is_virtual or data.external:
        return n
    if data.chunks is None:
        stored = data.id.get_storage_size()
        return n if stored >= n * data.dtype.itemsize else stored // data.dtype.itemsize
    per_chunk = int(np.prod(data.chunks, dtype=object))
    return min(n, data.id.get_num_chunks() * per_chunk)


def read_samples(dataset: h5py.Dataset) -> np.ndarray:
    """Return the stored numbers of a dataset as they are, array (n,). A faster decompression belongs here."""
    check_dataset(dataset)
    values = np.empty(dataset.shape, dataset.dtype)
    if values.size:
        try:
            dataset.read_direct(values)
        except OSError as error:
            raise ReadError(
                f"{dataset.name} can't be decoded: the file is damaged ({_brief(error)})."
            ) from error
    return values.ravel()


def _brief(error: BaseException) -> str:
    return str(error).split(" (", 1)[-1].rstrip(")").split(",", 1)[0]
