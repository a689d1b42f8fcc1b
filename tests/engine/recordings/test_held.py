"""Samples that a process keeps for jobs to come."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from efewidgets.datasets import sample_config
from efewidgets.engine.recordings import held, samples, source
from efewidgets.engine.recordings.computing import FeatureJob
from efewidgets.engine.recordings.reading import Held, read_file
from efewidgets.engine.recordings.samples import with_samples

FILE = sample_config(["RS1"])["files_metadata"]["RS1"]["IDrest"][0]


@pytest.fixture
def sent(monkeypatch):
    """Recordings as another process gets them, from which they come back."""
    monkeypatch.setattr(held, "_traces", type(held._traces)())
    monkeypatch.setattr(held, "_bytes", 0)
    recordings, problems = read_file(FILE, "IDrest", keep_samples=Held())
    assert not problems
    assert not any(recording.has_samples for recording in recordings)
    return pickle.loads(pickle.dumps(recordings))


def refuse(monkeypatch):
    def read(*_, **__):
        raise AssertionError("it is read again")

    monkeypatch.setattr(samples, "each_sweep", read)
    monkeypatch.setattr(source, "read", read)


def test_they_are_where_they_were_read(sent, monkeypatch):
    plain, _ = read_file(FILE, "IDrest")
    refuse(monkeypatch)
    for ours, theirs in zip(with_samples(sent), plain, strict=True):
        np.testing.assert_array_equal(ours.voltage, theirs.voltage)
        np.testing.assert_array_equal(ours.current, theirs.current)
    assert not any(recording.has_samples for recording in sent)
    assert sent[0].samples().n == plain[0].samples().n


def test_elsewhere_they_are_read_again(sent, monkeypatch):
    plain, _ = read_file(FILE, "IDrest")
    held._traces.clear()  # as in a process that has never seen them
    for ours, theirs in zip(with_samples(sent), plain, strict=True):
        np.testing.assert_array_equal(ours.voltage, theirs.voltage)


def test_there_is_room_for_the_latest(monkeypatch):
    monkeypatch.setattr(held, "_traces", type(held._traces)())
    monkeypatch.setattr(held, "_bytes", 0)
    plain, _ = read_file(FILE, "IDrest")
    sizes = [recording.voltage.nbytes + recording.current.nbytes for recording in plain]
    monkeypatch.setattr(held, "MOST", sum(sizes[-2:]))
    recordings, _ = read_file(FILE, "IDrest", keep_samples=Held())
    found = [recording.source.held is not None for recording in recordings]
    assert found == [False] * (len(sizes) - 2) + [True, True]
    assert held._bytes == sum(sizes[-2:])


def test_two_readings_of_a_file_are_not_taken_for_each_other(sent):
    again, _ = read_file(FILE, "IDrest", keep_samples=Held())
    assert again[0].source.place != sent[0].source.place
    assert again[0].source.held is not sent[0].source.held


def test_a_job_says_which_process_has_its_samples(sent):
    import os

    assert FeatureJob(sent, [[] for _ in sent], None).near == os.getpid()
    plain, _ = read_file(FILE, "IDrest")
    assert FeatureJob(plain, [[] for _ in plain], None).near is None
