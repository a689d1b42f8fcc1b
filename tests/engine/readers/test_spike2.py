"""Spike2 files: scales by hand, sweeps by the pauses of a recording, neo as a second opinion, damage, 64 bits."""

from __future__ import annotations

import struct
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from efewidgets.engine.problems import NoSweepError, ReadError
from efewidgets.engine.readers import read, spike2
from efewidgets.engine.readers.looking_apart import inspect_apart
from efewidgets.extract import read_recordings

from .damage import damaged, lied, outcomes
from .spike2_files import ADC, EVENT, REAL, waveform, write_smr
from .test_rigs import needs_neo

N = 400
V_SCALE, V_OFFSET = 100.0, -5.0  # mV
I_SCALE, I_OFFSET = 2.0, 0.25  # nA
SECOND = 10_000  # tick of the second part: the first ends at 3990


def stored(k: int = 0, n: int = N) -> np.ndarray:
    return np.random.default_rng(k).integers(-4400, -4200, n)  # -72.1 to -69.1 mV with scale and offset


def step(k: int = 0, n: int = N) -> np.ndarray:
    found = np.full(n, -819)  # 0.00006 nA with scale and offset
    found[100:300] = 819 * (k + 1)
    return found


def pair(**more) -> list[dict]:
    return [
        waveform("Vm", "mV", [(0, stored(0)), (SECOND, stored(1))], scale=V_SCALE, offset=V_OFFSET, **more),
        waveform("Im", "nA", [(0, step(0)), (SECOND, step(1))], scale=I_SCALE, offset=I_OFFSET, **more),
    ]


def told(problems) -> list[str]:
    return [one.message for one in problems]


@needs_neo
@pytest.mark.parametrize("version", [5, 6, 8, 9])
def test_an_interrupted_recording_is_a_sweep_a_part_with_scale_and_offset(tmp_path, version):
    path = write_smr(tmp_path / "a.smr", pair(), version)
    sweeps, problems = read({"filepath": str(path)})
    assert [one["label"] for one in sweeps] == ["sweep 1", "sweep 2"]
    for k, sweep in enumerate(sweeps):
        # full scale of 16 bits is ±5 V, on which the scale counts: 32768 / 5 = 6553.6 digits
        assert np.allclose(sweep["voltage"], stored(k) * 100.0 / 6553.6 - 5.0, rtol=1e-12)
        assert np.allclose(sweep["current"], step(k) * 2.0 / 6553.6 + 0.25, rtol=1e-12, atol=1e-12)
        assert sweep["dt"] == pytest.approx(1e-4, rel=1e-12)  # 10 ticks of 10 µs
        assert (sweep["v_unit"], sweep["i_unit"], sweep["t_unit"]) == ("mV", "nA", "s")
    (how,) = told(problems)
    assert "2 parts, cut where the recording was interrupted" in how
    assert [one.id for one in inspect_apart(path).sweeps] == ["sweep 1", "sweep 2"]


@needs_neo
def test_neo_has_the_same_numbers(tmp_path):
    from neo.rawio import Spike2RawIO

    path = write_smr(tmp_path / "a.smr", pair())
    reader = Spike2RawIO(str(path))  # with its grouping of channels, which we do without
    reader.parse_header()
    assert reader.segment_count(0) == 2
    sweeps, _ = read({"filepath": str(path)})
    for k, sweep in enumerate(sweeps):
        for stream in range(2):
            raw = reader.get_analogsignal_chunk(0, k, stream_index=stream)
            theirs = reader.rescale_signal_raw_to_float(raw, "float64", stream_index=stream)[:, 0]
            (unit,) = (
                one["units"]
                for one in reader.header["signal_channels"]
                if one["stream_id"] == reader.header["signal_streams"][stream]["id"]
            )
            assert np.array_equal(sweep["voltage" if unit == "mV" else "current"], theirs)
        assert sweep["dt"] == pytest.approx(1 / reader.get_signal_sampling_rate(0))


@needs_neo
def test_a_recording_without_a_pause_is_one_sweep_and_that_is_told(tmp_path):
    path = write_smr(
        tmp_path / "a.smr",
        [
            waveform("Vm", "mV", [(7, stored())], scale=V_SCALE, offset=V_OFFSET),
            waveform("Im", "pA", [(7, step() / 5)], scale=1000.0, per_block=64),
        ],
    )
    (sweep,), problems = read({"filepath": str(path)})
    assert np.allclose(sweep["current"], np.trunc(step() / 5) * 1000 / 6553.6)
    assert "without a pause, and is taken as one sweep" in told(problems)[0]
    (cell,) = read_recordings({"cell": {"IDrest": [{"filepath": str(path)}]}})
    (one,) = cell.recordings
    # 163 digits of 1000 / 6553.6 pA, from −163 digits on
    assert (one.amp, one.hypamp) == pytest.approx((0.04974, -0.02487), abs=1e-4)
    assert (round(one.ton), round(one.toff)) == (10, 30)


