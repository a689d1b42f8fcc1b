"""Running in the background: progress, cancel, and newer edits that stop older runs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future

import pytest

from efewidgets import ExtractionState
from efewidgets.engine.features import efel_features as features
from efewidgets.engine.stages import reading as stages
from efewidgets.state import BackgroundRunner

from .. import lab

PATIENCE = 30.0  # s


@pytest.fixture
def background(arguments):
    """A state that computes in the background."""
    state = ExtractionState.from_arguments(arguments, runner=BackgroundRunner())
    assert state.wait(PATIENCE)
    yield state
    state.close()


@pytest.fixture
def gate(monkeypatch):
    """Holds up the reading of files until it is opened; notes which were read."""
    return Gate(monkeypatch)


class Gate:
    def __init__(self, monkeypatch):
        self.open = threading.Event()
        self.entered = threading.Event()
        self.read = []
        self.free = 0
        read = stages.read_file

        def reading(metadata, *args, **more):
            self.read.append(metadata)
            if len(self.read) <= self.free:
                return read(metadata, *args, **more)
            self.entered.set()
            assert self.open.wait(PATIENCE)
            return read(metadata, *args, **more)

        monkeypatch.setattr(stages, "read_file", reading)


def test_results_come_by_themselves(background, arguments):
    with ExtractionState.from_arguments(arguments) as inline:
        assert background.results.texts == inline.results.texts
    assert background.status == "ready"
    assert background.progress == 1.0
    target = background.inputs.targets[0].id
    background.edit_target(target, tolerance=60)
    assert background.wait(PATIENCE)
    assert background.results.inputs is background.inputs
    assert background.status == "ready"


def test_old_results_stay_until_the_new_ones_are_there(background, gate):
    old = background.results
    texts = old.texts
    background.set_efel_settings(Threshold=-30.0)
    assert gate.entered.wait(PATIENCE)
    assert background.results is old
    assert background.results.texts == texts
    assert background.status in ("stale", "running")
    gate.open.set()
    assert background.wait(PATIENCE)
    assert background.results is not old
    assert background.status == "ready"


def test_observers_are_told_of_edit_and_of_results(background):
    told = []
    background.observe(lambda change: told.append((change.new, background.results.inputs)), "revision")
    background.set_averaging(threshold_nvalue_save=2)
    assert background.wait(PATIENCE)
    assert len(told) == 2
    assert told[-1][1] is background.inputs


def test_a_runner_made_without_a_loop_tells_in_that_in_which_it_gets_a_job():
    runner, told = BackgroundRunner(), []

    async def ask():
        runner.submit(lambda needless: runner.tell(lambda: told.append(threading.get_ident())))
        while not told:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(ask(), PATIENCE))
    assert told == [threading.get_ident()]
    runner.close()


def test_progress_is_told(arguments):
    told = []
    state = ExtractionState(runner=BackgroundRunner())
    state.observe(lambda change: told.append(change.new), "activity")
    state.add_files_metadata(arguments["files_metadata"])
    state.set_reader(lab.reader)
    assert state.wait(PATIENCE)
    state.add_targets(arguments["targets"])
    assert state.wait(PATIENCE)
    assert any(text.startswith("reading recordings: 0 of 8") for text in told)
    assert any(text.startswith("computing features") for text in told)
    assert state.activity == ""
    state.close()


def test_a_newer_edit_stops_an_older_run(background, gate):
    """The older run stops at the next file; the newer one's results are shown, and only those."""
    seen = []
    background.observe(lambda change: seen.append(background.results.inputs), "revision")
    background.set_efel_settings(Threshold=-30.0)
    assert gate.entered.wait(PATIENCE)
    older = background.inputs
    background.undo()
    newer = background.inputs
    gate.open.set()
    assert background.wait(PATIENCE)
    assert background.results.inputs is newer
    assert older not in seen
    assert len(gate.read) == 1  # the older run read one file of eight; the newer one finds all in the cache
    assert background.status == "ready"


def test_what_a_stopped_run_has_computed_is_kept(background, gate):
    gate.free = 3
    background.set_efel_settings(Threshold=-30.0)
    assert gate.entered.wait(PATIENCE)
    background.set_averaging(threshold_nvalue_save=2)
    gate.open.set()
    assert background.wait(PATIENCE)
    assert len(gate.read) == 9  # of the eight files only the one that was left half read is read again
    assert background.results.inputs is background.inputs


def test_cancel_stops_at_the_next_recording(background, monkeypatch):
    done = []
    entered = threading.Event()
    compute = features.feature_values

    def slow(*args, **more):
        done.append(1)
        entered.set()
        time.sleep(0.05)
        return compute(*args, **more)

    monkeypatch.setattr(features, "feature_values", slow)
    old = background.results
    background.set_efel_settings(DerivativeThreshold=12.0)
    assert entered.wait(PATIENCE)
    background.cancel()
    assert background.wait(PATIENCE)
    assert background.status == "stale"
    assert background.results is old
    assert len(done) < 10
    number = len(done)
    background.run()
    assert background.wait(PATIENCE)
    assert background.status == "ready"
    assert len(done) == 10, number  # what was computed before isn't computed again


