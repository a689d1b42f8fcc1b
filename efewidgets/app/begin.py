"""The state that a page begins with."""

from __future__ import annotations

import dataclasses
import logging
import os
import pathlib
import secrets
import threading
from typing import Any

from ..engine.readers.by_name import name_of
from ..engine.systems.shares import give_way
from ..state import BackgroundRunner, ExtractionState
from .fence import Fence
from .settings import Settings

SESSION_FILE = "session.json"

#: Set while a page is made that many wait for: what is computed for it doesn't give way
hurried = threading.Event()
_NAME = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_LENGTH = 16


def new_name() -> str:
    """Return a name for a visit that nobody can guess."""
    return secrets.token_urlsafe(_LENGTH * 3 // 4)


def is_name(text: str) -> bool:
    """Whether a text can be the name of a visit; no other text ever becomes part of a path."""
    return len(text) == _LENGTH and set(text) <= _NAME


def log_to_server() -> None:
    """Have what efewidgets logs in a kernel stand in the server's log; by itself it would go to the page."""
    from traitlets.log import get_logger

    log = logging.getLogger("efewidgets")
    for handler in getattr(get_logger(), "handlers", ()):
        if handler not in log.handlers:
            log.addHandler(handler)


def scratch_of(settings: Settings, name: str) -> pathlib.Path | None:
    """Return the folder of a visit, None where nothing is written."""
    return None if settings.scratch is None else pathlib.Path(settings.scratch) / name


def fence_of(settings: Settings, name: str) -> Fence:
    """Return the fence around a visitor; the sample cells are inside."""
    from ..datasets import sample_folder

    roots = None if settings.root is None else settings.folders
    scratch = scratch_of(settings, name)
    return Fence(roots, scratch, also=[sample_folder()], reader=settings.reader, hosts=settings.hosts)


def options_of(settings: Settings) -> dict[str, Any]:
    """Return the options of a visitor's state: computed in the background, kept on disk where that may be."""
    if settings.root is None:
        return {"runner": BackgroundRunner(), "cache": True}
    cache = False if settings.scratch is None else os.path.join(settings.scratch, "cache")
    # what one visitor has computed doesn't slow another's click
    return {"runner": BackgroundRunner(start=_give_way), "cache": cache}


def _give_way() -> None:
    if not hurried.is_set():
        give_way()


def first_state(settings: Settings) -> ExtractionState:
    """Return the state that a page opens on: of a config, of the sample cells, or empty for a folder.

    Raises
    ------
    EfeError
        If the config can't be used.
    """
    from ..datasets import sample_config

    options = options_of(settings)
    if not settings.start:
        return ExtractionState.from_arguments(sample_config(), **options)
    if os.path.isdir(settings.start):
        return ExtractionState(**options)
    return ExtractionState.load(settings.start, **options)


def with_reader(settings: Settings, state: ExtractionState) -> Settings:
    """Return settings that let sessions go on with the reader of the host's own config, once it is loaded."""
    reader = state.inputs.recording_reader
    return settings if reader is None else dataclasses.replace(settings, reader=name_of(reader.function))


def open_session(path: str | os.PathLike[str], fence: Fence, **options: Any) -> ExtractionState:
    """Return the state of a saved session or a config, if all that it names is within the fence.

    Raises
    ------
    EfeError
        If it can't be used, or names what is out of reach.
    """
    return ExtractionState.load(fence.readable_text(path), check=fence.check_config, **options)