@needs_neo
def test_real_numbers_events_and_a_thermometer_stand_beside(tmp_path):
    volts = (stored() / 60).astype("<f4")
    path = write_smr(
        tmp_path / "a.smr",
        [
            waveform("stim", "", [(5, np.arange(9))], kind=EVENT),
            waveform("T", "C", [(300, np.full(30, 12))], interval=100),
            waveform("Vm", "mV", [(0, volts)], kind=REAL),
            waveform("nothing", "mV", []),
            waveform("Im", "nA", [(0, step())], scale=I_SCALE),
        ],
    )
    (sweep,), problems = read({"filepath": str(path)})
    assert np.array_equal(sweep["voltage"], volts)
    assert np.allclose(sweep["current"], step() * 2.0 / 6553.6)
    assert len(problems) == 1  # the thermometer's late begin is nobody's matter


@needs_neo
def test_channels_that_begin_and_end_apart_are_cut_to_what_they_share(tmp_path):
    """The current begins 20 samples after the voltage (and 3 of 10 ticks), and ends 33 before it does."""
    v, i = stored(), step()
    path = write_smr(
        tmp_path / "a.smr",
        [
            waveform("Vm", "mV", [(0, v)], scale=V_SCALE, offset=V_OFFSET),
            waveform("Im", "nA", [(203, i[20:367])], scale=I_SCALE),
        ],
    )
    (sweep,), problems = read({"filepath": str(path)})
    assert np.allclose(sweep["voltage"], v[20:367] * 100.0 / 6553.6 - 5.0)
    assert np.allclose(sweep["current"], i[20:367] * 2.0 / 6553.6)
    assert "its channels begin or end apart: the 34.6 ms that all have are read" in told(problems)[0]


@needs_neo
def test_channels_that_were_never_recorded_together_are_no_sweep(tmp_path):
    path = write_smr(
        tmp_path / "a.smr",
        [
            waveform("Vm", "mV", [(0, stored())], scale=V_SCALE),
            waveform("Im", "nA", [(9000, step())], scale=I_SCALE),
        ],
    )
    with pytest.raises(
        ReadError, match=r"a\.smr holds no sweep: its channels weren't recorded at the same time"
    ):
        read({"filepath": str(path)})


@needs_neo
def test_a_channel_that_was_paused_alone_is_told(tmp_path):
    """The library takes the number of parts from the first channel, and would put both parts of the second into one."""
    one = waveform("Vm", "mV", [(0, stored(0, 1400))], scale=V_SCALE)
    path = write_smr(tmp_path / "a.smr", [one, pair()[1]])
    for look in (lambda: read({"filepath": str(path)}), lambda: inspect_apart(path)):
        with pytest.raises(
            ReadError, match=r"a\.smr weren't paused together.*channel 1 in 1, channel 2 in 2 parts"
        ):
            look()


@needs_neo
def test_a_current_in_volts_is_asked_for(tmp_path):
    both = pair()
    both[0]["unit"] = both[1]["unit"] = "volt"
    path = write_smr(tmp_path / "a.smr", both)
    with pytest.raises(ReadError, match=r"a\.smr has no current channel.*0: 'Vm' \(volt\), 1: 'Im' \(volt\)"):
        read({"filepath": str(path)})
    said = {"v_channel": "Vm", "i_channel": "Im", "v_unit": "mV", "i_unit": "nA"}
    sweeps, _ = read({"filepath": str(path), **said})
    assert np.allclose(sweeps[1]["current"], step(1) * 2.0 / 6553.6 + 0.25, atol=1e-12)


@needs_neo
def test_two_voltages_are_two_cells(tmp_path):
    four = [dict(one, title=f"{one['title']}{k}") for k in (1, 2) for one in pair()]
    four[3]["runs"] = [(0, step(4)), (SECOND, step(5))]
    path = write_smr(tmp_path / "a.smr", four)
    sweeps, _ = read({"filepath": str(path), "cell_name": "Vm2"})
    assert [round(float(one["current"].max()), 3) for one in sweeps] == [
        1.5,
        1.75,
    ]  # (5 and 6) · 0.25 nA + 0.25


