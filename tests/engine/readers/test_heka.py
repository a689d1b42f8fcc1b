"""HEKA PatchMaster bundles: every sweep in current clamp, its current measured or rebuilt from the stimulus."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from efewidgets.engine.apart import LIMIT
from efewidgets.engine.problems import NoSweepError, ReadError
from efewidgets.engine.readers import has_protocol, inspect, read
from efewidgets.engine.readers.extras import has_module
from efewidgets.engine.readers.heka_tree import LIMIT as LIMIT_OF_ONE
from efewidgets.engine.readers.looking_apart import inspect_apart
from efewidgets.extract import extract_efeatures, read_recordings

from .heka_files import VC, WHOLE_CELL, channel, segment, series, trace, write_heka

needs_myokit = pytest.mark.skipif(
    not has_module("myokit"),
    reason="myokit, which goes through HEKA's trees, isn't installed (efewidgets[heka])",
)
N = 1000  # samples, at 10 kHz
STEP = [segment(0.0, 0.02), segment(-0.1, 0.05, step=0.05), segment(0.0, 0.03)]


def membrane(n: int = N, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-2300, -2200, n).astype(np.int16)


def voltage(n: int = N, **more) -> dict:
    return trace(membrane(n), scale=3.125e-5, **more)


def levels(*parts: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(n, level) for n, level in parts])


def a_file(tmp_path, segments=STEP, n_sweeps=3, order="<", traces=None, **more):
    sweeps = [traces or [voltage(**more.pop("trace", {}))]] * n_sweeps
    one = series(sweeps, channels=[channel(segments, **more.pop("channel", {}))], **more)
    return write_heka(tmp_path / "a.dat", {"E-1": [one]}, order)


def currents(path, **metadata) -> list[np.ndarray]:
    return [sweep["current"] for sweep in read({"filepath": str(path), **metadata})[0] if sweep is not None]


def test_without_its_library_the_kind_of_file_and_what_to_install_are_said(tmp_path, monkeypatch):
    path = a_file(tmp_path)
    monkeypatch.setitem(sys.modules, "myokit", None)
    for look in (lambda: read({"filepath": str(path)}), lambda: inspect(path)):
        with pytest.raises(
            ReadError, match=r'a\.dat looks like HEKA PatchMaster: pip install "efewidgets\[heka\]"'
        ):
            look()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"0.1 0.2\n", "isn't a HEKA PatchMaster bundle.*'.txt' or '.csv'"),
        (b"DATA1234" + bytes(300), "isn't a bundle: open it in PatchMaster"),
        (b"eerT\x05\0\0\0" + bytes(300), "isn't a bundle"),
    ],
)
def test_other_files_that_end_alike_are_told(tmp_path, content, words):
    (tmp_path / "a.dat").write_bytes(content)
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(tmp_path / "a.dat")})


@needs_myokit
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["i2", "i4", "f4", "f8"])
def test_samples_are_what_is_stored_times_their_scale(tmp_path, order, dtype):
    stored = membrane().astype(dtype)
    path = a_file(tmp_path, traces=[trace(stored, scale=3.125e-5, step=1e-4)], order=order)
    sweeps, problems = read({"filepath": str(path)})
    assert [s["label"] for s in sweeps] == ["1_1_1", "1_1_2", "1_1_3"]
    for sweep in sweeps:
        assert np.array_equal(sweep["voltage"], stored * 3.125e-5)
        assert (sweep["v_unit"], sweep["i_unit"], sweep["dt"], sweep["t_unit"]) == ("V", "pA", 1e-4, "s")
        assert (sweep["protocol"], sweep["current_from"]) == ("IDrest", "command")
    assert ["not measured" in problem.message for problem in problems] == [True]


@needs_myokit
def test_interleaved_samples_are_put_together(tmp_path):
    path = a_file(tmp_path, traces=[voltage(block=64, skip=192)], n_sweeps=1)
    assert np.array_equal(read({"filepath": str(path)})[0][0]["voltage"], membrane() * 3.125e-5)


@needs_myokit
def test_levels_change_from_sweep_to_sweep(tmp_path):
    found = currents(a_file(tmp_path))
    for current, level in zip(found, (-100.0, -50.0, 0.0), strict=True):
        assert np.allclose(current, levels((200, 0), (500, level), (300, 0)), atol=1e-12)


@needs_myokit
@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0, [1, 2, 3, 4, 5]),
        (1, [5, 4, 3, 2, 1]),
        (4, [1, 5, 2, 4, 3]),
    ],
)
def test_orders_of_levels(tmp_path, mode, expected):
    """HEKA's manual: increasing, decreasing, alternating from both ends."""
    segments = [segment(0.001, 0.1, step=0.001, v_mode=mode)]
    found = currents(a_file(tmp_path, segments, n_sweeps=5))
    assert [current[0] for current in found] == pytest.approx(expected)


