"""How Voila and Jupyter are set for the page."""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass, field

import zmq
from jupyter_client.manager import KernelManager
from jupyter_core.paths import jupyter_runtime_dir
from traitlets.config import Config

from .address import Address
from .channels import PING_EVERY, PING_PATIENCE
from .kernels import Kernels, OwnPython
from .many.share import Share

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
class Hosting:
    """What visitors are given.

    Parameters
    ----------
    warm : int
        So many kernels wait when few come.
    idle : float
        s without a sign of the browser, after which a kernel ends.
    sleep : float
        s without a sign of the person, after which a page sleeps; 0: never.
    share : Share
    copies : bool
        Whether their kernels are copies of one process.
    """

    warm: int = 1
    idle: float = IDLE
    sleep: float = 0.0
    share: Share = field(default_factory=Share)
    copies: bool = False


def configured(address: Address, hosting: Hosting, shared: bool) -> Config:
    """Return the settings of a server, whose page visitors share who can't leave a folder, or not."""
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
                "preheat_kernel": hosting.warm > 0,
                "default_pool_size": max(hosting.warm, 1),
                "multi_kernel_manager_class": Kernels,
                "kernel_spec_manager_class": OwnPython,
            },
            # not the usual name: behind jupyter-server-proxy that is the cookie of the server around ours
            "IdentityProvider": {"cookie_name": f"efewidgets-{address.port}"},
            "Kernels": {
                "warm": hosting.warm,
                "sleep": hosting.sleep,
                "share": hosting.share,
                "copies": hosting.copies,
            },
            "VoilaKernelManager": {"fill_delay": PAUSE},
            # Jupyter would keep in files which notebooks it trusts; here is but one, and maybe nothing may be written
            "NotebookNotary": {"db_file": ":memory:", "secret": secrets.token_bytes(32)},
            "KernelManager": _encryption() | _carried(),
            "KernelRestarter": {"restart_limit": 0},  # an empty kernel is no use to a page
            "MappingKernelManager": {
                "cull_idle_timeout": max(round(hosting.idle), 1),
                "cull_interval": _look_every(hosting),
                "cull_connected": False,
            },
        }
    )


def _look_every(hosting: Hosting) -> int:
    """Return how often it is looked for kernels that are to end, s."""
    return max(
        round(min([_LOOK_EVERY, hosting.idle / 2, *([hosting.sleep / 2] if hosting.sleep else [])])), 1
    )


def _carried() -> dict[str, str]:
    """Return how kernels are reached: by files, where the system and the length of their names allow it.

    A port that was free when it was chosen may be another's when the kernel takes it, which then ends.
    """
    longest = os.path.join(jupyter_runtime_dir(), "kernel-00000000-0000-0000-0000-000000000000-ipc-00")
    return {"transport": "ipc"} if zmq.has("ipc") and len(os.fsencode(longest)) < zmq.IPC_PATH_MAX_LEN else {}


def _encryption() -> dict[str, str]:
    """Return the setting that has messages to kernels encrypted: without it each one complains in the log."""
    known = "transport_encryption" in KernelManager.class_trait_names()
    return {"transport_encryption": "auto"} if known and zmq.has("curve") else {}
