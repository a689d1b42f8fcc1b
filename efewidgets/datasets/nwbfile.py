"""Writing of recorded sweeps as NWB 2, with the index by protocol of the Blue Brain Project's files.

A file is plain NWB 2 (CurrentClampSeries and CurrentClampStimulusSeries, readable by pynwb) and, beside it,
has the tree ``/data_organization/<cell>/<protocol>/repetition N/sweep M/`` with links to the series.
Nothing in it depends on when or where it is written.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import h5py
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Sample, Sweep

__all__ = ["write_nwb"]

RECORDED_ON = "2025-03-17T10:00:00+00:00"
PUBLICATIONS = ["doi:10.1007/s00422-008-0263-8", "doi:10.1523/JNEUROSCI.3664-05.2006"]
DEVICE = "/general/devices/virtual amplifier"
ELECTRODE = "/general/intracellular_ephys/electrode 1"


def write_nwb(path: str | Path, sample: Sample, sweeps: list[Sweep]) -> None:
    """Write the sweeps of one cell.

    Parameters
    ----------
    path : path
        An existing file is replaced.
    sample : Sample
    sweeps : list of Sweep
    """
    import h5py

    with h5py.File(path, "w", libver="v110") as file:
        _write_header(file, sample)
        for sweep in sweeps:
            _write_sweep(file, sample, sweep)


def _write_header(file: h5py.File, sample: Sample) -> None:
    _typed(file, "NWBFile", sample.name, nwb_version="2.6.0")
    for name, text in {
        "identifier": f"efewidgets sample cell {sample.name}",
        "session_description": f"Simulated current-clamp experiment on a virtual {sample.model.name} cell",
        "session_start_time": RECORDED_ON,
        "timestamps_reference_time": RECORDED_ON,
        "general/experiment_description": f"SIMULATED: {sample.model}, {sample.rig}",
    }.items():
        _dataset(file, name, text)
    _dataset(file, "file_create_date", [RECORDED_ON])
    _dataset(file, "general/related_publications", PUBLICATIONS)
    for group in ("acquisition", "analysis", "processing", "stimulus/presentation", "stimulus/templates"):
        file.create_group(group)
    _typed(file.create_group(DEVICE), "Device", sample.name, description="adds noise and digitises")
    electrode = _typed(file.create_group(ELECTRODE), "IntracellularElectrode", sample.name)
    _dataset(electrode, "description", f"liquid junction potential of {sample.ljp} mV, not corrected")
    electrode["device"] = _soft_link(DEVICE)


def _write_sweep(file: h5py.File, sample: Sample, sweep: Sweep) -> None:
    label = f"{sweep.protocol}__{sweep.number:03d}"
    voltage, current = f"/acquisition/ic__{label}", f"/stimulus/presentation/ics__{label}"
    v = _write_series(file, voltage, "CurrentClampSeries", sample, sweep)
    _write_data(v, sweep.voltage, "volts", sample.rig.voltage_bit / 1e3, sweep.dt)
    _dataset(v, "bias_current", sample.holding / 1e9).attrs["unit"] = "amperes"
    i = _write_series(file, current, "CurrentClampStimulusSeries", sample, sweep)
    _write_data(i, sweep.current, "amperes", sample.rig.current_bit / 1e9, sweep.dt)

    place = f"/data_organization/{sample.name}/{sweep.protocol}/repetition {sweep.repetition}"
    links = file.require_group(f"{place}/sweep {sweep.number:02d}")
    links[f"ic__{label}"] = _soft_link(voltage)
    links[f"ics__{label}"] = _soft_link(current)


def _write_series(file: h5py.File, place: str, kind: str, sample: Sample, sweep: Sweep) -> h5py.Group:
    series = _typed(
        file.create_group(place), kind, f"{sample.name}{place}", stimulus_description=sweep.protocol
    )
    series["electrode"] = _soft_link(ELECTRODE)
    return series


def _write_data(series: h5py.Group, data: NDArray[np.int16], unit: str, bit: float, dt: float) -> None:
    stored = series.create_dataset(
        "data",
        data=data,
        chunks=data.shape,
        compression="gzip",
        compression_opts=9,
        shuffle=True,
        track_times=False,
    )
    stored.attrs.update({"conversion": bit, "resolution": bit, "unit": unit})
    start = _dataset(series, "starting_time", 0.0)
    start.attrs.update({"rate": 1e3 / dt, "unit": "seconds"})


def _typed(group: h5py.Group, kind: str, identity: str, **attributes: str) -> h5py.Group:
    """Mark a group as an NWB object; its id is a hash of what it is, not a random number."""
    object_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"efewidgets/datasets/{kind}/{identity}"))
    group.attrs.update({"namespace": "core", "neurodata_type": kind, "object_id": object_id, **attributes})
    return group


def _dataset(group: h5py.Group, name: str, value: object) -> h5py.Dataset:
    return group.create_dataset(name, data=value, track_times=False)


def _soft_link(target: str) -> h5py.SoftLink:
    import h5py

    return h5py.SoftLink(target)
