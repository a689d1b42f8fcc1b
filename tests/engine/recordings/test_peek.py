"""What a form of details shows of a file: its entries, one sweep, and what is wrong in the form's own words."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.readers import inspect
from efewidgets.engine.readers.registry import _BUILT_IN
from efewidgets.engine.recordings.ecodes import FAMILIES
from efewidgets.engine.recordings.metadata import as_kinds, entries
from efewidgets.engine.recordings.peek import entries_in, in_titles, peek
from tests.engine.readers.binary_files import write_abf1

DT, N, ON, OFF = 0.1, 5000, 100.0, 400.0  # ms, samples, ms


def step(level: float, holding: float = 0.0) -> np.ndarray:
    time = np.arange(N) * DT
    return np.where((time >= ON) & (time < OFF), holding + level, holding)


def write_table(path, names=("A", "B", "C"), header=True):
    """Write times in s, a voltage in mV and a current in pA, under names that say nothing."""
    rows = zip(np.arange(N) * DT / 1e3, -70 + step(50) / 10, step(50), strict=True)
    lines = [",".join(f"{value:.4f}" for value in one) for one in rows]
    path.write_text("\n".join([",".join(names)] * header + lines), encoding="utf-8", newline="\n")
    return path


def write_swapped(path):
    """Write two sweeps of two channels that both say V: first the current (nA), then the voltage."""
    sweeps = []
    for level in (0.1, 0.2):
        current, voltage = step(level), -0.07 + step(level) / 10
        digits = np.round(np.stack([current, voltage]) * 3276.8).astype(np.int16)
        sweeps.append(digits.T.ravel())
    return write_abf1(path, [("IN 0", "V"), ("IN 1", "V")], sweeps, 1e3 * DT)


def flat(metadata, protocol="IDrest"):
    return {key: kind for kinds in entries(metadata, protocol).values() for key, kind in kinds.items()}


@pytest.mark.parametrize("suffix", [suffix for known in _BUILT_IN for suffix in known.suffixes])
def test_each_entry_of_each_reader_has_a_title_and_a_meaning(suffix):
    known = flat({"filepath": f"x{suffix}"})
    own = next(as_kinds(one.keys) for one in _BUILT_IN if suffix in one.suffixes)
    assert own.keys() <= known.keys()
    assert ("protocol_name" in known) == (suffix in (".nwb", ".zarr", ".dat"))
    for kind in known.values():
        for one in (kind, *kind.parts.values()):
            assert one.title[0].isupper()
            assert one.meaning.endswith(".")
    assert len({kind.title for kind in known.values()}) == len(known)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stimulus_has_the_timings_of_its_family(family):
    known = entries({"filepath": "x.abf", "ecode": family}, "anything")["stimulus"]
    assert {*FAMILIES[family].timings, *FAMILIES[family].amplitudes, "hypamp", "ecode"} <= known.keys()
    assert all(known[name].unit == "ms" and known[name].title != name for name in FAMILIES[family].timings)
    assert "tend" not in known  # it has no effect


def test_entries_of_a_labs_own_reader_are_called_by_their_names():
    def reader(metadata):
        return []

    reader.metadata_keys = ("gain",)
    found = entries({"filepath": "x.rig"}, "IDrest", reader)["file"]
    assert found["gain"].title == "gain"
    assert found["gain"].from_text("2.5") == 2.5


def test_columns_that_say_nothing_are_put_right_one_by_one(tmp_path):
    metadata = {"filepath": str(write_table(tmp_path / "odd.csv"))}
    assert inspect(metadata["filepath"]).choices_of("columns") == ("A", "B", "C")
    known = flat(metadata)
    for entry, said in (
        ("columns", {"columns": {"time": "A", "voltage": "B", "current": "C"}}),
        ("t_unit", {"t_unit": "s"}),
        ("v_unit", {"v_unit": "mV"}),
        ("i_unit", {"i_unit": "pA"}),
    ):
        found = peek(metadata, "IDrest")
        assert found.trace is None
        assert entries_in(found.problems[0].message, known)[0] == entry
        metadata |= said
    found = peek(metadata, "IDrest")
    assert (found.sweeps, found.at, found.trace.n, found.problems) == (("B",), 0, N, ())
    assert found.timings == pytest.approx({"ton": ON, "toff": OFF}, abs=DT)
    assert found.trace.voltage[[0, 2000]] == pytest.approx([-70, -65])
    assert found.trace.current[[0, 2000]] == pytest.approx([0, 0.05])


def test_columns_without_names_are_chosen_by_number(tmp_path):
    path = write_table(tmp_path / "bare.csv", header=False)
    assert inspect(path).choices_of("columns") == (0, 1, 2)
    part = flat({"filepath": str(path)})["columns"].parts["voltage"]
    assert part.from_text("1") == 1
    said = {"columns": {"time": 0, "voltage": 1, "current": 2}, "t_unit": "s", "v_unit": "mV", "i_unit": "pA"}
    assert peek({"filepath": str(path)} | said, "IDrest").timings["ton"] == pytest.approx(ON, abs=DT)


def test_two_channels_with_wrong_units_are_put_right(tmp_path):
    metadata = {"filepath": str(write_swapped(tmp_path / "cell.abf"))}
    assert inspect(metadata["filepath"]).choices_of("i_channel") == ("IN 0", "IN 1")
    assert peek(metadata, "IDrest").trace is None
    metadata |= {"v_channel": "IN 1", "i_channel": "IN 0", "i_unit": "nA"}
    found = peek(metadata, "IDrest", wanted=1)
    assert (len(found.sweeps), found.at, found.problems) == (2, 1, ())
    assert found.trace.voltage[0] == pytest.approx(-70, abs=0.4)
    assert found.trace.current[2000] == pytest.approx(0.2, abs=1e-3)
    assert peek(metadata, "IDrest", wanted=99).at == 1


def test_a_trace_is_shown_though_its_stimulus_is_not_known(tmp_path):
    path = write_table(tmp_path / "known.csv", ("t (s)", "Vm (mV)", "Im (pA)"))
    found = peek({"filepath": str(path)}, "mystery")
    assert found.trace.n == N
    assert "mystery" in found.problems[0].message
    assert peek({"filepath": str(path)}, "").trace.n == N
    found = peek({"filepath": str(path), "ton": 900.0}, "IDrest")
    assert found.trace.n == N
    known = flat({"filepath": str(path)})
    assert entries_in(found.problems[0].message, known) == ["ton"]
    assert in_titles(found.problems[0].message, known).startswith("“Stimulus on” = 900 ms lies outside")


def test_what_is_no_file_or_of_a_wrong_kind_is_told(tmp_path):
    assert "gone.abf" in peek({"filepath": str(tmp_path / "gone.abf")}, "IDrest").problems[0].message
    found = peek({"filepath": "x.abf", "ljp": "much"}, "IDrest")
    assert found.trace is None
    assert "ljp must be a number" in found.problems[0].message


def test_messages_are_said_in_the_words_of_the_form():
    known = flat({"filepath": "x.csv"})
    words = "Add 'v_unit' ('V', 'mV') to the metadata, or columns = {'time': …} in the metadata."
    assert in_titles(words, known) == (
        "Add “Unit of voltage” ('V', 'mV') to the details, or “Columns” in the details."
    )
    assert entries_in(words, known) == ["v_unit", "columns"]
    assert in_titles("'nobody' knows it.", known) == "'nobody' knows it."
    words = 'say which in the metadata of its recordings, e.g. "ecode": "Step" (one of Step, SAHP).'
    assert in_titles(words, known) == (
        'say which in the details of its recordings, e.g. “Stimulus”: "Step" (one of Step, SAHP).'
    )
    assert entries_in(words, known) == ["ecode"]
