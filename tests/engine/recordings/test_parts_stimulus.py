"""The stimulus of a sweep, and the families, by themselves: values in, values out."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from efewidgets.engine.detection import Doubt, Window
from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings import families
from efewidgets.engine.recordings.families.family import percent_of
from efewidgets.engine.recordings.finding import Finding
from efewidgets.engine.recordings.recording import Recording
from efewidgets.engine.recordings.said import Said
from efewidgets.engine.recordings.stimulus import Stimulus
from efewidgets.engine.traces.trace import Trace

DT = 0.1


def sweep(*levels, hypamp=-0.02, n=4000):
    """400 ms of current: `hypamp`, and above it (first, last, from, to) between two samples, nA."""
    current = np.full(n, hypamp)
    for first, last, start, end in levels:
        current[first:last] += np.linspace(start, end, last - first)
    return Trace(np.full(n, -70.0), current, DT, "ms")


# --- what is said


def test_a_person_s_word_beats_the_file_s():
    said = Said({"ton": 10.0, "amp": None}, {"ton": 20.0, "amp": 150.0, "i_unit": "pA"})
    assert said.value("ton") == 10.0
    assert said.level("amp") == pytest.approx(0.15)
    assert said.level("hypamp") is None
    with pytest.raises(EfeError, match='amp must be a number, but is "150"'):
        Said({"amp": "150", "i_unit": "pA"}).level("amp")


def test_timings_as_samples():
    said = Said({"toff": 120.04}, {"ton": 40.0})
    assert said.edges(("ton", "tmid", "toff"), sweep()) == {"ton": 400, "toff": 1200}
    with pytest.raises(EfeError, match="toff = 30 ms must come after ton = 40 ms"):
        Said({"ton": 40.0, "toff": 30.0}).edges(("ton", "toff"), sweep())
    with pytest.raises(
        EfeError, match="toff = 401 ms lies outside the recording, which lasts from 0 to 400 ms"
    ):
        Said({"toff": 401.0}).edges(("ton", "toff"), sweep())


# --- whom to believe

EDGES = {"ton": 400, "toff": 1200}
OTHERS = {"ton": 700, "toff": 1500}


def window(edges, confidence):
    doubt = Doubt.NONE if confidence >= 0.5 else Doubt.NOISE
    return Window(edges, confidence, "it is noisy", n=4000, dt=DT, doubt=doubt)


@pytest.mark.parametrize(
    ("usual", "seen", "confidence", "believed", "edges"),
    [
        (EDGES, {"ton": 405, "toff": 1195}, 0.9, "usual", EDGES),
        (EDGES, {"ton": 405, "toff": 1195}, 0.1, "usual", EDGES),  # they confirm each other
        (EDGES, OTHERS, 0.9, "seen", OTHERS),
        (EDGES, OTHERS, 0.1, "unsure", EDGES),
        (None, OTHERS, 0.1, "unsure", OTHERS),
        (None, {}, 0.0, "lost", {"ton": 0, "toff": 0}),
    ],
)
def test_whose_edges_are_taken(usual, seen, confidence, believed, edges):
    finding = Finding()
    found = finding.settle(window(seen, confidence), usual, ("ton", "toff"), 10.0, guess=True)
    assert (dict(found), finding.timing_from) == (edges, believed)
    assert finding.usual == usual
    assert finding.usual_failed == (believed == "seen")
    assert [problem.severity for problem in finding.doubts] == ["warning"] * (believed == "unsure")


def test_what_is_not_sure_may_not_be_guessed():
    finding = Finding()
    finding.settle(window(OTHERS, 0.1), EDGES, ("ton", "toff"), 10.0, guess=False)
    assert finding.timing_from == "lost"


# --- families from values alone


def measured(family, trace, edges, given=None, said=None):
    return family.measure(trace, edges, given or edges, Finding(said))


def test_levels_of_a_step():
    levels = measured(families.Step(), sweep((400, 1200, 0.1, 0.1)), EDGES)
    assert levels == pytest.approx({"hypamp": -0.02, "amp": 0.1})
    said = Said({"hypamp": 0.0, "i_unit": "nA"})
    assert measured(families.Step(), sweep((400, 1200, 0.1, 0.1)), EDGES, said=said)["amp"] == pytest.approx(
        0.08
    )


def test_levels_of_a_ramp():
    """From 0 to 0.2 nA; the median of the last ten of 2000 samples lies 4.5 of 1999 steps below the end."""
    levels = measured(families.Ramp(), sweep((400, 2400, 0.0, 0.2)), {"ton": 400, "toff": 2400})
    assert levels["hypamp"] == pytest.approx(-0.02)
    assert levels["amp"] == pytest.approx(0.2 * (1999 - 4.5) / 1999)


def test_a_ramp_that_is_none_is_told():
    finding = Finding()
    families.Ramp().measure(
        sweep((400, 1400, 0.0, 0.2), (1400, 2400, 0.2, 0.0)), {"ton": 400, "toff": 2400}, {}, finding
    )
    assert "is no straight line" in str(finding.level_problems[0])


def test_levels_of_two_steps():
    edges = {"ton": 400, "tmid": 1200, "toff": 2000}
    trace = sweep((400, 1200, -0.1, -0.1), (1200, 2000, 0.2, 0.2))
    levels = measured(families.HyperDePol(), trace, edges)
    assert levels == pytest.approx({"hypamp": -0.02, "amp": -0.1, "amp2": 0.2})


def test_levels_of_a_short_step_on_a_long_one():
    edges = {"ton": 400, "tmid": 1200, "tmid2": 1600, "toff": 2800}
    trace = sweep((400, 2800, 0.05, 0.05), (1200, 1600, 0.2, 0.2))
    levels = measured(families.SAHP(), trace, edges)
    assert levels == pytest.approx({"hypamp": -0.02, "amp": 0.05, "amp2": 0.25})


def test_a_train():
    """Pulses of 5 ms at 50, 80 and 110 ms: 25 ms lie between them."""
    trace = sweep(*((500 + 300 * k, 550 + 300 * k, 0.8, 0.8) for k in range(3)), hypamp=0.0)
    finding = Finding()
    found = families.SpikeRec().measure(trace, {}, {}, finding)
    assert found["tspike"] == pytest.approx([50.0, 80.0, 110.0], abs=DT)
    assert found["spike_duration"] == pytest.approx(5.0, abs=DT)
    assert found["delta"] == pytest.approx(25.0, abs=DT)
    assert found["amp"] == pytest.approx(0.8)
    assert finding.window.pulses[0] == (500, 550)
    assert finding.timing_from == "usual"


def train(said):
    """Three pulses of 5 ms at 50, 80 and 110 ms, of which something is said."""
    trace = sweep(*((500 + 300 * k, 550 + 300 * k, 0.8, 0.8) for k in range(3)), hypamp=0.0)
    finding = Finding(Said(said))
    return families.SpikeRec().measure(trace, {}, {}, finding), finding


@pytest.mark.parametrize(
    ("said", "starts", "length", "between"),
    [
        ({"delay": 52.0}, [52.0, 82.0, 112.0], 5.0, 25.0),  # all of it moves
        ({"spike_duration": 4.0}, [50.0, 80.0, 110.0], 4.0, 26.0),  # each begins where it did
        ({"delta": 24.5}, [50.0, 79.5, 109.0], 5.0, 24.5),
        ({"n_spikes": 4}, [50.0, 80.0, 110.0, 140.0], 5.0, 25.0),
        ({"n_spikes": 2, "delay": 80.0}, [80.0, 110.0], 5.0, 25.0),
    ],
)
def test_of_a_train_that_holds_which_is_said(said, starts, length, between):
    found, finding = train(said)
    assert found["tspike"] == pytest.approx(starts, abs=2 * DT)
    assert found["spike_duration"] == pytest.approx(length, abs=DT)
    assert found["delta"] == pytest.approx(between, abs=DT)
    assert found["amp"] == pytest.approx(0.8)
    assert finding.timing_from == "usual"


def test_a_train_of_which_all_is_said_is_not_looked_for():
    """A current in which there is none would be refused otherwise."""
    said = {"delay": 20.0, "spike_duration": 2.0, "delta": 8.0, "n_spikes": 3, "amp": 1.0, "i_unit": "nA"}
    finding = Finding(Said(said))
    found = families.SpikeRec().measure(sweep(hypamp=0.0), {}, {}, finding)
    assert found["tspike"].tolist() == pytest.approx([20.0, 30.0, 40.0])
    assert (found["spike_duration"], found["delta"]) == (2.0, 8.0)
    assert finding.timing_from == "given"
    assert not finding.doubts


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"n_spikes": 60}, "don't fit into the recording"),
        ({"delay": -1.0}, "don't fit into the recording"),
        ({"spike_duration": 0.0}, "spike_duration must be more than 0 ms"),
        ({"spike_duration": 31.0}, "delta must be more than 0 ms"),
        ({"n_spikes": 2.5}, "n_spikes must be a whole number"),
    ],
)
def test_a_train_that_can_not_be_is_refused(said, words):
    with pytest.raises(EfeError, match=words):
        train(said)


def test_where_a_train_is_taken_hold_of():
    """Its first pulse's ends and the last one's beginning; moved by 6 ms, the two gaps are 3 ms longer each."""
    stimulus = Stimulus(families.SpikeRec(), tspike=[50.0, 80.0, 110.0], spike_duration=5.0, delta=25.0)
    family = stimulus.family
    assert family.when(stimulus) == {
        "delay": (50.0, 50.0),
        "spike_duration": (5.0, 55.0),
        "delta": (25.0, 110.0),
        "n_spikes": (3, None),
    }
    assert family.when_at(stimulus, "delta", 116.0) == pytest.approx(28.0)
    assert family.when_at(stimulus, "spike_duration", 54.0) == pytest.approx(4.0)
    assert family.when_at(stimulus, "delay", 49.0) == 49.0


def test_a_waveform_is_what_it_is_times_its_height():
    found = measured(
        families.CapCheck(),
        sweep((400, 1200, 0.1, 0.1), (1200, 2000, -0.2, -0.2)),
        {"ton": 400, "toff": 2000},
    )
    assert found["amp"] == pytest.approx(0.2)
    assert found["waveform"] == pytest.approx([0.5] * 800 + [-1.0] * 800)


def test_nominal_timings_are_the_usual_ones():
    usual = families.HyperDePol().usual_edges(sweep(n=10_000), {"tmid": 6000}, Finding())
    assert usual == {"ton": 2500, "tmid": 6000, "toff": 9700}
    assert families.HyperDePol().usual_edges(sweep(), {}, Finding()) is None  # the sweep is too short
    assert families.DeHyperPol().usual_edges(sweep(), {}, Finding()) is None


def test_no_family_is_a_recording():
    for name in families.__all__:
        assert not issubclass(getattr(families, name), Recording)


# --- rebuilt from parameters

STEP = {"ton": 10.0, "toff": 20.0, "tend": 30.0, "dt": 5.0, "amp": 0.2, "hypamp": -0.1}


def rebuilt(family, **parameters):
    time, current = Stimulus(family, **STEP | parameters).generate()
    assert time.tolist() == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]
    return current


def test_six_samples_of_each_family():
    assert rebuilt(families.Step()) == pytest.approx([-0.1, -0.1, 0.1, 0.1, -0.1, -0.1])
    assert rebuilt(families.Ramp()) == pytest.approx([-0.1, -0.1, -0.1, 0.1, -0.1, -0.1])
    two = {"tmid": 15.0, "amp2": -0.3}
    assert rebuilt(families.DeHyperPol(), **two) == pytest.approx([-0.1, -0.1, 0.1, -0.4, -0.1, -0.1])
    three = {"toff": 25.0, "tmid": 15.0, "tmid2": 20.0, "amp2": 0.5}
    assert rebuilt(families.SAHP(), **three) == pytest.approx([-0.1, -0.1, 0.1, 0.4, 0.1, -0.1])
    train = {"tspike": [5.0, 20.0], "spike_duration": 5.0}
    assert rebuilt(families.SpikeRec(), **train) == pytest.approx([-0.1, 0.1, -0.1, -0.1, 0.1, -0.1])
    waveform = {"waveform": [1.0, -0.5]}
    assert rebuilt(families.PinkNoise(), **waveform) == pytest.approx([-0.1, -0.1, 0.1, -0.2, -0.1, -0.1])


def test_words_of_bluepyopt():
    stimulus = Stimulus(families.Step(), **STEP, amp_rel=150.0)
    assert families.Step().in_words_of_bluepyopt(stimulus) == {
        "delay": 10.0,
        "amp": 0.2,
        "thresh_perc": 150.0,
        "duration": 10.0,
        "totduration": 30.0,
    }


def test_percent_of_the_rheobase():
    stimulus = Stimulus(families.Step(), **STEP)
    family = stimulus.family
    assert family.relative_amps(stimulus, 0.1) == {"amp_rel": 200.0, "hypamp_rel": -100.0}
    assert family.target_level(stimulus, True) == 0.2
    assert family.target_level(stimulus, False, 0.4) == 50.0
    assert family.target_level(stimulus) is None
    assert percent_of(None, 0.1) is percent_of(0.1, None) is None


def test_pulses_are_what_the_decay_after_them_needs():
    train = Stimulus(families.SpikeRec(), tspike=[5.0, 20.0], spike_duration=2.0)
    needed = train.family.settings_of("multiple_decay_time_constant_after_stim", train)
    assert needed == {"stim_end": 22.0, "multi_stim_start": [5.0, 20.0], "multi_stim_end": [7.0, 22.0]}
    assert train.family.settings_of("voltage_base", train) == {}


# --- found in a sweep


def test_nothing_is_known_before():
    stimulus = Stimulus(families.HyperDePol())
    assert {name: getattr(stimulus, name) for name in stimulus.export_attr} == dict.fromkeys(
        ("ton", "tmid", "toff", "tend", "amp", "amp2", "hypamp", "dt", "amp_rel", "amp2_rel", "hypamp_rel")
    )
    assert stimulus.finding.timing_from == "given"


def test_a_step_is_found_and_rebuilt():
    trace = sweep((400, 1200, 0.1, 0.1))
    stimulus = Stimulus(families.Step())
    assert stimulus.find(trace) == []
    assert (stimulus.ton, stimulus.toff) == pytest.approx((40.0, 120.0), abs=0.31)
    assert (stimulus.amp, stimulus.hypamp, stimulus.dt, stimulus.tend) == pytest.approx(
        (0.1, -0.02, DT, 400.0)
    )
    wrong = np.abs(stimulus.generate()[1] - trace.current) > 1e-9
    assert wrong.sum() <= 6


def test_what_is_said_is_believed():
    stimulus = Stimulus(families.Step())
    stimulus.find(sweep((400, 1200, 0.1, 0.1)), Said({"ton": 60.0, "toff": 100.0, "tend": 390.0}))
    assert (stimulus.ton, stimulus.toff, stimulus.tend) == pytest.approx((60.0, 100.0, 390.0))
    assert stimulus.finding.timing_from == "given"
    assert stimulus.finding.window is None


def test_a_stimulus_that_is_not_there_is_lost():
    stimulus = Stimulus(families.SAHP())
    stimulus.find(sweep())
    assert stimulus.finding.timing_from == "lost"
    assert (stimulus.ton, stimulus.amp, stimulus.tend) == (None, None, 400.0)


def test_a_current_of_pA_for_nA_is_told():
    told = Stimulus(families.Step()).find(
        sweep((400, 1200, 200.0, 200.0)), Said({"ton": 40.0, "toff": 120.0})
    )
    assert "which is more than any patched cell needs" in str(told[-1])


def test_a_twin_is_found_alone():
    stimulus = Stimulus(families.Step(), **STEP)
    twin = stimulus.twin()
    twin.amp, twin.finding.timing_from = 0.5, "others"
    assert (stimulus.amp, stimulus.finding.timing_from) == (0.2, "given")


def test_pickled_with_its_family():
    again = pickle.loads(pickle.dumps(Stimulus(families.SineSpec(), amp=0.1)))
    assert (type(again.family), again.amp) == (families.SineSpec, 0.1)


def test_a_family_that_no_detector_knows():
    with pytest.raises(EfeError, match="the eCode Sawtooth has no detector"):
        Stimulus(families.Family().saying("Sawtooth")).find(sweep())
    assert families.Step().saying("Sawtooth").detector == "Step"
