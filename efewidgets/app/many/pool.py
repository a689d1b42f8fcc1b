"""Kernels that wait for visitors with their page made: more of them while many come, fewer when nobody does."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ...engine.systems.processes import cores

#: s for which it counts that somebody came and no kernel was ready for them, or that there was no memory for one
REMEMBERED = 120.0
#: Kernels that wait at most, for each core
_EACH_CORE = 2


class Pool:
    """How many kernels are to wait.

    Parameters
    ----------
    least : int
        When nobody comes.
    most : int, optional
        When many do; more than `least` by default.
    clock : callable
        Returns s.
    """

    def __init__(self, least: int, most: int | None = None, clock: Callable[[], float] = time.monotonic):
        self.least = least
        self.most = max(least, _EACH_CORE * cores()) if most is None else most
        self._clock = clock
        self._missed: deque[float] = deque()
        self._resting_until = -math.inf

    def missed(self) -> None:
        """Take note that somebody has come for whom none was ready."""
        self._missed.append(self._clock())

    def rest(self) -> None:
        """Have none wait for a while: the pages that are there need the memory."""
        self._resting_until = self._clock() + REMEMBERED

    def wanted(self, left: int | None) -> int:
        """Return how many are to wait.

        Parameters
        ----------
        left : int or None
            Places for visitors; None for any number. No kernel waits for who would have no place.
        """
        while self._missed and self._clock() - self._missed[0] > REMEMBERED:
            self._missed.popleft()
        none = not self.least or self._clock() < self._resting_until
        wanted = 0 if none else min(self.least + len(self._missed), self.most)
        return wanted if left is None else min(wanted, left)


def offer_only_ready(kernels: Any) -> None:
    """Give visitors only kernels that have been started and live; Voila lets them wait for one that is put off."""
    if not hasattr(kernels, "_pools"):
        return
    take = kernels.get_rendered_notebook

    def ready(notebook: str) -> int:
        waiting = kernels._pools.get(notebook, [])
        able = [task for task in waiting if is_ready(task) and kernels.lives(task.result()["kernel_id"])]
        waiting[:] = [*able, *(task for task in waiting if not is_ready(task))]
        return len(able)

    async def taken(**options: Any) -> Any:
        found = await take(**options)
        kernels.room.settle(found[-1])
        return found

    kernels.get_pool_size, kernels.get_rendered_notebook = ready, taken


def is_ready(task: asyncio.Task[Any]) -> bool:
    """Whether a kernel that waits has been started."""
    return task.done() and not task.cancelled() and task.exception() is None


def waiting(kernels: Any) -> list[str]:
    """Return the kernels that wait for visitors."""
    pools = getattr(kernels, "_pools", {})  # which Voila adds
    return [task.result()["kernel_id"] for pool in pools.values() for task in pool if is_ready(task)]


async def tend(kernels: Any) -> None:
    """Have as many kernels wait as are wanted: start those that lack, and end those that are too many."""
    if not hasattr(kernels, "_pools"):
        return
    wanted = kernels.pool.wanted(kernels.room.left)
    kernels.kernel_pools_config = {"default": {"pool_size": wanted}}
    kernels.fill_if_needed(notebook_name=kernels.notebook_path)
    for name in waiting(kernels)[wanted:]:
        await kernels.shutdown_kernel(name)
