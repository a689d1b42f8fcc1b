"""The rheobase figure: spikes against current, and which sweep decided."""

from __future__ import annotations

import pytest

from efewidgets.engine.figures import rheobase_figure
from tests.engine.figures.fakes import FakeCell, FakeRecording, assert_readable, written_on


def test_all_sweeps_with_their_spikes_and_the_deciding_one(cells):
    (job,) = rheobase_figure(cells[0], ["IDrest"])
    assert job.path == "A/A_rheobase"
    ((protocol, amps, counts),) = job.data.sweeps
    assert protocol == "IDrest"
    assert dict(zip(amps.tolist(), counts.tolist(), strict=True)) == pytest.approx(
        {-0.1: 0, 0.0: 0, 0.1: 0, 0.2: 1, 0.3: 3, 0.4: 5}
    )
    assert (job.data.deciding.name, job.data.deciding.n_spikes) == ("A100", 1)
    assert job.data.silent.name == "A50"
    assert job.data.deciding.voltage.max() == 30


def test_other_protocols_are_left_out(cells):
    cells[0].recordings[5].protocol_name = "IV"
    (job,) = rheobase_figure(cells[0], ["IDrest"])
    assert len(job.data.sweeps[0][1]) == 5
    assert rheobase_figure(cells[0], ["IDthresh"]) == []


def test_the_cell_may_say_which_sweep_decided(cells):
    twin = FakeRecording(amp=0.2, peak_time=[70.0], name="twin")
    cells[0].recordings.append(twin)
    cells[0].rheobase_recording = twin
    assert rheobase_figure(cells[0], ["IDrest"])[0].data.deciding.name == "twin"


def test_a_rheobase_between_sweeps_was_decided_by_none(cells):
    cells[0].rheobase = 0.17
    (job,) = rheobase_figure(cells[0], ["IDrest"])
    assert job.data.deciding is None
    assert job.data.silent.name == "A50"
    assert_readable(job.pages()[0])


@pytest.mark.parametrize("rheobase", [None, float("nan"), 0.0, False])
def test_no_rheobase(cells, rheobase):
    cells[0].rheobase = rheobase
    (job,) = rheobase_figure(cells[0], ["IDrest"])
    assert (job.data.rheobase, job.data.deciding, job.data.silent) == (None, None, None)
    texts = {text.string for text in written_on(job.pages()[0])}
    assert "A  ·  rheobase not found" in texts


def test_sweeps_whose_spikes_were_not_counted_are_left_out(cells):
    cells[0].recordings[5].peak_time = None
    assert len(rheobase_figure(cells[0], ["IDrest"])[0].data.sweeps[0][1]) == 5


@pytest.mark.parametrize("n_protocols", [1, 3, 9])
def test_is_readable_with_long_names(n_protocols):
    names = [f"{'p' * 80}{i}" for i in range(n_protocols)]
    recordings = [FakeRecording(protocol_name=name, peak_time=[70.0], name="n" * 200) for name in names]
    (job,) = rheobase_figure(FakeCell("c" * 200, recordings, 0.2), names)
    assert_readable(job.pages()[0])


def test_spikes_are_counted_in_whole_numbers(cells):
    cells[0].recordings = cells[0].recordings[:4]
    texts = {text.string for text in written_on(rheobase_figure(cells[0], ["IDrest"])[0].pages()[0])}
    assert {"0", "1"} <= texts
    assert not {"0.5", "0.25"} & texts
