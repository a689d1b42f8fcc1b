"""Names of protocols and their stimulus families, and the stimulus that each family rebuilds."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings import ecodes
from efewidgets.engine.recordings.ecodes import FAMILIES, Step, ecode_of, eCodes, register_ecode
from efewidgets.engine.recordings.reading import read_file
from efewidgets.engine.recordings.recording import Recording
from tests.engine.differential.cells import STEP, metadata_of, step, stimulus, sweep_of, synthetic_reader
from tests.engine.differential.experiments import GIVEN, family_sweep


@pytest.fixture
def own_ecodes(monkeypatch):
    """Let a test register eCodes without others noticing."""
    monkeypatch.setattr(ecodes, "eCodes", dict(eCodes))
    monkeypatch.setattr(ecodes, "FAMILIES", dict(FAMILIES))


def test_every_name_of_bluepyefe_has_its_class():
    peer = pytest.importorskip("bluepyefe.ecode", exc_type=ImportError).eCodes
    for name, cls in peer.items():
        for spelling in (name, name.upper(), f"{name}_150", f"my_{name}"):
            assert ecode_of(spelling).__name__ == cls.__name__, spelling


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("IDRest", "Step"),
        ("IDthresh", "Step"),
        ("APWaveform", "Step"),
        ("FirePattern", "Step"),
        ("GenericStep", "Step"),
        ("LongSquare", "Step"),
        ("Long Square", "Step"),
        ("X4PS_SupraThresh_ShortSquare", "Step"),
        ("IV", "Step"),
        ("IV_-100", "Step"),
        ("CellIV", "Step"),
        ("my iv 3", "Step"),
        ("IVCurve", "Step"),
        ("ACTIVE_RAMP", "Ramp"),
        ("SponNoHold30", "Step"),
        ("StartHold", "Step"),
        ("Delta", "Step"),
        ("sAHP", "SAHP"),
        ("IDhyperpol", "SAHP"),
        ("IRdepol", "SAHP"),
        ("APThreshold", "Ramp"),
        ("AP_thresh", "Ramp"),
        ("Ramp", "Ramp"),
        ("Active_Ramp", "Ramp"),  # BluePyEfe sees "iv" in it
        ("ActivityRamp", "Ramp"),
        ("RampStep", "Step"),  # two entries of four letters: the first in the table
        ("HyperDePol", "HyperDePol"),
        ("DeHyperPol", "DeHyperPol"),
        ("NegCheops", "NegCheops"),
        ("PosCheops_2", "PosCheops"),
        ("SpikeRec", "SpikeRec"),
        ("SineSpec", "SineSpec"),
        ("PinkNoise", "PinkNoise"),
        ("CapCheck", "CapCheck"),
    ],
)
def test_names(name, family):
    assert ecode_of(name).__name__ == family


@pytest.mark.parametrize(
    "name", ["Passive", "PASSIVE", "Negative", "drive", "DRIVE_2", "IVY", "VC", "", "active"]
)
def test_names_without_an_ecode(name):
    with pytest.raises(EfeError, match="no eCode is known for the protocol"):
        ecode_of(name)


def test_unknown_name_gets_the_nearest():
    with pytest.raises(EfeError, match=r"'Firepatern'\. Did you mean 'firepattern'\?.*\"ecode\": \"Step\""):
        ecode_of("Firepatern")


def test_a_person_s_word_beats_the_protocol_s_name():
    assert ecode_of("Passive", "step") is Step
    assert ecode_of("IDrest", "sAHP").__name__ == "SAHP"
    assert ecode_of("IDrest", "apthreshold").__name__ == "Ramp"  # a protocol's name does too
    with pytest.raises(EfeError, match=r"for the eCode 'Rmap'\. Did you mean 'Ramp'"):
        ecode_of("IDrest", "Rmap")


class Hold(Step):
    """A lab's own family."""


