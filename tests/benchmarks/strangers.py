"""Cells as strangers bring them: protocols of several kinds, no timings for the steps, and the files of several rigs.

A cell has 60 sweeps at 10, 20 and 50 kHz: steps (IDthresh, IDrest, IV, APWaveform), a step on a step (sAHP), ramps
(APThreshold) and chirps (SineSpec). Each `Way` writes the same samples as another rig or archive does: in one file a
cell, one a protocol, or two a sweep; as 16-bit or float numbers, plain or gzipped. BluePyEfe reads all of them, too.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from tests.benchmarks import cells as cells_drawn
from tests.benchmarks.cells import (
    HOLDING,
    I_BIT,
    PROTOCOLS,
    V_BIT,
    Cell,
    Sequence,
    slow_noise,
    train_of,
    write_series,
)
from tests.benchmarks.workload import FEATURES, TOLERANCE
from tests.engine.readers.binary_files import write_abf2, write_ibw

#: ms; a chirp as BluePyEfe makes it, whose start and end nobody can see to a sample
CHIRP = {"ton": 500.0, "toff": 4500.0}
RAMP = {"ton": 500.0, "toff": 2000.0}
#: The protocols that a rig runs; ramps and chirps are given their timings, which BluePyEfe needs, steps are not
SEQUENCES: dict[str, Sequence] = {
    "IDthresh": PROTOCOLS["IDthresh"],
    "IDrest": Sequence(20_000, 3000, PROTOCOLS["IDrest"].timings, 40, 310, 14),
    "IV": PROTOCOLS["IV"],
    "APWaveform": PROTOCOLS["APWaveform"],
    "sAHP": PROTOCOLS["sAHP"],
    "APThreshold": Sequence(10_000, 2500, RAMP, 200, 400, 5),
    "SineSpec": Sequence(10_000, 5000, CHIRP, 30, 60, 3),
}
GIVEN = ("APThreshold", "SineSpec")

# --- drawing


def sweeps(number: int, recordings: int = 60) -> Iterator[tuple[str, Sequence, np.ndarray, np.ndarray]]:
    """Draw a cell: yield protocol, sequence, voltage and current (digits of a 16-bit converter) of each sweep."""
    random = np.random.default_rng([2029, number])
    cell = Cell.random(random)
    whole = sum(sequence.sweeps for sequence in SEQUENCES.values())
    for name, sequence in SEQUENCES.items():
        count = max(2, sequence.sweeps * recordings // whole)
        for percent in np.linspace(sequence.lowest, sequence.highest, count):
            voltage, current = _draw(cell, name, sequence, percent / 100.0 * cell.rheobase, random)
            yield name, sequence, np.rint(voltage / V_BIT), np.rint(current / I_BIT)


def _draw(
    cell: Cell, name: str, sequence: Sequence, amp: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Voltage (mV) and current (nA) of one sweep, arrays (n,)."""
    dt, on = 1e3 / sequence.rate, sequence.timings
    time = np.arange(round(sequence.duration / dt)) * dt
    if name in GIVEN:
        shape = np.where((time >= on["ton"]) & (time < on["toff"]), time - on["ton"], 0.0)
        if name == "APThreshold":
            drive = amp * shape / (on["toff"] - on["ton"])
            start = on["ton"] + cell.rheobase / amp * (on["toff"] - on["ton"])
            peaks = cell.train(start, on["toff"], amp, random)
        else:
            seconds = 1e-3 * shape
            drive = amp * np.sin(2 * np.pi * (1.0 + 1.0 / (5.15 - (seconds - 0.1))) * (seconds - 0.1))
            drive[shape == 0] = 0.0
            peaks = []
        voltage = cell.rest + 0.7 * cell.resistance * np.interp(time - cell.tau, time, drive)
        current = drive + HOLDING
    else:
        voltage, current, peaks = train_of(cell, sequence, amp, time, random)
    for peak in peaks:
        cell.add_spike(voltage, time, peak)
    voltage = voltage + slow_noise(time, random) + 0.08 * random.standard_normal(len(time), dtype=np.float32)
    return voltage, current + 0.0012 * random.standard_normal(len(time), dtype=np.float32)


# --- the files of each rig or archive


@dataclass(frozen=True)
class Way:
    """How a cell comes: what writes it, what a person must say of its files, and in words for the table."""

    words: str
    write: Callable[[pathlib.Path, int, int], dict[str, list[dict[str, Any]]]]


