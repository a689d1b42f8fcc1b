"""The 90 malformed inputs of the lab's data folder: a clear error or a named problem, in bounded time and memory."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

import pytest

from tests.conftest import SHARED_DATA

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = SHARED_DATA / "malformed"
CASES = sorted(p.name for p in (FOLDER / "cases").iterdir()) if FOLDER.is_dir() else []

# What the error says.
REFUSED = {
    "abf_bad_magic": "isn't an ABF file: it starts with b'XBF2'",
    "abf_header_only": "cut short or damaged",
    "abf_huge_episode_length": r"sweeps would end at byte 4295095550, but the file ends at byte 135168",
    "abf_negative_episode_length": "a sweep claims -5 samples",
    "abf_truncated": "cut short or damaged",
    "abf_zero_bytes": "is empty",
    "ibw_bad_version": "its version would be 77",
    "ibw_different_lengths": "12000 samples and the current 5280",
    "ibw_different_lengths_given_timing": "12000 samples and the current 5280",
    "ibw_dt_zero": "dt must be greater than zero",
    "ibw_header_only": "ends within its header",
    "ibw_huge_claimed_length": "claims 2147483632 samples, but holds 12004",
    "ibw_huge_claimed_size": "claims 2147483632 samples, but holds 12004",
    "ibw_nan_current": "the current has missing .* first at 750 ms",
    "ibw_nan_gap": "the voltage has missing .*100 samples, the first at 1500 ms",
    "ibw_nan_voltage": "the voltage holds no numbers at all",
    "ibw_no_v_file": "name no file",
    "ibw_same_file_twice": "are the same file",
    "ibw_truncated": "claims 12000 samples, but holds 5986",
    "ibw_unknown_unit": "'furlong', the unit of the current in the metadata, is not known",
    "ibw_zero_bytes": "is empty",
    "ibw_zero_points": "contradicts itself",
    "mat_no_trace": "holds no traces",
    "mat_no_voltage": "currents without their voltages",
    "mat_truncated": "currents without their voltages .cut short",
    "mat_v73": "currents without their voltages",
    "nwb_current_shorter": "5000 samples and the current 3000",
    "nwb_empty_acquisition_other_dialect": "no current-clamp sweep",
    "nwb_external_link": "lies in another file, 'elsewhere.h5'",
    "nwb_huge_claimed_length": "claims 1000000000000 samples, but only",
    "nwb_inf_voltage": "missing or infinite value .1 sample, the first at 200 ms",
    "nwb_is_directory": "is a folder",
    "nwb_missing_file": "there is no file",
    "nwb_nan_current": "the current holds no numbers",
    "nwb_nan_voltage": "the voltage holds no numbers",
    "nwb_no_acquisition_series": "/acquisition/ic__Step__1 isn't in the file",
    "nwb_no_groups": "no /acquisition group",
    "nwb_no_protocol_name_match": "has no protocol 'IDrest'. It has 'Step'",
    "nwb_no_stimulus_group": "/stimulus/presentation/ics__Step__1 isn't in the file",
    "nwb_no_stimulus_series": "/stimulus/presentation/ics__Step__1 isn't in the file",
    "nwb_not_hdf5": "its contents are something else",
    "nwb_one_sample": "only one sample",
    "nwb_rate_nan": "is nan Hz",
    "nwb_rate_negative": "is -10000 Hz",
    "nwb_rate_zero": "is 0 Hz",
    "nwb_text_data": "text or records",
    "nwb_truncated": "cut short",
    "nwb_two_dimensional": r"shape \(5000, 2\)",
    "nwb_unknown_unit": "'furlongs', the unit of the voltage in the file",
    "nwb_voltage_shorter": "3000 samples and the current 5000",
    "nwb_zero_bytes": "is empty",
    "nwb_zero_length": "no samples",
    "txt_binary": "isn't text",
    "txt_blank_lines": "only empty lines",
    "txt_dt_zero": "dt must be greater than zero",
    "txt_empty": "is empty",
    "txt_missing_values": "the voltage has missing .* first at 0 ms",
    "txt_more_amplitudes": "2 columns of voltage, the metadata give 3",
    "txt_no_hypamp": "needs 'hypamp'",
    "txt_remove_100ms_longer_than_trace": "would leave nothing",
    "txt_words": "line 1, column 1: 'abc' isn't a number",
}
# What is read with something said about it.
TOLD = {
    "abf_huge_claimed_length": (18, "claims 1099511627776 samples, its sweeps hold 57600"),
    "abf_zero_samples": (18, "claims 0 samples, its sweeps hold 57600"),
    "ibw_lower_case_unit": (1, "current in 'pa', the file in 'A'"),
    "ibw_wrong_unit": (1, "current in 'pA', the file in 'A'"),
    "nwb_exchanged_units": (1, "By their size they are in volts and amperes"),
    "txt_decimal_comma": (2, "decimal commas"),
    "txt_fewer_amplitudes": (1, "2 columns of voltage, the metadata give 1 amplitudes: the last columns"),
    "txt_ragged": (2, "the last 100 samples hold no numbers"),
}
# What is nothing to a reader: good files, odd names, stimuli and timings that later stages look at.
READ = {
    "good_ibw",
    "good_nwb",
    "ibw_no_t_unit",
    "nwb_bad_repetition_name",
    "nwb_constant_current",
    "nwb_link_loop",
}
READ |= {"nwb_no_conversion", "nwb_no_unit", "nwb_offset_attribute", "nwb_ten_samples", "nwb_timestamps"}
READ |= {
    "nwb_zero_current",
    "ibw_negative_ton",
    "ibw_toff_beyond_end",
    "ibw_ton_after_toff",
    "ibw_ton_is_text",
}
READ |= {"name_cell_with_dots", "name_extension_inside_path", "name_unicode", "name_upper_case_extension"}

PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from tests.engine.readers.lab_data import recordings
from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import read
folder, cases = Path(sys.argv[1]), json.loads(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
found = {}
for case in cases:
    start = time.process_time()  # a busy machine is slow with everything
    (metadata,) = recordings(folder, case)
    try:
        sweeps, problems = read(metadata)
        outcome = {"read": sum(s is not None for s in sweeps), "words": " ".join(str(p) for p in problems)}
    except ReadError as error:
        outcome = {"read": 0, "words": str(error)}
    found[case] = outcome | {"seconds": time.process_time() - start}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def outcomes(shared_data):
    """What reading each case gives, in a process that may have no more than 2 GB."""
    command = [sys.executable, "-c", PROGRAM, str(FOLDER), json.dumps(CASES)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120, encoding="utf-8"
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES)
def test_malformed(case, outcomes):
    outcome = outcomes[case]
    assert outcome["seconds"] < 2
    if case in REFUSED:
        assert outcome["read"] == 0
        assert re.search(REFUSED[case], outcome["words"])
    elif case in TOLD:
        count, words = TOLD[case]
        assert outcome["read"] == count
        assert words in outcome["words"]
    else:
        assert case in READ
        assert outcome["read"] >= 1
        assert outcome["words"] == ""


def test_no_case_is_forgotten(shared_data):
    assert set(CASES) == set(REFUSED) | set(TOLD) | READ
