"""A recording is its parts under the names of BluePyEfe; a lab's own class has its own way with any of them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings import families
from efewidgets.engine.recordings.ecodes import FAMILIES, HyperDePol, SpikeRec, Step
from efewidgets.engine.recordings.parts import part
from efewidgets.engine.recordings.recording import Recording
from efewidgets.engine.recordings.samples import Samples

UNITS = {"v_unit": "mV", "i_unit": "nA", "t_unit": "ms"}


def delivered(levels=((400, 1200, 0.1),), hypamp=-0.02, n=3000):
    """300 ms at -70 mV; currents above `hypamp` (nA) between two samples of 0.1 ms."""
    current = np.full(n, hypamp)
    for first, last, level in levels:
        current[first:last] += level
    return {"voltage": np.full(n, -70.0), "current": current, "dt": 0.1}


def read(ecode=Step, config=None, **sweep):
    return ecode(UNITS | {"ton": 40.0, "toff": 120.0} | (config or {}), delivered(**sweep), "IDrest")


# --- names on top of the parts


def test_names_are_those_of_the_parts():
    recording = read()
    assert recording.ton is recording.stimulus.ton
    assert recording.voltage is recording.samples.voltage
    assert recording.timing_from is recording.stimulus.finding.timing_from
    assert recording.feature_store is recording.features.store
    assert recording.time is recording.t
    recording.amp = 0.3
    assert recording.stimulus.amp == 0.3
    recording.timing_from = "others"
    assert recording.usual_failed
    recording.auto_threshold = -30.0
    assert recording.spikes.threshold == -30.0


def test_the_parts_are_filled_when_they_are_asked_for():
    recording = read()
    assert recording.spikes.peak_time is None
    assert recording.known_threshold is None
    assert recording.spikecount == 0
    assert recording.spikes.count == 0
    assert recording.known_threshold == -50.0  # 20 mV above rest


@pytest.mark.parametrize("name", FAMILIES)
def test_every_parameter_of_a_family_is_an_attribute(name):
    empty = FAMILIES[name]({}, {}, name)
    assert list(empty.get_params()) == list(empty.stimulus_family.parameters)
    assert set(empty.get_params().values()) == {None}
    for number, parameter in enumerate(empty.export_attr):
        setattr(empty, parameter, number)
    assert [getattr(empty.stimulus, parameter) for parameter in empty.export_attr] == list(
        range(len(empty.export_attr))
    )
    assert (FAMILIES[name].timings, empty.timings) == (empty.stimulus_family.timings,) * 2


def test_a_part_may_lie_deeper():
    class Holder:
        name = part(Samples, "source.name")

    class Owner:
        name = "file"

    holder = Holder()
    holder._samples = Samples(source=Owner())
    holder.name = "another"
    assert (holder.name, holder._samples.source.name, Owner.name) == ("another", "another", "file")


def test_copies_are_changed_alone():
    recording = read()
    for other in (copy.copy(recording), copy.deepcopy(recording), recording.twin()):
        other.ton, other.voltage, other.timing_from = 50.0, np.zeros(3000), "others"
        other.peak_time = [1.0]
        assert (recording.ton, recording.timing_from) == (40.0, "given")
        assert recording.voltage[0] == -70.0
        assert recording.spikes.peak_time is None
    assert len({recording.serial, recording.twin().serial}) == 2


def test_the_train_is_looked_at_as_a_whole():
    pulses = [(500 + 300 * k, 550 + 300 * k, 0.8) for k in range(3)]
    recording = SpikeRec(UNITS, delivered(pulses, hypamp=0.0), "SpikeRec")
    assert (recording.ton, recording.toff) == (0.0, 300.0)
    assert recording.multi_stim_start == pytest.approx([50.0, 80.0, 110.0], abs=0.1)
    assert recording.multi_stim_end == pytest.approx([55.0, 85.0, 115.0], abs=0.1)
    assert recording.target_level() == recording.target_level(True) == pytest.approx(25.0, abs=0.1)


# --- a lab's own, in today's form


class Doubled(Step):
    """Measures twice the amplitude, and tells so."""

    def measure(self, trace, edges, given):
        found = super().measure(trace, edges, given)
        self.tell_of_level("it is doubled.", "note")
        return found | {"amp": 2 * found["amp"], "seen_by": "us"}


def test_a_measure_on_that_of_the_family():
    recording = read(Doubled)
    assert recording.amp == pytest.approx(0.2)
    assert recording.seen_by == "us"  # no parameter, yet an attribute
    assert [problem.message for problem in recording.problems] == ["it is doubled."]
    recording.interpret()
    assert [problem.message for problem in recording.problems] == ["it is doubled."]
    again = pickle.loads(pickle.dumps(recording))
    assert (again.amp, again.seen_by, again.family()) == (recording.amp, "us", "Step")
    assert again.generate()[1][500] == pytest.approx(0.18)


class TwoParts(Recording):
    """Two levels, with the border between them at `tmid`, and a number of its own."""

    timings = ("ton", "tmid", "toff")
    amplitudes = ("amp", "amp2")
    extra_params = ("ratio",)
    target_amplitude = "amp2"

    def measure(self, trace, edges, given):
        ton, tmid, toff = (edges[name] for name in self.timings)
        hypamp = self.given_level("hypamp")
        if hypamp is None:
            hypamp = self.holding_current(trace, ton, toff, np.median(trace.current[:ton]))
        amp, amp2 = (np.median(trace.current[a:b]) - hypamp for a, b in ((ton, tmid), (tmid, toff)))
        return {"hypamp": hypamp, "amp": amp, "amp2": amp2, "ratio": amp2 / amp}

    def generate(self):
        time, current = self.holding()
        current[self.index(self.ton) : self.index(self.tmid)] += self.amp
        current[self.index(self.tmid) : self.index(self.toff)] += self.amp2
        return time, current


def test_a_family_from_nothing():
    levels = ((400, 800, 0.1), (800, 1200, 0.3))
    recording = read(TwoParts, {"tmid": 80.0}, levels=levels)
    assert recording.get_params() == pytest.approx(
        {
            "ton": 40.0,
            "tmid": 80.0,
            "toff": 120.0,
            "tend": 300.0,
            "amp": 0.1,
            "amp2": 0.3,
            "hypamp": -0.02,
            "dt": 0.1,
        }
        | {"amp_rel": None, "amp2_rel": None, "hypamp_rel": None, "ratio": 3.0}
    )
    np.testing.assert_allclose(recording.generate()[1], delivered(levels)["current"])
    recording.compute_relative_amp(0.2)
    assert recording.target_level() == pytest.approx(150.0)
    assert TwoParts.stimulus_family.timings == ("ton", "tmid", "toff")
    assert Recording.timings == ("ton", "toff")
    with pytest.raises(EfeError, match="the eCode TwoParts has no detector"):
        TwoParts(UNITS | {"ton": 40.0}, delivered(levels), "TwoParts")


class Strict:
    """What a lab mixes in: nothing is guessed, and two opinions may lie 50 ms apart."""

    guess_timing = False
    agree_ms = 50.0


class StrictStep(Strict, Step):
    """A step that must be sure; its search is a lab's own."""

    def usual_edges(self, trace, given):
        return {"ton": 500, "toff": 1300}


