"""Writers of small NWB files in the arrangements of several laboratories, with h5py alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

RATE = 10_000.0
N = 3000


def volts(k: int = 0, n: int = N) -> np.ndarray:
    """Return a voltage in mV, different for each `k`, array (n,), float32."""
    return (-70.0 + 3.0 * k + 5.0 * np.sin(np.arange(n) / 50.0 + k)).astype(np.float32)


def step(k: int = 0, n: int = N) -> np.ndarray:
    """Return a step of current in pA, different for each `k`, array (n,), float32."""
    current = np.full(n, -20.0)
    current[1000:2000] += 37.3 * (k + 1)
    return current.astype(np.float32)


def in_volts(samples: np.ndarray) -> np.ndarray:
    """Return what a reader must make of mV with conversion 1e-3: the float64 product, rounded once."""
    return (samples.astype(np.float64) * 1e-3).astype(np.float32)


def in_amperes(samples: np.ndarray) -> np.ndarray:
    """Return what a reader must make of pA with conversion 1e-12."""
    return (samples.astype(np.float64) * 1e-12).astype(np.float32)


def add_series(
    group: h5py.Group,
    name: str,
    samples: np.ndarray,
    unit: str = "volts",
    conversion: Any = 1e-3,
    rate: Any = RATE,
    kind: str = "",
    **attrs: Any,
) -> h5py.Group:
    """Write one time series; attributes of the series in `attrs`."""
    series = group.create_group(name)
    series.create_dataset("data", data=samples)
    if conversion is not None:
        series["data"].attrs["conversion"] = conversion
    if unit is not None:
        series["data"].attrs["unit"] = unit
    if rate is not None:
        series["starting_time"] = 0.0
        series["starting_time"].attrs.update(rate=rate, unit="seconds")
    if kind:
        series.attrs["neurodata_type"] = kind
    series.attrs.update(attrs)
    return series


def add_current(group: h5py.Group, name: str, samples: np.ndarray, **options: Any) -> h5py.Group:
    """Write one series of current, pA in the file."""
    defaults: dict[str, Any] = {"unit": "amperes", "conversion": 1e-12}
    return add_series(group, name, samples, **(defaults | options))


def groups(file: h5py.File) -> tuple[h5py.Group, h5py.Group]:
    """Return /acquisition and /stimulus/presentation, made if they aren't there."""
    return file.require_group("acquisition"), file.require_group("stimulus/presentation")


def add_bbp(
    file: h5py.File, protocol: str, k: int, repetition: str = "repetition 1", cell: str = "Cell 1"
) -> None:
    """Add sweep `k` to a file of the Blue Brain Project's arrangement."""
    acquisition, presentation = groups(file)
    voltage, current = f"ic__{protocol}__{k}", f"ics__{protocol}__{k}"
    add_series(acquisition, voltage, volts(k), description=f"folder/{protocol}_{k}.ibw")
    add_current(presentation, current, step(k))
    place = file.require_group(f"data_organization/{cell}/{protocol}/{repetition}/sweep {k:02d}")
    place[voltage], place[current] = acquisition[voltage], presentation[current]


def bbp(path: Path, protocols: tuple[str, ...] = ("IDrest", "IV"), repetitions: int = 2) -> Path:
    """Write a file with one sweep a protocol and repetition."""
    with h5py.File(path, "w") as file:
        k = 0
        for protocol in protocols:
            for repetition in range(1, repetitions + 1):
                add_bbp(file, protocol, k, f"repetition {repetition}")
                k += 1
    return path


def add_aibs(file: h5py.File, name: str, protocol: str, k: int) -> None:
    """Add a sweep to a file of the Allen Institute's arrangement (NWB 1)."""
    for root, add, samples in (
        ("acquisition/timeseries", add_series, volts(k)),
        ("stimulus/presentation", add_current, step(k)),
    ):
        series = add(file.require_group(root), name, samples)
        series["aibs_stimulus_name"] = np.bytes_(protocol)


def add_scala(file: h5py.File, number: str, k: int, description: str | None) -> None:
    """Add a sweep to a file of Scala's arrangement."""
    attrs = {} if description is None else {"stimulus_description": description}
    acquisition, presentation = groups(file)
    add_series(acquisition, f"CurrentClampSeries_{number}", volts(k), **attrs)
    add_current(presentation, f"CurrentClampStimulusSeries_{number}", step(k), **attrs)


def add_trt(file: h5py.File, v_name: str, i_name: str, k: int, **options: Any) -> None:
    """Add a sweep to a file of the Toronto arrangement."""
    acquisition, presentation = groups(file)
    add_series(acquisition, v_name, volts(k), **options.get("voltage", {}))
    add_current(presentation, i_name, step(k), **options.get("current", {}))


def add_mies(
    file: h5py.File,
    sweep: int,
    k: int,
    description: str | None,
    bias: float | None = None,
    nwb1: bool = False,
    voltage: np.ndarray | None = None,
    current: np.ndarray | None = None,
    channels: tuple[int, int] = (0, 0),
    **attrs: Any,
) -> None:
    """Add a sweep as MIES names it; `channels` are the numbers of output and input."""
    acquisition = file.require_group("acquisition/timeseries" if nwb1 else "acquisition")
    presentation = file.require_group("stimulus/presentation")
    v = volts(k) if voltage is None else voltage
    i = step(k) if current is None else current
    single = {"conversion": np.float32(1e-3)} if nwb1 else {}
    response = add_series(acquisition, f"data_{sweep:05d}_AD{channels[1]}", v, **single, **attrs)
    single = {"conversion": np.float32(1e-12)} if nwb1 else {}
    stimulus = add_current(presentation, f"data_{sweep:05d}_DA{channels[0]}", i, **single, **attrs)
    if description is not None and nwb1:
        stimulus["stimulus_description"] = np.array([description.encode()])
    elif description is not None:
        stimulus.attrs["stimulus_description"] = description
    if bias is not None:
        response["bias_current"] = np.array([bias]) if nwb1 else bias
