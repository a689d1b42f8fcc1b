"""Axon files: samples, sweeps, and which channel is which."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import axon_reader, inspect, read

from .binary_files import write_abf1, write_abf2

V, I = ("Vm", "mV"), ("Im", "pA")  # noqa: E741
UNITS = {"v_unit": "mV", "i_unit": "pA", "t_unit": "s"}


def digits(n_channels: int, k: int = 0, n: int = 500) -> np.ndarray:
    """Return samples as a digitiser gives them, int16, array (n, n_channels)."""
    rng = np.random.default_rng(k)
    return rng.integers(-2000, 2000, (n, n_channels)).astype(np.int16)


def test_samples_are_digits_times_gain_plus_offset(tmp_path):
    sweeps = [digits(2, k) for k in range(3)]
    path = write_abf2(tmp_path / "a.abf", [V, I], sweeps, gains=[0.03125, 0.5], offsets=[2.0, 0.0])
    found, problems = read({"filepath": str(path)})
    assert problems == []
    assert len(found) == 3
    for sweep, stored in zip(found, sweeps, strict=True):
        # Gains that are powers of two leave no rounding.
        assert np.array_equal(sweep["voltage"], stored[:, 0].astype(np.float64) * 0.03125 + 2.0)
        assert np.array_equal(sweep["current"], stored[:, 1].astype(np.float64) * 0.5)
        assert sweep["voltage"].dtype == sweep["current"].dtype == np.float32
        assert (sweep["dt"], sweep["t_unit"], sweep["v_unit"], sweep["i_unit"]) == (1e-4, "s", "mV", "pA")
    assert [sweep["index"] for sweep in found] == [0, 1, 2]


@pytest.mark.parametrize("version", [1, 2])
def test_samples_equal_those_of_neo(tmp_path, version):
    rawio = pytest.importorskip("neo.rawio")
    sweeps = [digits(2, k, 300 + 50 * k) for k in range(3)]
    path = tmp_path / "a.abf"
    if version == 1:
        write_abf1(path, [V, I], sweeps, 40.0)
    else:
        write_abf2(path, [V, I], sweeps, gains=[0.0305, 0.61], offsets=[0.7, -3.3], interval_us=40.0)
    reader = rawio.AxonRawIO(str(path))
    reader.parse_header()
    found, _ = read({"filepath": str(path)})
    for k, sweep in enumerate(found):
        raw = reader.get_analogsignal_chunk(seg_index=k, stream_index=0)
        scaled = reader.rescale_signal_raw_to_float(raw, stream_index=0)
        assert np.array_equal(sweep["voltage"], scaled[:, 0])
        assert np.array_equal(sweep["current"], scaled[:, 1])
        assert sweep["dt"] == pytest.approx(1 / reader.get_signal_sampling_rate(), rel=1e-6)
    assert found[0]["dt"] == 1 / 25000  # the interval is a rounded number, the rate a whole one


def test_float_samples_are_taken_as_they_are(tmp_path):
    values = np.linspace(-80, 40, 200, dtype=np.float32).reshape(100, 2)
    path = write_abf2(tmp_path / "a.abf", [V, I], [values], gains=[5.0, 5.0], float_data=True)
    (sweep,), _ = read({"filepath": str(path)})
    assert np.array_equal(sweep["voltage"], values[:, 0])
    assert np.array_equal(sweep["current"], values[:, 1])


@pytest.mark.parametrize(
    ("channels", "metadata", "expected"),
    [
        ([V, I], {}, (0, 1)),
        ([I, V], {}, (1, 0)),
        ([("IN 0", "mV"), ("IN 1", "nA")], {}, (0, 1)),
        ([("Vm", ""), ("Im", "")], {}, (0, 1)),
        ([("Imemb", ""), ("10_Vm", "")], {}, (1, 0)),
        ([("T", "C"), I, ("aux", "V/s"), V], {}, (3, 1)),
        ([V, I, ("Vm 2", "mV"), ("Im 2", "pA")], {}, (0, 1)),
        ([V, I, ("Vm 2", "mV"), ("Im 2", "pA")], {"v_channel": 2}, (2, 3)),
        ([V, I, ("Vm 2", "mV"), ("Im 2", "pA")], {"i_channel": "im 2"}, (2, 3)),
        ([V, I, ("Vm 2", "mV"), ("Im 2", "pA")], {"v_channel": "Vm", "i_channel": 3}, (0, 3)),
        ([("a", ""), ("b", "")], {"v_channel": "b", "i_channel": "a"}, (1, 0)),
        # no unit tells them apart: what was chosen as the one is not the other as well
        ([("IN 0", "mV"), ("IN 1", "mV")], {"i_channel": "IN 0"}, (1, 0)),
        ([("IN 0", "mV"), ("IN 1", "mV")], {"i_channel": "IN 1"}, (0, 1)),
        ([("IN 0", "pA"), ("IN 1", "pA")], {"v_channel": "IN 0"}, (0, 1)),
    ],
)
def test_channels_are_told_by_unit_name_and_metadata(tmp_path, channels, metadata, expected):
    stored = digits(len(channels))
    path = write_abf2(tmp_path / "a.abf", channels, [stored])
    (sweep,), _ = read({"filepath": str(path), **UNITS, **metadata})
    assert np.array_equal(sweep["voltage"], stored[:, expected[0]])
    assert np.array_equal(sweep["current"], stored[:, expected[1]])


def test_a_choice_among_several_channels_is_told(tmp_path):
    path = write_abf2(tmp_path / "a.abf", [V, I, ("Vm 2", "mV"), ("Im 2", "pA")], [digits(4)])
    _, (note, other) = read({"filepath": str(path)})
    assert note.severity == other.severity == "note"
    assert other.recording == "sweep 1 Vm 2"
    assert "it is of another cell, 'Vm 2'; 'Vm' is read. 'cell_name'" in other.message
    assert "'Vm' is taken as the voltage" in note.message
    assert "'Im' as the current" in note.message
    assert read({"filepath": str(path), "v_channel": 0, "i_channel": 1})[1] == []


@pytest.mark.parametrize(
    ("channels", "metadata", "words"),
    [
        ([V], {}, "no current channel, only voltage"),
        ([I], {}, "no voltage channel"),
        ([V, ("IN 1", "mV")], {}, "no current channel.*'i_channel' .* says which"),
        ([V, I], {"v_channel": "Vmm"}, "no channel 'Vmm' .*Did you mean 'Vm'"),
        ([V, I], {"v_channel": 2}, "no channel 2"),
        ([V, I], {"v_channel": 1}, "the same channel"),
    ],
)
def test_missing_channels_are_named(tmp_path, channels, metadata, words):
    path = write_abf2(tmp_path / "a.abf", channels, [digits(len(channels))])
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), **metadata})


def test_only_the_sweeps_asked_for_are_loaded(tmp_path, monkeypatch):
    from efewidgets.engine.readers import abf_header

    loaded = []
    original = abf_header.Header.samples
    monkeypatch.setattr(
        abf_header.Header, "samples", lambda self, s, c: loaded.append(s) or original(self, s, c)
    )
    path = write_abf2(tmp_path / "a.abf", [V, I], [digits(2, k) for k in range(4)])
    found, _ = read({"filepath": str(path)}, only={2})
    assert [sweep is None for sweep in found] == [True, True, False, True]
    assert found[2]["index"] == 2
    assert set(loaded) == {2}
    loaded.clear()
    assert len(inspect(path).sweeps) == 4
    assert loaded == []


def test_an_empty_sweep_does_not_take_the_others_down(tmp_path):
    path = write_abf2(tmp_path / "a.abf", [V, I], [digits(2), digits(2, 1, 0), digits(2, 2)])
    found, (problem,) = read({"filepath": str(path)})
    assert [sweep is None for sweep in found] == [False, True, False]
    assert (problem.recording, problem.severity, problem.file) == ("sweep 2", "error", str(path))
    assert len(axon_reader({"filepath": str(path)})) == 2


def test_units_of_the_metadata_win_with_a_warning(tmp_path):
    path = write_abf2(tmp_path / "a.abf", [V, I], [digits(2)])
    (sweep,), problems = read({"filepath": str(path), "i_unit": "nA", "v_unit": "mV"})
    assert sweep["i_unit"] == "pA"  # the file's; what overrules it stands in the metadata
    assert [p.severity for p in problems] == ["warning"]
    assert "'nA'" in problems[0].message
    assert "'pA'" in problems[0].message


def test_a_wrong_unit_of_time_is_an_error(tmp_path):
    path = write_abf2(tmp_path / "a.abf", [V, I], [digits(2)])
    with pytest.raises(ReadError, match=r"0.0001 ms would be 1e\+07 samples per second"):
        read({"filepath": str(path), "t_unit": "ms"})


def test_inspection_says_what_a_file_holds_even_if_it_lacks_a_current(tmp_path):
    path = write_abf2(tmp_path / "a.abf", [V], [digits(1), digits(1)], interval_us=50.0)
    summary = inspect(path)
    assert (summary.format, summary.dialect, len(summary.sweeps)) == ("ABF", "ABF2", 2)
    assert summary.units == {"voltage": ["mV"], "current": []}
    assert summary.sampling_rates == [20000.0]
    assert summary.durations == [25.0]
    assert "no current channel" in summary.problems[0].message


def patched(path, changes):
    """Write numbers into a file's header; `changes` are (form, place, number)."""
    raw = bytearray(path.read_bytes())
    for form, place, number in changes:
        struct.pack_into("<" + form, raw, place, number)
    path.write_bytes(bytes(raw))
    return {"filepath": str(path)}