def test_a_search_of_its_own_and_what_is_mixed_in():
    """The step is from 40 to 120 ms; 50 and 130 ms are near enough here, and so it is BluePyEfe's word that counts."""
    recording = StrictStep(UNITS, delivered(), "IDrest")
    assert (recording.ton, recording.toff, recording.timing_from) == (50.0, 130.0, "usual")
    assert StrictStep.stimulus_family.guess_timing is False
    assert Step.stimulus_family.guess_timing is True
    lost = StrictStep(UNITS, delivered(levels=()), "IDrest")
    assert lost.timing_from == "lost"


class Otherwise(families.Family):
    """A family by itself: always from 10 to 20 ms, 1 nA."""

    nominal = {"ton": 10.0, "toff": 20.0}  # noqa: RUF012
    guess_timing = True

    def measure(self, trace, edges, given, finding):
        return {"hypamp": 0.0, "amp": 1.0}

    def generate(self, s):
        time, current = s.holding()
        current[s.index(s.ton) : s.index(s.toff)] += s.amp
        return time, current


class OtherwiseRecording(Recording):
    """Its recordings."""

    stimulus_family = Otherwise()


def test_a_family_of_its_own_with_its_recordings():
    recording = read(OtherwiseRecording, {"ton": 10.0, "toff": 20.0})
    time, current = recording.generate()
    assert time[current > 0.5] == pytest.approx(np.arange(100, 200) * 0.1)
    assert pickle.loads(pickle.dumps(recording)).generate()[1].sum() == current.sum()


