"""Voila with our page: its own template, kernels kept warm, and none left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pathlib
import secrets
import signal
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tornado.ioloop
import zmq
from jupyter_client.manager import KernelManager
from traitlets.config import Config
from voila.app import Voila  # type: ignore[import-untyped]

from ..engine.problems import EfeError
from ..engine.systems.network import only_if_free
from .channels import PING_EVERY, PING_PATIENCE
from .handlers import ours
from .kernels import Kernels, OwnPython, offer_only_ready
from .secret import hide_in_logs
from .settings import Settings

SERVED = pathlib.Path(__file__).parent / "served"
NOTEBOOK = SERVED / "efewidgets.ipynb"

#: Where the dashboard is, unless something else is there
USUAL_PORT = 8866
_TRIES = 50

#: ms between two moments at which signals are heard in any case
_HEAR_EVERY = 300
#: s for what waited for kernels to notice that there are none any more
_LAST = 0.5

#: Bytes of one message from the browser; files come in smaller pieces
LARGEST_MESSAGE = 100 * 2**20

#: s without a sign of the browser, after which a kernel ends; a closed page ends its kernel at once
IDLE = 900
_LOOK_EVERY = 60

#: s until another kernel is made warm, so that the page that has come is drawn first
PAUSE = 4.0

#: What the page needs of the front ends' extensions; others, from around Lab, are no use on it, and some harm
FOR_PAGES = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
    "bqplot",
    "bqscales",
]


@dataclass(frozen=True)
class Address:
    """Where the page is found.

    Parameters
    ----------
    ip : str
    port : int
    base_url : str
        Begins and ends with a slash.
    token : str
        Without it nobody gets in; "" if everybody may.
    """

    ip: str = "localhost"
    port: int = USUAL_PORT
    base_url: str = "/"
    token: str = ""

    @property
    def place(self) -> str:
        """Where the page is, without the token."""
        host = "localhost" if self.ip in ("", "0.0.0.0") else self.ip
        return f"http://{host}:{self.port}{self.base_url}"

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        return f"{self.place}?token={self.token}" if self.token else self.place


class Server(Voila):
    """Voila that finds our template in the package, and ends the kernels of closed pages."""

    started: Callable[[], None]
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
        self.log.addFilter(
            lambda record: "is not trusted" not in record.getMessage()
        )  # the package's own notebook
        self.app.settings["jinja2_env"].loader.searchpath.insert(0, str(SERVED / "login"))
        found = []
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


def free_port(ip: str, wanted: int | None) -> int:
    """Return a port to listen on: the wanted one, or the first that is free.

    Raises
    ------
    EfeError
        If it is taken.
    """
    for port in [wanted] if wanted is not None else range(USUAL_PORT, USUAL_PORT + _TRIES):
        if _is_free(ip, port):
            return port
    if wanted is not None:
        raise EfeError(
            f"port {wanted} is taken by another program. Leave --port away to have a free one chosen."
        )
    raise EfeError(
        f"all ports from {USUAL_PORT} to {USUAL_PORT + _TRIES - 1} are taken; choose one with --port."
    )


def serve(
    settings: Settings,
    address: Address,
    warm: int,
    say: Callable[[pathlib.Path], Any],
    browser: bool,
    idle: float = IDLE,
    heed: Callable[[Callable[[], Any]], Any] = lambda end: None,
) -> None:
    """Serve the page until it is told to end.

    Parameters
    ----------
    settings : Settings
        What the page opens on, and what it may do.
    address : Address
    warm : int
        How many kernels wait for visitors.
    say : callable
        Is called once the page can be had, with a folder that only the owner can read, until the server ends.
    browser : bool
        Whether the page is opened in a browser.
    idle : float
        s without a sign of the browser, after which a kernel ends.
    heed : callable
        Is given a function that ends this one, to be called on Ctrl-C and the like.
    """
    os.environ.update(settings.environment())
    _let_kernels_ask(address)

    def started() -> None:
        say(pathlib.Path(own))
        if browser:
            threading.Thread(target=_open_browser, args=(address.url,), daemon=True).start()

    with tempfile.TemporaryDirectory(prefix="efewidgets-") as own:
        os.environ["IPYTHONDIR"] = own  # what a person has set up for their own IPython isn't for visitors
        server = Server(config=_config(address, warm, idle, settings.root is not None))
        server.connection_dir_root = own
        server.started = started
        heed(server.end)
        server.initialize([str(NOTEBOOK)])
        hide_in_logs(address.token, server.log)
        server.start()


def _let_kernels_ask(address: Address) -> None:
    """Tell kernels that wait where to ask who has come: where we listen."""
    everywhere = {"": "127.0.0.1", "localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
    host = everywhere.get(address.ip, address.ip)
    os.environ["VOILA_APP_IP"] = f"[{host}]" if ":" in host else host


def _config(address: Address, warm: int, idle: float, shared: bool) -> Config:
    # Whose page nobody else is to see is had by this machine's own names only: a page from elsewhere could have its
    # name lead here, and then do all that the person can
    anywhere = bool(shared or address.token or address.base_url != "/")
    return Config(
        {
            "Voila": {
                "ip": address.ip,
                "port": address.port,
                "port_retries": 0,
                "base_url": address.base_url,
                "token": address.token,
                "open_browser": False,
                "config_file_paths": [],
                "log_level": logging.WARNING,
                "tornado_settings": {
                    "websocket_max_message_size": LARGEST_MESSAGE,
                    "ws_ping_interval": PING_EVERY,
                    "ws_ping_timeout": PING_PATIENCE,
                    "allow_remote_access": anywhere,
                },
            },
            "VoilaConfiguration": {
                "template": "lab",
                "theme": "light",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",  # what the address names stands in the page as it is, be it a script
                "strip_sources": True,
                "show_tracebacks": False,
                "file_allowlist": [],
                "extension_allowlist": FOR_PAGES,
                "preheat_kernel": warm > 0,
                "default_pool_size": max(warm, 1),
                "multi_kernel_manager_class": Kernels,
                "kernel_spec_manager_class": OwnPython,
            },
            # not the usual name: behind jupyter-server-proxy that is the cookie of the server around ours
            "IdentityProvider": {"cookie_name": f"efewidgets-{address.port}"},
            "VoilaKernelManager": {"fill_delay": PAUSE},
            # Jupyter would keep in files which notebooks it trusts; here is but one, and maybe nothing may be written
            "NotebookNotary": {"db_file": ":memory:", "secret": secrets.token_bytes(32)},
            "KernelManager": _encryption(),
            "KernelRestarter": {"restart_limit": 0},  # an empty kernel is no use to a page
            "MappingKernelManager": {
                "cull_idle_timeout": max(round(idle), 1),
                "cull_interval": max(min(_LOOK_EVERY, round(idle / 2)), 1),
                "cull_connected": False,
            },
        }
    )


def _encryption() -> dict[str, str]:
    """Return the setting that has messages to kernels encrypted: without it each one complains in the log."""
    known = "transport_encryption" in KernelManager.class_trait_names()
    return {"transport_encryption": "auto"} if known and zmq.has("curve") else {}


def _is_free(ip: str, port: int) -> bool:
    try:
        found = socket.getaddrinfo(ip or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise EfeError(f"{ip!r} is no address of this machine: {error.strerror}.") from error
    for family, kind, protocol, _, place in found:
        with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
            only_if_free(probe)
            try:
                probe.bind(place)
            except OSError:
                return False
    return True


def _open_browser(url: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)