@needs_neo
def test_cut_files_and_lying_blocks_are_told(tmp_path):
    """The library fills what a cut file lacks with zeros."""
    path = write_smr(tmp_path / "a.smr", pair())
    whole = path.read_bytes()
    first = 1024  # the header, and two channels' descriptions: the voltage's first block
    spoilt = {"cut": whole[:-600], "half": whole[: len(whole) // 2 + 1], "headless": whole[:300]}
    for what, (form, at, value) in {
        "fewer samples": ("h", first + 18, 149),
        "more samples": ("h", first + 18, 32767),
        "none": ("h", first + 18, 0),
        "a block beyond the end": ("i", first + 4, 1 << 20),
        "a loop": ("i", first + 4, 2),
        "many blocks": ("H", 512 + 14, 40_000),
        "no clock": ("h", 20, 0),
        "no interval": ("i", 512 + 102, 0),
        "a Macintosh": ("h", 38, 257),
        "many channels": ("h", 30, 999),
    }.items():
        raw = bytearray(whole)
        struct.pack_into("<" + form, raw, at, value)
        spoilt[what] = bytes(raw)
    for what, raw in spoilt.items():
        path.write_bytes(raw)
        for look in (lambda: read({"filepath": str(path)}), lambda: inspect_apart(path)):
            with pytest.raises(ReadError, match=r"a\.smr") as found:
                look()
            assert "neo finds" not in str(found.value), what


@needs_neo
@pytest.mark.parametrize("how", [damaged, lied])
def test_damage_at_random(tmp_path, how):
    events = waveform("stim", "", [(5, np.arange(9))], kind=EVENT)
    found = outcomes(write_smr(tmp_path / "a.smr", [*pair(), events]), {}, 150, how)
    assert (len(found), set(found)) == (300, {"read", "ReadError"})


@needs_neo
def test_events_alone_are_no_recording(tmp_path):
    path = write_smr(tmp_path / "a.smr", [waveform("stim", "", [(5, np.arange(9))], kind=EVENT)])
    with pytest.raises(NoSweepError, match=r"a\.smr holds no channel of samples"):
        read({"filepath": str(path)})


@needs_neo
@pytest.mark.parametrize("content", [b"text that is none\n" * 90, bytes(5000), bytes(range(256)) * 20])
def test_what_is_no_such_file_is_told(tmp_path, content):
    path = tmp_path / "a.smr"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"a\.smr isn't a Spike2 file of 32 bits"):
        read({"filepath": str(path)})


@pytest.mark.parametrize(
    ("name", "module", "words"),
    [
        ("a.smr", "neo", r"a\.smr looks like Spike2: pip install 'efewidgets\[spike2\]'"),
        ("a.smrx", "neo", r"a\.smrx looks like Spike2: pip install 'efewidgets\[spike2\]'"),
        pytest.param(
            "a.SMRX", "sonpy", r"a\.SMRX is a Spike2 file of 64 bits.*pip install sonpy", marks=needs_neo
        ),
    ],
)
def test_a_missing_library_is_named_with_what_to_install(tmp_path, monkeypatch, name, module, words):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"content")
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(tmp_path / name)})


class SonFile:
    """What CED's library says of a voltage and a current, for neo; `pause` ends what it reads early."""

    pause = N
    stored = (stored(), step())

    def __init__(self, sName: str, bReadOnly: bool) -> None:
        self.path = sName

    def __getattr__(self, name):
        said = {
            "GetChannelScale": (V_SCALE, I_SCALE), "GetChannelOffset": (V_OFFSET, I_OFFSET), "FirstTime": (0, 0),
            "GetChannelUnits": ("mV", "nA"), "GetChannelTitle": ("Vm", "Im"), "ChannelDivide": (10, 10),
            "ChannelMaxTime": (10 * (N - 1),) * 2, "PhysicalChannel": (0, 1), "ChannelType": (ADC, ADC),
        }  # fmt: skip
        return lambda channel, *others: said[name][channel]

    def GetTimeBase(self):
        return 1e-5

    def MaxChannels(self):
        return 2

    def ReadInts(self, chan, nMax, tFrom, tUpto):
        return list(self.stored[chan][tFrom // 10 : min(tUpto // 10, self.pause)])


@pytest.fixture
def ced(monkeypatch):
    data = types.SimpleNamespace(Adc=ADC, AdcMark=6)
    made = types.ModuleType("sonpy")
    made.lib = types.SimpleNamespace(SonFile=SonFile, DataType=data)
    made.__spec__ = types.SimpleNamespace(name="sonpy")
    monkeypatch.setitem(sys.modules, "sonpy", made)
    return SonFile


@needs_neo
def test_64_bits_are_read_as_one_sweep_where_ced_s_library_is(tmp_path: Path, ced, monkeypatch):
    import neo.rawio.cedrawio as cedrawio

    if not hasattr(cedrawio, "_get_sonpy_namespace"):
        pytest.skip("this neo looks for CED's library in another way")
    path = str(tmp_path / "a.smrx")
    found = spike2.outline(path)
    (episode,) = found.episodes
    assert [(p.name, p.unit, p.n) for p in episode.parts] == [("Vm", "mV", N), ("Im", "nA", N)]
    assert [p.step for p in episode.parts] == pytest.approx([1e-4, 1e-4])
    voltage, current = spike2.samples(path, [p.place for p in episode.parts])
    assert np.allclose(voltage, stored() * 100.0 / 6553.6 - 5.0)
    assert np.allclose(current, step() * 2.0 / 6553.6 + 0.25, atol=1e-12)
    monkeypatch.setattr(ced, "pause", 250)
    with pytest.raises(ReadError, match=r"a\.smrx was recorded with pauses"):
        spike2.outline(path)