@needs_myokit
def test_a_sweep_keeps_its_number_in_the_protocol_when_others_were_deleted(tmp_path):
    found = currents(a_file(tmp_path, n_sweeps=2, planned=5, numbers=[2, 5]))
    assert [current[300] for current in found] == pytest.approx([-50.0, 100.0])


@needs_myokit
def test_ramps_begin_at_the_level_before_and_what_was_not_stored_is_left_out(tmp_path):
    segments = [
        segment(7.0, 0.5, storage=0),
        segment(0.0, 0.02),
        segment(0.05, 0.05, kind=1),
        segment(0.05, 0.02, storage=2),  # only with the first sweep, and not stored
        segment(0.0, 0.03),
    ]
    found = currents(a_file(tmp_path, segments, n_sweeps=2))
    for current in found:
        assert np.allclose(current, np.r_[np.zeros(200), np.arange(500) / 10, np.zeros(300)], atol=1e-9)


@needs_myokit
def test_durations_change_too_and_a_sweep_that_was_stopped_got_the_begin(tmp_path):
    segments = [segment(0.0, 0.02), segment(0.1, 0.05, longer=0.01), segment(0.0, 0.05)]
    found = currents(a_file(tmp_path, segments, n_sweeps=3))
    for current, longer in zip(found, (0, 100, 200), strict=True):
        assert np.array_equal(current, levels((200, 0), (500 + longer, 100), (300 - longer, 0)))


@needs_myokit
def test_what_the_amplifier_held_is_told_and_added_where_wanted(tmp_path):
    segments = [segment(9.0, 0.02, v_source=1), segment(0.1, 0.05), segment(0.0, 0.03)]
    path = a_file(tmp_path, segments, n_sweeps=1, channel={"flags": 3}, trace={"holding": 15e-12})
    (sweep,), problems = read({"filepath": str(path)})
    assert np.array_equal(sweep["current"], levels((200, 0), (500, 100), (300, 0)))
    assert any("held 15 pA besides" in problem.message for problem in problems)
    assert np.allclose(currents(path, add_holding=True)[0], levels((200, 15), (500, 115), (300, 15)))
    path = a_file(tmp_path, segments, n_sweeps=1, channel={"flags": 1}, trace={"holding": 15e-12})
    # levels that aren't relative are what they are; only what is at the holding level moves
    assert np.allclose(currents(path, add_holding=True)[0], levels((200, 15), (500, 100), (300, 0)))


@needs_myokit
@pytest.mark.parametrize(
    ("segments", "about", "words"),
    [
        ([segment(0.1, 0.1, kind=3)], {}, "its stimulus holds a sine wave"),
        ([segment(0.1, 0.1, kind=5)], {}, "holds a chirp"),
        ([segment(0.1, 0.1)], {"flags": 5}, "plays a file of its own"),
        ([segment(0.1, 0.1)], {"flags": 0}, "aren't scaled by the amplifier"),
        ([segment(0.1, 0.1)], {"unit": "V"}, "output is in V"),
        ([segment(0.1, 0.1, v_source=2)], {}, "a level of its stimulus is a parameter"),
        ([segment(0.1, 0.1, t_source=2)], {}, "a duration of its stimulus is a parameter"),
        ([segment(0.1, 0.1, step=0.1, v_mode=2)], {}, "an order that isn't known"),
        ([segment(0.1, 0.1, step=0.1, v_mode=5, factor=2.0)], {}, "grows by a factor"),
        ([segment(0.1, 0.05)], {}, "it has 1000 samples, its protocol 500"),
        ([segment(np.nan, 0.1)], {}, "a level isn't a number"),
        ([segment(0.1, 1e12)], {}, "takes 1e.12 s"),
    ],
)
def test_what_cannot_be_rebuilt_is_refused_with_the_reason(tmp_path, segments, about, words):
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(a_file(tmp_path, segments, channel=about))})


