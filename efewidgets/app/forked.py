"""Kernels that are copies of one process (`nursery`), on Linux, with what Jupyter needs to start and end them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from ..engine.systems.processes import processes_have_handles

NAME = "efewidgets-forked"
#: Has kernels copied, or not, by "1" and "0", whoever is served
ASKED = "EFEWIDGETS_FORK"
_END = 1.0  # s for the nursery to end by itself


class Forked:
    """A kernel that is another process's child, with what Jupyter needs of `subprocess.Popen`.

    Parameters
    ----------
    pid : int
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid, self._handle = pid, -1
        self.returncode: int | None = None
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:  # gone already
            self.returncode = 0

    def poll(self) -> int | None:
        """Return None while it runs, then 0: with what code it ended only its parent could know."""
        if self.returncode is None:
            waiting = select.poll()
            waiting.register(self._handle, select.POLLIN)
            if waiting.poll(0):
                os.close(self._handle)
                self.returncode = 0
        return self.returncode

    def wait(self) -> int | None:
        """Return what `poll` does; Jupyter waits by itself until there is something."""
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal to it and to no other process that may have come to its number."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The server's end of the process that kernels are copies of.

    Attributes
    ----------
    process : subprocess.Popen
    """

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.nursery", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                # a copy has no threads but its own; as many kernels as there are share the cores anyway
                env={
                    **os.environ,
                    "VOILA_PREHEAT": "True",
                    "OPENBLAS_NUM_THREADS": "1",
                    "OMP_NUM_THREADS": "1",
                    "MALLOC_ARENA_MAX": "1",  # or each thread of a copy would keep memory of its own
                },
            )
        self._opening: asyncio.Task[Any] | None = None
        self._turn = asyncio.Lock()
        self._closed = self._started_one = False

    async def kernel(self, argv: list[str], env: dict[str, str], cwd: str | None) -> Forked | None:
        """Return a new kernel; None if this process is no help, so that one must be started by itself.

        So is that of the first who comes before this process is prepared. More of them would take the cores from each
        other, and from it: they are there sooner as copies.

        Raises
        ------
        RuntimeError
            If it was closed meanwhile.
        """
        request = json.dumps({"argv": argv, "env": env, "cwd": cwd}).encode() + b"\n"
        self._opening = self._opening or asyncio.ensure_future(self._open())
        somebody_waits = env.get("VOILA_PREHEAT") == "False"
        if somebody_waits and not self._started_one and not self._opening.done():
            self._started_one = True
            return None
        try:
            lines, send = await asyncio.shield(self._opening)
            async with self._turn:
                send.write(request)
                answer = await lines.readline()
            return Forked(int(answer))
        except (OSError, ValueError):
            if self._closed:
                raise RuntimeError("the server ends") from None
            return None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Wait until it is prepared. Raises OSError if it can't be used."""
        lines, send = await asyncio.open_connection(sock=self._socket)
        if await lines.readline() != b"ready\n":
            send.close()
            raise OSError("no kernel can be a copy")
        return lines, send

    def ending(self) -> None:
        """Start no kernel any more; who waits for this process to be prepared does so in vain."""
        self._closed = True
        if self._opening is None or not self._opening.done():
            self.process.terminate()

    async def close(self) -> None:
        """End it. Kernels that are still there end by themselves then."""
        self.ending()
        if self.process.poll() is None:
            self.process.terminate()
        until = asyncio.get_running_loop().time() + _END
        while self.process.poll() is None and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.02)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._opening is None:
            self._socket.close()
        else:
            with contextlib.suppress(OSError):
                (await self._opening)[1].close()


class ForkedProvisioner(LocalProvisioner):
    """Has kernels copied where the kernels' manager has a nursery, and starts them otherwise."""

    process: Any

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Start a kernel; return how it is reached."""
        kernel: Any = self.parent
        nursery: Nursery | None = getattr(kernel.parent, "nursery", None)
        found = nursery and await nursery.kernel(cmd[2:], options["env"], options.get("cwd"))
        if not found:
            return await super().launch_kernel(cmd, **options)
        self.process = found
        self.pid = self.pgid = found.pid
        return self.connection_info


def are_copied(many: bool) -> bool:
    """Whether kernels are to be copies: where many are served, if nobody says otherwise and the system can do so."""
    return os.environ.get(ASKED, "1" if many else "0") == "1" and processes_have_handles()


def nursery() -> Nursery:
    """Return what kernels are copied from, and have Jupyter copy them."""
    where = EntryPoint(NAME, f"{__name__}:{ForkedProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.instance().provisioners[NAME] = where
    return Nursery()
