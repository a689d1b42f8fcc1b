"""Workers: the same results as without, whatever dies."""

from __future__ import annotations

import gc
import json
import math
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import psutil
import pytest

from efewidgets.datasets import sample_config
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import WorkerDiedError, WorkerPool, run
from efewidgets.engine.stages.options import Options
from efewidgets.extract import extract_efeatures
from tests.engine.differential.cells import STEP, metadata_of, step
from tests.engine.parallel.deadly import (
    DEADLY_SWEEP,
    deadly_reader,
    die,
    die_once,
    double,
    sabotage_features,
    sabotage_reading,
)

TARGETS = [
    {"efeature": name, "protocol": "IDthresh", "amplitude": amplitude, "tolerance": 20}
    for name in ("Spikecount", "AP_amplitude", "voltage_base")
    for amplitude in (100, 150, 200)
]


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(2) as found:
        yield found


def extracted(cells: dict, **how) -> str:
    """Return the three outputs as text."""
    return to_json(
        extract_efeatures(
            "unused", cells, TARGETS, protocols_rheobase=["IDthresh"], recording_reader=deadly_reader, **how
        )
    )


def cells(count: int = 3) -> dict:
    """Cells of six files each, with a rheobase of 0.1 nA and more spikes at more current."""
    counts = {0.05: 0, 0.1: 1, 0.15: 3, 0.2: 5, 0.25: 6, 0.3: 8}
    return {
        f"cell{i}": {
            "IDthresh": [
                metadata_of([step(amplitude, spikes, seed=i, v_noise=0.05)], f"c{i}_{amplitude}", **STEP)
                for amplitude, spikes in counts.items()
            ]
        }
        for i in range(count)
    }


def test_results_stand_in_the_order_of_the_jobs(pool):
    assert run(double, list(range(20)), executor=pool) == [2 * i for i in range(20)]


def test_the_heaviest_job_starts_first():
    @dataclass
    class Job:
        name: str
        weight: int

    started = []
    with ThreadPoolExecutor(1) as executor:
        jobs = [Job("small", 1), Job("large", 100), Job("middle", 10)]
        results = run(lambda job: started.append(job.name) or job.name, jobs, executor=executor)
    assert results == ["small", "large", "middle"]
    assert started == ["large", "middle", "small"]


def test_a_job_that_kills_its_worker_fails_alone(pool):
    failures = []

    def failed(job: Callable, error: Exception) -> str:
        failures.append(error)
        return "failed"

    jobs = [0, 1, None, 3, 4]
    results = run(_double_or_die, jobs, failed, executor=pool)
    assert results == [0, 2, "failed", 6, 8]
    assert [type(error) for error in failures] == [WorkerDiedError]


def _double_or_die(x: int | None) -> int:
    if x is None:
        die()
        raise AssertionError("unreachable")
    return double(x)


def test_a_job_whose_worker_is_killed_once_is_done_by_the_next(pool, tmp_path):
    assert pool.submit(die_once, str(tmp_path / "flag")).result(timeout=60) == "done"


def test_no_process_is_left_behind():
    before = set(multiprocessing.active_children())
    with WorkerPool(2) as executor:
        pids = {executor.submit(os.getpid).result() for _ in range(6)}
        assert os.getpid() not in pids
    assert set(multiprocessing.active_children()) <= before


def test_processes_and_threads_give_the_same_bytes(pool):
    inline = extracted(cells())
    assert json.loads(inline)[0]
    assert extracted(cells(), executor=pool) == inline
    with ThreadPoolExecutor(3) as threads:
        assert extracted(cells(), executor=threads) == inline


def test_a_file_that_kills_its_worker_is_a_problem_and_the_rest_goes_on(pool, caplog):
    given = cells()
    given["cell1"]["IDthresh"].append({"filepath": "bad.made", "kills": True})
    assert extracted(given, executor=pool) == extracted(cells())
    assert "bad.made" in caplog.text
    assert "worker failed" in caplog.text


def test_a_worker_killed_once_loses_nothing(pool, tmp_path, caplog):
    given = cells()
    given["cell1"]["IDthresh"][0] |= {"kills_once": str(tmp_path / "flag")}
    assert extracted(given, executor=pool) == extracted(cells())
    assert "worker" not in caplog.text


