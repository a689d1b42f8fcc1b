"""What becomes of the memory of one recording when the next one is read."""

from __future__ import annotations

import functools

import numpy as np

_LARGEST = 31 << 20  # bytes; the C library of Linux heeds nothing larger than 32 MiB


@functools.cache
def keep_freed_memory() -> None:
    """Let the C library keep memory that is freed, up to some 60 MB a process, instead of giving it back.

    Every sweep needs arrays of the same size as the one before. glibc gives freed memory back at once, and getting
    it anew, page by page, takes a fifth of the time; it stops doing so for blocks up to the largest that was ever
    freed, so one is freed here that was never used.
    """
    np.empty(_LARGEST, np.uint8)
