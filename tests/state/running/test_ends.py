"""A script that ends while files are looked into or read ends well, each time: no thread is cut off inside HDF5."""

from __future__ import annotations

import subprocess
import sys

import pytest

from efewidgets import datasets

SELECTOR = """
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import FileSelector
shown = FileSelector(ExtractionState.from_arguments(datasets.sample_config()))
"""

DASHBOARD = """
from efewidgets import Dashboard, ExtractionState, datasets
shown = Dashboard(ExtractionState.from_arguments(datasets.sample_config()))
"""

#: Anybody's own thread, which is never waited for
DAEMON = """
import threading
from efewidgets import datasets
from efewidgets.extract import read_recordings
files = datasets.sample_config()["files_metadata"]
started = threading.Event()

def work():
    while True:
        started.set()
        read_recordings(files)

for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
started.wait()
"""

#: One that lets objects of h5py go where nobody knows of it, and so holds its lock when it is cut off
LETS_GO = """
import threading
import h5py
from efewidgets.engine.readers import hdf5
started = threading.Event()

def work():
    while True:
        kept = [h5py.h5p.create(h5py.h5p.FILE_ACCESS) for _ in range(100)]
        started.set()
        del kept

for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
started.wait()
"""

#: One that comes to its first file when Python ends already, and so loads h5py when its end isn't heard any more
LATE = """
import atexit, threading
from efewidgets import datasets
from efewidgets.extract import read_recordings
files = datasets.sample_config()["files_metadata"]
ends, read = threading.Event(), threading.Event()

def work():
    ends.wait()
    read_recordings(files)
    read.set()

threading.Thread(target=work, daemon=True).start()

@atexit.register
def late():
    ends.set()
    assert read.wait(60)
"""

SCRIPTS = {"selector": SELECTOR, "dashboard": DASHBOARD, "daemon": DAEMON, "lets go": LETS_GO, "late": LATE}
ENDINGS = ["", "import time; time.sleep(0.4)"]


@pytest.mark.parametrize("ending", ENDINGS, ids=["at once", "later"])
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_a_script_that_ends(script, ending):
    datasets.sample_config()  # is drawn the first time
    command = [sys.executable, "-c", script + ending]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, encoding="utf-8")
    assert done.returncode == 0, (done.returncode, done.stderr[-3000:])
    assert "Fatal" not in done.stderr
