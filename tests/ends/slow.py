"""Recordings that take their time, and tell who reads them."""

from __future__ import annotations

import json
import os
import pathlib
import signal
from collections.abc import Sequence

from efewidgets import datasets
from tests.ends.process import ROOT

_READER = """
import os, pathlib, time
from efewidgets.engine.readers import nwb_reader
def read(metadata):
    pathlib.Path({folder!r}, f"reads-{{os.getpid()}}").touch()
    time.sleep({seconds})
    return nwb_reader(metadata)
"""


class Slow:
    """A config of sample cells, each recording of which takes so many seconds.

    Attributes
    ----------
    config : pathlib.Path
    environment : dict
        In which the reader is found.
    """

    def __init__(self, folder: pathlib.Path, seconds: float, cells: Sequence[str] = ("RS1", "FS1")) -> None:
        self.folder = folder / "slow"
        self.folder.mkdir()
        reader = _READER.format(folder=str(self.folder), seconds=seconds)
        (self.folder / "slow.py").write_text(reader, encoding="utf-8", newline="\n")
        self.config = self.folder / "config.json"
        said = datasets.sample_config(list(cells)) | {"recording_reader": "slow:read"}
        self.config.write_text(json.dumps(said), encoding="utf-8", newline="\n")
        self.environment = {"PYTHONPATH": os.pathsep.join((str(self.folder), str(ROOT)))}

    def readers(self) -> list[int]:
        """Return the processes that have read something."""
        return [int(path.name.removeprefix("reads-")) for path in self.folder.glob("reads-*")]


#: What asks a command to end, and the exit code that tells so
ASKING = {signal.SIGINT: 130, signal.SIGTERM: 143}
if hasattr(signal, "SIGHUP"):
    ASKING[signal.SIGHUP] = 129