@needs_myokit
def test_a_measured_current_of_the_same_amplifier_goes_before_the_command(tmp_path):
    measured = np.arange(N, dtype=np.int16)
    traces = [
        trace(np.zeros(N, np.int16), "Imon-2", "A", channel=3, amplifier=2, scale=1e-12),
        voltage(),
        trace(measured, "Imon-1", "A", channel=2, scale=1e-12),
    ]
    path = a_file(tmp_path, traces=traces, n_sweeps=1)
    (sweep,), problems = read({"filepath": str(path)})
    assert np.array_equal(sweep["current"], measured * 1e-12)
    assert (sweep["i_unit"], sweep["current_from"], problems) == ("A", "measured", [])
    (sweep,), _ = read({"filepath": str(path), "current_from": "command"})
    assert sweep["current"][300] == pytest.approx(-100.0)
    assert inspect(path).sweeps[0].current_from == "measured"
    path = a_file(tmp_path, n_sweeps=1)
    with pytest.raises(ReadError, match="wasn't recorded"):
        read({"filepath": str(path), "current_from": "measured"})


@needs_myokit
def test_cells_that_were_only_listened_to_are_named_with_the_reason(tmp_path):
    traces = [voltage(label=f"Vmon-{k}", channel=k, amplifier=k) for k in (1, 2, 3)]
    outputs = [channel(STEP, dac=0), channel(STEP), channel(STEP, dac=0)]
    path = write_heka(tmp_path / "a.dat", {"E-1": [series([traces] * 2, channels=outputs)]})
    sweeps, problems = read({"filepath": str(path)})
    assert [sweep["label"] for sweep in sweeps] == ["1_1_1 Vmon-2", "1_1_2 Vmon-2"]
    listened = [
        p for p in problems if "only listened to: the current of this sweep went to Vmon-2" in p.message
    ]
    assert "4 sweeps: 1_1_1 Vmon-1, 1_1_1 Vmon-3" in listened[0].message
    assert listened[0].severity == "note"
    summary = inspect(path)
    assert (summary.cells, len(summary.sweeps)) == (["Vmon-2"], 2)
    (first, *_), _ = read({"filepath": str(path), "cell_name": "Vmon-3", "output": 2})
    assert first["label"] == "1_1_1 Vmon-3"


@needs_myokit
def test_a_current_goes_where_its_amplifier_is(tmp_path):
    """The output stands on the channel that records the current, which the protocol doesn't store."""
    outputs = [channel(STEP), channel(STEP, dac=0)]
    path = write_heka(tmp_path / "a.dat", {"E-1": [series([[voltage(channel=2)]], channels=outputs)]})
    assert currents(path)[0][300] == pytest.approx(-100.0)
    outputs = [channel(STEP), channel(STEP), channel(STEP, dac=0)]
    path = write_heka(tmp_path / "b.dat", {"E-1": [series([[voltage(channel=3)]], channels=outputs)]})
    with pytest.raises(ReadError, match=r"which of the channels \[1, 2\].*'output'"):
        read({"filepath": str(path)})
    assert len(currents(path, output=2)) == 1
    with pytest.raises(ReadError, match="no channel 4"):
        read({"filepath": str(path), "output": 4})


@needs_myokit
def test_voltage_clamp_is_left_out_by_series_and_told(tmp_path):
    clamped = series(
        [[trace(membrane(), "Imon", "A", mode=WHOLE_CELL, scale=1e-12), voltage(mode=WHOLE_CELL, channel=2)]]
        * 2,
        "IV",
        [channel([segment(-0.07, 0.1)], unit="V", clamp=1), channel(dac=0, clamp=1)],
    )
    good = series([[voltage()]] * 3, channels=[channel(STEP)])
    path = write_heka(tmp_path / "a.dat", {"E-1": [clamped, good]})
    sweeps, problems = read({"filepath": str(path)})
    assert [sweep["label"] for sweep in sweeps] == ["1_2_1", "1_2_2", "1_2_3"]
    told = [p for p in problems if "voltage clamp, as the file says" in p.message]
    assert "(2 sweeps: 1_1_1, 1_1_2)" in told[0].message
    summary = inspect(path)
    assert summary.protocols == ["IDrest"]
    assert any("voltage clamp" in problem.message for problem in summary.problems)
    for mode in (VC, WHOLE_CELL):
        only = series([[trace(membrane(), "Imon", "A", mode=mode)]], "IV", [channel(unit="V", clamp=1)])
        path = write_heka(tmp_path / "b.dat", {"E-1": [only]})
        with pytest.raises(
            ReadError, match=r"no sweep that can be used\. 1 sweep: it was recorded in voltage clamp"
        ):
            read({"filepath": str(path)})