def files_of(
    way: str, folder: pathlib.Path, number: int, recordings: int = 60
) -> dict[str, list[dict[str, Any]]]:
    """Return the metadata of a cell's files by protocol, as `extract_efeatures` takes them; write them if need be."""
    place = folder / way / f"cell{number:04d}"
    place.mkdir(parents=True, exist_ok=True)
    files = WAYS[way].write(place, number, recordings)
    for name, listed in files.items():
        for metadata in listed:
            metadata["ljp"] = 14.0
            if name in GIVEN:
                metadata |= SEQUENCES[name].timings
    return files


def _by_name(path: pathlib.Path) -> dict[str, list[dict[str, Any]]]:
    return {name: [{"filepath": str(path), "protocol_name": name}] for name in SEQUENCES}


def _hdf5(path: pathlib.Path, fill: Callable[[Any], None]) -> None:
    import h5py

    if path.exists():
        return
    part = path.with_suffix(f".{os.getpid()}.part")
    with h5py.File(part, "w") as file:
        fill(file)
    os.replace(part, path)


def _bbp(place: pathlib.Path, number: int, recordings: int) -> dict[str, list[dict[str, Any]]]:
    path = place.with_suffix(".nwb")

    def fill(file: Any) -> None:
        for count, (name, sequence, voltage, current) in enumerate(sweeps(number, recordings), start=1):
            tree = file.require_group(f"data_organization/{path.stem}/{name}/repetition 1/sweep {count}")
            for room, prefix, kind, values, unit, bit in _both(voltage, current):
                key = f"{prefix}__{name}__{count}"
                numbers = (values * bit[0]).astype(np.float32)
                series = write_series(file, f"{room}/{key}", kind, name, numbers, unit, bit[1], sequence.rate)
                tree[key] = series

    _hdf5(path, fill)
    return _by_name(path)


def _both(
    voltage: np.ndarray, current: np.ndarray
) -> list[tuple[str, str, str, np.ndarray, str, tuple[float, float]]]:
    return [
        ("acquisition", "ic", "CurrentClampSeries", voltage, "volts", (V_BIT, 1e-3)),
        ("stimulus/presentation", "ics", "CurrentClampStimulusSeries", current, "amperes", (I_BIT, 1e-9)),
    ]


def _plain_nwb(place: pathlib.Path, number: int, recordings: int) -> dict[str, list[dict[str, Any]]]:
    """Write one file a protocol: NWB 2 as PyNWB has it, 16-bit, gzip."""
    drawn: dict[str, list[Any]] = {name: [] for name in SEQUENCES}
    paths = {name: place / f"{name}.nwb" for name in SEQUENCES}
    if not all(path.exists() for path in paths.values()):
        for name, *sweep in sweeps(number, recordings):
            drawn[name].append(sweep)
    for name, path in paths.items():

        def fill(file: Any, name: str = name) -> None:
            for count, (sequence, voltage, current) in enumerate(drawn[name]):
                for room, _, kind, values, unit, bit in _both(voltage, current):
                    key = f"{room}/{kind}_{count:03d}"
                    write_series(
                        file, key, kind, name, values.astype(np.int16), unit, bit[0] * bit[1], sequence.rate
                    )

        _hdf5(path, fill)
    return {name: [{"filepath": str(path), "protocol_name": name}] for name, path in paths.items()}


def _allen(place: pathlib.Path, number: int, recordings: int) -> dict[str, list[dict[str, Any]]]:
    """Write one file a cell: NWB 1 as the Allen Institute has it, float, not compressed."""
    path = place.with_suffix(".nwb")

    def fill(file: Any) -> None:
        for count, (name, sequence, voltage, current) in enumerate(sweeps(number, recordings)):
            for room, values, unit, bit in (
                ("acquisition/timeseries", voltage, "Volts", (V_BIT, 1e-3)),
                ("stimulus/presentation", current, "Amps", (I_BIT, 1e-9)),
            ):
                numbers = (values * bit[0] * bit[1]).astype(np.float32)
                series = write_series(
                    file, f"{room}/Sweep_{count}", "", "", numbers, unit, 1.0, sequence.rate, packed=False
                )
                series["aibs_stimulus_name"] = np.bytes_(name.encode())

    _hdf5(path, fill)
    return _by_name(path)