# --- a lab's own, in BluePyEfe's form


class LabStep(Recording):
    """Uses the names of the parts for something else, and sets attributes before it is initialised."""

    def __init__(self, config_data, reader_data, protocol_name="labstep", efel_settings=None):
        self.spikes, self.features, self.stimulus = 3, ["mine"], "lab"
        self.ton = self.toff = None
        super().__init__(config_data, reader_data, protocol_name)
        self.note = None
        if self.t is not None and self.current is not None:
            self.interpret(self.t, self.current, self.config_data, self.reader_data)
        if self.voltage is not None:
            self.set_autothreshold()
            self.compute_spikecount(efel_settings)
        self.export_attr = ["ton", "toff", "tend", "amp", "hypamp", "dt", "note"]

    def interpret(self, t, current, config_data, reader_data):
        self.dt = t[1]
        self.set_timing_ecode(["ton", "toff"], config_data)
        self.hypamp = np.median(current[: self.ton])
        level = np.median(current[self.ton : self.toff]) - self.hypamp
        self.set_amplitudes_ecode("amp", config_data, reader_data, level)
        self.index_to_ms("ton", t)
        self.index_to_ms("toff", t)
        self.tend = len(t) * self.dt
        self.note = "interpreted"

    def generate(self):
        t = np.arange(0.0, self.tend, self.dt)
        current = np.full(t.shape, float(self.hypamp))
        current[self.ms_to_index(self.ton) : self.ms_to_index(self.toff)] += self.amp
        return t, current


def test_a_class_of_bluepyefes_form_may_use_any_name():
    recording = read(LabStep)
    assert (recording.spikes, recording.features, recording.stimulus) == (3, ["mine"], "lab")
    assert recording.get_params() == pytest.approx(
        {"ton": 40.0, "toff": 120.0, "tend": 300.0, "amp": 0.1, "hypamp": -0.02, "dt": 0.1}
        | {"note": "interpreted"}
    )
    assert recording.spikecount == 0
    recording.compute_efeatures(["voltage_base"])
    assert recording.efeatures == pytest.approx({"voltage_base": -70.0})
    again = pickle.loads(pickle.dumps(recording))
    assert (again.amp, again.spikes) == (recording.amp, 3)
    assert again.twin().stimulus == "lab"


class Named(Step):
    """Names its parameters by a class attribute, one of them its own."""

    export_attr = ("ton", "toff", "amp", "electrode")


def test_parameters_that_a_class_names():
    assert read(Named).get_params() == pytest.approx(
        {"ton": 40.0, "toff": 120.0, "amp": 0.1} | {"electrode": None}
    )


class Shifted(HyperDePol):
    """Ends where somebody else says."""

    @property
    def toff(self):
        return self.tmid + 10.0

    @toff.setter
    def toff(self, value):
        self.by_hand = value


def test_a_parameter_that_follows_from_others():
    stimulus = Shifted({}, {})
    stimulus.hypamp, stimulus.amp, stimulus.amp2, stimulus.dt, stimulus.tend = 0.0, 1.0, 2.0, 5.0, 30.0
    stimulus.ton, stimulus.tmid, stimulus.toff = 5.0, 10.0, 99.0
    assert (stimulus.toff, stimulus.by_hand) == (20.0, 99.0)
    assert stimulus.generate()[1].tolist() == [0.0, 1.0, 2.0, 2.0, 0.0, 0.0]
