"""Axon files in which no current was recorded: the current is what the output was commanded to give."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from efewidgets.engine.outputs.standard_files import build_entry
from efewidgets.engine.problems import MissingFileError, ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.abf_header import read_header
from efewidgets.engine.readers.abf_outputs import read_outputs
from efewidgets.engine.readers.abf_waveform import waveform
from efewidgets.engine.units import to_nA
from efewidgets.extract import read_recordings

from .binary_files import BLOCK, write_abf1, write_abf2

V = ("IN 0", "mV")
STEP, RAMP, PULSES, TRIANGLES, COSINES, BIPHASIC = 1, 2, 3, 4, 5, 7
N = 640  # a 64th, 10 samples, is at the holding level first


def membrane(n_channels: int = 1, n: int = N) -> np.ndarray:
    return np.random.default_rng(0).integers(-70, -60, (n, n_channels)).astype(np.int16)


def write(
    path: Path, outputs: list[dict], channels=(V,), n_sweeps: int = 3, lists=(), version: int = 6
) -> Path:
    """Write an ABF 2 file with outputs; epochs are (kind, level, step, duration, step, period, width)."""
    channels = list(channels)
    write_abf2(path, channels, [membrane(len(channels))] * n_sweeps)
    raw = bytearray(path.read_bytes())
    raw[6] = version
    texts = ["", *(text for pair in channels for text in pair)]

    def named(text: str) -> int:
        texts.append(text)
        return len(texts) - 1

    dacs, epochs, user_lists = b"", b"", b""
    for k, output in enumerate(outputs):
        entry = bytearray(256)
        struct.pack_into("<h", entry, 0, k)
        struct.pack_into("<f", entry, 12, output.get("holding", 0.0))
        struct.pack_into(
            "<2i", entry, 24, named(output.get("name", f"Cmd {k}")), named(output.get("unit", "pA"))
        )
        source = output.get("source", 1)
        struct.pack_into(
            "<3h2f", entry, 40, source > 0, source, output.get("keeps_last", 0), output.get("scale", 1.0), 0
        )
        struct.pack_into("<i", entry, 118, named(output.get("file", "")))
        dacs += bytes(entry)
        for number, epoch in enumerate(output.get("epochs", ())):
            kind, level, level_step, duration, duration_step, period, width = (*epoch, 0, 0, 0, 0)[:7]
            epochs += struct.pack(
                "<3h2f4i", number, k, kind, level, level_step, duration, duration_step, period, width
            )
            epochs += bytes(18)
    for dac, varied, repeat, values in lists:
        user_lists += struct.pack("<4hi", dac, 0, varied, repeat, named(values)) + bytes(52)
    strings = b"SSCH" + bytes(40) + b"\0".join(text.encode() for text in texts[1:]) + b"\0"
    sections = {108: (dacs, 256, len(outputs)), 156: (epochs, 48, len(epochs) // 48)}
    sections |= {172: (user_lists, 64, len(lists)), 220: (strings, len(strings), len(texts))}
    for at, (content, size, count) in sections.items():
        struct.pack_into("<IIq", raw, at, len(raw) // BLOCK, size, count)
        raw += content + bytes(-len(content) % BLOCK)
    path.write_bytes(raw)
    return path


def currents(path: Path, **metadata) -> list[np.ndarray]:
    sweeps, _ = read({"filepath": str(path), **metadata})
    return [sweep["current"] for sweep in sweeps]


def levels(*parts: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(n, level) for n, level in parts])


def test_steps_follow_a_64th_of_the_sweep_and_their_levels_rise_from_sweep_to_sweep(tmp_path):
    epochs = [(STEP, 5.0, 0.0, 100), (STEP, -100.0, 50.0, 200, 20), (STEP, 30.0, 0.0, 0)]
    path = write(tmp_path / "a.abf", [{"holding": 5.0, "epochs": epochs}])
    found = currents(path)
    assert len(found) == 3
    for k, level in enumerate((-100.0, -50.0, 0.0)):
        expected = levels((10, 5.0), (100, 5.0), (200 + 20 * k, level), (330 - 20 * k, 5.0))
        assert np.array_equal(found[k], expected)
    sweeps, problems = read({"filepath": str(path)})
    assert {(s["i_unit"], s["v_unit"], s["current_from"]) for s in sweeps} == {("pA", "mV", "command")}
    (note,) = problems
    assert note.severity == "note"
    assert "the command, not measured: output 0: 'Cmd 0' (pA), its epochs" in note.message


def test_the_last_level_stays_until_the_next_sweep_where_the_protocol_says_so(tmp_path):
    output = {"keeps_last": 1, "epochs": [(STEP, 20.0, 10.0, 100)]}
    found = currents(write(tmp_path / "a.abf", [output]))
    assert np.array_equal(found[0], levels((10, 0.0), (630, 20.0)))
    assert np.array_equal(found[1], levels((10, 20.0), (630, 30.0)))


def write_1(path: Path, alternate: bool, holding: float = 3.0) -> Path:
    """Write an ABF 1 file of two outputs, each a step of 100 samples: 50 pA more in each sweep, and -20 pA less."""
    write_abf1(path, [("IN 0", "mV"), ("IN 1", "mV")], [membrane(2)] * 4, 100.0)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<h", raw, 5876, alternate)
    for dac, (level, step) in enumerate(((50.0, 50.0), (-20.0, -20.0))):
        raw[1306 + 10 * dac : 1316 + 10 * dac] = f"Cmd {dac}".encode().ljust(10)
        raw[1346 + 8 * dac : 1354 + 8 * dac] = b"pA".ljust(8)
        struct.pack_into("<f", raw, 1394 + 4 * dac, holding)
        for at in (2296, 2300):  # switched on, by epochs
            struct.pack_into("<h", raw, at + 2 * dac, 1)
        struct.pack_into("<h", raw, 2308 + 20 * dac, STEP)
        struct.pack_into("<f", raw, 2348 + 40 * dac, level)
        struct.pack_into("<f", raw, 2428 + 40 * dac, step)
        struct.pack_into("<i", raw, 2508 + 40 * dac, 100)
    path.write_bytes(raw)
    return path


def test_outputs_that_alternate_stay_at_the_holding_level_in_the_sweeps_of_the_other(tmp_path):
    """The first output has the first sweep; levels count on through all sweeps."""
    path = write_1(tmp_path / "a.abf", alternate=True)
    for channel, expected in (("IN 0", [50, 3, 150, 3]), ("IN 1", [3, -40, 3, -80])):
        found = currents(path, v_channel=channel)
        for current, level in zip(found, expected, strict=True):
            assert np.array_equal(current, levels((10, 3.0), (100, level), (530, 3.0)))
    path = write_1(tmp_path / "b.abf", alternate=False)
    assert [current[50] for current in currents(path, v_channel="IN 1")] == [-20, -40, -60, -80]


def test_outputs_of_version_2_alternate_as_well(tmp_path):
    outputs = [{"holding": 3.0, "epochs": [(STEP, level, level, 100)]} for level in (50.0, -20.0)]
    path = write(tmp_path / "a.abf", outputs, [V, ("IN 1", "mV")], n_sweeps=4)
    raw = bytearray(path.read_bytes())
    block, size = struct.unpack_from("<II", raw, 76)
    struct.pack_into("<h", raw, block * BLOCK + 182, 1)
    struct.pack_into("<I", raw, 80, max(size, 208))
    path.write_bytes(raw)
    assert [current[50] for current in currents(path, v_channel="IN 0")] == [50, 3, 150, 3]
    assert [current[50] for current in currents(path, v_channel="IN 1")] == [3, -40, 3, -80]


def test_ramps_and_trains(tmp_path):
    epochs = [
        (RAMP, 99.0, 0.0, 100),
        (STEP, 0.0, 0.0, 10),
        (PULSES, 50.0, 0.0, 45, 0, 20, 5),
        (STEP, 10.0, 0.0, 5),
        (BIPHASIC, 30.0, 0.0, 20, 0, 20, 10),
        (STEP, 0.0, 0.0, 10),
        (TRIANGLES, 4.0, 0.0, 10, 0, 10, 5),
        (COSINES, 8.0, 0.0, 5, 0, 5, 0),
    ]
    found = currents(write(tmp_path / "a.abf", [{"epochs": epochs}]))[0]
    assert np.allclose(found[10:110], np.arange(100.0), atol=1e-9)  # from 0 to 99 in 100 samples
    # two whole periods of 20 samples, 5 of them high; the 5 samples left over are at the level before
    assert np.array_equal(found[120:165], levels((5, 50), (15, 0), (5, 50), (15, 0), (5, 0)))
    # the level and, mirrored at the level before (10), 2 * 10 - 30
    assert np.array_equal(found[170:190], levels((5, 30), (5, -10), (10, 10)))
    assert np.allclose(found[200:210], [0, 1, 2, 3, 4, 4, 3, 2, 1, 0])
    # from 4 (the level before) up to 8 and back, at phases of 0, 90, 180, 270, 360 degrees
    assert np.allclose(found[210:215], [4, 6, 8, 6, 4])


@pytest.mark.parametrize(("version", "varied"), [(6, 21 + 1), (9, 61 + 1)])
def test_a_user_list_gives_the_levels_of_its_epoch(tmp_path, version, varied):
    """Since pCLAMP 11 (files of version 2.9) there are 50 epochs instead of 10, and the numbers count on from 61."""
    epochs = [(STEP, 0.0, 0.0, 100), (STEP, -200.0, 50.0, 200)]
    path = write(
        tmp_path / "a.abf",
        [{"epochs": epochs}],
        n_sweeps=4,
        version=version,
        lists=[(0, varied, 0, "-7, 25 40,")],
    )
    found = currents(path)
    assert [current[150] for current in found] == [-7.0, 25.0, 40.0, 40.0]  # the last one stays
    path = write(
        tmp_path / "b.abf",
        [{"epochs": epochs}],
        n_sweeps=4,
        version=version,
        lists=[(0, varied, 1, "-7, 25 40,")],
    )
    assert [current[150] for current in currents(path)] == [-7.0, 25.0, 40.0, -7.0]  # they repeat


def test_a_user_list_of_durations(tmp_path):
    path = write(tmp_path / "a.abf", [{"epochs": [(STEP, 9.0, 0.0, 100)]}], lists=[(0, 31, 0, "50,60,70")])
    assert [int(np.sum(current == 9.0)) for current in currents(path)] == [50, 60, 70]


def test_commands_are_scaled_to_pA(tmp_path):
    path = write(tmp_path / "a.abf", [{"unit": "nA", "epochs": [(STEP, -0.25, 0.0, 100)]}])
    (first, *_), _ = read({"filepath": str(path)})
    assert first["i_unit"] == "pA"
    assert np.allclose(first["current"][10:110], -250.0)


def test_without_epochs_the_holding_level_is_the_command(tmp_path):
    path = write(tmp_path / "a.abf", [{"source": 0, "holding": -20.0}])
    assert all(np.array_equal(current, np.full(N, -20.0)) for current in currents(path))


@pytest.mark.parametrize(
    ("outputs", "channels", "metadata", "words"),
    [
        ([{"unit": "mV"}], [V], {}, "no output in a unit of current.*'Cmd 0'"),
        (
            [{"name": "A"}, {"name": "B"}],
            [("Vm", "mV")],
            {},
            "several outputs: 0: 'A' .pA., 1: 'B' .*'output'",
        ),
        ([{}], [V], {"output": "Cmd O"}, "no output 'Cmd O'.*Did you mean 'cmd 0'"),
        ([{}], [V], {"output": 3}, "no output 3"),
        ([{}, {"unit": "mV"}], [V], {"output": 1}, "isn't a current"),
        ([{}], [V], {"current_from": "measured"}, "no current channel, only voltage"),
        ([{}], [V], {"current_from": "guessed"}, "must be 'measured' or 'command'"),
        ([{"epochs": [(STEP, 1.0, 0.0, 631)]}], [V], {}, "more samples than the sweep has"),
        ([{"epochs": [(6, 1.0, 0.0, 10)]}], [V], {}, "of a kind that isn't known"),
        ([{"source": 2}], [V], {}, "stimulus file that the header doesn't name"),
        ([{}], [V, ("IN 1", "mV")], {"v_channel": 1}, "only listened to"),
    ],
)
def test_what_cannot_be_known_is_asked(tmp_path, outputs, channels, metadata, words):
    path = write(tmp_path / "a.abf", outputs, channels)
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), **metadata})


def test_the_output_is_chosen_by_number_by_name_and_by_the_channels_number(tmp_path):
    outputs = [{"holding": float(k + 1)} for k in range(3)]
    channels = [("IN 1", "mV")]
    path = write(tmp_path / "a.abf", outputs, channels)
    assert currents(path)[0][0] == 2.0
    assert currents(path, output=0)[0][0] == 1.0
    assert currents(path, output="cmd 2")[0][0] == 3.0


def test_a_person_may_prefer_the_command_to_what_was_measured(tmp_path):
    channels = [V, ("Im", "pA")]
    path = write(tmp_path / "a.abf", [{"epochs": [(STEP, 80.0, 0.0, 100)]}], channels)
    measured, problems = read({"filepath": str(path)})
    assert problems == []
    assert "current_from" not in measured[0]
    commanded, problems = read({"filepath": str(path), "current_from": "command"})
    assert np.array_equal(commanded[0]["current"], levels((10, 0.0), (100, 80.0), (530, 0.0)))
    assert np.array_equal(commanded[0]["voltage"], measured[0]["voltage"])
    assert "not measured" in problems[0].message


def atf(columns: list[np.ndarray], signals: list[str]) -> str:
    head = ["ATF\t1.0", f"2\t{1 + len(columns)}", '"AcquisitionMode=Episodic Stimulation"']
    head.append('"Signals="\t' + "\t".join(f'"{name}"' for name in signals))
    head.append('"Time (s)"\t' + "\t".join(f'"Trace #{k + 1} (pA)"' for k in range(len(columns))))
    rows = ["\t".join([f"{t * 1e-4:.4f}", *(f"{c[t]:.6g}" for c in columns)]) for t in range(len(columns[0]))]
    return "\r\n".join([*head, *rows]) + "\r\n"


def test_a_stimulus_file_is_asked_for_by_its_name_and_played_from_beside_or_from_where_it_is_said(tmp_path):
    output = {"source": 2, "file": r"D:\protocols\Noise 3.ATF", "scale": 2.0, "holding": -1.0}
    path = write(tmp_path / "a.abf", [output])
    with pytest.raises(
        MissingFileError, match=r"stimulus file 'Noise 3\.ATF', which isn't beside the recording"
    ):
        read({"filepath": str(path)})
    assert any("Noise 3.ATF" in problem.message for problem in inspect(path).problems)
    played = np.arange(600.0) % 7
    elsewhere = tmp_path / "elsewhere" / "other.atf"
    elsewhere.parent.mkdir()
    elsewhere.write_text(atf([played], ["Cmd 0"]), encoding="latin-1", newline="")
    expected = np.concatenate(
        [2 * played, np.full(40, -1.0)]
    )  # what is too short is followed by the holding level
    assert all(np.array_equal(found, expected) for found in currents(path, stimulus_file=str(elsewhere)))
    (tmp_path / "noise 3.atf").write_text(
        atf([played, -played], ["Cmd 0"] * 2), encoding="latin-1", newline=""
    )
    sweeps, problems = read({"filepath": str(path)})
    assert np.array_equal(sweeps[0]["current"], expected)
    assert np.array_equal(sweeps[1]["current"][:600], -2 * played)
    assert sweeps[2] is None  # the file has two sweeps
    assert any("holds 2 sweeps" in problem.message for problem in problems)


def test_an_axon_file_is_a_stimulus_file_too(tmp_path):
    digits = (np.arange(N, dtype=np.int16) % 11).reshape(-1, 1)
    write_abf2(tmp_path / "stimulus.abf", [("Cmd", "pA")], [digits])
    path = write(tmp_path / "a.abf", [{"source": 2, "file": r"C:\x\stimulus.abf"}])
    assert np.allclose(currents(path)[2], digits[:, 0], rtol=1e-6)


@pytest.mark.parametrize("at", range(0, 2000, 7))
def test_damaged_headers_are_read_errors(tmp_path, at):
    epochs = [(STEP, 5.0, 0.0, 100), (PULSES, 5.0, 0.0, 100, 0, 20, 5)]
    path = write(tmp_path / "a.abf", [{"epochs": epochs}], lists=[(0, 22, 0, "1,2,3")])
    raw = bytearray(path.read_bytes())
    where = at if at < BLOCK else len(raw) - 2000 + at  # the header, and the outputs at the file's end
    for value in (0, 127, 255):
        path.write_bytes(raw[:where] + bytes([value]) + raw[where + 1 :])
        try:
            read({"filepath": str(path)})
            inspect(path)
        except ReadError:
            pass


def test_it_is_said_in_the_summary_the_recording_and_the_output(tmp_path):
    path = write(tmp_path / "a.abf", [{"epochs": [(STEP, 0.0, 0.0, 100), (STEP, 100.0, 20.0, 200)]}])
    assert {sweep.current_from for sweep in inspect(path).sweeps} == {"command"}
    cells = read_recordings({"cell": {"IDrest": [{"filepath": str(path), "ton": 11.0, "toff": 31.0}]}})
    recordings = cells[0].recordings
    assert [recording.current_from for recording in recordings] == ["command"] * 3
    assert [recording.amp for recording in recordings] == pytest.approx([0.1, 0.12, 0.14])

    class Target:
        location, sample_size, values_wanted = "soma", 3, staticmethod(lambda least: 1)

        def as_dict(self, *_):
            return {"feature": "mean_frequency"}

    class Protocol:
        feature_targets, name, stimulus_name = (Target(),), "IDrest", "IDrest_100"

    Protocol.recordings = recordings
    entry = build_entry(Protocol())[0]["soma"][0]
    assert entry == {"feature": "mean_frequency", "current_from": "command"}


def shared_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.abf")) if "malformed" not in path.parts]


def test_waveforms_equal_those_of_pyabf_on_real_files(shared_data):
    """Where there is neither a user list, which pyabf passes over, nor version 1, whose holding levels it misreads."""
    pyabf = pytest.importorskip("pyabf", reason="pyabf, the second opinion, isn't installed")
    compared = 0
    for path in shared_files(shared_data):
        header, outputs = read_header(str(path)), read_outputs(str(path))
        if header.version == 1 or any(output.user_list for output in outputs):
            continue
        other = pyabf.ABF(str(path))
        for output in outputs[: other.channelCount]:
            for sweep in range(other.sweepCount):
                other.setSweep(sweep, channel=output.number)
                assert np.array_equal(waveform(output, sweep, header.lengths[sweep]), other.sweepC), path
                compared += 1
    assert compared > 50


@pytest.mark.parametrize(
    ("name", "within_nA"),
    [
        ("abf2_hippocampus/96711008.abf", 0.002),  # the command itself was recorded
        ("abf2_hippocampus/97509008.abf", 0.002),
        ("abf2_pclamp/2020_03_02_0000.abf", 0.005),  # a user list of 16 levels
        ("abf2_pclamp/2021_07_20_0010.abf", 0.005),
    ],
)
def test_commands_equal_the_recorded_current_of_real_files(shared_data, name, within_nA):
    path = str(shared_data / "recordings" / name)
    measured, _ = read({"filepath": path})
    commanded, _ = read({"filepath": path, "current_from": "command"})
    for one, other in zip(measured, commanded, strict=True):
        difference = to_nA(one["current"], one["i_unit"]) - to_nA(other["current"], other["i_unit"])
        assert abs(float(np.median(difference))) < within_nA


def test_a_train_of_a_version_1_file_begins_with_the_recorded_pulses(shared_data):
    path = str(shared_data / "recordings" / "abf1_pclamp" / "18425108_abf1.abf")
    (measured,), _ = read({"filepath": path})
    (commanded,), _ = read({"filepath": path, "current_from": "command"})
    rises = [np.flatnonzero(np.diff(to_nA(s["current"], s["i_unit"])) > 1.0) for s in (measured, commanded)]
    first = rises[0][np.r_[True, np.diff(rises[0]) > 10]]
    assert len(first) == len(rises[1]) == 20  # an epoch of 5000 samples, a pulse every 250
    assert np.all(np.abs(first - rises[1]) <= 1)
