"""A cell in one job: each file read once, by whichever process, and the same bytes as without workers."""

from __future__ import annotations

import collections
import itertools
import pathlib
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from efewidgets.datasets import sample_config
from efewidgets.engine.extraction.by_cell import APART, CellJob, to_share
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import WorkerPool, run, workers_of
from efewidgets.engine.stages.options import Options
from efewidgets.extract import extract_efeatures
from tests.engine.parallel import deadly
from tests.state import lab

CONFIG = sample_config(["RS1", "FS1", "IB1"])
NAMES = ("files_metadata", "targets", "protocols_rheobase", "rheobase_strategy", "efel_settings")


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(2) as found:
        yield found


def options(**more) -> Options:
    return Options(**{name: CONFIG[name] for name in NAMES} | more)


def texts(found) -> list[str]:
    return [to_json(one) for one in (found.features, found.protocols_dict, found.currents)]


BY_HAND = {"rheobase_values": {"RS1": 0.2, "IB1": 0.1}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        pytest.param({"absolute_amplitude": True}, marks=pytest.mark.slow),
        pytest.param({"targets": None}, marks=pytest.mark.slow),
        BY_HAND,
    ],
    ids=str,
)
def test_by_workers_all_is_as_without(pool, more):
    plain = run_extraction(options(**more), run)
    found = run_extraction(options(**more), partial(run, executor=pool), workers=2)
    assert texts(found) == texts(plain)
    assert found.problems == plain.problems
    assert found.targets == plain.targets
    assert found.rheobases.keys() == plain.rheobases.keys()
    for ours, theirs in zip(found.cells, plain.cells, strict=True):
        assert ours.all_problems() == theirs.all_problems()
        assert (ours.rheobase, ours.name) == (theirs.rheobase, theirs.name)
        assert [r.label for r in ours.recordings] == [r.label for r in theirs.recordings]
        for one, other in zip(ours.recordings, theirs.recordings, strict=True):
            assert repr(one.efeatures) == repr(other.efeatures)  # nan is nan
            assert (one.ton, one.toff, one.amp, one.hypamp) == (
                other.ton,
                other.toff,
                other.amp,
                other.hypamp,
            )
    serials = [r.serial for cell in found.cells for r in cell.recordings]
    assert len(set(serials)) == len(serials) > 100


@pytest.mark.parametrize(
    "make", [ThreadPoolExecutor, pytest.param(ProcessPoolExecutor, marks=pytest.mark.slow), WorkerPool]
)
def test_any_executor_of_any_size(make):
    plain = run_extraction(options(), run)
    more = {"mp_context": get_context("spawn")} if make is ProcessPoolExecutor else {}
    with make(1, **more) as executor:
        found = run_extraction(options(), partial(run, executor=executor), workers=workers_of(executor))
    assert texts(found) == texts(plain)
    assert found.problems == plain.problems


def logging_reader(metadata: dict) -> list[dict]:
    """Write down which file is read."""
    path = pathlib.Path(metadata["filepath"])
    with path.with_name("read").open("a", encoding="utf-8", newline="\n") as file:
        file.write(path.name + "\n")
    return lab.reader(metadata)


def read(folder: pathlib.Path) -> collections.Counter[str]:
    log = folder / "read"
    found = collections.Counter(log.read_text(encoding="utf-8").split())
    log.unlink()
    return found


def test_each_file_is_read_once(pool, tmp_path):
    given = lab.arguments(lab.write_cells(tmp_path, {f"c{k}": 0.1 + 0.02 * k for k in range(6)}))
    given["recording_reader"] = logging_reader
    plain = extract_efeatures("unused", **given)
    once = read(tmp_path)
    assert set(once.values()) == {1}
    assert to_json(extract_efeatures("unused", executor=pool, **given)) == to_json(plain)
    assert read(tmp_path) == once


def test_the_files_of_a_single_cell_are_shared_and_their_samples_stay_with_their_readers(tmp_path):
    """One process: whatever it has read it still has when features are computed."""
    given = lab.arguments(lab.write_cells(tmp_path, {"A": 0.1}))
    given["recording_reader"] = logging_reader
    plain = extract_efeatures("unused", **given)
    once = read(tmp_path)
    with WorkerPool(1) as executor:
        how = partial(run, executor=executor)
        found = run_extraction(Options(**given), how, workers=2)
    assert to_json(found.features) == to_json(plain[0])
    assert read(tmp_path) == once


