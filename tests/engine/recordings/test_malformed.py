"""Damaged, empty and lying files: each is told in words that help, and the recordings beside it come through.

The lab's set of such files is not part of the project; without it only the tests at the end run, on files made
here. What a reader of one's own may deliver is tested in `test_recording`.
"""

from __future__ import annotations

import json
import logging
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from efewidgets.engine import readers
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import run
from efewidgets.engine.problems import EfeError
from efewidgets.engine.stages.options import Options
from tests.compare import plain
from tests.engine.differential.cells import STEP, drawn, metadata_of, step

# What can't be used: words that must be in the message, and who must not be blamed for it.
REFUSED = {
    "abf_bad_magic": "bad_magic.abf isn't an ABF file: it starts with b'XBF2'",
    "abf_header_only": "header_only.abf is cut short or damaged",
    "abf_huge_episode_length": "episode_huge.abf is cut short or damaged",
    "abf_negative_episode_length": "damaged: a sweep claims -5 samples",
    "abf_truncated": "truncated.abf is cut short or damaged",
    "abf_zero_bytes": "empty.abf is empty (0 bytes)",
    "ibw_bad_version": "isn't an Igor binary wave (its version would be 77)",
    "ibw_different_lengths": "the voltage has 12000 samples and the current 5280",
    "ibw_different_lengths_given_timing": "the voltage has 12000 samples and the current 5280",
    "ibw_dt_zero": "dt must be greater than zero",
    "ibw_header_only": "cut short: it ends within its header (100 bytes)",
    "ibw_huge_claimed_length": "claims 2147483632 samples, but holds 12004",
    "ibw_huge_claimed_size": "claims 2147483632 samples, but holds 12004",
    "ibw_lower_case_unit": "taken as 'pa': the samples are probably in 'A'",
    "ibw_nan_current": "the current has missing or infinite values (10 samples, the first at 750 ms",
    "ibw_nan_gap": "the voltage has missing or infinite values (100 samples, the first at 1500 ms",
    "ibw_nan_voltage": "the voltage holds no numbers at all",
    "ibw_negative_ton": "ton = -50 ms lies outside the recording, which lasts from 0 to 3000 ms",
    "ibw_no_v_file": "the metadata name no file. Give 'filepath', or 'v_file' and 'i_file'",
    "ibw_same_file_twice": "'v_file' and 'i_file' are the same file",
    "ibw_toff_beyond_end": "toff = 99999 ms lies outside the recording",
    "ibw_ton_after_toff": "toff = 700 ms must come after ton = 2000 ms",
    "ibw_ton_is_text": 'ton must be a number in ms, but is "700"',
    "ibw_truncated": "claims 12000 samples, but holds 5986",
    "ibw_unknown_unit": "'furlong', the unit of the current in the metadata, is not known",
    "ibw_wrong_unit": "taken as 'pA': the samples are probably in 'A'",
    "ibw_zero_bytes": "v_empty.ibw is empty (0 bytes)",
    "ibw_zero_points": "contradicts itself: 0 samples",
    "mat_no_trace": "holds no traces",
    "mat_no_voltage": "currents without their voltages",
    "mat_truncated": "currents without their voltages (cut short?)",
    "mat_v73": "currents without their voltages",
    "nwb_current_shorter": "the voltage has 5000 samples and the current 3000",
    "nwb_empty_acquisition_other_dialect": "holds no current-clamp sweep",
    "nwb_external_link": "lies in another file, 'elsewhere.h5', which isn't there",
    "nwb_huge_claimed_length": "claims 1000000000000 samples",
    "nwb_inf_voltage": "the voltage has a missing or infinite value (1 sample, the first at 200 ms",
    "nwb_is_directory": "directory.nwb is a folder",
    "nwb_missing_file": "there is no file",
    "nwb_nan_current": "the current holds no numbers at all",
    "nwb_nan_voltage": "the voltage holds no numbers at all",
    "nwb_no_acquisition_series": "no complete current-clamp sweep",
    "nwb_no_conversion": "-60 V, which no cell has. The voltage unit is taken as 'volts': the samples are probably in",
    "nwb_no_groups": "it has no /acquisition group",
    "nwb_no_protocol_name_match": "has no protocol 'IDrest'. It has 'Step'",
    "nwb_no_stimulus_group": "no complete current-clamp sweep",
    "nwb_no_stimulus_series": "no complete current-clamp sweep",
    "nwb_not_hdf5": "text.nwb isn't a whole NWB (HDF5) file",
    "nwb_one_sample": "only one sample",
    "nwb_rate_nan": "is nan Hz; it must be greater than zero",
    "nwb_rate_negative": "is -10000 Hz; it must be greater than zero",
    "nwb_rate_zero": "is 0 Hz; it must be greater than zero",
    "nwb_ten_samples": "the stimulus was not found: only 10 samples",
    "nwb_text_data": "holds text or records, not numbers",
    "nwb_truncated": "truncated.nwb isn't a whole NWB (HDF5) file: it was cut short",
    "nwb_two_dimensional": "has the shape (5000, 2)",
    "nwb_unknown_unit": "'furlongs', the unit of the voltage in the file, is not known",
    "nwb_voltage_shorter": "the voltage has 3000 samples and the current 5000",
    "nwb_zero_bytes": "empty.nwb is empty (0 bytes)",
    "nwb_zero_length": "the voltage has no samples",
    "txt_binary": "binary.txt isn't text",
    "txt_blank_lines": "holds only empty lines",
    "txt_dt_zero": "dt must be greater than zero",
    "txt_empty": "empty.txt is empty (0 bytes)",
    "txt_missing_values": "the voltage has missing or infinite values (50 samples",
    "txt_more_amplitudes": "has 2 columns of voltage, the metadata give 3 amplitudes",
    "txt_no_hypamp": "needs 'hypamp' in its metadata",
    "txt_remove_100ms_longer_than_trace": "would leave nothing of it",
    "txt_words": "words.txt, line 1, column 1: 'abc' isn't a number",
}

