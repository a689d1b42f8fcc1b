"""What goes into an NWB file: each sweep's numbers as they were recorded, and what was found in it or decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...problems import EfeError, Problem
from ...readers import each_sweep
from ...readers.inspection import Stored
from ...recordings.agreeing import agree_among
from ...recordings.reading import as_problem, read_file
from ...recordings.recording import Recording
from ...recordings.source import files_of, reader_metadata
from ...recordings.sweeps import EXCLUDE, Labels, split_metadata
from ...units import canonical_unit, to_ms

_SI = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9, "pA": 1e-12}


@dataclass(frozen=True)
class Samples:
    """Numbers of one channel: value (in volts or amperes) = number · conversion.

    `as_recorded` tells whether they are the converter's own.
    """

    numbers: np.ndarray
    conversion: float
    as_recorded: bool


@dataclass(frozen=True)
class NwbSweep:
    """One sweep to be written.

    Parameters
    ----------
    protocol, label : str
        `label` is its name in its file.
    paths : tuple of str
        The file, or the two, that it is from.
    voltage, current : Samples
    rate : float
        Samples per second.
    repetition : int or None
        As the file has it.
    current_from : str
        "measured" or "command".
    facts : dict
        What the file knows of electrode and cell.
    ljp : float or None
        Liquid junction potential (mV) that is subtracted in an extraction; the numbers here are without it.
    excluded : str
        Why it was left out; "" if it wasn't.
    found : dict of float
        Timings (ms) and amplitudes (nA) of its stimulus.
    timing_from : str
        Where the timings are from; "" where none were found.
    """

    protocol: str
    label: str
    paths: tuple[str, ...]
    voltage: Samples
    current: Samples
    rate: float
    repetition: int | None = None
    current_from: str = "measured"
    facts: Mapping[str, float] = field(default_factory=dict)
    ljp: float | None = None
    excluded: str = ""
    found: Mapping[str, float] = field(default_factory=dict)
    timing_from: str = ""


@dataclass
class CellSweeps:
    """A cell and its sweeps."""

    name: str
    sweeps: list[NwbSweep] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The files that they are from."""
        return list(dict.fromkeys(path for sweep in self.sweeps for path in sweep.paths))


def gather(
    files_metadata: Mapping[str, Any],
    problems: list[Problem],
    reader: Callable[..., Any] | None = None,
    efel_settings: Mapping[str, Any] | None = None,
) -> list[CellSweeps]:
    """Read all sweeps; what can't be read is told.

    Raises
    ------
    EfeError
        If there is none.
    """
    cells = []
    for cell, protocols in files_metadata.items():
        found = CellSweeps(str(cell))
        for protocol, files in protocols.items():
            timings = _timings(files, str(protocol), reader, efel_settings, problems)
            for metadata, known in zip(files, timings, strict=True):
                found.sweeps += _sweeps(metadata, str(protocol), reader, known, problems)
        if found.sweeps:
            cells.append(found)
    if not cells:
        told = "".join(f"\n- {problem}" for problem in problems if problem.severity == "error")
        raise EfeError(f"there is no sweep that could be written.{told}")
    return cells


def _timings(
    files: list[Mapping[str, Any]],
    protocol: str,
    reader: Callable[..., Any] | None,
    efel_settings: Mapping[str, Any] | None,
    problems: list[Problem],
) -> list[dict[str, Recording]]:
    """Return for each file of a protocol the recordings in which a stimulus was found, by their labels."""
    read: list[Recording] = []
    place: dict[int, int] = {}
    for number, metadata in enumerate(files):
        recordings, told = read_file(metadata, protocol, reader, efel_settings, False, count_spikes=False)
        problems += [problem for problem in told if problem.kind == "stimulus"]
        place |= {recording.serial: number for recording in recordings}
        read += recordings
    kept, told = agree_among(read)
    problems += told
    found: list[dict[str, Recording]] = [{} for _ in files]
    for recording in kept:
        found[place[recording.serial]][str(recording.label)] = recording
    return found