def test_what_an_executor_that_gives_up_leaves_is_done_here(caplog):
    """Python's own pool breaks as a whole when a process dies: nothing but the file that kills is lost."""
    given = cells()
    given["cell1"]["IDthresh"].insert(0, {"filepath": "bad.made", "kills": True})
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        assert extracted(given, executor=executor) == extracted(cells())
    assert "the executor gave up" in caplog.text
    assert "bad.made" in caplog.text


class Failing(Executor):
    """Fails for some jobs, the first so many times."""

    def __init__(self, error: Exception, times: dict):
        self.error, self.times = error, times

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        self.times[args[0]] = self.times.get(args[0], 0) - 1
        if self.times[args[0]] >= 0:
            future.set_exception(self.error)
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_a_job_that_fails_in_an_executor_is_tried_once_more():
    failures = []
    executor = Failing(RuntimeError("the engine is gone"), {1: 1, 2: 2})
    results = run(double, [0, 1, 2], lambda job, error: failures.append(str(error)), executor=executor)
    assert results == [0, 2, None]
    assert failures == ["the engine is gone"]


def test_without_a_word_for_failures_the_error_is_raised():
    with pytest.raises(BrokenExecutor, match="gone"):
        run(double, [1], executor=Failing(BrokenExecutor("gone"), {1: 1}))


def test_an_executor_that_takes_no_more_jobs():
    class Closing(ThreadPoolExecutor):
        taken = 0

        def submit(self, fn, /, *args, **kwargs):
            self.taken += 1
            if self.taken > 2:
                raise BrokenExecutor("gone")
            return super().submit(fn, *args, **kwargs)

    with Closing(1) as executor:
        assert run(double, list(range(6)), lambda job, error: str(error), executor=executor) == [
            0,
            2,
            4,
            6,
            8,
            10,
        ]


def test_a_script_without_its_guard_is_told(tmp_path):
    """Where each worker imports it, as with a second thread; a process with one thread is copied where that is safe."""
    script = tmp_path / "script.py"
    script.write_text(
        "import threading\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "from efewidgets.engine.parallel import WorkerPool\n"
        "with WorkerPool(1) as pool:\n"
        "    print(pool.submit(int).exception())\n",
        encoding="utf-8",
        newline="\n",
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        encoding="utf-8",
    )
    assert 'must stand under: if __name__ == "__main__":' in done.stdout, done.stderr


def test_progress_may_stop_the_work():
    class Stop(Exception):  # noqa: N818
        pass

    seen = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise Stop

    with ThreadPoolExecutor(1) as executor, pytest.raises(Stop):
        run(double, list(range(50)), executor=executor, progress=progress)
    assert seen == [(1, 50), (2, 50)]


# --- a sweep that kills


def sample_extraction(run: Callable):
    config = sample_config()
    files = {"RS1": {name: config["files_metadata"]["RS1"][name] for name in ("IDthresh", "IDrest")}}
    targets = [
        {"efeature": name, "protocol": "IDrest", "amplitude": amplitude, "tolerance": 30}
        for name in ("mean_frequency", "voltage_base")
        for amplitude in (100, 150, 200, 250)
    ]
    return run_extraction(Options(files, targets, ["IDthresh"]), run)


def test_only_the_sweep_that_kills_its_reader_is_lost():
    whole = sample_extraction(run)
    with WorkerPool(1, sabotage_reading) as executor:
        found = sample_extraction(partial(run, executor=executor))
    names = [recording.id for recording in whole.cells[0].recordings]
    assert DEADLY_SWEEP in names
    assert [r.id for r in found.cells[0].recordings] == [name for name in names if name != DEADLY_SWEEP]
    (problem,) = [p for p in found.problems if "worker failed" in p.message]
    assert (problem.recording, problem.protocol, problem.cell) == (DEADLY_SWEEP, "IDrest", "RS1")
    for ours, theirs in zip(found.cells[0].recordings, whole.cells[0].recordings, strict=False):
        if ours.id == theirs.id:
            assert (ours.amp, ours.label, ours.source.index) == (
                theirs.amp,
                theirs.label,
                theirs.source.index,
            )