@pytest.mark.parametrize("version", [1, 2])
def test_gap_free_files_are_one_sweep(tmp_path, version):
    stored = digits(2)
    if version == 1:
        path = write_abf1(tmp_path / "a.abf", [V, I], [stored], 100.0)
        metadata = patched(path, [("h", 8, 3), ("i", 96, 0)])
    else:
        path = write_abf2(tmp_path / "a.abf", [V, I], [stored])
        metadata = patched(path, [("h", 512, 3), ("q", 324, 0)])
    (sweep,), problems = read(metadata)
    assert problems == []
    scale = 10 / 32768 if version == 1 else 1
    assert np.allclose(sweep["voltage"], stored[:, 0] * scale, rtol=1e-6)


@pytest.mark.parametrize(
    ("version", "changes", "words"),
    [
        (1, [("h", 120, 0)], "claims 0 channels"),
        (1, [("h", 120, 99)], "claims 99 channels"),
        (1, [("h", 410, 77)], "names channel 77 of 16"),
        (1, [("f", 730, 0.0)], "a gain of channel 'Vm' is 0"),
        (1, [("f", 244, float("inf"))], "the gain of channel 'Vm' is inf"),
        (1, [("f", 122, -1.0)], "its sampling interval is -2 µs"),
        (1, [("h", 8, 4)], "in a mode that can't be read"),
        (1, [("h", 100, 7)], "unknown format of samples"),
        (1, [("i", 10, 10**9), ("i", 96, 0)], "would end at byte"),
        (1, [("i", 10, -9), ("i", 96, 0)], "claims -9 samples"),
        (2, [("q", 100, 0)], "claims 0 channels"),
        (2, [("f", 514, float("nan"))], "its sampling interval is nan"),
        (2, [("I", 316, 2**31)], "points to byte"),
    ],
)
def test_headers_that_cannot_be_true(tmp_path, version, changes, words):
    path = tmp_path / "a.abf"
    if version == 1:
        write_abf1(path, [V, I], [digits(2)], 100.0)
    else:
        write_abf2(path, [V, I], [digits(2)])
    with pytest.raises(ReadError, match=words):
        read(patched(path, changes))


def test_channels_that_all_have_the_same_number_are_in_order(tmp_path):
    stored = digits(2)
    path = write_abf1(tmp_path / "a.abf", [V, I], [stored], 100.0)
    (sweep,), _ = read(patched(path, [("h", 410, 1), ("h", 412, 1)]))
    assert np.allclose(sweep["voltage"], stored[:, 0] * 10 / 32768, rtol=1e-6)
    assert sweep["v_unit"] == "mV"
