"""Keep standard output for results: what libraries print there goes to standard error instead."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def stdout_for_results_only() -> Iterator[None]:
    """Send to standard error what is printed meanwhile, by Python or by compiled code, here or in workers.

    eFEL and LAPACK print remarks on odd traces; in a JSON document they would be in the way. eFEL's log messages
    aren't shown at all: they tell nobody which recording they are about, and our problems do.
    """
    logging.getLogger("efel").addHandler(logging.NullHandler())
    sys.stdout.flush()
    with contextlib.redirect_stdout(sys.stderr), _descriptor_redirected(1, 2):
        yield


@contextlib.contextmanager
def _descriptor_redirected(source: int, target: int) -> Iterator[None]:
    try:
        saved = os.dup(source)
        os.dup2(target, source)
    except OSError:  # closed, or none there
        yield
        return
    try:
        yield
    finally:
        _flush_c()
        os.dup2(saved, source)
        os.close(saved)


def _flush_c() -> None:
    """Let compiled code print now what it still holds back, as long as it goes to the other place."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        # of Windows' two C libraries it is the newer one that extension modules print by
        ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)
