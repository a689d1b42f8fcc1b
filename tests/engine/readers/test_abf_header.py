"""Axon headers: a field counts only where the file's version has it and its flag says so."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.abf_sweeps import Layout, sweep_lengths

from .binary_files import write_abf1, write_abf2

V, I = ("Vm", "mV"), ("Im", "pA")  # noqa: E741
# The sections of an ABF 2 file that `write_abf2` writes: protocol in block 1, channels in block 2.
PROTOCOL, ADC, ADC_SIZE = 512, 1024, 128
DIGIT = 10 / 32768  # what one digit of `write_abf1` is worth


def ramp(n: int = 400) -> np.ndarray:
    """Return two channels of digits that differ in every sample, int16, array (n, 2)."""
    return np.column_stack([np.arange(n) - 200, 2 * np.arange(n) + 7]).astype(np.int16)


def patched(path, changes):
    raw = bytearray(path.read_bytes())
    for form, place, *numbers in changes:
        struct.pack_into("<" + form, raw, place, *numbers)
    path.write_bytes(bytes(raw))
    return {"filepath": str(path)}


def small_header(path, sweeps, version=1.3):
    """Make the header of a file that `write_abf1` wrote as small as versions before 1.6 have it: 2048 bytes."""
    write_abf1(path, [V, I], sweeps, 100.0)
    raw = path.read_bytes()
    (synch,) = struct.unpack_from("<i", raw, 92)
    path.write_bytes(raw[:2048] + raw[6144:])
    return patched(path, [("f", 4, version), ("i", 40, 4), ("i", 92, synch - 8)])


def current_of(metadata):
    (sweep,), _ = read(metadata)
    return sweep["current"]


# --- gains and offsets that are left over, or aren't there


@pytest.mark.parametrize(("used", "expected"), [(0, 1.0), (1, 10.0)])
def test_the_gain_of_a_signal_conditioner_counts_only_if_there_was_one_abf1(tmp_path, used, expected):
    path = write_abf1(tmp_path / "a.abf", [V, I], [ramp()], 100.0)
    # fSignalGain and fSignalOffset of channel 1, nSignalType
    metadata = patched(path, [("f", 1054, 10.0), ("f", 1118, 3.0), ("h", 1410, used)])
    offset = -3.0 if used else 0.0
    assert np.allclose(current_of(metadata), ramp()[:, 1] * DIGIT / expected + offset, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("used", "expected"), [(0, 1.0), (1, 10.0)])
def test_the_gain_of_a_signal_conditioner_counts_only_if_there_was_one_abf2(tmp_path, used, expected):
    path = write_abf2(tmp_path / "a.abf", [V, I], [ramp()], gains=[1.0, 0.5])
    at = ADC + ADC_SIZE
    metadata = patched(path, [("f", at + 48, 10.0), ("f", at + 52, 3.0), ("h", PROTOCOL + 138, used)])
    offset = -3.0 if used else 0.0
    assert np.allclose(current_of(metadata), ramp()[:, 1] * 0.5 / expected + offset, rtol=1e-5, atol=1e-6)


def test_a_conditioner_that_was_not_there_may_have_a_gain_of_zero(tmp_path):
    path = write_abf1(tmp_path / "a.abf", [V, I], [ramp()], 100.0)
    assert np.allclose(current_of(patched(path, [("f", 1054, 0.0)])), ramp()[:, 1] * DIGIT, rtol=1e-5)
    with pytest.raises(ReadError, match="a gain of channel 'Im' is 0"):
        read(patched(path, [("h", 1410, 1)]))


def test_what_lies_behind_a_small_header_is_no_telegraph(tmp_path):
    # With samples of 1 everywhere, each channel would be telegraphed (nTelegraphEnable 1), with a gain of 9e-41.
    stored = np.ones((4000, 2), np.int16)
    metadata = small_header(tmp_path / "a.abf", [stored])
    (sweep,), problems = read(metadata)
    assert problems == []
    assert np.allclose(sweep["current"], DIGIT, rtol=1e-6)
    assert np.allclose(sweep["voltage"], DIGIT, rtol=1e-6)
    assert inspect(metadata["filepath"]).protocols == []


@pytest.mark.parametrize("version", [1.6, 1.83])
def test_a_small_header_counts_as_small_whatever_version_it_claims(tmp_path, version):
    # Converters write a header of 2048 bytes and a later version's number.
    metadata = small_header(tmp_path / "a.abf", [np.ones((4000, 2), np.int16)], version)
    assert np.allclose(current_of(metadata), DIGIT, rtol=1e-6)


@pytest.mark.parametrize(("enabled", "number", "divider"), [(1, 1, 20.0), (1, 0, 1.0), (0, 1, 1.0)])
def test_small_headers_know_one_telegraphed_channel(tmp_path, enabled, number, divider):
    metadata = small_header(tmp_path / "a.abf", [ramp()])
    # nAutosampleEnable, nAutosampleADCNum, fAutosampleAdditGain
    patched(tmp_path / "a.abf", [("hh", 262, enabled, number), ("f", 268, 20.0)])
    assert np.allclose(current_of(metadata), ramp()[:, 1] * DIGIT / divider, rtol=1e-5)


@pytest.mark.parametrize(("told", "divider"), [(0, 1.0), (1, 20.0)])
def test_a_telegraphed_gain_counts_if_it_was_telegraphed(tmp_path, told, divider):
    path = write_abf1(tmp_path / "a.abf", [V, I], [ramp()], 100.0)
    # nTelegraphEnable and fTelegraphAdditGain of channel 1; the small header's fields are old then
    changes = [("h", 4514, told), ("f", 4580, 20.0), ("hh", 262, 1, 1), ("f", 268, 7.0)]
    assert np.allclose(current_of(patched(path, changes)), ramp()[:, 1] * DIGIT / divider, rtol=1e-5)
    path = write_abf2(tmp_path / "b.abf", [V, I], [ramp()], gains=[1.0, 0.5])
    changes = [("h", ADC + ADC_SIZE + 2, told), ("f", ADC + ADC_SIZE + 6, 20.0)]
    assert np.allclose(current_of(patched(path, changes)), ramp()[:, 1] * 0.5 / divider, rtol=1e-5)


# --- sweeps without a list of them


def several(k=4, n=100):
    return [ramp(n) + 10 * i for i in range(k)]


def without_list(path, version, sweeps, episodes, per_episode, mode=5):
    if version == 1:
        write_abf1(path, [V, I], sweeps, 100.0)
        return patched(path, [("h", 8, mode), ("i", 16, episodes), ("i", 138, per_episode), ("ii", 92, 0, 0)])
    write_abf2(path, [V, I], sweeps)
    changes = [("h", PROTOCOL, mode), ("I", 12, episodes), ("i", PROTOCOL + 22, per_episode)]
    return patched(path, [*changes, ("IIq", 316, 0, 0, 0)])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("mode", [2, 5])
@pytest.mark.parametrize("per_episode", [200, 0])
def test_episodes_without_a_synch_array_are_as_many_as_the_header_says(tmp_path, version, mode, per_episode):
    sweeps = several()
    found, problems = read(without_list(tmp_path / "a.abf", version, sweeps, 4, per_episode, mode))
    assert problems == []
    scale = DIGIT if version == 1 else 1.0
    assert len(found) == 4
    for sweep, stored in zip(found, sweeps, strict=True):
        assert np.allclose(sweep["voltage"], stored[:, 0] * scale, rtol=1e-5)
        assert np.allclose(sweep["current"], stored[:, 1] * scale, rtol=1e-5)


@pytest.mark.parametrize("version", [1, 2])
def test_gap_free_files_are_one_sweep_whatever_they_count(tmp_path, version):
    found, problems = read(without_list(tmp_path / "a.abf", version, several(), 2198, 8192, mode=3))
    assert problems == []
    assert [len(sweep["voltage"]) for sweep in found] == [400]


def layout(**changes):
    usual = {"mode": 5, "n_channels": 2, "claimed": 800, "episodes": 4, "per_episode": 200, "unit": 0.0}
    return Layout(**{**usual, "table": np.empty((0, 2), np.int32), **changes})


@pytest.mark.parametrize(
    ("changes", "lengths", "told"),
    [
        ({}, [200] * 4, ""),
        ({"per_episode": 0}, [200] * 4, ""),
        ({"episodes": 1}, [800], ""),
        ({"episodes": 0}, [800], ""),
        ({"claimed": 700}, [200, 200, 200, 100], "the last of its 4 sweeps was stopped early"),
        ({"per_episode": 100}, [200] * 4, "cut into sweeps of 200"),
        ({"mode": 3}, [800], ""),
        (
            {"table": np.array([[0, 500], [500, 300]])},
            [500, 300],
            "counts 4 sweeps, its list of sweeps has 2",
        ),
        ({"table": np.array([[0, 500], [500, 300]]), "episodes": 2}, [500, 300], ""),
        ({"table": np.array([[0, 500]]), "mode": 3}, [500], ""),
        ({"table": np.array([[0, 1000], [500, 600]]), "mode": 1, "unit": 2.0}, [500, 300], ""),
    ],
)
def test_lengths_of_sweeps(changes, lengths, told):
    found, problems = sweep_lengths(layout(**changes), "a.abf")
    assert found == lengths
    assert [told in words for words in problems] == [True] * bool(told)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": 1}, "of unequal length, but doesn't say where they begin"),
        ({"mode": 4}, "a mode that can't be read"),
        ({"claimed": 801, "per_episode": 0}, "contradicts itself"),
        (
            {"claimed": 804, "n_channels": 2, "per_episode": 0},
            "contradicts itself",
        ),  # 201 samples of 2 channels
        ({"claimed": 804, "n_channels": 3, "per_episode": 0, "episodes": 6}, "contradicts itself"),
        ({"episodes": 2**31, "per_episode": 0}, "contradicts itself"),
        ({"claimed": -8}, "contradicts itself|claims"),
        ({"claimed": -8, "episodes": 0}, "a sweep claims -8 samples"),
    ],
)
def test_sweeps_that_can_not_be_told(changes, words):
    with pytest.raises(ReadError, match=words):
        sweep_lengths(layout(**changes), "a.abf")


def test_more_sweeps_than_the_file_can_hold_are_refused_before_they_take_memory(tmp_path):
    metadata = without_list(tmp_path / "a.abf", 1, several(), 10**9, 2)
    patched(tmp_path / "a.abf", [("i", 10, 2 * 10**9)])
    with pytest.raises(ReadError, match="cut short or damaged"):
        read(metadata)


# --- the protocol's name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"C:\\Axon\\Params\\IDrest 25 pA.pro", "IDrest 25 pA"),
        (b"D:\\rampe \xb5.PRO", "rampe u"),
        (b"ramp.v2", "ramp.v2"),
        (b"(untitled)", None),
        (b"", None),
        (b"C:\\Axon\\Params\\", None),
    ],
)
def test_the_protocol_is_named_in_the_header(tmp_path, path, name):
    abf1 = write_abf1(tmp_path / "a.abf", [V, I], several(2), 100.0)
    patched(abf1, [("256s", 4898, path.ljust(256))])
    abf2 = write_abf2(tmp_path / "b.abf", [V, I, (path.decode("latin-1"), "")], [np.ones((9, 3), np.int16)])
    patched(abf2, [("I", 72, 5)])  # the names are numbered from 1: Vm, mV, Im, pA, then the third channel's
    for file, sweeps in ((abf1, 2), (abf2, 1)):
        summary = inspect(file)
        assert summary.protocols == ([name] if name else [])
        assert [sweep.protocol for sweep in summary.sweeps] == [name] * sweeps


@pytest.mark.parametrize("index", [2**31, 99])
def test_a_name_that_is_not_there_is_none(tmp_path, index):
    path = write_abf2(tmp_path / "b.abf", [V, I], [ramp()])
    patched(path, [("I", 72, index)])
    assert inspect(path).protocols == []


def test_protocols_of_real_files(shared_data):
    folder = shared_data / "recordings"
    assert inspect(folder / "abf1_ferguson" / "PYR2.abf").protocols == ["cc25pA1s"]
    found = inspect(folder / "abf2_pclamp" / "2021_07_20_0010.abf").protocols
    assert found == ["I-Clamp MedDRG"]
    assert inspect(folder / "abf2_hippocampus" / "96711008.abf").protocols == []


# --- the mode of the amplifier


@pytest.mark.parametrize(
    ("told", "instrument", "mode", "voltage_clamp"),
    [
        (1, 24, 0, True),
        (1, 24, 1, False),
        (1, 24, 2, False),  # I = 0
        (0, 24, 0, False),  # nobody asked the amplifier
        (1, 15, 0, False),  # an Axopatch tells its gain, but no mode
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_the_mode_counts_where_an_amplifier_told_it(tmp_path, version, told, instrument, mode, voltage_clamp):
    path = tmp_path / "a.abf"
    if version == 1:
        write_abf1(path, [V, I], [ramp()], 100.0)
        changes = [("h", 4512, told), ("h", 4544, instrument), ("f", 4576, 1.0), ("h", 4768, mode)]
    else:
        write_abf2(path, [V, I], [ramp()])
        changes = [("hhf", ADC + 2, told, instrument, 1.0), ("h", ADC + 18, mode)]
    metadata = patched(path, changes)
    if voltage_clamp:
        with pytest.raises(ReadError, match="in voltage clamp, as the file says"):
            read(metadata)
        assert len(read(metadata | {"clamp_mode": "current"})[0]) == 1
    else:
        assert len(read(metadata)[0]) == 1


def test_of_two_amplifiers_the_one_in_current_clamp_is_taken(tmp_path):
    channels = [("Im A", "pA"), ("Vm A", "mV"), ("Vm B", "mV"), ("Im B", "pA")]
    stored = np.random.default_rng(0).integers(-99, 99, (300, 4)).astype(np.int16)
    path = write_abf2(tmp_path / "a.abf", channels, [stored])
    changes = [("hhf", ADC + k * ADC_SIZE + 2, 1, 24, 1.0) for k in range(4)]
    changes += [("h", ADC + k * ADC_SIZE + 18, int(k > 1)) for k in range(4)]
    (sweep,), _ = read(patched(path, changes))
    assert np.array_equal(sweep["voltage"], stored[:, 2])
    assert np.array_equal(sweep["current"], stored[:, 3])
