"""Where the page is found: address, port and token."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass

from ..engine.problems import EfeError
from ..engine.systems.network import only_if_free

#: Where the dashboard is, unless something else is there
USUAL_PORT = 8866
_TRIES = 50


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
