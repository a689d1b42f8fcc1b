"""NWB files as several laboratories arrange them: which sweeps are found, and with which numbers."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, nwb_reader, read

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
    in_amperes,
    in_volts,
    step,
    volts,
)


def found(path, protocol=None, **metadata):
    """Return the usable sweeps and the problems of a protocol (all, if None)."""
    asked = {} if protocol is None else {"protocol_name": protocol}
    sweeps, problems = read({"filepath": str(path), **asked, **metadata})
    return [sweep for sweep in sweeps if sweep is not None], problems


def check_samples(sweep, k):
    """Check that a sweep is the `k`-th that the tests write, bit for bit."""
    assert sweep["voltage"].dtype == sweep["current"].dtype == np.float32
    assert np.array_equal(sweep["voltage"], in_volts(volts(k)))
    assert np.array_equal(sweep["current"], in_amperes(step(k)))
    assert (sweep["dt"], sweep["v_unit"], sweep["i_unit"]) == (1e-4, "volts", "amperes")


# --- Blue Brain Project


def test_bbp_sweeps_of_a_protocol(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IDrest", "IV"), repetitions=3)
    sweeps, problems = found(path, "IV")
    assert problems == []
    assert [(s["id"], s["protocol"], s["repetition"]) for s in sweeps] == [
        ("ic__IV__3", "IV", 1),
        ("ic__IV__4", "IV", 2),
        ("ic__IV__5", "IV", 3),
    ]
    for k, sweep in enumerate(sweeps, start=3):
        check_samples(sweep, k)
    assert len(found(path)[0]) == 6
    assert [s["protocol"] for s in found(path, ["IV", "IDrest"])[0]] == ["IV"] * 3 + ["IDrest"] * 3


@pytest.mark.parametrize(
    ("asked", "given"), [(2, [2]), ([3, 1], [3, 1]), ("2", [2]), (None, [1, 2, 3]), ([], [1, 2, 3])]
)
def test_bbp_repetitions(tmp_path, asked, given):
    path = bbp(tmp_path / "a.nwb", repetitions=3)
    assert [s["repetition"] for s in found(path, "IDrest", repetition=asked)[0]] == given


def test_repetitions_that_are_not_there_are_named(tmp_path):
    path = bbp(tmp_path / "a.nwb", repetitions=3)
    with pytest.raises(ReadError, match=r"no repetition 9 of this protocol. It has 1, 2, 3"):
        found(path, "IDrest", repetition=9)
    sweeps, (problem,) = found(path, "IDrest", repetition=[2, 9])
    assert [s["repetition"] for s in sweeps] == [2]
    assert problem.severity == "error"
    assert "no repetition 9" in problem.message
    with pytest.raises(ReadError, match="repetition must be a number"):
        found(path, "IDrest", repetition="first")


def test_a_protocol_that_is_not_there_is_an_error_with_those_that_are(tmp_path):
    path = bbp(tmp_path / "a.nwb")
    with pytest.raises(
        ReadError, match=r"has no protocol 'IDres'. It has 'IDrest', 'IV'. Did you mean 'IDrest'\?"
    ):
        found(path, "IDres")
    sweeps, (problem,) = found(path, ["IV", "IDres"])
    assert {s["protocol"] for s in sweeps} == {"IV"}
    assert problem.severity == "warning"
    assert "no protocol 'IDres'; there are 'IDrest', 'IV'" in problem.message
    with pytest.raises(ReadError, match="must be a name or a list of names"):
        found(path, [3])


def test_bbp_case_of_one_cell_is_not_carried_to_the_next(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        add_bbp(file, "iv", 0, cell="A")
        add_bbp(file, "IV", 1, cell="B")
        add_bbp(file, "iv", 2, cell="B")
    # In A, "iv" is the nearest to "IV"; in B there is an "IV", and the "iv" beside it is another protocol.
    assert [s["id"] for s in found(tmp_path / "a.nwb", "IV")[0]] == ["ic__iv__0", "ic__IV__1"]


def test_bbp_original_file(tmp_path):
    path = bbp(tmp_path / "a.nwb", repetitions=3)
    (sweep,), _ = found(path, "IDrest", v_file="C:\\elsewhere\\IDrest_1.ibw")
    check_samples(sweep, 1)
    with pytest.raises(ReadError, match=r"no sweep from 'x.ibw' .* 'IDrest_0.ibw', 'IDrest_1.ibw'"):
        found(path, "IDrest", v_file="x.ibw")


def test_bbp_clock_is_the_stimulus_and_must_agree_with_the_response(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), repetitions=2)
    with h5py.File(path, "a") as file:
        del file["acquisition/ic__IV__0/starting_time"]
        file["stimulus/presentation/ics__IV__0/starting_time"].attrs["rate"] = 20000.0
        file["stimulus/presentation/ics__IV__1/starting_time"].attrs["rate"] = 20000.0
    (sweep,), (problem,) = found(path, "IV")
    assert sweep["dt"] == 1 / 20000
    assert problem.recording == "ic__IV__1"
    assert "10000 Hz" in problem.message


def test_bbp_series_that_are_missing_are_named(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), repetitions=3)
    with h5py.File(path, "a") as file:
        del file["acquisition/ic__IV__0"]
        del file["stimulus/presentation/ics__IV__2"]
    (sweep,), problems = found(path, "IV")
    check_samples(sweep, 1)
    assert [p.recording for p in problems] == ["ic__IV__0", "ic__IV__2"]
    assert "/stimulus/presentation/ics__IV__2" in problems[1].message


def test_bbp_repetitions_with_other_names_are_still_read(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        add_bbp(file, "IV", 0, repetition="rep_one")
        add_bbp(file, "IV", 1, repetition="rep_2")
    assert [s["repetition"] for s in found(tmp_path / "a.nwb", "IV")[0]] == [2, None]
    assert [s["repetition"] for s in found(tmp_path / "a.nwb", "IV", repetition=2)[0]] == [2]


# --- Allen Institute, Toronto, Scala


def test_aibs(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        add_aibs(file, "Sweep_1", "Long Square", 0)
        add_aibs(file, "Sweep_2", "Ramp", 1)
        add_aibs(file, "Sweep_3", "Long Square", 2)
        file.create_group("acquisition/images")
        del file["stimulus/presentation/Sweep_3"]
    sweeps, (problem,) = found(tmp_path / "a.nwb", "long square")
    check_samples(sweeps[0], 0)
    assert [s["id"] for s in sweeps] == ["Sweep_1"]
    assert problem.recording == "Sweep_3"
    assert inspect(tmp_path / "a.nwb").protocols == ["Long Square", "Ramp"]
    _, problems = found(tmp_path / "a.nwb", "Ramp", repetition=1)
    assert "doesn't number its repetitions" in problems[0].message


@pytest.mark.parametrize(
    "names",
    [
        [("index_00", "index_01"), ("index_01", "index_03"), ("index_10", "index_21")],
        [("index_000", "index_001"), ("index_001", "index_003")],
        [("Index_0_0_0", "Index_0_0_1"), ("Index_0_1_1", "Index_0_1_0"), ("Index_1_0_2", "Index_1_0_3")],
    ],
)
@pytest.mark.parametrize("protocol", ["Step", "genericstep"])
def test_trt(tmp_path, names, protocol):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k, (voltage, current) in enumerate(names):
            add_trt(file, voltage, current, k)
    sweeps, problems = found(tmp_path / "a.nwb", protocol)
    assert problems == []
    assert [s["id"] for s in sweeps] == [voltage for voltage, _ in names]
    for k, sweep in enumerate(sweeps):
        check_samples(sweep, k)
    with pytest.raises(ReadError, match=r"has no protocol 'IV'\. It has 'Step'"):
        found(tmp_path / "a.nwb", "IV")


def test_trt_conversions_of_each_other_are_put_right(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        mixed = {"voltage": {"conversion": 1e-12}, "current": {"conversion": 1e-3, "unit": "volts"}}
        add_trt(file, "index_00", "index_01", 0, **mixed)
    (sweep,), (problem,) = found(tmp_path / "a.nwb", "Step")
    # The repaired factor is taken in the precision of the samples.
    assert np.array_equal(sweep["voltage"], volts(0) * np.float32(1e-3))
    assert np.array_equal(sweep["current"], step(0) * np.float32(1e-12))
    assert (sweep["v_unit"], sweep["i_unit"]) == ("volts", "amperes")
    assert problem.severity == "warning"


def test_series_without_their_current_are_named(tmp_path):
    with h5py.File(tmp_path / "scala.nwb", "w") as file:
        for k in range(2):
            add_scala(file, f"{k}", k, "NA")
        del file["stimulus/presentation/CurrentClampStimulusSeries_1"]
    with h5py.File(tmp_path / "trt.nwb", "w") as file:
        add_trt(file, "index_00", "index_01", 0)
        add_trt(file, "index_xx", "index_yy", 1)
    with h5py.File(tmp_path / "mies.nwb", "w") as file:
        for k in range(2):
            add_mies(file, k, k, "Ramp_DA_0")
        del file["acquisition/data_00001_AD0"]
    for name, missing in (
        ("scala", "/stimulus/presentation/CurrentClampStimulusSeries_1"),
        ("trt", "/stimulus/presentation/"),
        ("mies", "its voltage data_00001_AD0"),
    ):
        (sweep,), (problem,) = found(tmp_path / f"{name}.nwb")
        check_samples(sweep, 0)
        assert missing in problem.message


def test_nwb_1_says_the_kind_of_a_series_by_its_ancestry(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k, kind in enumerate(["CurrentClampSeries", "VoltageClampSeries"]):
            add_aibs(file, f"Sweep_{k}", "Ramp", k)
            ancestry = np.array([b"TimeSeries", b"PatchClampSeries", kind.encode()])
            file[f"acquisition/timeseries/Sweep_{k}"].attrs["ancestry"] = ancestry
    (sweep,), _ = found(tmp_path / "a.nwb", "Ramp")
    check_samples(sweep, 0)


def test_scala_protocols_and_repetitions(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        for k, description in enumerate(["NA", "GenericStep", "hyperpolarising Steps", None, "Ramp"]):
            add_scala(file, f"{k:02d}", k, description)
        file["general/intracellular_ephys/intracellular_recordings/repetition"] = [1, 1, 2, 3, 1]
    assert [s["id"][-2:] for s in found(path, "step")[0]] == ["00", "02", "03"]
    assert [s["id"][-2:] for s in found(path, "GENERICSTEP")[0]] == ["01"]
    assert [s["id"][-2:] for s in found(path, "hyperpolarising steps")[0]] == ["02"]
    assert [s["id"][-2:] for s in found(path, "Step", repetition=[1, 3])[0]] == ["00", "03"]
    assert [s["id"][-2:] for s in found(path, ["Step", "Ramp"])[0]] == ["00", "02", "03", "04"]
    for sweep in found(path)[0]:
        check_samples(sweep, int(sweep["id"][-2:]))
    with pytest.raises(ReadError, match=r"no repetition 7 of this protocol\. It has 1, 2, 3"):
        found(path, "Step", repetition=7)


# --- Vrije Universiteit and MIES

VU_NAMES = {
    "IV": ["X1PS_SubThresh_DA_0"],
    "IDThresh": ["X2LP_Search_DA_0", "X5SP_Search_DA_0"],
    "IDRest": ["X3LP_Rheo_DA_0", "X4PS_SupraThresh_DA_0", "X6SP_Rheo_DA_0"],
    "PinkNoise": ["X4PT_C2NSD1SHORT_DA_0", "X4PU_C2NSD2SHORT_DA_0"],
    "SpikeRec": ["X6SQ_C2SSTRIPLE_DA_0"],
    "Ramp": ["X7Ramp_DA_0"],
    "SineSpec": ["X8_CHIRP_DA_0"],
    "CapCheck": ["X9_C1QCAPCHK_DA_0", "X9_C1SQCAPCHK_DA_0"],
    "Step": ["CCSteps_DA_0", "steps_DA_0"],
}
TEST_PULSES = {"CCSteps_DA_0", "X1PS_SubThresh_DA_0", "X4PS_SupraThresh_DA_0"}


def with_test_pulse(k):
    """The step of a sweep, and 20 ms of -50 pA before it."""
    current = step(k)
    current[300:500] -= 50.0
    return current


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("name", sorted(TEST_PULSES))
def test_vu_step_that_is_on_at_90_ms_is_no_test_pulse(tmp_path, name, sign):
    """A step from 20 to 220 ms was left with what comes after 90 ms."""
    path = tmp_path / "a.nwb"
    i = np.full(3000, -20.0, dtype=np.float32)
    i[200:2200] += np.float32(80.0 * sign)
    with h5py.File(path, "w") as file:
        add_mies(file, 0, 0, name, current=i)
    (sweep,), (told,) = found(path)
    assert np.array_equal(sweep["current"], in_amperes(i))
    assert np.array_equal(sweep["voltage"], in_volts(volts(0)))
    assert told.severity == "warning"
    assert "a stimulus is on at 90 ms" in told.message


def test_vu_sweep_without_a_test_pulse_loses_nothing_but_noise(tmp_path):
    path = tmp_path / "a.nwb"
    i = (step(0) + np.random.default_rng(0).normal(0, 2, 3000)).astype(np.float32)
    with h5py.File(path, "w") as file:
        add_mies(file, 0, 0, "CCSteps_DA_0", current=i)
    (sweep,), problems = found(path)
    assert problems == []
    assert np.array_equal(sweep["current"][899:], in_amperes(i)[899:])
    assert np.allclose(sweep["current"][:899], -20e-12, atol=10e-12)


def test_vu_test_pulse_from_the_first_sample_is_taken_out(tmp_path):
    path = tmp_path / "a.nwb"
    i = step(0)
    i[:150] += 40.0
    with h5py.File(path, "w") as file:
        add_mies(file, 0, 0, "CCSteps_DA_0", current=i)
    (sweep,), (note,) = found(path)
    assert np.array_equal(sweep["current"], in_amperes(step(0)))
    assert note.severity == "note"


@pytest.mark.parametrize("nwb1", [False, True])
def test_vu_names_holding_current_and_test_pulse(tmp_path, nwb1):
    path = tmp_path / "a.nwb"
    raw_names = [name for names in VU_NAMES.values() for name in names]
    assert len(raw_names) == 15
    with h5py.File(path, "w") as file:
        for k, name in enumerate(raw_names):
            add_mies(file, k, k, name, bias=-50.0, nwb1=nwb1, current=with_test_pulse(k))
    assert inspect(path).dialect == "VU"
    for protocol, names in VU_NAMES.items():
        sweeps, problems = found(path, protocol.lower())
        assert len(problems) == sum(name in TEST_PULSES for name in names)
        assert all("hold a test pulse" in p.message and p.severity == "note" for p in problems)
        assert [s["id"] for s in sweeps] == [f"data_{raw_names.index(n):05d}_DA0" for n in names]
        for name, sweep in zip(names, sweeps, strict=True):
            k = raw_names.index(name)
            # NWB 1 files of theirs have conversions in single precision, and so is the product.
            v = volts(k) * np.float32(1e-3) if nwb1 else in_volts(volts(k))
            i = (
                with_test_pulse(k) * np.float32(1e-12) if nwb1 else in_amperes(with_test_pulse(k))
            ) + np.float32(-50e-12)
            if name in TEST_PULSES:
                # 0.090 / 1e-4 is 899.99… in floating point.
                v[:899], i[:899] = v[899], i[899]
            assert np.array_equal(sweep["voltage"], v)
            assert np.array_equal(sweep["current"], i)


def test_vu_unacquired_tails_and_sweeps_that_end_early(tmp_path):
    path = tmp_path / "a.nwb"
    v, i = volts(0), step(0)
    i[2500:] = np.nan
    v[2600:] = np.nan
    with h5py.File(path, "w") as file:
        add_mies(file, 0, 0, "X2LP_Search_DA_0", voltage=v, current=i, bias=np.nan)
        add_mies(file, 1, 1, "X2LP_Search_DA_0")
    sweeps, problems = found(path, "IDThresh")
    assert problems == []
    assert [len(s["voltage"]) for s in sweeps] == [2500, 3000]
    assert np.array_equal(sweeps[0]["current"], in_amperes(i[:2500]))
    sweeps, (note,) = found(path, "IDThresh", toff=260.0)
    assert [len(s["voltage"]) for s in sweeps] == [3000]
    assert (note.severity, note.recording) == ("note", "data_00000_DA0")
    assert "ends at 250 ms" in note.message
    with pytest.raises(ReadError, match="before the stimulus does"):
        nwb_reader({"filepath": str(path), "protocol_name": "IDThresh", "toff": 400.0})


def test_mies_files_of_other_laboratories(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        add_mies(file, 0, 0, "LongPulse_DA_0", bias=-30e-12)
        add_mies(file, 1, 1, "Ramp_DA_1", channels=(1, 1))
        add_mies(file, 2, 2, None)
        add_series(
            file["acquisition"], "data_00003_AD0", step(0), "amperes", 1e-12, kind="VoltageClampSeries"
        )
        stimulus = {"kind": "VoltageClampStimulusSeries", "stimulus_description": "TestPulse_DA_0"}
        add_series(file["stimulus/presentation"], "data_00003_DA0", volts(0), **stimulus)
    summary = inspect(path)
    assert summary.dialect == "MIES"
    assert summary.protocols == ["LongPulse_DA_0", "Ramp_DA_1"]
    for name in ("LongPulse_DA_0", "longpulse"):
        (sweep,), _ = found(path, name)
        # A holding current in A is in A.
        assert np.array_equal(sweep["current"], in_amperes(step(0)) + np.float32(-30e-12))


def test_mies_input_of_another_number_is_found_by_its_electrode(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        for k in range(2):
            add_mies(file, k, k, "LongPulse_DA_0", channels=(0, 2), sweep_number=k)
    sweeps, _ = found(path, "LongPulse")
    for k, sweep in enumerate(sweeps):
        check_samples(sweep, k)


# --- what all have in common


def test_units_and_conversions_left_out_are_those_that_nwb_prescribes(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        add_series(acquisition, "CurrentClampSeries_1", volts(0) / 1000, unit=None, conversion=None)
        add_current(presentation, "CurrentClampStimulusSeries_1", step(0) / 1e12, unit=None, conversion=None)
    (sweep,), problems = found(path, "Step")
    assert problems == []
    assert (sweep["v_unit"], sweep["i_unit"]) == ("volts", "amperes")
    assert np.array_equal(sweep["voltage"], volts(0) / 1000)


def test_offset_is_added(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        file["acquisition/ic__IV__0/data"].attrs["offset"] = -0.05
    (sweep,), _ = found(path, "IV")
    expected = (volts(0).astype(np.float64) * 1e-3 - 0.05).astype(np.float32)
    assert np.array_equal(sweep["voltage"], expected)


def test_integers_are_scaled_in_double_precision(tmp_path):
    path = tmp_path / "a.nwb"
    digits = np.arange(-1500, 1500, dtype=np.int16)
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        add_series(acquisition, "CurrentClampSeries_1", digits, conversion=3.0518e-5)
        add_current(presentation, "CurrentClampStimulusSeries_1", step(0))
    (sweep,), _ = found(path, "Step")
    assert np.array_equal(sweep["voltage"], np.array([float(d) * 3.0518e-5 for d in digits], np.float32))


@pytest.mark.parametrize("start", [0.0, 1234.5])
def test_time_stamps_in_place_of_a_rate(tmp_path, start):
    path = bbp(tmp_path / "a.nwb", ("IV",), 3)
    with h5py.File(path, "a") as file:
        for k in range(3):
            for series in (f"acquisition/ic__IV__{k}", f"stimulus/presentation/ics__IV__{k}"):
                del file[series]["starting_time"]
                stamps = start + np.arange(3000) / 20000.0
                if k == 1:
                    stamps[1500:] += 0.01  # a pause
                file[series]["timestamps"] = stamps[: 3000 if k < 2 else 2000]
    sweeps, problems = found(path, "IV")
    assert [s["id"] for s in sweeps] == ["ic__IV__0"]
    assert sweeps[0]["dt"] == 1 / 20000
    assert [p.recording for p in problems] == ["ic__IV__1", "ic__IV__2"]
    assert "irregular" in problems[0].message
    assert "don't fit its 3000 samples" in problems[1].message
    assert inspect(path).sampling_rates[0] == pytest.approx(20000.0)


def test_only_what_is_asked_for_is_read(tmp_path, monkeypatch):
    from efewidgets.engine.readers import nwb_series

    names = []
    original = nwb_series.read_samples
    monkeypatch.setattr(
        nwb_series, "read_samples", lambda data, *a: names.append(data.name) or original(data, *a)
    )
    path = bbp(tmp_path / "a.nwb", ("IV",), 3)
    summary = inspect(path)
    assert names == []
    assert (summary.dialect, summary.repetitions, summary.durations) == (
        "BBP",
        [1, 2, 3],
        [pytest.approx(300.0)],
    )
    assert summary.sampling_rates == [pytest.approx(10000.0)]
    sweeps, _ = read({"filepath": str(path), "protocol_name": "IV"}, only=[1])
    assert [s is None for s in sweeps] == [True, False, True]
    assert {name.split("__")[2].split("/")[0] for name in names} == {"1"}


def test_a_file_that_changes_is_looked_at_again(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    assert len(found(path, "IV")[0]) == 1
    with h5py.File(path, "a") as file:
        add_bbp(file, "IV", 7, "repetition 2")
    assert len(found(path, "IV")[0]) == 2
