"""The kernel of a page: it ends at once when it is told to, whatever it does, and by itself once its server has gone.

Jupyter's own waits until its work is done, is interrupted in it, and complains of sockets that are closed meanwhile.
It also writes to much of what a copy shares with others: whatever Python looks at, it counts.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any, NoReturn, cast
from unittest.mock import patch

from ipykernel import ipkernel
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

from ..engine.systems.ending import ASKED, end

#: s for what is to be kept and removed at the end; the server waits a little longer
SECONDS = 3.0
_LOOK_EVERY = 0.3


class PageKernel(IPythonKernel):
    """Runs a page's notebook."""

    def __init__(self, **options: Any) -> None:
        """Show no modules to who lists their files for a debugger, which there isn't: to count them costs 8 MB."""
        with patch.object(ipkernel, "sys", SimpleNamespace(**vars(sys) | {"modules": {}})):
            super().__init__(**options)

    def pre_handler_hook(self) -> None:
        """Let interrupts pass, as between cells: there is nobody on a page who could mean one."""

    def post_handler_hook(self) -> None:
        """See above."""

    async def poll_stopped_queue(self) -> None:
        """Nobody debugs a page."""

    def do_shutdown(self, restart: bool) -> NoReturn:
        """End; this is called in a thread that has no other work."""
        end(0, SECONDS)


class PageKernelApp(IPKernelApp):
    """Starts it."""

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Read what a server says, ``-f FILE``: to offer all options of all classes costs a copy 4 MB."""
        argv = sys.argv if argv is None else argv
        self.connection_file = argv[argv.index("-f") + 1]
        self.extra_args = []

    def init_code(self) -> None:
        """Run nothing before the page: it is the same whatever a person has IPython begin with."""

    def init_poller(self) -> None:
        """Watch the server: where it was killed, what the visitor has done is still kept."""
        if sys.platform == "win32":
            super().init_poller()
        elif self.parent_handle:
            self.poller: Any = _Watch(self.parent_handle)


class _Watch(threading.Thread):
    def __init__(self, parent: int) -> None:
        super().__init__(name="efewidgets-parent", daemon=True)
        self._parent = parent

    def run(self) -> None:
        while os.getppid() == self._parent:
            time.sleep(_LOOK_EVERY)
        end(0, SECONDS)


def _told(*_: object) -> None:
    # in a thread of its own: what this one was at may be what has to be waited for
    threading.Thread(target=end, args=(0, SECONDS), daemon=True).start()


def without_debugger() -> None:
    """Have Jupyter do without its debugger, whose modules cost each page 10 MB and a quarter of a second."""
    sys.modules.setdefault("debugpy", cast(Any, None))


def main() -> None:
    """Run the kernel that the server has asked for."""
    without_debugger()
    for number in ASKED:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else _told)
    # Jupyter looks when it is imported: in a copy, long ago
    parent = int(os.environ.get("JPY_PARENT_PID") or 0)
    quiet = Config(HistoryManager={"enabled": False})  # nobody asks a page what ran in it
    PageKernelApp.launch_instance(kernel_class=PageKernel, parent_handle=parent, config=quiet)


if __name__ == "__main__":  # worker processes import this module too
    main()
