"""Two among the visitors whose pages take all that there is: the processor without end, and memory.

Every kernel has a reader of the lab's own, which waits for a file that one of them may take for itself.
"""

from __future__ import annotations

import json
import pathlib
import shutil

from efewidgets import datasets

ENDLESS, GREEDY = "endless", "greedy"

#: The endless one is behind others, as all is that a page computes in the background
_READER = """
import os, pathlib, sys, threading, time
from efewidgets.engine.readers import nwb_reader
from efewidgets.engine.systems.shares import give_way

folder, kept = pathlib.Path({folder!r}), []

def is_mine(what):
    try:
        (folder / what).rename(folder / (what + "-taken"))
    except OSError:
        return False
    return True

def endless():
    give_way()
    while True:
        sum(range(1000))

def wait():
    while True:
        time.sleep(0.5)
        if is_mine("endless"):
            return endless()
        if is_mine("greedy"):
            while True:
                kept.append(b"x" * (50 << 20))
                time.sleep(0.1)

def begin():
    threading.Thread(target=wait, daemon=True).start()

# not in the server, which looks at the config, nor in the process that kernels are copies of
os.register_at_fork(after_in_child=begin)
if sys.modules["__main__"].__spec__.name.endswith("app.kernel"):
    begin()

def read(in_data):
    return nwb_reader(in_data)
"""


def prepare(folder: pathlib.Path) -> list[str]:
    """Write what such pages open on; return the arguments of the dashboard."""
    root = folder / "lab"
    shutil.copytree(datasets.sample_folder(), root)
    text = _READER.format(folder=str(folder))
    (root / "labs_reader.py").write_text(text, encoding="utf-8", newline="\n")
    config = json.dumps(datasets.sample_config() | {"recording_reader": "labs_reader:read"}, default=str)
    config = config.replace(str(datasets.sample_folder()), str(root))
    (root / "start.json").write_text(config, encoding="utf-8", newline="\n")
    return [str(root / "start.json"), f"--root={root}", f"--scratch={folder / 'scratch'}"]


def spoil(folder: pathlib.Path, what: str) -> None:
    """Have one of the pages begin."""
    (folder / what).touch()
