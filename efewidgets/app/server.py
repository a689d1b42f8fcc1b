"""Voila with our page: its own template, kernels kept warm, and none left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pathlib
import signal
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from typing import Any

import tornado.ioloop
from voila.app import Voila  # type: ignore[import-untyped]

from ..engine.long.memory import VARIABLE
from .address import Address
from .classroom.teacher import Classroom
from .configured import Hosting, configured
from .handlers import ours
from .many.entrance import QUEUE, Queue
from .many.pool import offer_only_ready
from .many.share import MB
from .secret import hide_in_logs
from .settings import Settings

SERVED = pathlib.Path(__file__).parent / "served"
NOTEBOOK = SERVED / "efewidgets.ipynb"

#: ms between two moments at which signals are heard in any case
_HEAR_EVERY = 300
#: What libraries warn of though nothing is wrong: the package's own notebook, and what still comes for a page that left
_NO_FAULT = ("is not trusted", "Got events for closed stream")
#: s for what waited for kernels to notice that there are none any more
_LAST = 0.5


def says_something(record: logging.LogRecord) -> bool:
    """Whether a line of the log is about something that somebody could mend."""
    return not any(words in record.getMessage() for words in _NO_FAULT)


class Server(Voila):
    """Voila that finds our template in the package, and ends the kernels of closed pages."""

    started: Callable[[], None]
    classroom: Classroom | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _told = False

    def initialize(self, argv: Any = None) -> None:
        """Leave signals alone: what Voila does on SIGTERM fails before it listens."""
        before = signal.getsignal(signal.SIGTERM)
        super().initialize(argv)
        signal.signal(signal.SIGTERM, before)

    def setup_template_dirs(self) -> None:
        """Put our template before Voila's own."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(SERVED / "template"))

    def init_handlers(self) -> list[Any]:
        """Replace handlers that fail; put that for the token where Voila looks for it."""
        offer_only_ready(self.kernel_manager)
        for log in (self.log, logging.getLogger("tornado.general")):
            log.addFilter(says_something)
        self.app.settings["jinja2_env"].loader.searchpath.insert(0, str(SERVED / "login"))
        found: list[Any] = [(f"{self.server_url}voila/{QUEUE}/([\\w-]+)", Queue)]
        if self.classroom is not None:
            found += self.classroom.handlers(self.server_url, self.port)
        for path, *handler in map(ours, super().init_handlers()):
            if not path.startswith(self.server_url):
                path = self.server_url.rstrip("/") + path
            found.append((path, *handler))
        return found

    def listen(self) -> None:
        """Listen, and say so once the page can be had."""
        loop: Any = tornado.ioloop.IOLoop.current()
        self._loop = loop.asyncio_loop
        loop.add_callback(loop.stop if self._told else self.started)
        # On Windows a loop that waits for sockets doesn't hear Ctrl-C, nor elsewhere a signal that another thread gets
        tornado.ioloop.PeriodicCallback(lambda: None, _HEAR_EVERY).start()
        super().listen()

    def end(self) -> None:
        """Stop listening, soon; may be called by whatever hears a signal, at any time."""
        self._told = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def stop(self) -> None:
        """End the kernels, and what waits for them."""
        assert self._loop is not None
        logging.disable(logging.CRITICAL)  # what fails from here on does so because this ends
        self._loop.run_until_complete(self.kernel_manager.end_all())
        waiting = asyncio.all_tasks(self._loop)
        for task in waiting:
            task.cancel()
        self._loop.run_until_complete(asyncio.wait(waiting, timeout=_LAST) if waiting else asyncio.sleep(0))


def serve(
    settings: Settings,
    address: Address,
    hosting: Hosting,
    say: Callable[[pathlib.Path], Any],
    browser: bool,
    heed: Callable[[Callable[[], Any]], Any] = lambda end: None,
    classroom: Classroom | None = None,
) -> None:
    """Serve the page until it is told to end.

    Parameters
    ----------
    settings : Settings
        What the page opens on, and what it may do.
    address : Address
    hosting : Hosting
    say : callable
        Is called once the page can be had, with a folder that only the owner can read, until the server ends.
    browser : bool
        Whether the page is opened in a browser.
    heed : callable
        Is given a function that ends this one, to be called on Ctrl-C and the like.
    classroom : Classroom, optional
        What a teacher sees.
    """
    os.environ.update(settings.environment())
    _let_kernels_ask(address)
    if hosting.share.memory:  # no page begins to read a recording that is longer than that
        os.environ.setdefault(VARIABLE, f"{hosting.share.memory // MB}M")

    def started() -> None:
        say(pathlib.Path(own))
        if browser:
            threading.Thread(target=_open_browser, args=(address.url,), daemon=True).start()

    with tempfile.TemporaryDirectory(prefix="efewidgets-") as own:
        os.environ["IPYTHONDIR"] = own  # what a person has set up for their own IPython isn't for visitors
        server = Server(config=configured(address, hosting, settings.root is not None))
        server.connection_dir_root = own
        server.started, server.classroom = started, classroom
        heed(server.end)
        server.initialize([str(NOTEBOOK)])
        hide_in_logs(address.token, server.log)
        if classroom is not None:
            hide_in_logs(classroom.key, server.log)
        server.start()


def _let_kernels_ask(address: Address) -> None:
    """Tell kernels that wait where to ask who has come: where we listen."""
    everywhere = {"": "127.0.0.1", "localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
    host = everywhere.get(address.ip, address.ip)
    os.environ["VOILA_APP_IP"] = f"[{host}]" if ":" in host else host


def _open_browser(url: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)