# The same sweep in other clothes: seven spikes of 90 mV on a step of 100 pA from 100 to 400 ms, at rest at -70 mV.
GOOD_NWB = {
    "good_nwb",
    "name_cell_with_dots",
    "name_unicode",
    "name_upper_case_extension",
    "nwb_bad_repetition_name",
    "nwb_exchanged_units",
    "nwb_link_loop",
    "nwb_no_unit",
    "nwb_offset_attribute",
    "nwb_timestamps",
}
GOOD_IBW = {"good_ibw", "ibw_no_t_unit"}  # the wave says its unit of time

# What is used although it is odd, and what is said about it.
ODD = {
    "abf_huge_claimed_length": "the header claims 1099511627776 samples, its sweeps hold 57600",
    "abf_zero_samples": "the header claims 0 samples, its sweeps hold 57600",
    "nwb_constant_current": "the timing of the stimulus is not certain: the current never changes",
    "nwb_zero_current": "the timing of the stimulus is not certain: the current never changes",
    "nwb_exchanged_units": "By their size they are in volts and amperes, and are taken so",
    "txt_decimal_comma": "its decimal commas are read as decimal points",
    "txt_fewer_amplitudes": "has 2 columns of voltage, the metadata give 1 amplitudes: the last columns are left out",
    "txt_ragged": "the last 100 samples hold no numbers and are left out; it ends at 300 ms",
}
PLAIN = {"name_extension_inside_path"}
USED = GOOD_NWB | GOOD_IBW | set(ODD) | PLAIN


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "malformed"


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """Problems are looked at as records here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def absolute(value, base):
    """Put the folder of recordings before the paths in a file's metadata."""
    if isinstance(value, dict):
        return {
            k: str(base / v) if k in ("filepath", "v_file", "i_file") else absolute(v, base)
            for k, v in value.items()
        }
    return [absolute(item, base) for item in value] if isinstance(value, list) else value


def arguments_of(folder, case):
    """Return the arguments of `Options` that a case's config holds."""
    config = json.loads((folder / "cases" / case / "config.json").read_text(encoding="utf-8"))
    settings = dict(config["settings"])
    settings.pop("extract_per_cell", None)
    name = settings.pop("recording_reader", None)
    return {
        "files_metadata": absolute(config["files_metadata"], folder / "recordings"),
        "targets": config["targets"],
        "recording_reader": name and getattr(readers, name),
        **settings,
    }


