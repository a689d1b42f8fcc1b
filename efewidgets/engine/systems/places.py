"""Where a person's own files and caches are, on each system."""

from __future__ import annotations

import pathlib


def cache_folder() -> pathlib.Path:
    r"""Return the folder of what can be made again: ``~/.cache``, ``~/Library/Caches``, ``%LOCALAPPDATA%\…\Cache``."""
    import platformdirs

    return platformdirs.user_cache_path("efewidgets", appauthor=False)


def data_folder() -> pathlib.Path:
    """Return the folder of what a person would miss: ``~/.local/share``, ``~/Library/…``, ``%LOCALAPPDATA%``."""
    import platformdirs

    return platformdirs.user_data_path("efewidgets", appauthor=False)
