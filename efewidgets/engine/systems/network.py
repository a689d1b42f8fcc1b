"""Ports: which are taken by another program."""

from __future__ import annotations

import socket
import sys


def only_if_free(probe: socket.socket) -> None:
    """Have a socket take a port only if no other one listens there; one that has just been left is free.

    The option that says the latter on other systems lets a program on Windows share the port of another one.
    """
    if sys.platform == "win32":
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