@needs_myokit
def test_protocols_repetitions_and_cells_are_chosen(tmp_path):
    def run(label: str, n: int) -> dict:
        return series([[voltage()]] * n, label, [channel(STEP)])

    groups = {
        "cell A": [run("IDrest", 3), run("APWaveform", 2), run("IDrest", 1)],
        "cell B": [run("IDrest", 2)],
    }
    path = str(write_heka(tmp_path / "a.dat", groups))

    def names(**chosen) -> list[str]:
        return [sweep["label"] for sweep in read({"filepath": path, **chosen})[0]]

    assert names(protocol_name="apwaveform") == ["1_2_1", "1_2_2"]
    assert names(protocol_name="IDrest", cell_name="cell A", repetition=2) == ["1_3_1"]
    assert names(protocol_name="IDrest", cell_name="cell B") == ["2_1_1", "2_1_2"]
    _, problems = read({"filepath": path, "protocol_name": "IDrest"})
    assert any("2 cells or electrodes" in problem.message for problem in problems)
    with pytest.raises(NoSweepError, match=r"no protocol 'sAHP'\. It has 'IDrest', 'APWaveform'"):
        names(protocol_name="sAHP")
    with pytest.raises(ReadError, match="no cell 'cell C'"):
        names(cell_name="cell C")
    assert has_protocol({"filepath": path}, "idREST")
    assert not has_protocol({"filepath": path}, "sAHP")
    summary = inspect(path)
    assert (summary.cells, summary.protocols) == (["cell A", "cell B"], ["IDrest", "APWaveform"])
    assert summary.cells_of("APWaveform") == ["cell A"]


@needs_myokit
def test_the_only_protocol_of_a_file_is_taken_whatever_it_is_called(tmp_path):
    sweeps, problems = read({"filepath": str(a_file(tmp_path, label="Sti 7S")), "protocol_name": "IDrest"})
    assert len(sweeps) == 3
    assert any("one protocol, 'Sti 7S': it is taken for 'IDrest'" in problem.message for problem in problems)


@needs_myokit
@pytest.mark.parametrize("amplifiers", [False, True])
def test_facts_of_electrode_and_cell_are_kept(tmp_path, amplifiers):
    about = {"seal": 2.5e9, "c_slow": 22e-12, "g_series": 1 / 12e6, "pipette": 5e6}
    one = series([[voltage(**about)]], channels=[channel(STEP)], junction=0.014)
    path = write_heka(tmp_path / "a.dat", {"E-1": [one]}, amplifiers=amplifiers)
    (cell,) = read_recordings({"cell": {"IDrest": [{"filepath": str(path), "ton": 20.0, "toff": 70.0}]}})
    (recording,) = cell.recordings
    assert recording.facts == pytest.approx(
        {
            "series_resistance_MOhm": 12.0,
            "seal_resistance_MOhm": 2500.0,
            "pipette_resistance_MOhm": 5.0,
            "slow_capacitance_pF": 22.0,
            "liquid_junction_potential_mV": 14.0,
        }
    )
    _, problems = read({"filepath": str(path), "ljp": 14.0})
    assert any("corrected this voltage" in p.message and p.severity == "warning" for p in problems)
    assert not any("corrected this voltage" in p.message for p in read({"filepath": str(path)})[1])


@needs_myokit
def test_what_was_computed_from_other_traces_is_no_recording(tmp_path):
    leak = voltage(label="leak", kind=2)
    assert len(read({"filepath": str(a_file(tmp_path, traces=[voltage(), leak]))})[0]) == 3


@needs_myokit
def test_to_features(tmp_path):
    def spikes(n: int) -> np.ndarray:
        found = np.random.default_rng(n).normal(-2240.0, 3.0, 5000)
        for start in np.linspace(1200, 3800, n).astype(int):
            found[start : start + 20] += 3600 * np.sin(np.linspace(0, np.pi, 20))
        return found.astype(np.int16)

    segments = [segment(0.0, 0.1), segment(0.1, 0.3, step=0.1), segment(0.0, 0.1)]
    sweeps = [[trace(spikes(n), scale=3.125e-5)] for n in (3, 6, 9)]
    path = write_heka(tmp_path / "a.dat", {"E-1": [series(sweeps, channels=[channel(segments)])]})
    targets = [
        {"efeature": "Spikecount", "protocol": "IDrest", "amplitude": amp, "tolerance": 20}
        for amp in (100, 200, 300)
    ]
    found = extract_efeatures(
        str(tmp_path / "out"),
        {"cell": {"IDrest": [{"filepath": str(path)}]}},
        targets,
        protocols_rheobase=["IDrest"],
        write_files=False,
    )
    assert found is not None
    (cell,) = read_recordings({"cell": {"IDrest": [{"filepath": str(path)}]}})
    assert [r.amp for r in cell.recordings] == pytest.approx([0.1, 0.2, 0.3])
    assert [r.spikecount for r in cell.recordings] == [3, 6, 9]
    for recording in cell.recordings:
        assert (recording.ton, recording.toff) == pytest.approx((100.0, 400.0), abs=0.2)