def test_only_the_recording_that_kills_its_worker_has_no_features():
    whole = sample_extraction(run)
    with WorkerPool(1, sabotage_features) as executor:
        found = sample_extraction(partial(run, executor=executor))
    (problem,) = [p for p in found.problems if "worker failed" in p.message]
    assert (problem.recording, problem.protocol, problem.cell) == (DEADLY_SWEEP, "IDrest", "RS1")
    computed = 0
    for ours, theirs in zip(found.cells[0].recordings, whole.cells[0].recordings, strict=True):
        if ours.id == DEADLY_SWEEP:
            assert all(math.isnan(value) for value in ours.efeatures.values())
            assert ours.efeatures
        elif not ours.pending() and ours.efeatures:
            computed += 1
            np.testing.assert_equal(ours.efeatures, theirs.efeatures)
    assert computed > 2


# --- the processes themselves


@dataclass
class Near:
    """A job that is best done by one process."""

    near: int | None
    seconds: float = 0.0


def _where(job: Near) -> int:
    time.sleep(job.seconds)
    return os.getpid()


def test_a_job_goes_to_the_process_that_it_is_near_to(pool):
    pids = set()
    while len(pids) < 2:
        pids.add(pool.submit(_where, Near(None, 0.05)).result())
        pids |= {future.result() for future in [pool.submit(_where, Near(None, 0.2)) for _ in range(2)]}
    busy = [pool.submit(_where, Near(None, 0.3)) for _ in range(2)]
    wanted = sorted(pids) * 5 + sorted(pids, reverse=True) * 5
    found = [pool.submit(_where, Near(pid, 0.02)) for pid in wanted]
    assert {future.result() for future in busy} == pids
    assert sum(future.result() == pid for future, pid in zip(found, wanted, strict=True)) >= 18


def test_nobody_waits_for_one_process_while_another_is_free(pool):
    pid = pool.submit(_where, Near(None)).result()
    found = [pool.submit(_where, Near(pid, 0.3)) for _ in range(4)]
    assert len({future.result() for future in found}) == 2


#: As Python 3.13 says it, and all others
CANNOT_BE_SENT = "get local object|pickle"


def test_what_cannot_be_sent_is_told_and_the_rest_goes_on(pool):
    with pytest.raises(Exception, match=CANNOT_BE_SENT):
        pool.submit(double, lambda: None).result()
    with pytest.raises(Exception, match=CANNOT_BE_SENT):
        pool.submit(_unsendable).result()
    with pytest.raises(KeyError, match="gone") as told:
        pool.submit(_raise).result()
    assert "in _raise" in told.value.__notes__[0]  # where in the worker
    assert pool.submit(double, 4).result() == 8


def _unsendable():
    return lambda: None


def _raise():
    raise KeyError("gone")


def test_what_waits_can_be_given_up():
    executor = WorkerPool(1)
    first = executor.submit(time.sleep, 0.5)
    while not first.running():
        time.sleep(0.01)
    waiting = [executor.submit(double, k) for k in range(5)]
    assert waiting[-1].cancel()
    executor.shutdown(cancel_futures=True)
    assert first.result() is None
    assert all(future.cancelled() for future in waiting[1:])
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(double, 1)


def test_a_pool_that_nobody_shuts_down_goes_with_its_owner():
    before = set(multiprocessing.active_children())
    executor = WorkerPool(2)
    assert executor.submit(double, 1).result() == 2
    pids = {process.pid for process in set(multiprocessing.active_children()) - before}
    assert len(pids) == 2
    del executor
    gc.collect()
    until = time.monotonic() + 30
    while left := set(filter(psutil.pid_exists, pids)):  # the pool waits for them itself, and only one can
        assert time.monotonic() < until, left
        time.sleep(0.05)


@pytest.mark.parametrize("thread", [False, True])
def test_a_script_that_ends_without_a_word_leaves_nobody(tmp_path, thread):
    """Copied or started anew, workers end with a script that neither shuts them down nor waits."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, threading, time\n"
        "from efewidgets.engine.parallel import WorkerPool\n"
        "if __name__ == '__main__':\n"
        + ("    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n" if thread else "")
        + "    pool = WorkerPool(2)\n"
        "    print(pool.submit(os.getpid).result(), os.getpid())\n",
        encoding="utf-8",
        newline="\n",
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    worker, own = done.stdout.split()
    assert worker != own
    with pytest.raises(ProcessLookupError):
        os.kill(int(worker), 0)
