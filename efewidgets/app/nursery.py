"""The process that kernels come out of: it has imported and computed all that they have in common, once.

A copy of it (fork) shares that memory until it is written to. Nothing of a visitor is ever here: it knows how the
dashboard is served, makes a page on the sample cells and throws it away, and makes the page that new visitors see for
its copies to take over. A copy then renews what must not be the same in two kernels, and becomes a kernel.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import json
import logging
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any, NoReturn

import ipywidgets
import numpy as np

from ..engine import apart
from ..engine.systems.ending import ASKED, end
from ..engine.systems.libraries import give_memory_back
from . import begin, kernel, page
from .dashboard import Dashboard
from .settings import Settings
from .steps import NAMES

#: What a kernel imports when it starts and shows its page; another IPython may do without one of them
_IMPORTED = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "psutil",
    "tornado.locks",
    "tornado.platform.asyncio",
    "tornado.queues",
    "traitlets.config.argcomplete_config",
)
READY, ALONE = b"ready\n", b"alone\n"
#: Argument by which the page of new visitors isn't made: a lab's own reader left threads behind, say
PLAIN = "plain"
_PATIENCE = 5.0  # s for threads to end that have nothing to do any more

logger = logging.getLogger(__name__)


def rehearse(settings: Settings) -> None:
    """Make a page on the sample cells and throw it away: what was imported, read and computed for it stays."""
    kernel.without_debugger()
    for name in _IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    state = begin.first_state(dataclasses.replace(settings, start=""))
    state.view.tab = "stimuli"
    state.wait(None)
    dashboard = Dashboard(state, root=settings.folders or None, read_only=True)
    for step in NAMES:
        state.view.tab = step
    dashboard.close()
    state.close()


def attend(asked: socket.socket) -> None:
    """Become a kernel, as a copy, as often as that is asked for; end with whoever asks."""
    with contextlib.suppress(ConnectionError), asked.makefile("rwb", buffering=0) as lines:
        lines.write(READY if _is_alone() else ALONE)
        while line := lines.readline():
            pid = os.fork()
            if not pid:
                lines.close()
                asked.close()
                _become(json.loads(line))
            lines.write(b"%d\n" % pid)


def _is_alone() -> bool:
    """Whether there are no other threads, which a copy would lack: what they hold would be held there for ever."""
    until = time.monotonic() + _PATIENCE
    while (found := len(os.listdir("/proc/self/task"))) > 1 and time.monotonic() < until:
        time.sleep(0.05)
    if found > 1:
        logger.warning("threads hinder copies: %s", [thread.name for thread in threading.enumerate()])
    return found == 1


def _become(request: dict[str, Any]) -> NoReturn:
    """Be the kernel that was asked for, with nothing of its own that another one has, too."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(request["env"], JPY_PARENT_PID=str(os.getppid()))
        os.chdir(request["cwd"] or os.getcwd())
        # Python's own, uuid and tempfile see to it themselves
        np.random.seed()  # noqa: NPY002
        multiprocessing.current_process().authkey = secrets.token_bytes(32)
        # ipywidgets does so when it is imported, but only in a kernel: pages ask by it for all widgets at once
        ipywidgets.register_comm_target()
        sys.argv = request["argv"]
        kernel.main()
    except BaseException as error:
        if not isinstance(error, SystemExit):
            traceback.print_exc()
    os._exit(0)


def main() -> None:
    """Prepare, and attend to the server at the other end of a socket."""
    asked, plain = socket.socket(fileno=int(sys.argv[1])), PLAIN in sys.argv
    for number in ASKED:
        signal.signal(number, lambda *_: threading.Thread(target=end, args=(0, 1.0), daemon=True).start())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    settings = Settings.from_environment()
    begin.hurried.set()
    try:
        rehearse(settings)
        if not plain:
            page.prepare(settings)
    except Exception:
        logger.exception("the page of new visitors can't be made beforehand")
    begin.hurried.clear()
    apart.close()
    if settings.start and not plain and not _is_alone():
        asked.set_inheritable(True)
        os.execv(sys.executable, [sys.executable, "-m", __spec__.name, str(asked.fileno()), PLAIN])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks this process how a kernel ended
    give_memory_back()
    gc.collect()
    gc.freeze()  # or the first collection in each copy would write to all of it
    attend(asked)


if __name__ == "__main__":
    main()