def test_own_family(own_ecodes):
    register_ecode("Hold_on", Hold)
    assert ecode_of("my HoldOn 3") is Hold
    assert ecode_of("IDrest", "hold") is Hold
    assert ecode_of("IDrest") is Step


def test_own_family_is_used_in_reading(own_ecodes):
    register_ecode("nudge", Hold)
    (recording,), problems = read_file(metadata_of([step(0.1, 2)], **STEP), "Nudge_1", synthetic_reader)
    assert type(recording) is Hold
    assert problems == []


@pytest.mark.parametrize("wrong", [None, "Step", int, Step({}, {})])
def test_what_is_no_family_is_refused(wrong):
    with pytest.raises(EfeError, match="must be a subclass of Recording"):
        register_ecode("nudge", wrong)


# --- the stimulus rebuilt

AMPLITUDES = {"SpikeRec": 0.2, "PinkNoise": 0.15, "CapCheck": 0.15}


def read_family(protocol, noise=0.0, hypamp=-0.03, **metadata):
    sweep = family_sweep(protocol, 0.15, 2, hypamp_nA=hypamp, i_noise=noise, seed=5)
    given = metadata or GIVEN.get(protocol, STEP)
    (recording,), problems = read_file(metadata_of([sweep], protocol, **given), protocol, synthetic_reader)
    return recording, stimulus(sweep, 0.1), problems


@pytest.mark.parametrize(
    "protocol",
    [
        "IDrest",
        "IV_-100",
        "sAHP",
        "APThresh",
        "HyperDePol",
        "DeHyperPol",
        "SpikeRec",
        "PinkNoise",
        "CapCheck",
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.001])
def test_generate_rebuilds_the_stimulus(protocol, noise):
    recording, true, _ = read_family(protocol, noise, hypamp=0.0 if protocol == "SpikeRec" else -0.03)
    time, current = recording.generate()
    assert len(time) == len(current) == len(true)
    np.testing.assert_allclose(time, np.arange(len(true)) * 0.1, atol=1e-9)
    # at an edge one sample may lie on its other side; a train's pulses have their mean length
    wrong = np.abs(current - true) > 0.01 * np.ptp(true) + 5 * noise
    assert wrong.sum() <= 2 * np.count_nonzero(np.abs(np.diff(true)) > 0.1 * np.ptp(true))


def test_generate_of_a_sine_sweep_is_its_formula():
    """At u = t - 0.1 s: 0.15 sin(2 pi (1 + 1 / (5.15 - u)) u), on -0.03 nA."""
    chirp = {"chirp_frequency_base": 2.0, "chirp_time_offset": 0.05}
    sweep = sweep_of([], hypamp_nA=-0.03) | {"sines": [(30.0, 200.0, 0.15)]}
    metadata = metadata_of([sweep], ton=30.0, toff=200.0, amp=0.15, **chirp)
    (recording,), _ = read_file(metadata, "SineSpec", synthetic_reader)
    time, current = recording.generate()
    u = time / 1e3 - 0.05
    wave = 0.15 * np.sin(2 * np.pi * (2.0 + 1.0 / (5.15 - u)) * u)
    expected = -0.03 + np.where((time > 29.95) & (time < 199.95), wave, 0.0)
    np.testing.assert_allclose(current, expected, atol=1e-12)
    parameters = recording.get_stimulus_parameters()
    assert parameters["chirp_frequency_base"] == 2.0
    assert parameters["chirp_frequency_denominator"] == 5.15
    assert list(parameters)[-4:] == [
        "chirp_frequency_base",
        "chirp_frequency_scale",
        "chirp_frequency_denominator",
        "chirp_time_offset",
    ]


@pytest.mark.parametrize("protocol", ["IDrest", *GIVEN])
def test_parameters_suffice_to_rebuild_the_stimulus(protocol):
    """An empty stimulus of the family, given the parameters, generates the same current."""
    recording, _, _ = read_family(protocol)
    params = recording.get_params()
    assert list(params) == list(recording.export_attr)
    again = type(recording)({}, {}, protocol)
    for name, value in params.items():
        setattr(again, name, value)
    for one, other in zip(recording.generate(), again.generate(), strict=True):
        np.testing.assert_array_equal(one, other)


