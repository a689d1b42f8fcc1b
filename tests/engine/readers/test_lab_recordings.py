"""Every recording of the lab's data folder: our readers against those of BluePyEfe, bit for bit."""

from __future__ import annotations

import os

import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read
from tests.conftest import SHARED_DATA

from .lab_data import reader_name, recordings

peer = pytest.importorskip("bluepyefe.reader")
CASES = sorted(p.name for p in (SHARED_DATA / "cases").iterdir()) if SHARED_DATA.is_dir() else []

# The peer takes the first channel for the voltage; here it is the current.
EXCHANGED = {"abf1_current_first_as_is", "abf1_current_first_by_unit", "abf1_pulse_train"}
# The peer refuses; so do we, with these words, or read what it doesn't.
REFUSED = {
    "nwb_bbp_missing_repetition": "no repetition 9 of this protocol. It has 1, 2, 3",
}
# The peer refuses what has no measured current; we read the command.
COMMANDED = {"abf_voltage_only"}
READERS = {".abf": "axon_reader", ".ibw": "igor_reader", ".nwb": "nwb_reader", ".txt": "csv_lccr_reader"}
READERS |= {".mat": "read_matlab"}


def files_by_case():
    """Return the metadata of each case's files, each but once."""
    seen: set[str] = set()
    found = {}
    for case in CASES:
        new = {repr(sorted(metadata.items())): metadata for metadata in recordings(SHARED_DATA, case)}
        found[case] = [metadata for key, metadata in new.items() if key not in seen]
        seen |= set(new)
    return {case: files for case, files in found.items() if files}


FILES = files_by_case()


def peer_sweeps(case, metadata):
    """Return what BluePyEfe's reader makes of a file."""
    path = metadata.get("filepath", metadata.get("v_file"))
    name = reader_name(SHARED_DATA, case)
    return getattr(peer, name if hasattr(peer, name or "") else READERS[os.path.splitext(path)[1]])(
        dict(metadata)
    )


def same(ours, theirs, context):
    """Check one sweep: every number and name that the peer gives."""
    for key, value in theirs.items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(ours[key], value), (context, key)
            assert ours[key].dtype == value.dtype.newbyteorder("="), (context, key)
        elif value is not None:
            assert ours[key] == value, (context, key)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", FILES)
def test_sweeps_equal_those_of_the_peer(case):
    for metadata in FILES[case]:
        if case in REFUSED:
            with pytest.raises(ReadError, match=REFUSED[case]):
                read(metadata)
            continue
        found, problems = read(metadata)
        if case in COMMANDED:
            assert {sweep["current_from"] for sweep in found} == {"command"}
            assert ["not measured" in problem.message for problem in problems] == [True]
            continue
        ours = [sweep for sweep in found if sweep is not None]
        theirs = peer_sweeps(case, metadata)
        assert len(ours) == len(theirs)
        for sweep, expected in zip(ours, theirs, strict=True):
            if case in EXCHANGED:
                expected |= {"voltage": expected["current"], "current": expected["voltage"]}
            elif case == "abf_four_channels":
                # Two voltages, then two currents, sample by sample in one trace.
                expected |= {key: expected[key][::2] for key in ("voltage", "current")}
            if any("a stimulus is on at 90 ms" in problem.message for problem in problems):
                # The peer overwrites the first 90 ms, the beginning of the step among them.
                end = int(0.090 / sweep["dt"])
                sweep |= {key: sweep[key][end:] for key in ("voltage", "current")}
                expected |= {key: expected[key][end:] for key in ("voltage", "current")}
            same(sweep, expected, metadata)


@pytest.mark.parametrize("case", FILES)
def test_files_are_inspected_without_their_samples(case, monkeypatch):
    from efewidgets.engine.readers import abf_header, igor, nwb_series

    def never(*arguments):
        raise AssertionError("samples were read")

    for place, name in ((abf_header.Header, "samples"), (igor.Wave, "samples"), (nwb_series, "read_samples")):
        monkeypatch.setattr(place, name, never)
    for path in {m[key] for m in FILES[case] for key in ("filepath", "i_file") if key in m}:
        summary = inspect(path)
        assert summary.sweeps
        if summary.format in ("ABF", "NWB", "Igor"):
            assert all(sweep.n_samples > 1 and 0.001 < sweep.dt_ms < 1 for sweep in summary.sweeps)


def test_dialects(shared_data):
    dialects = {
        "nwb_bbp/99111002.nwb": "BBP",
        "nwb_aibs_reencoded/C060110A5-SR-C1.nwb": "AIBS",
        "nwb_scala/FergusonEtAl2015_PYR2.nwb": "Scala",
        "nwb_trt_reencoded/17o05028_Index_0_0_0_mixup.nwb": "TRT",
        "nwb_vu_reencoded/vu_nwb1_small.nwb": "VU",
        "nwb_vu_reencoded/vu_nwb2.nwb": "VU",
        "abf1_ferguson/PYR2.abf": "ABF1",
        "abf2_pclamp/2020_03_02_0000.abf": "ABF2",
    }
    for path, dialect in dialects.items():
        assert inspect(shared_data / "recordings" / path).dialect == dialect