def _sweeps(
    metadata: Mapping[str, Any],
    protocol: str,
    reader: Callable[..., Any] | None,
    known: Mapping[str, Recording],
    problems: list[Problem],
) -> Iterator[NwbSweep]:
    place = {"file": next(iter(reversed(files_of(metadata))), None), "protocol": protocol}
    told: list[Problem] = []
    labels = Labels()
    try:
        whole, of_sweeps = split_metadata(metadata, own_reader=reader is not None)
        for name, sweep in each_sweep(reader_metadata(whole, protocol), told, reader, as_stored=True):
            label = labels.add(name)
            if sweep is None:
                continue
            own = whole | of_sweeps.get(label, {})
            try:
                yield _sweep(sweep, own, protocol, label, tuple(files_of(metadata)), known.get(label))
            except Exception as error:
                told.append(as_problem(error, "file", recording=label))
    except Exception as error:
        told.append(as_problem(error, "file"))
    problems += [problem.at(**place) for problem in told]


def _sweep(
    sweep: Mapping[str, Any],
    said: Mapping[str, Any],
    protocol: str,
    label: str,
    paths: tuple[str, ...],
    recording: Recording | None,
) -> NwbSweep:
    stored: Mapping[str, Stored] = sweep.get("stored") or {}
    v_unit, i_unit = (said.get(key) or sweep.get(key) for key in ("v_unit", "i_unit"))
    dt, t_unit = said.get("dt") or sweep["dt"], said.get("t_unit") or sweep.get("t_unit")
    return NwbSweep(
        protocol,
        label,
        paths,
        as_written(sweep["voltage"], v_unit, stored.get("voltage")),
        as_written(sweep["current"], i_unit, stored.get("current")),
        rate_of(float(to_ms(dt, t_unit)) / 1e3 if canonical_unit(t_unit) != "s" else float(dt)),
        sweep.get("repetition"),
        str(sweep.get("current_from") or "measured"),
        dict(sweep.get("facts") or {}),
        None if said.get("ljp") is None else float(said["ljp"]),
        str(said.get(EXCLUDE) or ""),
        _found(recording),
        recording.timing_from if recording is not None else "",
    )


def _found(recording: Recording | None) -> dict[str, float]:
    """Return the timings and amplitudes of a stimulus, as far as they are numbers."""
    if recording is None:
        return {}
    names = (*recording.timings, *recording.amplitudes, "hypamp")
    values = {name: getattr(recording, name, None) for name in dict.fromkeys(names)}
    units = dict.fromkeys(recording.timings, "ms")
    return {
        f"{name}_{units.get(name, 'nA')}": float(value)
        for name, value in values.items()
        if isinstance(value, (int, float, np.number))
    }


def as_written(values: np.ndarray, unit: Any, stored: Stored | None) -> Samples:
    """Return samples with the factor that makes volts or amperes of them.

    They are the numbers of the file where these give the samples, without an offset, which BluePyEfe doesn't know.
    """
    factor = _SI[str(canonical_unit(unit))]
    if stored is not None and stored.offset == 0 and len(stored.numbers) >= len(values):
        numbers = np.asarray(stored.numbers[: len(values)])
        numbers = numbers.astype(numbers.dtype.newbyteorder("="))
        same = np.float32(numbers.astype(np.float64) * stored.factor) == np.float32(values)
        if numbers.dtype.kind in "iuf" and bool(same.all()):
            return Samples(numbers, stored.factor * factor, True)
    return Samples(np.asarray(values), factor, False)


def rate_of(step: float) -> float:
    """Return the sampling rate (1/s) of a step (s): the one that gives the step again, a whole number if one does."""
    rate = 1.0 / step
    tried = (float(round(rate)), rate, float(np.nextafter(rate, 0)), float(np.nextafter(rate, np.inf)))
    return next((one for one in tried if one and 1.0 / one == step), rate)
