"""How many kernels wait for visitors."""

from __future__ import annotations

import asyncio
import types

import pytest

from efewidgets.app.many import pool as pools
from efewidgets.app.many import watch as watches
from efewidgets.app.many.pool import REMEMBERED, Pool, offer_only_ready, tend
from efewidgets.app.many.room import Room
from efewidgets.app.many.share import Share
from efewidgets.app.many.watch import Watch


def test_more_wait_while_many_come_and_fewer_after(monkeypatch):
    now = [0.0]
    pool = Pool(1, 4, clock=lambda: now[0])
    assert pool.wanted(None) == 1
    for now[0] in (1.0, 2.0):
        pool.missed()
    assert pool.wanted(None) == 3
    for now[0] in range(3, 30):
        pool.missed()
    assert pool.wanted(None) == 4
    assert pool.wanted(2) == 2, "nobody waits for who would have no place"
    assert pool.wanted(0) == 0
    now[0] = 29 + REMEMBERED + 1
    assert pool.wanted(None) == 1


def test_none_waits_where_none_is_asked_for():
    pool = Pool(0)
    pool.missed()
    assert pool.wanted(None) == 0


class Kernels(dict):
    """A manager with a pool as Voila's."""

    notebook_path = "page.ipynb"

    def __init__(self, least: int, places: int = 0):
        super().__init__()
        self.pool, self.room = Pool(least, 4), Room(places, self)
        self._pools = {self.notebook_path: []}
        self.kernel_pools_config = {}
        self.ended = []

    def fill_if_needed(self, notebook_name):
        waiting = self._pools[notebook_name]
        for _ in range(self.kernel_pools_config["default"]["pool_size"] - len(waiting)):
            name = f"kernel {len(self)}"
            self[name] = True
            waiting.append(asyncio.ensure_future(asyncio.sleep(0, {"kernel_id": name})))

    async def shutdown_kernel(self, name):
        del self[name]
        waiting = self._pools[self.notebook_path]
        waiting[:] = [task for task in waiting if task.result()["kernel_id"] != name]

    def list_kernel_ids(self):
        return list(self)

    def get_kernel(self, name):
        return types.SimpleNamespace(has_kernel=True, provisioner=types.SimpleNamespace(pid=1))

    async def end(self, name, why):
        self.ended.append(name)

    def lives(self, name):
        return self[name]

    async def get_rendered_notebook(self, notebook_name):
        return None, [], (await self._pools[notebook_name].pop(0))["kernel_id"]


def test_the_pool_is_filled_and_emptied():
    async def look():
        kernels, counts = Kernels(1), []
        for misses, forgets in ((0, False), (2, False), (0, True)):
            for _ in range(misses):
                kernels.pool.missed()
            if forgets:
                kernels.pool._missed.clear()
            await tend(kernels)
            await asyncio.sleep(0.01)
            counts.append(len(kernels._pools[kernels.notebook_path]))
        return counts

    assert asyncio.run(look()) == [1, 3, 1]


def test_who_gets_a_kernel_that_waited_takes_a_place():
    async def look():
        kernels = Kernels(1, places=1)
        offer_only_ready(kernels)
        await tend(kernels)
        await asyncio.sleep(0.01)
        assert kernels.get_pool_size(kernels.notebook_path) == 1
        guest = kernels.room.come_in()
        await kernels.get_rendered_notebook(notebook_name=kernels.notebook_path)
        kernels.room.done(guest)
        assert guest.kernel == "kernel 0"
        await tend(kernels)
        assert kernels._pools[kernels.notebook_path] == []
        del kernels["kernel 0"]
        await tend(kernels)
        assert len(kernels._pools[kernels.notebook_path]) == 1

    asyncio.run(look())


def test_a_kernel_that_died_while_it_waited_is_given_to_nobody():
    async def look():
        kernels = Kernels(2)
        offer_only_ready(kernels)
        await tend(kernels)
        await asyncio.sleep(0.01)
        kernels["kernel 0"] = False
        assert kernels.get_pool_size(kernels.notebook_path) == 1
        assert (await kernels.get_rendered_notebook(notebook_name=kernels.notebook_path))[-1] == "kernel 1"
        await tend(kernels)
        await asyncio.sleep(0.01)
        assert kernels.get_pool_size(kernels.notebook_path) == 2, "others wait in their place"

    asyncio.run(look())


def test_those_that_wait_end_before_a_page_where_memory_is_short(monkeypatch):
    taken = {"kernel 0": 50, "kernel 1": 50, "page": 90}
    monkeypatch.setattr(
        watches, "_what_is_taken", lambda kernels, memory: (taken, sum(map(taken.get, kernels)))
    )

    async def look():
        kernels = Kernels(2)
        await tend(kernels)
        await asyncio.sleep(0.01)
        kernels["page"] = True
        watch = Watch(kernels, Share(2, 150))
        await watch.look()
        assert list(kernels) == ["page"]
        await watch.look()
        assert kernels.ended == [], "there is room now"
        await tend(kernels)
        assert list(kernels) == ["page"], "none waits for a while"
        taken["page"] = 200
        await watch.look()
        assert kernels.ended == ["page"]

    asyncio.run(look())


def test_kernels_wait_again_after_a_while():
    now = [0.0]
    pool = Pool(2, clock=lambda: now[0])
    pool.rest()
    assert pool.wanted(None) == 0
    now[0] = REMEMBERED
    assert pool.wanted(None) == 2


@pytest.mark.parametrize("cores", [1, 8])
def test_as_many_wait_at_most_as_the_cores_can_make(monkeypatch, cores):
    monkeypatch.setattr(pools, "cores", lambda: cores)
    assert Pool(1).most == 2 * cores
    assert Pool(20).most == 20
