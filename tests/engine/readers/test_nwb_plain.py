"""NWB 2 files as pynwb writes them: the two series of a sweep are found by whatever the file says."""

from __future__ import annotations

from datetime import UTC, datetime

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read

from .nwb_files import add_current, add_series, groups, in_amperes, in_volts, step, volts

pynwb = pytest.importorskip("pynwb")
pytestmark = pytest.mark.filterwarnings("ignore")  # pynwb warns of its own past


class Writer:
    """An NWB 2 file in the making."""

    def __init__(self):
        start = datetime(2020, 1, 1, tzinfo=UTC)
        self.file = pynwb.NWBFile("a test", "id", start)
        device = self.file.create_device(name="amplifier")
        self.electrodes = [
            self.file.create_icephys_electrode(name=f"electrode {k}", description="patch", device=device)
            for k in range(2)
        ]

    def voltage(self, name, k, electrode=0, samples=None, **options):
        """Add a response in mV."""
        return self._add(pynwb.icephys.CurrentClampSeries, name, volts(k), 1e-3, electrode, samples, options)

    def current(self, name, k, electrode=0, samples=None, **options):
        """Add a stimulus in pA."""
        kind = pynwb.icephys.CurrentClampStimulusSeries
        return self._add(kind, name, step(k), 1e-12, electrode, samples, options)

    def _add(self, kind, name, values, conversion, electrode, samples, options):
        defaults = {"starting_time": 0.0, "rate": 10000.0, "gain": 1.0} | options
        values = values if samples is None else samples
        series = kind(
            name=name, data=values, conversion=conversion, electrode=self.electrodes[electrode], **defaults
        )
        add = self.file.add_stimulus if "Stimulus" in kind.__name__ else self.file.add_acquisition
        add(series)
        return series

    def write(self, path):
        with pynwb.NWBHDF5IO(str(path), "w") as io:
            io.write(self.file)
        return path


def check(path, ks, protocol=None):
    """Check that the sweeps of a file are those numbered `ks`; return them."""
    asked = {} if protocol is None else {"protocol_name": protocol}
    sweeps, _ = read({"filepath": str(path), **asked})
    assert len(sweeps) == len(ks)
    for sweep, k in zip(sweeps, ks, strict=True):
        assert np.array_equal(sweep["voltage"], in_volts(volts(k)))
        assert np.array_equal(sweep["current"], in_amperes(step(k)))
        assert (sweep["dt"], sweep["t_unit"]) == (1e-4, "seconds")
    return sweeps


def test_by_sweep_number(tmp_path):
    writer = Writer()
    for k in range(3):
        # Names and times would pair them otherwise.
        writer.voltage(f"a{k}", k, sweep_number=k, starting_time=float(k))
        writer.current(f"a{2 - k}", k, sweep_number=k, starting_time=float(2 - k))
    path = writer.write(tmp_path / "a.nwb")
    check(path, [0, 1, 2])
    assert inspect(path).dialect == "plain"


def test_by_sweep_number_and_electrode(tmp_path):
    writer = Writer()
    for k, (number, electrode) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        writer.voltage(f"v{k}", k, electrode, sweep_number=number)
        writer.current(f"c{3 - k}", k, electrode, sweep_number=number)
    check(writer.write(tmp_path / "a.nwb"), [0, 1, 2, 3])


def test_by_table_of_recordings_with_its_stimulus_types_and_repetitions(tmp_path):
    writer = Writer()
    simultaneous = []
    for k in range(4):
        voltage, current = writer.voltage(f"a{k}", k), writer.current(f"a{3 - k}", k)
        row = writer.file.add_intracellular_recording(
            electrode=writer.electrodes[0], stimulus=current, response=voltage
        )
        simultaneous.append(writer.file.add_icephys_simultaneous_recording(recordings=[row]))
    writer.file.add_icephys_sequential_recording(
        simultaneous_recordings=simultaneous[:3], stimulus_type="IDrest"
    )
    writer.file.add_icephys_sequential_recording(
        simultaneous_recordings=simultaneous[3:], stimulus_type="Ramp"
    )
    path = writer.write(tmp_path / "a.nwb")
    with h5py.File(path, "a") as file:
        file["general/intracellular_ephys/intracellular_recordings/repetition"] = [1, 2, 1, 1]
    check(path, [0, 1, 2], "IDrest")
    check(path, [3], "ramp")
    assert inspect(path).protocols == ["IDrest", "Ramp"]
    sweeps, _ = read({"filepath": str(path), "protocol_name": "IDrest", "repetition": 2})
    assert [s["repetition"] for s in sweeps] == [2]