def values(features):
    """Return ``{feature: (mean, n)}`` of the one stimulus there is."""
    return {entry["feature"]: (entry["val"][0], entry["n"]) for entry in features["Step_0.0"]["soma"]}


def extraction(folder, case, change=lambda arguments: arguments):
    return run_extraction(Options(**change(arguments_of(folder, case))), run)


@pytest.fixture(scope="module")
def controls(folder):
    """Files and outputs of the two good recordings, each alone."""
    files, outputs = {}, {}
    for name in ("good_nwb", "good_ibw"):
        alone = extraction(folder, name)
        (protocols,) = alone.options.files_metadata.values()
        files[name] = protocols
        outputs[name] = plain(
            [alone.features, alone.protocols_dict, list(alone.currents["all_holding_current"].values())]
        )
    return files, outputs


def test_every_case_has_its_words(folder):
    cases = {path.name for path in (folder / "cases").iterdir()}
    assert cases == set(REFUSED) | USED
    assert not set(REFUSED) & USED


# --- alone


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(folder, case):
    arguments = arguments_of(folder, case)
    with pytest.raises(EfeError) as told:
        run_extraction(Options(**arguments), run)
    message = str(told.value)
    assert REFUSED[case] in message
    (files,) = (files for protocols in arguments["files_metadata"].values() for files in protocols.values())
    paths = [files[0].get(key) for key in ("filepath", "v_file", "i_file") if files[0].get(key)]
    assert any(pathlib.Path(path).name in message for path in paths)
    for raw in ("Traceback", "KeyError", "IndexError", "TypeError", "ValueError", "Errno"):
        assert raw not in message


def crossings(voltage):
    """Count how often the voltage rises above -20 mV."""
    return np.count_nonzero((voltage[1:] > -20.0) & (voltage[:-1] <= -20.0))


@pytest.mark.parametrize("case", sorted(GOOD_NWB))
def test_good_sweep_in_other_clothes(folder, case):
    """Numbers by hand: rest -70 mV; seven peaks; 90 mV from -60 to 30 mV; holding 0, step 0.1 nA."""
    result = extraction(folder, case)
    (recording,) = result.cells[0].recordings
    time, voltage = recording.t, recording.voltage
    assert (recording.ton, recording.toff) == pytest.approx((100.0, 400.0), abs=0.11)
    assert (recording.amp, recording.hypamp, recording.dt) == pytest.approx((0.1, 0.0, 0.1), rel=1e-6)
    found = values(result.features)
    assert found["Spikecount"] == (crossings(voltage), 1) == (7, 1)
    assert found["AP_amplitude"][0] == pytest.approx(90.0, abs=0.01)
    # over 90 to 100 ms in steps of 0.025; the last sample's rise to -60 adds 2.5, 5, 7.5 and 10 mV
    assert found["voltage_base"][0] == pytest.approx(-70.0 + 25.0 / 401, abs=1e-4)
    assert found["steady_state_voltage"][0] == pytest.approx(-70.0, abs=0.01)
    peaks = time[
        np.flatnonzero((voltage[1:-1] > voltage[:-2]) & (voltage[1:-1] >= voltage[2:]) & (voltage[1:-1] > 0))
        + 1
    ]
    assert len(peaks) == 7
    assert found["mean_frequency"][0] == pytest.approx(1e3 * 7 / (peaks[-1] - 100.0), rel=1e-3)


@pytest.mark.parametrize("case", sorted(GOOD_IBW))
def test_good_waves(folder, case):
    """The step of this rig goes from 700 to 2700 ms; volts and amperes in the waves' own samples."""
    result = extraction(folder, case)
    (recording,) = result.cells[0].recordings
    assert (recording.ton, recording.toff) == pytest.approx((700.0, 2700.0), abs=1.0)
    voltage, current = recording.voltage, recording.current
    found = values(result.features)
    assert found["Spikecount"][0] == crossings(voltage[2800:10800]) == 15
    assert found["voltage_base"][0] == pytest.approx(np.mean(voltage[2522:2802]), abs=0.05)
    assert recording.amp == pytest.approx(
        np.median(current[2810:10790]) - np.median(current[:2790]), abs=0.005
    )