@needs_myokit
def test_truncated_copies_say_so(tmp_path):
    whole = a_file(tmp_path).read_bytes()
    path = tmp_path / "b.dat"
    for share in (0.0001, 0.01, 0.05, 0.3, 0.7, 0.9, 0.999):
        path.write_bytes(whole[: max(int(share * len(whole)), 8)])
        for look in (lambda: read({"filepath": str(path)}), lambda: inspect_apart(path)):
            with pytest.raises(ReadError, match=r"b\.dat is (cut short|damaged)|isn't a HEKA"):
                look()


@needs_myokit
def test_samples_that_the_file_lacks_cost_only_their_sweep(tmp_path):
    one = series([[voltage()], [voltage(count=10**8)], [voltage(count=-5)]], channels=[channel(STEP)])
    sweeps, problems = read({"filepath": str(write_heka(tmp_path / "a.dat", {"E-1": [one]}))})
    assert [sweep is not None for sweep in sweeps] == [True, False, False]
    assert sum("it is cut short or damaged" in problem.message for problem in problems) == 2


@needs_myokit
def test_damaged_trees_are_read_errors(tmp_path):
    raw = a_file(tmp_path, n_sweeps=2).read_bytes()
    path = tmp_path / "b.dat"
    random = np.random.default_rng(0)
    begin = 256 + 2 * 2 * N
    for at in [*range(0, 128, 7), *random.integers(begin, len(raw), 40)]:
        for value in (0, 127, 255):
            path.write_bytes(raw[:at] + bytes([value]) + raw[at + 1 :])
            try:
                read({"filepath": str(path)})
                inspect(path)
            except ReadError:
                pass


@needs_myokit
def test_one_file_has_less_time_than_any_step():
    assert LIMIT_OF_ONE < LIMIT


def shared(shared_data, name: str):
    path = shared_data / "formats" / "heka" / name
    if not path.is_file():
        pytest.skip("needs the real HEKA files, which are not part of the project")
    return path


@needs_myokit
@pytest.mark.filterwarnings("ignore")
def test_a_real_octopatch_equals_the_second_opinion(shared_data):
    """Myokit's own classes read the numbers; its reconstruction of the stimulus is that of the first output."""
    from myokit.formats.heka import PatchMasterFile

    path = shared(shared_data, "octopatch_cc_cell7.dat")
    sweeps, _ = read({"filepath": str(path)})
    ours = {sweep["label"]: sweep for sweep in sweeps}
    compared = 0
    with PatchMasterFile(str(path)) as other:
        for s, run in enumerate(next(iter(other))):
            planned = run.stimulus().reconstruction()[1]
            for w, sweep in enumerate(run):
                mine = ours.pop(f"1_{s + 1}_{w + 1} Vmon-1")
                assert np.array_equal(mine["voltage"], sweep[0].values())
                assert mine["dt"] == pytest.approx(sweep[0].times()[1] - sweep[0].times()[0], rel=1e-9)
                assert np.allclose(mine["current"], 1e3 * planned[w][: len(sweep[0])], rtol=1e-6)
                assert mine["protocol"] == run.label()
                assert mine["facts"]["series_resistance_MOhm"] == pytest.approx(sweep[0].r_series())
                assert mine["facts"]["seal_resistance_MOhm"] == pytest.approx(sweep[0].r_seal())
                compared += 1
    assert (compared, ours) == (10, {})


@needs_myokit
def test_all_channels_of_a_real_octopatch_equal_the_second_opinion(shared_data):
    from myokit.formats.heka import PatchMasterFile

    path = shared(shared_data, "octopatch_cc_cell7.dat")
    sweeps, _ = read({"filepath": str(path), "output": 1})
    assert len(sweeps) == 80
    with pytest.warns(UserWarning, match="PatchMaster"), PatchMasterFile(str(path)) as other:
        theirs = [trace.values().copy() for run in next(iter(other)) for sweep in run for trace in sweep]
    for mine, expected in zip(sweeps, theirs, strict=True):
        assert np.array_equal(mine["voltage"], expected)


@needs_myokit
def test_a_real_file_of_voltage_clamp_is_refused_in_words(shared_data):
    path = shared(shared_data, "vc_iv_2x71.dat")
    with pytest.raises(ReadError, match="209 sweeps: it was recorded in voltage clamp"):
        read({"filepath": str(path)})
    assert "voltage clamp" in inspect(path).problems[0].message