@pytest.mark.slow
def test_a_cell_that_kills_its_worker_is_tried_in_pieces():
    """Of it only the sweep is lost that kills; the other cells don't know."""
    files = {
        name: {p: CONFIG["files_metadata"][name][p] for p in ("IDthresh", "IDrest")}
        for name in ("RS1", "FS1")
    }
    whole = run_extraction(options(files_metadata=files), run)
    with WorkerPool(1, deadly.sabotage_reading) as executor:
        found = run_extraction(options(files_metadata=files), partial(run, executor=executor), workers=1)
    for ours, theirs in zip(found.cells, whole.cells, strict=True):
        names = [recording.id for recording in theirs.recordings]
        assert [r.id for r in ours.recordings] == [name for name in names if name != deadly.DEADLY_SWEEP]
    told = {(p.recording, p.protocol, p.cell) for p in found.problems if "worker failed" in p.message}
    assert told == {(deadly.DEADLY_SWEEP, "IDrest", name) for name in ("RS1", "FS1")}


def test_a_reader_of_a_script_stays_here(pool, tmp_path):
    """What comes back from a worker has the reader of this process, so that it can be read again here."""
    given = lab.arguments(lab.write_cells(tmp_path, {"A": 0.1, "B": 0.12}))
    given["recording_reader"] = logging_reader
    found = run_extraction(Options(**given), partial(run, executor=pool), workers=1)
    for recording in found.cells[1].recordings:
        assert recording.source.reader is logging_reader
        assert recording.source.load().n > 100


def test_a_job_is_small_to_send_each_way(pool):
    """Targets and names of files there, recordings without samples back."""
    sent = []

    def watched(function, jobs, failed=None):
        sent.extend((job, len(pickle.dumps(job))) for job in jobs)
        found = run(function, jobs, failed, executor=pool)
        sent.extend((job, len(pickle.dumps(one))) for job, one in zip(jobs, found, strict=True))
        return found

    run_extraction(options(), watched, workers=1)
    assert {type(job) for job, _ in sent} == {CellJob}
    assert max(size for _, size in sent) < 300_000  # bytes; 100 sweeps and more have 50 MB


def shortest(weights: list[float], workers: int) -> float:
    """How long workers take at least with whole jobs, by trying all ways to hand them out."""
    ways = itertools.product(range(workers), repeat=len(weights))
    return min(
        max(sum(w for w, worker in zip(weights, way, strict=True) if worker == k) for k in range(workers))
        for way in ways
    )


@pytest.mark.parametrize(
    ("weights", "workers", "shared"),
    [
        ([1.0] * 20, 2, 0),
        ([1.0] * 20, 1, 0),
        ([1.0], 2, 1),
        ([1.0] * 3, 2, 1),
        ([1.0, 1.0], 2, 0),
        ([10.0] + [1.0] * 10, 2, 0),
        ([30.0] + [1.0] * 10, 2, 1),
        ([0.0, 0.0], 2, 0),
        ([], 2, 0),
    ],
)
def test_cells_are_shared_where_the_others_would_wait(weights, workers, shared):
    found = to_share(weights, workers)
    assert len(found) == shared
    if shared:  # it pays: what is shared is done by all, in more time
        rest = [weight for k, weight in enumerate(weights) if k not in found]
        together = APART * sum(weights[k] for k in found)
        assert max(shortest(rest, workers), (sum(rest) + together) / workers) < shortest(weights, workers)


def test_how_many_work():
    class Client:
        def nthreads(self):
            return {"tcp://one": 2, "tcp://other": 1}

    class Dasks:
        _client = Client()

    with WorkerPool(2) as ours, ThreadPoolExecutor(3) as pythons:
        assert [workers_of(None), workers_of(None, map)] == [1, 1]
        assert [workers_of(ours), workers_of(pythons), workers_of(Dasks())] == [2, 3, 3]
    assert workers_of(object()) == workers_of(None, ours.map) >= 1