def test_offset_is_added(folder):
    """Stored counts times 1e-5 V minus 50 mV, by hand."""
    import h5py

    (recording,) = extraction(folder, "nwb_offset_attribute").cells[0].recordings
    with h5py.File(folder / "recordings" / "offset.nwb") as file:
        counts = file["acquisition/ic__Step__1/data"][()].astype(float)
    np.testing.assert_allclose(recording.voltage, (counts * 1e-5 - 0.05) * 1e3, rtol=1e-6)
    assert recording.voltage[0] == pytest.approx(-70.0)


def test_timestamps_give_the_sampling_step(folder):
    import h5py

    (recording,) = extraction(folder, "nwb_timestamps").cells[0].recordings
    with h5py.File(folder / "recordings" / "timestamps.nwb") as file:
        stamps = file["acquisition/ic__Step__1/timestamps"][()]
    np.testing.assert_allclose(recording.t, (stamps - stamps[0]) * 1e3, atol=1e-6)


def test_unit_in_the_metadata_helps_a_file_without_conversion(folder):
    def in_mV(arguments):
        arguments["files_metadata"]["c"]["Step"][0]["v_unit"] = "mV"
        return arguments

    found = extraction(folder, "nwb_no_conversion", in_mV)
    assert values(found.features) == values(extraction(folder, "good_nwb").features)


@pytest.mark.parametrize("case", sorted(ODD))
def test_odd_but_used_is_told(folder, case):
    told = [str(problem) for problem in extraction(folder, case).problems]
    assert any(ODD[case] in text for text in told)


@pytest.mark.parametrize("case", ["abf_huge_claimed_length", "abf_zero_samples"])
def test_lying_sample_count_does_not_change_the_sweeps(folder, shared_data, case):
    """The same numbers as from the file before its header was made to lie."""
    whole = shared_data / "recordings" / "abf2_pclamp" / "2021_07_20_0010.abf"

    def undamaged(arguments):
        arguments["files_metadata"]["c"]["Step"][0]["filepath"] = str(whole)
        return arguments

    result, expected = extraction(folder, case), extraction(folder, case, undamaged)
    assert len(result.cells[0].recordings) == 18
    assert values(result.features) == values(expected.features)


def test_current_that_never_changes_has_no_amplitude(folder):
    for case, holding in (("nwb_constant_current", 0.05), ("nwb_zero_current", 0.0)):
        (recording,) = extraction(folder, case).cells[0].recordings
        assert (recording.amp, recording.hypamp) == pytest.approx((0.0, holding))


@pytest.mark.parametrize("case", ["txt_decimal_comma", "txt_ragged", "name_extension_inside_path"])
def test_text_of_two_columns(folder, case):
    """Two sweeps at rest at -70 mV, with steps of 10 and 20 pA from 50 to 200 ms."""
    result = extraction(folder, case)
    assert [recording.amp for recording in result.cells[0].recordings] == pytest.approx([0.01, 0.02])
    found = values(result.features)
    assert found["voltage_base"] == (pytest.approx(-70.0), 2)
    assert found["Spikecount"] == (0.0, 2)
    if case == "txt_ragged":
        assert [recording.tend for recording in result.cells[0].recordings] == pytest.approx([310.0, 300.0])


# --- beside good recordings


@pytest.mark.parametrize("case", sorted({*REFUSED, *USED} - {"good_nwb", "good_ibw"}))
def test_good_recordings_beside_it_come_through(folder, controls, case):
    files, expected = controls

    def among_others(arguments):
        arguments["files_metadata"] = {"first": files["good_nwb"], **arguments["files_metadata"]}
        arguments["files_metadata"]["last"] = files["good_ibw"]
        arguments["recording_reader"] = None  # each file by its own suffix
        return arguments

    result = extraction(folder, case, among_others)
    outputs = dict(result.per_cell())
    for cell, control in (("first", "good_nwb"), ("last", "good_ibw")):
        features, stimuli, currents = outputs[cell]
        found = [features, stimuli, list(currents["all_holding_current"].values())]
        assert plain(found) == expected[control]
        assert not [
            problem for problem in result.problems if problem.cell == cell and problem.kind != "target"
        ]
    if case in REFUSED:
        (cell,) = set(result.options.files_metadata) - {"first", "last"}
        about = [
            problem for problem in result.problems if problem.cell == cell and problem.severity == "error"
        ]
        assert any(REFUSED[case] in str(problem) for problem in about)
        assert all(problem.protocol == "Step" and problem.file for problem in about)
    for data in (result.features, result.protocols_dict, result.currents, *outputs.values()):
        to_json(data)  # raises if a number isn't finite


