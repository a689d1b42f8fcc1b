"""Real clusters on this machine: the same bytes as without, also if a worker is killed on the way."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from tests.engine.parallel.test_workers import cells, extracted

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def dask_client():
    distributed = pytest.importorskip("distributed", reason="needs Dask (efewidgets[dask])")
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        worker_dashboard_address=None,
    )
    client = distributed.Client(cluster)
    yield client
    client.close()
    cluster.close()


@pytest.fixture
def ipyparallel_view():
    ipyparallel = pytest.importorskip("ipyparallel", reason="needs ipyparallel (efewidgets[ipyparallel])")
    cluster = ipyparallel.Cluster(n=2, log_level=40)
    client = cluster.start_and_connect_sync(activate=False)
    view = client.load_balanced_view()
    client[:].apply_sync(_see_the_tests, os.getcwd())
    yield view
    cluster.stop_cluster_sync()


def _see_the_tests(folder: str) -> None:
    import sys

    sys.path.insert(0, folder)


def _pid() -> int:
    return os.getpid()


def test_dask(dask_client):
    dask_client.run(_see_the_tests, os.getcwd())
    assert extracted(cells(), executor=dask_client.get_executor()) == extracted(cells())


@pytest.mark.parametrize("retries", [0, 3])
def test_dask_with_a_worker_killed_on_the_way(dask_client, retries):
    """Dask gives the dead worker's jobs to the other one, or to the one that replaces it."""
    dask_client.run(_see_the_tests, os.getcwd())
    inline = extracted(cells(6))
    victim = next(iter(dask_client.run(_pid).values()))
    killer = threading.Thread(target=lambda: (time.sleep(0.05), os.kill(victim, signal.SIGKILL)))
    killer.start()
    assert extracted(cells(6), executor=dask_client.get_executor(retries=retries)) == inline
    killer.join()


def test_ipyparallel(ipyparallel_view):
    assert extracted(cells(), executor=ipyparallel_view.executor) == extracted(cells())


@pytest.mark.parametrize("retries", [0, 3])
def test_ipyparallel_with_an_engine_killed_on_the_way(ipyparallel_view, retries):
    """The other engine does what the dead one was at, by ipyparallel's retries or by our own."""
    inline = extracted(cells(6))
    victim = ipyparallel_view.client[0].apply_sync(os.getpid)
    ipyparallel_view.retries = retries
    killer = threading.Thread(target=lambda: (time.sleep(0.05), os.kill(victim, signal.SIGKILL)))
    killer.start()
    assert extracted(cells(6), executor=ipyparallel_view.executor) == inline
    killer.join()
