"""Several cells in one file of channels: which current is whose, by names, order and outputs, and who only listened."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.abf_header import Channel
from efewidgets.engine.readers.channels import choose_channels, pairings

from .binary_files import write_abf1, write_abf2
from .test_abf_command import STEP
from .test_abf_command import write as write_outputs
from .test_rigs import N as RECORD

N = 640


def digits(n_channels: int, k: int = 0, n: int = N) -> np.ndarray:
    """Return samples of voltages and currents that differ in every channel and sweep, int16, array (n, n_channels)."""
    noise = np.random.default_rng(k).integers(-3, 3, (n, n_channels))
    return (noise - 60 + 100 * k + 7 * np.arange(n_channels)).astype(np.int16)


def channels_of(text: str) -> list[Channel]:
    """Return channels as "name unit, name unit"."""
    return [Channel(*one.strip().rsplit(" ", 1), 1.0, 0.0) for one in text.split(",")]


# voltage → current of each cell, by place; worked out from the names
PAIRS = [
    ("Vm mV, Im pA", {0: 1}),
    ("IN 0 mV, I_MTest 1 pA, IN 2 mV, I_MTest 3 pA", {0: 1, 2: 3}),  # in pairs
    ("Vm1 mV, Vm2 mV, Im1 pA, Im2 pA", {0: 2, 1: 3}),
    ("Vm1 mV, Vm2 mV, Im2 pA, Im1 pA", {0: 3, 1: 2}),  # the numbers say otherwise than the order
    ("Im_2 nA, Vm_2 mV, Im_1 nA, Vm_1 mV", {1: 0, 3: 2}),
    ("Vm mV, Im pA, Vm 2 mV, Im 2 pA", {0: 1, 2: 3}),
    ("Vm 2 mV, Im 2 pA, Vm mV, Im pA", {0: 1, 2: 3}),
    ("Vm_1 mV, Vm_2 mV, Im_2 pA", {0: None, 1: 2}),  # the first was listened to
    ("IN 0 mV, IN 1 mV, IN 2 pA", {0: 2, 1: None}),  # nothing tells: the first has it, as before
    ("Vm mV, 10_Vm mV, Im pA", {0: 2}),  # a second gain of one voltage is no cell
    ("10_Vm mV, Im pA", {0: 1}),
    ("100 Vm_1 mV, Vm_1 mV, Im_1 pA", {1: 2}),
    ("V1 V, I1 A, V2 V, I2 A, V3 V, I3 A, V4 V, I4 A", {0: 1, 2: 3, 4: 5, 6: 7}),
    ("Temp C, V1 mV, TTL V, I1 pA", {1: 3, 2: None}),
]


@pytest.mark.parametrize(("text", "expected"), PAIRS)
def test_which_current_is_whose(text, expected):
    assert {cell.voltage: cell.current for cell in pairings(channels_of(text))} == expected


def test_without_a_choice_the_first_pair_is_read_as_the_cells_have_it():
    channels = channels_of("Vm1 mV, Vm2 mV, Im2 pA, Im1 pA")
    assert choose_channels(channels, {}, "a")[:2] == (0, 3)
    assert choose_channels(channels, {"v_channel": "Vm2"}, "a")[:2] == (1, 2)
    assert choose_channels(channels, {"i_channel": "Im2"}, "a")[:2] == (1, 2)
    assert choose_channels(channels, {"v_channel": 0, "i_channel": 2}, "a")[:2] == (0, 2)


def test_channels_of_one_name_are_two_cells():
    assert [cell.name for cell in pairings(channels_of("IN mV, I pA, IN mV, I pA"))] == ["IN", "IN (2)"]


FOUR = [("Vm_1", "mV"), ("Vm_2", "mV"), ("Im_1", "pA"), ("Im_2", "pA")]


@pytest.mark.parametrize("version", [1, 2])
def test_axon_files_of_several_cells(tmp_path, version):
    sweeps = [digits(4, k) for k in range(3)]
    path = tmp_path / "a.abf"
    if version == 1:
        write_abf1(path, FOUR, sweeps, 100.0)
    else:
        write_abf2(path, FOUR, sweeps)
    gain = 10.0 / 32768 if version == 1 else 1.0
    summary = inspect(path)
    assert summary.cells == ["Vm_1", "Vm_2"]
    assert [s.id for s in summary.sweeps] == [
        "sweep 1", "sweep 2", "sweep 3", "sweep 1 Vm_2", "sweep 2 Vm_2", "sweep 3 Vm_2",
    ]  # fmt: skip
    assert summary.channels_of("Vm_2") == [("Vm_2", "Im_2")]
    assert (summary.problems, summary.listened) == ((), ())
    for v, cell in enumerate(("Vm_1", "vm_2")):
        found, problems = read({"filepath": str(path), "cell_name": cell})
        assert problems == []
        assert [s["label"] for s in found] == [s.id for s in summary.sweeps[3 * v : 3 * v + 3]]
        for sweep, stored in zip(found, sweeps, strict=True):
            assert sweep["voltage"] == pytest.approx(stored[:, v] * gain, rel=1e-6)
            assert sweep["current"] == pytest.approx(stored[:, v + 2] * gain, rel=1e-6)
    both, _ = read({"filepath": str(path), "cell_name": ["Vm_1", "Vm_2"]})
    assert len(both) == 6
    # without a choice the first is read, and each sweep of the other is named
    found, (_, other) = read({"filepath": str(path)})
    assert [s["label"] for s in found] == ["sweep 1", "sweep 2", "sweep 3"]
    assert "(3 sweeps: sweep 1 Vm_2, sweep 2 Vm_2, sweep 3 Vm_2)" in other.message


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (
            {"cell_name": "Vm_3"},
            r"no cell 'Vm_3' \(cell_name\): each voltage channel is one. It has 'Vm_1', 'Vm_2'",
        ),
        ({"cell_name": "Vm_1", "v_channel": 1}, "'cell_name' and 'v_channel' in the metadata both choose"),
        ({"cell_name": 3}, "cell_name"),
    ],
)
def test_what_can_not_be_chosen_is_told(tmp_path, metadata, words):
    path = write_abf2(tmp_path / "a.abf", FOUR, [digits(4)])
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), **metadata})


def test_outputs_belong_to_channels_by_their_numbers(tmp_path):
    """Two voltages, no recorded current: "Cmd 1" is that of "IN 1"."""
    outputs = [{"epochs": [(STEP, 50.0, 0.0, 100)]}, {"epochs": [(STEP, -30.0, 0.0, 100)]}]
    path = write_outputs(tmp_path / "a.abf", outputs, [("IN 1", "mV"), ("IN 0", "mV")])
    summary = inspect(path)
    assert summary.channels_of(None) == [
        ("IN 1", "output 1: 'Cmd 1' (pA)"),
        ("IN 0", "output 0: 'Cmd 0' (pA)"),
    ]
    assert {s.current_from for s in summary.sweeps} == {"command"}
    for cell, level in (("IN 1", -30.0), ("IN 0", 50.0)):
        found, (note,) = read({"filepath": str(path), "cell_name": cell})
        assert {float(s["current"][50]) for s in found} == {level}
        assert {s["current_from"] for s in found} == {"command"}
        assert f"Cmd {cell[-1]}" in note.message


def test_a_channel_that_was_only_listened_to_is_no_recording(tmp_path):
    path = write_outputs(
        tmp_path / "a.abf", [{"epochs": [(STEP, 50.0, 0.0, 100)]}], [("IN 0", "mV"), ("IN 5", "mV")]
    )
    summary = inspect(path)
    assert summary.cells == ["IN 0"]
    assert summary.listened == ("IN 5",)
    assert summary.as_dict()["listened_to"] == ["IN 5"]
    lost = [p for p in summary.problems if p.recording is not None]
    assert [(p.recording, p.severity) for p in lost] == [(f"sweep {k} IN 5", "note") for k in (1, 2, 3)]
    assert "only listened to: current went out on 0: 'Cmd 0'" in lost[0].message
    with pytest.raises(ReadError, match="only listened to"):
        read({"filepath": str(path), "cell_name": "IN 5"})
    # a person knows better
    found, _ = read({"filepath": str(path), "cell_name": "IN 5", "output": 0})
    assert len(found) == 3


def test_a_recorded_current_and_a_command_in_one_file(tmp_path):
    """The first cell's current was recorded; the second's is that of its output."""
    outputs = [{"epochs": [(STEP, 50.0, 0.0, 100)]}, {"epochs": [(STEP, -30.0, 0.0, 100)]}]
    path = write_outputs(tmp_path / "a.abf", outputs, [("IN 0", "mV"), ("Im 0", "pA"), ("IN 1", "mV")])
    assert inspect(path).channels_of(None) == [("IN 0", "Im 0"), ("IN 1", "output 1: 'Cmd 1' (pA)")]
    (first, *_), _ = read({"filepath": str(path), "cell_name": "IN 0"})
    (second, *_), _ = read({"filepath": str(path), "cell_name": "IN 1"})
    assert "current_from" not in first
    assert (second["current_from"], second["current"][50]) == ("command", -30.0)
    with pytest.raises(ReadError, match="no current of its own was recorded"):
        read({"filepath": str(path), "cell_name": "IN 1", "current_from": "measured"})


def test_the_real_file_of_four_channels(shared_data):
    path = shared_data / "recordings" / "abf2_four_channels" / "25531001.abf"
    if not path.exists():
        pytest.skip(f"{path} isn't there")
    assert inspect(path).channels_of(None) == [("IN 0", "I_MTest 1"), ("IN 2", "I_MTest 3")]
    starts = {}
    for cell in ("IN 0", "IN 2"):
        sweeps, problems = read({"filepath": str(path), "cell_name": cell})
        assert (len(sweeps), problems) == (4, [])
        starts[cell] = [float(np.mean(sweep["voltage"][:100])) for sweep in sweeps]
    assert np.all(np.abs(np.subtract(starts["IN 0"], starts["IN 2"])) > 2)  # two membranes


# --- WinWCP


def write_wcp(path, units=("mV", "pA", "mV", "pA"), names=("Vm1", "Im1", "Vm2", "Im2"), n_records=2):
    n = len(units)
    sectors = -(-2 * n * RECORD // 512)
    lines = {"VER": 9, "NBH": 1024, "ADCMAX": 32767, "NC": n, "NBA": 2, "NBD": sectors, "NR": n_records}
    lines |= {"DT": "0.0001", "NP": RECORD}
    for c, (unit, name) in enumerate(zip(units, names, strict=True)):
        lines |= {f"YO{c}": c, f"YU{c}": unit, f"YN{c}": name, f"YG{c}": 1.0}
    raw = "".join(f"{key}={value}\r\n" for key, value in lines.items()).encode().ljust(1024, b"\0")
    for k in range(n_records):
        head = struct.pack(f"<8s4s3f{n}f", b"ACCEPTED", b"TEST", 1.0, 0.0, 1e-4, *[32767.0] * n)
        raw += head.ljust(1024, b"\0") + digits(n, k, RECORD).astype("<i2").tobytes().ljust(
            512 * sectors, b"\0"
        )
    path.write_bytes(raw)
    return path


def test_winwcp_records_of_two_cells(tmp_path):
    path = write_wcp(tmp_path / "a.wcp")
    summary = inspect(path)
    assert summary.cells == ["Vm1", "Vm2"]
    assert len(summary.sweeps) == 4
    for v, cell in enumerate(summary.cells):
        sweeps, problems = read({"filepath": str(path), "cell_name": cell})
        assert problems == []
        for k, sweep in enumerate(sweeps):
            stored = digits(4, k, RECORD)
            assert np.allclose(sweep["voltage"], stored[:, 2 * v])
            assert np.allclose(sweep["current"], stored[:, 2 * v + 1])


def test_a_winwcp_channel_without_a_current_was_listened_to(tmp_path):
    path = write_wcp(tmp_path / "a.wcp", ("mV", "mV", "pA"), ("Vm_1", "Vm_2", "Im_2"))
    summary = inspect(path)
    assert summary.cells == ["Vm_2"]
    assert summary.listened == ("Vm_1",)
    assert [p.recording for p in summary.problems] == ["sweep 1", "sweep 2"]
    sweeps, _ = read({"filepath": str(path)})  # the one that got current, without a choice
    assert np.allclose(sweeps[0]["voltage"], digits(3, 0, RECORD)[:, 1])
    with pytest.raises(ReadError, match="only listened to"):
        read({"filepath": str(path), "cell_name": "Vm_1"})
