"""Standard output and error: there in any case, and silent once nobody reads them any more."""

from __future__ import annotations

import errno
import os
import sys

from ..engine.systems.terminal import write_any_letter

#: A pipe whose reader has gone, as Windows and the others have it; a terminal that was closed
_NOBODY_READS = {errno.EPIPE, errno.EINVAL, errno.EIO}


def prepare() -> None:
    """See to it that there are both, and that a terminal which lacks a character shows "?" instead of failing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever has started this, or a program without a console
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        else:
            write_any_letter(stream)


def nobody_reads(error: OSError) -> bool:
    """Whether a stream couldn't be written to since whoever read it (head, less, a terminal) has gone."""
    return error.errno in _NOBODY_READS


def let_go() -> None:
    """Write what is still held back; where nobody reads it any more, Python would complain of that at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            if not stream.closed:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