def test_stretches_of_one_long_series(tmp_path):
    writer = Writer()
    voltage = writer.voltage("long v", 0, samples=np.concatenate([volts(0), volts(1), volts(2)]))
    current = writer.current("long i", 0, samples=np.concatenate([step(0), step(1), step(2)]))
    for k in range(3):
        writer.file.add_intracellular_recording(
            electrode=writer.electrodes[0],
            stimulus=current,
            stimulus_start_index=3000 * k,
            stimulus_index_count=3000,
            response=voltage,
            response_start_index=3000 * k,
            response_index_count=3000,
        )
    path = writer.write(tmp_path / "a.nwb")
    sweeps = check(path, [0, 1, 2])
    assert [s["id"] for s in sweeps] == [f"long v, recording {k}" for k in range(3)]
    assert inspect(path).durations == [pytest.approx(300.0)]


def test_by_name(tmp_path):
    writer = Writer()
    for k in range(3):
        writer.voltage(f"vc_{k}_response", k)
        writer.current(f"vc_{k}_stimulus", k)
    writer.voltage("alone", 3, starting_time=9.0)
    check(writer.write(tmp_path / "a.nwb"), [0, 1, 2])


def test_by_starting_time(tmp_path):
    writer = Writer()
    for k in range(3):
        writer.voltage(f"b{k}", k, starting_time=5.0 * k)
        writer.current(f"x{2 - k}", k, starting_time=5.0 * k)
    check(writer.write(tmp_path / "a.nwb"), [0, 1, 2])


def test_what_nothing_pairs_is_not_paired(tmp_path):
    writer = Writer()
    for k in range(2):
        writer.voltage(f"b{k}", k)
        writer.current(f"x{k + 5}", k)
    with pytest.raises(ReadError, match="no current-clamp sweep"):
        read({"filepath": str(writer.write(tmp_path / "a.nwb"))})


def test_descriptions_are_protocols_and_voltage_clamp_is_left_alone(tmp_path):
    writer = Writer()
    for k, description in enumerate(["IDrest", "long step", "N/A"]):
        writer.voltage(f"a{k}", k, sweep_number=k, stimulus_description=description)
        writer.current(f"a{k}", k, sweep_number=k)
    options = {"starting_time": 0.0, "rate": 10000.0, "electrode": writer.electrodes[0], "gain": 1.0}
    clamp = {"capacitance_fast": 0.0, "capacitance_slow": 0.0, "resistance_comp_bandwidth": 0.0}
    clamp |= {"resistance_comp_correction": 0.0, "resistance_comp_prediction": 0.0}
    clamp |= {"whole_cell_capacitance_comp": 0.0, "whole_cell_series_resistance_comp": 0.0}
    series = pynwb.icephys.VoltageClampSeries(name="a9", data=step(0), sweep_number=9, **options, **clamp)
    writer.file.add_acquisition(series)
    series = pynwb.icephys.VoltageClampStimulusSeries(name="a9", data=volts(0), sweep_number=9, **options)
    writer.file.add_stimulus(series)
    path = writer.write(tmp_path / "a.nwb")
    check(path, [0, 1, 2])
    assert inspect(path).protocols == ["IDrest", "Step"]
    check(path, [1], "long step")
    check(path, [1, 2], "Step")


def test_series_that_say_no_kind_are_told_by_their_units(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        acquisition, presentation = groups(file)
        add_series(acquisition, "trace 1", volts(0))
        add_series(acquisition, "temperature 1", volts(0), unit="celsius")
        add_current(presentation, "trace 1", step(0))
    sweeps, _ = read({"filepath": str(tmp_path / "a.nwb")})
    assert len(sweeps) == 1
    assert np.array_equal(sweeps[0]["current"], in_amperes(step(0)))
