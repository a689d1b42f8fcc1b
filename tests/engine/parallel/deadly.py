"""A reader and jobs that kill the process they run in, importable by worker processes."""

from __future__ import annotations

import os
import pathlib
import signal
import time
from typing import Any

from tests.engine.differential.cells import synthetic_reader


def die(_: Any = None) -> None:
    """Be killed, as by the system when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(flag: str) -> str:
    """Be killed the first time, and answer the second."""
    path = pathlib.Path(flag)
    if not path.exists():
        path.touch()
        die()
    return "done"


def double(x: int) -> int:
    time.sleep(0.01)
    return 2 * x


def deadly_reader(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Read as `synthetic_reader`, but for a file whose metadata say that it kills."""
    if metadata.get("kills"):
        die()
    if metadata.get("kills_once"):
        die_once(metadata["kills_once"])
    return synthetic_reader(metadata)


DEADLY_SWEEP = "ic__IDrest__005"


def sabotage_reading() -> None:
    """Let the process die when it reads one sweep: a damaged file can crash a library."""
    from efewidgets.engine.readers.nwb import _LazyPair

    load = _LazyPair.load

    def deadly_load(self: Any, problems: list) -> Any:
        return die() if self.pair.id == DEADLY_SWEEP else load(self, problems)

    _LazyPair.load = deadly_load  # type: ignore[method-assign]


def sabotage_features() -> None:
    """Let the process die when it computes the features of one sweep."""
    from efewidgets.engine.recordings.recording import Recording

    reduced = Recording.reduced

    def deadly_reduced(self: Any, *arguments: Any) -> Any:
        return die() if self.id == DEADLY_SWEEP else reduced(self, *arguments)

    Recording.reduced = deadly_reduced  # type: ignore[method-assign]
