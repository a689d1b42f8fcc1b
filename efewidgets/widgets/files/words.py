"""What is wrong with files, in the words of the page: entries of metadata by their titles in the details."""

from __future__ import annotations

import os
from functools import lru_cache

from ...engine.recordings.metadata import entries, together
from ...engine.recordings.peek import in_titles


def for_people(message: str, path: str = "", protocol: str = "") -> str:
    """Return a message with what scripts say in metadata as the drawer of details calls it.

    Parameters
    ----------
    message : str
    path : str
        Of the file that it is about, if it is about one.
    protocol : str
        That of its sweeps: other stimuli have other timings.
    """
    return _for_people(message, os.path.splitext(path)[1].lower(), protocol)


@lru_cache(maxsize=2_000)  # thousands of files say the same
def _for_people(message: str, suffix: str, protocol: str) -> str:
    return in_titles(message, together(entries({"filepath": f"x{suffix}"}, protocol)))
