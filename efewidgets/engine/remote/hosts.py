"""Which hosts files may be fetched from: all, unless this process reads for others, with rights that they lack.

It stands in the environment, so that processes that this one starts keep to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from .. import apart
from ..problems import ReadError
from .urls import host_of

VARIABLE = "EFEWIDGETS_REMOTE_HOSTS"


def allow_only(hosts: Iterable[str] | None) -> None:
    """Have this process, and those that it starts, fetch files from these hosts alone; None: from any."""
    apart.close()  # it began under other rules; the next one keeps to these
    if hosts is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = " ".join(host.lower() for host in hosts)


def allowed() -> list[str] | None:
    """Return the hosts that may be asked, None if all may."""
    said = os.environ.get(VARIABLE)
    return None if said is None else said.split()


def check(url: str) -> None:
    """Raise ReadError if the host of an https:// address must not be asked in this process."""
    hosts = allowed()
    if hosts is not None:
        check_among(url, hosts)


def check_among(url: str, hosts: Iterable[str]) -> None:
    """Raise ReadError if the host of an https:// address is none of these.

    A host that is allowed without a port is so at each; "*.example.org" allows all below example.org.
    """
    host = host_of(url)
    plain = host.rpartition(":")[0] or host
    for one in map(str.lower, hosts):
        if one in (host, plain) or (one.startswith("*.") and plain.endswith(one[1:])):
            return
    raise ReadError(
        f"files of {host or url} can't be read here: whoever runs this page must allow it (--allow-host {host})."
    )