# --- time and memory

BOUNDED = """
import json, logging, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
logging.disable(logging.CRITICAL)
sys.path.insert(0, sys.argv[1])
import pathlib
from tests.engine.recordings.test_malformed import REFUSED, USED, extraction
from tests.peak_memory import peak_memory
folder = pathlib.Path(sys.argv[2])
extraction(folder, "good_nwb"), extraction(folder, "good_ibw"), extraction(folder, "abf_zero_samples")
import scipy.io
before = peak_memory()
slowest = 0.0
for case in sorted({*REFUSED, *USED}):
    start = time.process_time()
    try:
        extraction(folder, case)
    except ValueError:
        pass
    slowest = max(slowest, time.process_time() - start)
print(json.dumps([slowest, peak_memory() - before]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is limited as on Linux")
def test_all_cases_in_little_time_and_memory(folder):
    """Some claim 2^40 samples, of which a reader that believes them would want terabytes."""
    root = pathlib.Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", BOUNDED, str(root), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=root, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    slowest, megabytes = json.loads(done.stdout)
    assert slowest < 3.0
    assert megabytes < 60


# --- files made here


@pytest.fixture
def good_table(tmp_path):
    """A table of a step of 0.2 nA with three spikes, and the metadata for it."""
    found = drawn(step(0.2, 3), metadata_of([]), 0)
    time = np.arange(len(found["voltage"])) * found["dt"]
    rows = np.column_stack([time, found["voltage"], found["current"]])
    path = tmp_path / "good.csv"
    np.savetxt(
        path, rows, delimiter=",", header="time (ms),voltage (mV),current (nA)", comments="", fmt="%.6f"
    )
    return {"filepath": str(path), **STEP}


TARGET = {"efeature": "Spikecount", "protocol": "Step", "amplitude": 0.2, "tolerance": 0.1}


@pytest.mark.parametrize("suffix", [".abf", ".nwb", ".mat", ".txt", ".csv", ".ibw", ".dat"])
@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "noise", "words"])
def test_bad_file_beside_a_good_one(tmp_path, good_table, suffix, kind):
    bad = tmp_path / f"bad{suffix}"
    if kind == "empty":
        bad.touch()
    elif kind == "folder":
        bad.mkdir()
    elif kind == "noise":
        bad.write_bytes(np.random.default_rng(1).bytes(5000))
    elif kind == "words":
        bad.write_text("time,voltage\nsee the other file\n", encoding="utf-8", newline="\n")
    units = {"i_unit": "nA", "v_unit": "mV", "t_unit": "ms", "dt": 0.1}
    lccr = {"amplitudes": [1], "hypamp": 0, "ton": 1, "toff": 2}
    names = (
        {"v_file": str(bad), "i_file": str(tmp_path / "other.ibw")}
        if suffix == ".ibw"
        else {"filepath": str(bad)}
    )
    files = {"cell": {"Step": [{**names, **units, **lccr}, good_table]}}
    result = run_extraction(Options(files, [TARGET], absolute_amplitude=True), run)
    assert result.features["Step_0.2"]["soma"][0]["val"][0] == 3
    (problem,) = [problem for problem in result.problems if problem.severity == "error"]
    assert (problem.cell, problem.protocol, problem.file) == ("cell", "Step", str(bad))
    for raw in ("Traceback", "KeyError", "IndexError", "TypeError", "ValueError", "Errno", "struct"):
        assert raw not in str(problem)


def test_every_file_of_a_cell_bad_is_told_and_the_other_cell_goes_on(tmp_path, good_table):
    files = {"lost": {"Step": [{"filepath": str(tmp_path / "a.nwb")}]}, "good": {"Step": [good_table]}}
    result = run_extraction(Options(files, [TARGET], absolute_amplitude=True), run)
    assert result.currents["all_holding_current"] == {"good": pytest.approx(0.0)}
    assert dict(result.per_cell())["lost"][0] == {}