KEYS = {
    "IDrest": "delay amp thresh_perc duration totduration",
    "sAHP": "delay tmid tmid2 toff amp long_amp thresh_perc duration totduration",
    "APThresh": "delay amp thresh_perc duration totduration",
    "HyperDePol": "delay tmid toff amp amp2 thresh_perc duration totduration",
    "DeHyperPol": "delay tmid toff amp amp2 thresh_perc duration totduration",
    "PosCheops": "delay t1 t2 t3 t4 toff amp thresh_perc duration totduration",
    "NegCheops": "delay t1 t2 t3 t4 toff amp thresh_perc duration totduration",
    "SpikeRec": "delay n_spikes delta amp thresh_perc spike_duration totduration",
    "PinkNoise": "delay amp thresh_perc duration totduration dt waveform",
    "CapCheck": "delay amp thresh_perc duration totduration dt waveform",
}


@pytest.mark.parametrize(("protocol", "keys"), KEYS.items())
def test_words_of_the_stimulus(protocol, keys):
    recording, _, _ = read_family(protocol)
    recording.compute_relative_amp(0.1)
    assert list(recording.get_stimulus_parameters()) == keys.split()


# --- levels by hand


def test_levels_of_sahp():
    recording, _, _ = read_family("sAHP")
    assert (recording.hypamp, recording.amp, recording.amp2) == pytest.approx((-0.03, 0.04, 0.15), abs=1e-6)
    recording.compute_relative_amp(0.1)
    assert recording.get_stimulus_parameters() == pytest.approx(
        {
            "delay": 30.0,
            "tmid": 90.0,
            "tmid2": 130.0,
            "toff": 190.0,
            "amp": 0.15,
            "long_amp": 0.04,
            "thresh_perc": 150.0,
            "duration": 40.0,
            "totduration": 240.0,
        }
    )
    assert recording.in_target(150.0, 1.0)  # the short step's amplitude
    assert not recording.in_target(40.0, 1.0)


@pytest.mark.parametrize(
    ("protocol", "levels", "thresh"),
    [
        ("HyperDePol", (-0.15, 0.1), -150.0),
        ("DeHyperPol", (0.1, -0.15), -150.0),
    ],
)
def test_levels_of_two_steps(protocol, levels, thresh):
    recording, _, _ = read_family(protocol)
    recording.compute_relative_amp(0.1)
    assert (recording.amp, recording.amp2) == pytest.approx(levels, abs=1e-6)
    assert recording.get_stimulus_parameters()["thresh_perc"] == pytest.approx(thresh)


@pytest.mark.parametrize(("protocol", "amp"), [("PosCheops", 0.15), ("NegCheops", -0.15)])
def test_cheops(protocol, amp):
    """Triangles of 1 s: half of the running median's 8.5 ms lie within 2.1 ms of a tip, 0.42 % below it."""
    edges = (100.0, 1100.0, 1200.0, 2200.0, 2300.0, 3300.0)
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    pieces = [p for x, y in spans for p in ((x, (x + y) / 2, 0, amp), ((x + y) / 2, y, amp, 0))]
    sweep = sweep_of(pieces, duration=3400.0, hypamp_nA=-0.03)
    metadata = metadata_of([sweep], **dict(zip(("ton", "t1", "t2", "t3", "t4", "toff"), edges, strict=True)))
    (recording,), _ = read_file(metadata, protocol, synthetic_reader)
    assert recording.amp == pytest.approx(amp * 0.9958, rel=1e-4)
    assert recording.hypamp == pytest.approx(-0.03)
    np.testing.assert_allclose(recording.generate()[1], stimulus(sweep, 0.1), atol=0.01 * abs(amp))


