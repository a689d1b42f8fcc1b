"""The dashboard beside JupyterLab, where jupyter-server-proxy is installed: on Binder, on a JupyterHub."""

from __future__ import annotations

import sys
from typing import Any


def setup() -> dict[str, Any]:
    """Tell jupyter-server-proxy how the dashboard is started, when somebody asks for it.

    Returns
    -------
    dict
        It is in Lab's launcher, and at ``efewidgets/`` below the address of the person's own server.
    """
    command = [sys.executable, "-m", "efewidgets", "dashboard", "--no-browser", "--port={port}"]
    return {
        # The server is one person's: no kernel waits for another visitor
        "command": [*command, "--base-url={base_url}efewidgets/", "--warm=0"],
        "absolute_url": True,
        "timeout": 60,  # s, on a machine that was asleep
        "launcher_entry": {"title": "efewidgets", "category": "Other"},
    }