def _abf(place: pathlib.Path, number: int, recordings: int) -> dict[str, list[dict[str, Any]]]:
    """Write one file a protocol: pClamp's, 16-bit."""
    paths = {name: place / f"{name}.abf" for name in SEQUENCES}
    if not all(path.exists() for path in paths.values()):
        drawn: dict[str, list[np.ndarray]] = {name: [] for name in SEQUENCES}
        for name, _, voltage, current in sweeps(number, recordings):
            drawn[name].append(np.column_stack((voltage, current)).astype(np.int16))
        for name, path in paths.items():
            part = path.with_suffix(".part")
            channels = [("Vm", "mV"), ("Im", "pA")]
            interval = 1e6 / SEQUENCES[name].rate
            write_abf2(part, channels, drawn[name], [V_BIT, 1e3 * I_BIT], interval_us=interval)
            os.replace(part, path)
    units = {"v_unit": "mV", "i_unit": "pA", "t_unit": "s"}
    return {name: [{"filepath": str(path), **units}] for name, path in paths.items()}


def _ibw(place: pathlib.Path, number: int, recordings: int) -> dict[str, list[dict[str, Any]]]:
    """Write two files a sweep: Igor's, float."""
    listed = place / "all.txt"
    drawn = [] if listed.exists() else list(sweeps(number, recordings))
    for count, (name, sequence, voltage, current) in enumerate(drawn):
        for channel, values, unit, bit in (
            ("ch1", voltage, "V", V_BIT * 1e-3),
            ("ch0", current, "A", I_BIT * 1e-9),
        ):
            path = place / f"{name}_{count}_{channel}.ibw"
            write_ibw(path, (values * bit).astype(np.float32), 1.0 / sequence.rate, unit)
    if drawn:
        listed.write_text(
            "\n".join(f"{name}_{count}" for count, (name, *_) in enumerate(drawn)),
            encoding="utf-8",
            newline="\n",
        )
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in SEQUENCES}
    for stem in listed.read_text(encoding="utf-8").splitlines():
        pair = {
            key: str(place / f"{stem}_{channel}.ibw")
            for key, channel in (("v_file", "ch1"), ("i_file", "ch0"))
        }
        units = {"v_unit": "V", "i_unit": "A", "t_unit": "s"}
        found[stem.rpartition("_")[0]].append({**pair, **units})
    return found


WAYS: Mapping[str, Way] = {
    "bbp": Way("NWB 2 (Blue Brain Project), a file a cell, float, gzip", _bbp),
    "plain": Way("NWB 2, a file a protocol, 16 bit, gzip", _plain_nwb),
    "allen": Way("NWB 1 (Allen Institute), a file a cell, float", _allen),
    "abf": Way("ABF 2, a file a protocol, 16 bit", _abf),
    "ibw": Way("Igor, two files a sweep, float", _ibw),
}


# --- what is extracted

#: % of rheobase
AMPLITUDES = {
    "IDrest": (100, 150, 200, 250, 300),
    "IV": (-100, -60, -20, 20, 40),
    "APWaveform": (200, 250, 300, 350, 400),
    "sAHP": (150, 180, 210, 240, 300),
    "APThreshold": (200, 250, 300, 350, 400),
}


def targets() -> list[dict[str, Any]]:
    """Return 375 targets: 15 features at five amplitudes of five protocols."""
    return [
        {"efeature": feature, "protocol": name, "amplitude": amplitude, "tolerance": TOLERANCE}
        for name, amplitudes in AMPLITUDES.items()
        for amplitude in amplitudes
        for feature in FEATURES["IDrest" if name == "APThreshold" else name].split()
    ]


def arguments(
    way: str, cells: int, recordings: int = 60, folder: pathlib.Path | None = None
) -> dict[str, Any]:
    """Return arguments of `extract_efeatures`, the same for both packages; draw the cells that aren't there.

    Parameters
    ----------
    way : str
        A key of `WAYS`.
    cells, recordings : int
        Recordings of each cell.
    folder : Path, optional
        Where the files are kept; a folder of the system's temporary files by default, by the state of the drawing.
    """
    if folder is None:
        state = "".join(inspect.getsource(module) for module in (cells_drawn, sys.modules[__name__]))
        name = f"efewidgets-strangers-{hashlib.sha256(state.encode()).hexdigest()[:10]}-{recordings}"
        folder = pathlib.Path(tempfile.gettempdir()) / name
    draw = partial(files_of, way, folder, recordings=recordings)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = list(pool.map(draw, range(cells)))
    return {
        "files_metadata": {f"cell{number:04d}": files for number, files in enumerate(found)},
        "targets": targets(),
        "protocols_rheobase": ["IDthresh"],
        "rheobase_strategy": "absolute",
        "efel_settings": {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025},
    }