def test_train():
    """Pulses of 5 ms every 25 ms from 50 ms on: 20 ms lie between them."""
    pulses = [(50.0 + 25.0 * k, 55.0 + 25.0 * k, 1.0, 1.0) for k in range(4)]
    (recording,), _ = read_file(metadata_of([sweep_of(pulses)]), "SpikeRec", synthetic_reader)
    np.testing.assert_allclose(recording.tspike, [50.0, 75.0, 100.0, 125.0], atol=0.11)
    assert recording.spike_duration == pytest.approx(5.0)
    assert recording.delta == pytest.approx(20.0)
    assert (recording.ton, recording.toff) == (0.0, 240.0)
    assert recording.in_target(21.0, 2.0)
    assert recording.in_target(21.0, 2.0, absolute_amplitude=True)
    assert not recording.in_target(23.0, 2.0)


def test_train_of_one_pulse_has_no_gap():
    (recording,), _ = read_file(
        metadata_of([sweep_of([(50.0, 55.0, 1.0, 1.0)])]), "SpikeRec", synthetic_reader
    )
    assert recording.delta is None
    assert not recording.in_target(20.0, 1e9)


def test_waveform_times_amplitude_is_the_current():
    for protocol in ("PinkNoise", "CapCheck"):
        recording, true, _ = read_family(protocol)
        assert np.max(np.abs(recording.waveform)) == pytest.approx(1.0)
        rebuilt = recording.waveform * recording.amp + recording.hypamp
        np.testing.assert_allclose(rebuilt, true[300:2000], atol=1e-9)


# --- a recording's own family and timings


def test_ecode_of_one_recording():
    metadata = metadata_of([family_sweep("sAHP", 0.15, 1)], ecode="sAHP", **GIVEN["sAHP"])
    (recording,), problems = read_file(metadata, "IDrest", synthetic_reader)
    assert (type(recording).__name__, recording.protocol_name) == ("SAHP", "IDrest")
    assert recording.amp2 == pytest.approx(0.15)
    assert problems == []


def test_ecode_of_one_recording_that_is_unknown_is_its_problem():
    recordings, problems = read_file(metadata_of([step(0.1)], ecode="Rmap"), "IDrest", synthetic_reader)
    assert recordings == []
    assert "Did you mean 'Ramp'?" in str(problems[0])
    assert "recording.made" in str(problems[0])


def test_timings_of_one_recording_beat_those_in_the_current():
    metadata = metadata_of([step(0.1, 2)], ton=60.0, toff=150.0, tend=230.0)
    (recording,), _ = read_file(metadata, "IDrest", synthetic_reader)
    assert (recording.ton, recording.toff, recording.tend) == pytest.approx((60.0, 150.0, 230.0))
    assert recording.timing_from == "given"


def test_one_timing_given_the_other_found():
    (recording,), _ = read_file(metadata_of([step(0.1, 2)], toff=150.0), "IDrest", synthetic_reader)
    assert (recording.ton, recording.toff) == pytest.approx((40.0, 150.0), abs=0.31)


@pytest.mark.parametrize(
    ("timings", "words"),
    [
        ({"ton": 150.0, "toff": 60.0}, "toff = 60 ms must come after ton = 150 ms"),
        ({"ton": -1.0, "toff": 60.0}, "ton = -1 ms lies outside the recording, which lasts from 0 to 240 ms"),
        ({"ton": 40.0, "toff": 241.0}, "toff = 241 ms lies outside the recording"),
        ({"ton": "40", "toff": 60.0}, 'ton must be a number in ms, but is "40"'),
        ({"ton": float("nan"), "toff": 60.0}, "ton must be a number in ms, but is NaN"),
        ({"ton": 60.0, "toff": 60.0}, "toff = 60 ms must come after"),
    ],
)
def test_timings_that_can_not_be(timings, words):
    recordings, problems = read_file(metadata_of([step(0.1)], **timings), "IDrest", synthetic_reader)
    assert recordings == []
    assert words in str(problems[0])


def test_base_class_has_no_stimulus():
    with pytest.raises(NotImplementedError):
        Recording({}, {}).generate()
