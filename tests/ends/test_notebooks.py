"""A notebook that is run by nbconvert, and a kernel that is restarted, with widgets and a run under way."""

from __future__ import annotations

import json
import time

import pytest

from tests.ends.process import WITHIN, often
from tests.ends.slow import Slow

SHOWS = """
from efewidgets import Dashboard, ExtractionState, FileSelector, datasets
from efewidgets.state.running.runner import BackgroundRunner
state = ExtractionState.{opened}, runner=BackgroundRunner())
state.run()
{shown}
"""

SAMPLES = "from_arguments(datasets.sample_config()"
WAITS = """
import pathlib, time
while not list(pathlib.Path({folder!r}).glob("reads-*")):
    time.sleep(0.01)
"""


def cells(opened: str = SAMPLES, *more: str) -> list[str]:
    return [SHOWS.format(opened=opened, shown="Dashboard(state)"), "FileSelector(state)", *more]


def write(folder, sources):
    """Write a notebook."""
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat (efewidgets[browser])")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = [nbformat.v4.new_code_cell(source) for source in sources]
    path = folder / "shown.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


def nbconvert(begin, path, **options):
    """Start nbconvert."""
    command = [
        "-m",
        "nbconvert",
        "--execute",
        "--to",
        "notebook",
        "--output",
        "run.ipynb",
        "--log-level=ERROR",
    ]
    return begin(*command, path, **options)


@often()
@pytest.mark.parametrize("running", [False, True], ids=["samples", "a run under way"])
def test_a_notebook_by_nbconvert(begin, tmp_path, running, number):
    """The time counts from the last cell on."""
    slow = Slow(tmp_path, 0.5)
    done = tmp_path / "done"
    more = f"import pathlib; pathlib.Path({str(done)!r}).touch()"
    wait = WAITS.format(folder=str(slow.folder))
    sources = cells(f"load({str(slow.config)!r}", wait, more) if running else cells(SAMPLES, more)
    process = nbconvert(begin, write(tmp_path, sources), environment=slow.environment)
    process.until(done.exists)
    process.end().is_clean(0)
    written = json.loads((tmp_path / "run.ipynb").read_text(encoding="utf-8"))
    assert [out["output_type"] for cell in written["cells"] for out in cell["outputs"]].count("error") == 0


@often()
def test_a_notebook_that_fails(begin, tmp_path, number):
    process = nbconvert(begin, write(tmp_path, cells(SAMPLES, "1 / 0")))
    process.until(lambda: "ZeroDivisionError" in process.said or process.process.poll() is not None)
    process.end().is_clean(1, tracebacks=process.said.count("Traceback"))


#: Restarts a kernel as Jupyter's servers do; what is told is when, and how the one before ended
RESTARTS = """
import sys, time
from jupyter_client.manager import KernelManager

kernels = KernelManager(kernel_name="python3", shutdown_wait_time={patience})
kernels.start_kernel()
client = kernels.client()
client.start_channels()
client.wait_for_ready(60)
for source in {sources!r}:
    reply = client.execute_interactive(source, timeout=60, output_hook=lambda message: None)
    assert reply["content"]["status"] == "ok", reply
first = kernels.provisioner.process
print("restarts", flush=True)
begun = time.monotonic()
kernels.restart_kernel()
print(f"ended after {{time.monotonic() - begun:.1f}} s with {{first.returncode}}", flush=True)
client.wait_for_ready(60)
client.execute_interactive("import efewidgets", timeout=60)
client.stop_channels()
print("at the end", flush=True)
kernels.shutdown_kernel()
"""


@often()
@pytest.mark.parametrize("running", [False, True], ids=["samples", "a run under way"])
def test_a_kernel_that_is_restarted(begin, tmp_path, running, number):
    slow = Slow(tmp_path, 0.5)
    wait = WAITS.format(folder=str(slow.folder))
    sources = cells(f"load({str(slow.config)!r}", wait) if running else cells()
    process = begin("-c", RESTARTS.format(sources=sources, patience=2 * WITHIN), environment=slow.environment)
    process.until(lambda: "ended after" in process.said)
    words = process.said.partition("ended after ")[2].split()
    assert float(words[0]) < WITHIN
    assert words[3] == "0", process.said  # it had not to be killed
    process.until(lambda: "at the end" in process.said or process.process.poll() is not None)
    process.end(time.monotonic()).is_clean(0)
