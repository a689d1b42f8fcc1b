"""Every series of an NWB file is used or named with the reason, and no broken number is taken for a good one."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read

from .nwb_files import (
    add_aibs,
    add_bbp,
    add_current,
    add_mies,
    add_scala,
    add_series,
    add_trt,
    bbp,
    groups,
    step,
    volts,
)

TYPES = {"kind": "CurrentClampSeries"}


def add_plain(file, k, **attrs):
    acquisition, presentation = groups(file)
    add_series(acquisition, f"v{k}", volts(k), **TYPES, sweep_number=k, **attrs)
    add_current(presentation, f"i{k}", step(k), kind="CurrentClampStimulusSeries", sweep_number=k, **attrs)


WRITERS = {
    "BBP": lambda file, k: add_bbp(file, "Step", k),
    "AIBS": lambda file, k: add_aibs(file, f"Sweep_{k}", "Step", k),
    "TRT": lambda file, k: add_trt(file, f"index_{k}", f"index_{2 * k + 1}", k),
    "MIES": lambda file, k: add_mies(file, k, k, "Step"),
    "Scala": lambda file, k: add_scala(file, f"{k}", k, "NA"),
    "plain": add_plain,
}
BY_NUMBER = {"TRT": lambda k: f"index_{2 * k + 1}"}


def write(path, dialect, n=6):
    with h5py.File(path, "w") as file:
        for k in range(n):
            WRITERS[dialect](file, k)
    return path


def names(file, channel, dialect):
    """Return the paths of the voltages or currents, sweep by sweep."""
    group = file["stimulus/presentation" if channel == "current" else "acquisition"]
    group = group["timeseries"] if channel == "voltage" and "timeseries" in group else group
    found = sorted(group, key=lambda name: int("".join(c for c in name if c.isdigit()) or 0))
    return [f"{group.name}/{name}" for name in found]


@pytest.mark.parametrize("asked", [{}, {"protocol_name": "Step"}])
@pytest.mark.parametrize(
    "damage", ["no stimulus", "no response", "no data in the response", "no data in the stimulus"]
)
@pytest.mark.parametrize("dialect", WRITERS)
def test_the_sums_agree(tmp_path, dialect, damage, asked):
    path = write(tmp_path / "a.nwb", dialect)
    with h5py.File(path, "a") as file:
        channel = "current" if "stimulus" in damage else "voltage"
        place = names(file, channel, dialect)[4]
        del file[place + "/data" if "data" in damage else place]
    sweeps, problems = read({"filepath": str(path)} | asked)
    named = [p for p in problems if p.recording is not None]
    assert len(sweeps) == 5
    assert named, problems
    # Sweep 4 it is, whatever its series are called: in Toronto, its stimulus is number 9.
    stems = [str(p.recording).split("_AD")[0].split("_DA")[0] for p in named]
    assert {"".join(c for c in stem if c.isdigit()).lstrip("0") for stem in stems} <= {"4", "9"}
    assert inspect(path).dialect == dialect


def test_a_response_of_another_protocol_is_not_told(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        add_plain(file, 0, stimulus_description="IV")
        add_plain(file, 1, stimulus_description="Ramp")
        del file["stimulus/presentation/i1"]
    path = str(tmp_path / "a.nwb")
    assert read({"filepath": path, "protocol_name": "IV"})[1] == []
    (problem,) = read({"filepath": path})[1]
    assert problem.recording == "v1"
    assert problem.message.startswith("its stimulus isn't in the file. If the current")
    with pytest.raises(
        ReadError, match=r"no complete current-clamp sweep of this protocol. v1: its stimulus isn't"
    ):
        read({"filepath": path, "protocol_name": "Ramp"})


def test_sweep_numbers_that_begin_again(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(5):
            add_plain(file, k)
            for root in ("acquisition/v", "stimulus/presentation/i"):
                file[f"{root}{k}"].attrs["sweep_number"] = k % 3
            file.move(f"stimulus/presentation/i{k}", f"stimulus/presentation/x{k + 7}")
    sweeps, problems = read({"filepath": str(tmp_path / "a.nwb"), "protocol_name": "Step"})
    assert [sweep["id"] for sweep in sweeps] == ["v2"]
    told = [p for p in problems if p.severity == "error"]
    assert len(told) == 1
    assert "can't be told" in told[0].message
    assert "(4 sweeps: v0, v1, v3, v4)" in told[0].message


def test_one_stimulus_may_be_that_of_several_responses(tmp_path):
    from .test_nwb_names import tables

    with h5py.File(tmp_path / "a.nwb", "w") as file:
        acquisition, presentation = groups(file)
        add_current(presentation, "once", step(0), kind="CurrentClampStimulusSeries")
        for k in range(3):
            add_series(acquisition, f"v{k}", volts(k), **TYPES)["starting_time"][()] = 10.0 * k
        tables(file, ["IV"] * 3, "v{}", "once")
    sweeps, problems = read({"filepath": str(tmp_path / "a.nwb"), "protocol_name": "IV"})
    assert [sweep["id"] for sweep in sweeps] == ["v0", "v1", "v2"]
    assert all(np.array_equal(s["current"], sweeps[0]["current"]) for s in sweeps)
    assert "that of several responses" in problems[0].message


def test_recordings_without_a_command_are_named(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        add_plain(file, 0)
        add_series(file["acquisition"], "rest", volts(1), kind="IZeroClampSeries")
    _, problems = read({"filepath": str(tmp_path / "a.nwb"), "protocol_name": "Step"})
    (note,) = [p for p in problems if p.recording == "rest"]
    assert note.severity == "note"
    assert "I = 0" in note.message


# --- numbers that aren't one number


@pytest.mark.parametrize("channel", ["acquisition/ic__IV__0", "stimulus/presentation/ics__IV__0"])
@pytest.mark.parametrize("rate", [[20000.0, 10000.0], "20000", b"20000", [], np.array(["10000"], object)])
def test_a_rate_that_is_no_number_is_refused(tmp_path, channel, rate):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        file[channel]["starting_time"].attrs["rate"] = rate
    with pytest.raises(ReadError, match=r"the sampling rate of .* must be one number, but is"):
        read({"filepath": str(path), "protocol_name": "IV"})
    if "stimulus" in channel:  # BBP's clock
        found = inspect(path)
        assert found.sweeps[0].dt_ms is None
        assert [(p.severity, p.recording) for p in found.problems] == [("error", "ic__IV__0")]
        assert "must be one number, but is" in found.problems[0].message


@pytest.mark.parametrize("rate", [[10000.0], np.float32(10000.0), 10000])
def test_one_number_in_a_list_is_a_number(tmp_path, rate):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        for channel in ("acquisition/ic__IV__0", "stimulus/presentation/ics__IV__0"):
            file[channel]["starting_time"].attrs["rate"] = rate
    (sweep,), problems = read({"filepath": str(path), "protocol_name": "IV"})
    assert (sweep["dt"], problems) == (1e-4, [])


@pytest.mark.parametrize("key", ["v_unit", "i_unit"])
def test_a_unit_that_is_a_number_is_asked_about(tmp_path, key):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    series = "acquisition/ic__IV__0" if key == "v_unit" else "stimulus/presentation/ics__IV__0"
    with h5py.File(path, "a") as file:
        file[series]["data"].attrs["unit"] = 3.0
    metadata = {"filepath": str(path), "protocol_name": "IV"}
    with pytest.raises(ReadError, match=rf"'3.0', the unit .* is not known. Set {key!r}"):
        read(metadata)
    assert len(read(metadata | {key: "V" if key == "v_unit" else "A"})[0]) == 1


@pytest.mark.parametrize("bias", ["-50", [-50.0, 3.0]])
def test_a_holding_current_that_is_no_number_is_not_zero(tmp_path, bias):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(2):
            add_mies(file, k, k, "LongPulse_DA_0", bias=-50.0)
        del file["acquisition/data_00001_AD0/bias_current"]
        file["acquisition/data_00001_AD0/bias_current"] = bias
    sweeps, (problem,) = read({"filepath": str(tmp_path / "a.nwb"), "protocol_name": "LongPulse"})
    assert [sweep is None for sweep in sweeps] == [False, True]
    assert "bias_current must be one number" in problem.message
