"""Where a person's own files and caches are, on each system."""

from __future__ import annotations

import os
import pathlib


def cache_folder() -> pathlib.Path:
    r"""Return the folder of what can be made again: ``~/.cache``, ``~/Library/Caches``, ``%LOCALAPPDATA%\…\Cache``."""
    import platformdirs

    return platformdirs.user_cache_path("efewidgets", appauthor=False)


def cache_beside_results(name: str) -> pathlib.Path:
    """Return the folder of another cache than that of results, which ``EFEWIDGETS_CACHE`` puts elsewhere with it."""
    results = os.environ.get("EFEWIDGETS_CACHE")
    return pathlib.Path(f"{results}-{name}") if results else cache_folder() / name


def data_folder() -> pathlib.Path:
    """Return the folder of what a person would miss: ``~/.local/share``, ``~/Library/…``, ``%LOCALAPPDATA%``."""
    import platformdirs

    return platformdirs.user_data_path("efewidgets", appauthor=False)
