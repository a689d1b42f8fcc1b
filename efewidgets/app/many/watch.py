"""Looks at what the pages take of the memory, and ends one where all together take too much; and at who waits."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from ...engine.systems import shares
from .ended import over_share
from .pool import tend, waiting
from .share import Share

logger = logging.getLogger(__name__)

EVERY = 1.0  # s


class Watch:
    """Ends the kernel that takes most beyond its share when there is no room left, and those that wait before it.

    Parameters
    ----------
    kernels : Kernels
    share : Share
    """

    def __init__(self, kernels: Any, share: Share):
        self._kernels, self._share = kernels, share
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look every second from now on, as long as there are kernels."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look_on())

    async def _look_on(self) -> None:
        while len(self._kernels):
            await asyncio.sleep(EVERY)
            if self._kernels.ending:
                return
            try:
                await tend(self._kernels)
                if self._share.memory:
                    await self.look()
            except Exception:  # such as of a kernel that has ended meanwhile
                logger.warning("what the pages take can't be told", exc_info=True)

    async def look(self) -> None:
        """Look once."""
        kernels = {name: pid for name in self._kernels.list_kernel_ids() if (pid := self._pid(name))}
        # beside the loop: of many processes the system takes its time to tell, and all pages would wait for it
        found = await asyncio.to_thread(_what_is_taken, kernels, self._share.memory)
        if found is None:
            return
        taken, everything = found
        if everything > self._share.memory and waiting(self._kernels):
            self._kernels.pool.rest()
            await tend(self._kernels)
            return
        name = self._share.one_too_many(taken, everything)
        if name is not None:
            logger.warning("a page that takes %d MB is ended: there is no room", taken[name] >> 20)
            await self._kernels.end(name, over_share(taken[name]))

    def _pid(self, name: str) -> int:
        kernel = self._kernels.get_kernel(name)
        return kernel.provisioner.pid or 0 if kernel.has_kernel else 0


def _what_is_taken(kernels: dict[str, int], memory: int) -> tuple[dict[str, int], int] | None:
    """Return the bytes of each page, and of all with the server; None if these are certainly less than `memory`."""
    families = shares.families([os.getpid(), *kernels.values()])
    everybody = families[os.getpid()]
    if sum(map(shares.at_most, everybody)) <= memory:
        return None
    takes = {pid: shares.taken(pid) for pid in everybody}
    taken = {name: sum(takes.get(one, 0) for one in families[pid]) for name, pid in kernels.items()}
    return taken, sum(takes.values())