def test_a_cancelled_file_stops_between_its_sweeps(background, monkeypatch):
    counts = []
    interpret = stages.read_file

    def reading(metadata, protocol, *args, between, **more):
        def cancelling():
            counts.append(1)
            background.cancel()
            between()

        return interpret(metadata, protocol, *args, between=cancelling, **more)

    monkeypatch.setattr(stages, "read_file", reading)
    background.set_efel_settings(Threshold=-30.0)
    assert background.wait(PATIENCE)
    assert background.status == "stale"
    assert len(counts) == 1  # of four sweeps of the first file


def test_many_edits_in_a_row_end_with_the_last(background):
    target = background.inputs.targets[0].id
    for k in range(40):
        background.edit_target(target, tolerance=10 + k)
    assert background.wait(PATIENCE)
    assert background.results.inputs is background.inputs
    assert background.results.targets[0].tolerance == 49
    assert background.status == "ready"


def test_edits_from_many_threads(background):
    """No edit is lost, and the results are those of all of them."""
    ids = [target.id for target in background.inputs.targets]

    def work(identity):
        for k in range(10):
            background.edit_target(identity, tolerance=20 + k)

    threads = [threading.Thread(target=work, args=(identity,)) for identity in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert background.wait(PATIENCE)
    assert {target.tolerance for target in background.inputs.targets} == {29}
    assert background.results.inputs is background.inputs
    for _ in range(10 * len(ids)):
        background.undo()
    assert {target.tolerance for target in background.inputs.targets} == {10}


def test_a_failing_run_is_told_and_the_next_one_works(background, monkeypatch):
    from efewidgets.engine.stages import outputs as output_stages

    def fail(data):
        raise MemoryError("too much")

    old = background.results
    monkeypatch.setattr(output_stages, "to_json", fail)
    background.set_averaging(default_std_value=0.5)
    assert background.wait(PATIENCE)
    assert background.status == "failed"
    assert background.results is old
    assert any(p.kind == "run" and "too much" in p.message for p in background.problems)
    monkeypatch.undo()
    background.set_averaging(default_std_value=0.25)
    assert background.wait(PATIENCE)
    assert background.status == "ready"


def test_an_observer_that_edits_in_the_background(background):
    def answer(change):
        if background.inputs.threshold_nvalue_save == 2:
            background.set_averaging(threshold_nvalue_save=1)

    background.observe(answer, "revision")
    background.set_averaging(threshold_nvalue_save=2)
    assert background.wait(PATIENCE)
    assert background.inputs.threshold_nvalue_save == 1
    assert background.results.inputs is background.inputs


def test_observers_are_called_in_the_loop_of_the_notebook(arguments):
    threads = set()

    async def notebook():
        state = ExtractionState.from_arguments(arguments, runner=BackgroundRunner())
        state.observe(lambda change: threads.add(threading.current_thread()), "revision")
        for _ in range(1000):
            await asyncio.sleep(0.01)
            if state.status == "ready" and state.results.features:
                break
        state.set_averaging(threshold_nvalue_save=2)
        for _ in range(1000):
            await asyncio.sleep(0.01)
            if state.status == "ready":
                break
        state.set_averaging(threshold_nvalue_save=1)
        state.wait(PATIENCE)  # in a cell, while the loop stands still: no deadlock
        assert state.status == "ready"
        await asyncio.sleep(0)
        state.close()

    asyncio.run(notebook())
    assert threads == {threading.main_thread()}


def test_features_of_all_recordings(background, counted):
    background.run(everything=True)
    assert background.wait(PATIENCE)
    assert counted["recordings"] > 0
    counted.clear()
    frame = background.results.feature_table_of_all()
    assert not counted
    assert len(frame) > len(background.results.feature_table)
    assert frame["value"].notna().any()


def test_closing_stops_the_thread(arguments, gate):
    state = ExtractionState.from_arguments(arguments, runner=BackgroundRunner())
    assert gate.entered.wait(PATIENCE)
    closing = threading.Thread(target=state.close)
    closing.start()
    gate.open.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert len(gate.read) == 1
    assert "efewidgets" not in {thread.name for thread in threading.enumerate()}


def test_an_observer_may_wait_for_the_run(background):
    """No lock is held while observers are called, however many actions were nested: nothing stands still."""
    seen = []

    def look(change):
        if not seen:
            seen.append(background.wait(PATIENCE))

    background.observe(look, "revision")
    started = time.monotonic()
    background.apply_preset("spike waveform", "IDrest", [150])
    assert background.wait(PATIENCE)
    assert seen == [True]
    assert time.monotonic() - started < PATIENCE / 2
    assert background.status == "ready"


def test_the_end_of_python_is_the_end_of_a_run():
    """A run is stopped and waited for: a thread that still read a file while HDF5 is shut down would be heard of."""
    program = """
import time
from concurrent.futures import Executor, Future
from efewidgets.state import BackgroundRunner

def job(needless):
    while not needless():
        time.sleep(0.01)
    print("stopped")

BackgroundRunner().submit(job)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, encoding="utf-8"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


class Silent(Executor):
    """Takes work and never does it, as a cluster whose workers are gone."""

    def submit(self, fn, /, *args, **kwargs):
        return Future()


def test_waiting_for_a_silent_cluster_can_be_cancelled(arguments):
    runner = BackgroundRunner(executor=Silent())
    with ExtractionState.from_arguments(arguments, runner=runner) as state:
        assert not state.wait(0.3)
        started = time.monotonic()
        state.cancel()
        assert state.wait(PATIENCE)
        assert time.monotonic() - started < 2.0
        assert state.status == "stale"
