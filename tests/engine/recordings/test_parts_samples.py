"""The samples of a sweep by themselves: in memory, to be read again, set by a script, or forgotten."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.samples import Samples, with_samples
from efewidgets.engine.traces.trace import Trace


def trace(level=-70.0):
    """Four samples, 0.5 ms apart."""
    return Trace(np.full(4, level), np.array([0.0, 0.1, 0.1, 0.0]), 0.5, "ms")


class FakeSource:
    """A file that counts how often it is read."""

    held = None

    def __init__(self, index=0):
        self.metadata, self.reader, self.index, self.loads = {}, None, index, 0

    def load(self):
        self.loads += 1
        return trace(-60.0)


def test_what_is_in_memory_is_shown():
    samples = Samples(trace())
    assert samples.has_samples
    assert samples.t.tolist() == [0.0, 0.5, 1.0, 1.5]
    assert samples.voltage.tolist() == [-70.0] * 4
    assert samples.current.tolist() == [0.0, 0.1, 0.1, 0.0]
    assert samples() is samples.trace


def test_none():
    samples = Samples(whose="sweep 3")
    assert (samples.trace, samples.t, samples.voltage, samples.has_samples) == (None, None, None, False)
    with pytest.raises(EfeError, match=r"sweep 3 has no samples\."):
        samples()
    with pytest.raises(EfeError, match="this stimulus has no samples"):
        Samples().voltage = np.zeros(4)


def test_delivered_in_any_unit():
    """-0.07 V less 14 mV of junction potential are -84 mV; 100 pA are 0.1 nA; 0.0005 s are 0.5 ms."""
    reader = {"voltage": np.full(4, -0.07), "current": np.full(4, 100.0), "dt": 0.0005}
    units = {"v_unit": "V", "i_unit": "pA", "t_unit": "s", "ljp": 14.0}
    samples = Samples.delivered(units, reader)
    assert samples.voltage == pytest.approx([-84.0] * 4)
    assert samples.current == pytest.approx([0.1] * 4)
    assert samples.t == pytest.approx([0.0, 0.5, 1.0, 1.5])
    assert samples.scale["i_unit"] == "pA"
    assert samples.fingerprint == Samples.delivered(units, copy.deepcopy(reader)).fingerprint
    assert (
        samples.fingerprint != Samples.delivered(units, reader | {"voltage": np.full(4, -0.06)}).fingerprint
    )
    assert Samples.delivered(units, {}).trace is None


def test_read_again_each_time_they_are_asked_for():
    source = FakeSource()
    samples = Samples(source=source)
    assert not samples.has_samples
    assert samples.voltage.tolist() == [-60.0] * 4
    assert samples().tend == 2.0
    assert source.loads == 2
    with pytest.raises(ValueError, match="read-only"):  # it would be lost without a word
        samples.voltage[0] = 0.0
    samples.load()
    samples.voltage[0] = 0.0
    assert samples.voltage[0] == 0.0
    assert source.loads == 4  # the line that failed was one


def test_released_only_if_they_can_be_read_again():
    samples = Samples(trace())
    samples.release()
    assert samples.has_samples
    samples.source = FakeSource()
    samples.release()
    assert not samples.has_samples
    samples.hold(trace(-50.0))
    assert samples.voltage[0] == -50.0


def test_what_a_script_sets_counts_until_it_forgets_it():
    samples = Samples(trace(), FakeSource())
    samples.voltage = [1.0, 2.0, 3.0, 4.0]
    assert samples().voltage.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert samples().current.tolist() == [0.0, 0.1, 0.1, 0.0]
    assert (samples().dt, samples().tend) == (0.5, 2.0)
    samples.release()  # what was set can't be read again
    assert samples.has_samples
    samples.t = samples.current = None
    assert samples.trace is None
    assert samples.voltage.tolist() == [1.0, 2.0, 3.0, 4.0]
    with pytest.raises(EfeError, match="a script has set them to None"):
        samples()


def test_a_twin_is_edited_alone():
    samples = Samples(trace())
    samples.voltage = np.zeros(4)
    twin = samples.twin()
    twin.voltage = np.ones(4)
    assert samples.voltage.tolist() == [0.0] * 4
    assert twin.voltage.tolist() == [1.0] * 4


def test_pickled_with_what_was_set():
    samples = Samples(trace())
    samples.voltage = np.arange(4.0)
    again = pickle.loads(pickle.dumps(samples))
    assert again().voltage.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert again().dt == 0.5


def test_samples_without_a_file_are_handed_out_as_they_are():
    several = [Samples(trace()), Samples(), Samples(source=FakeSource())]
    assert list(with_samples(several)) == several
