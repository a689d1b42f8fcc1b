"""A script that shows widgets and ends, in the middle of whatever goes on behind them."""

from __future__ import annotations

import signal

import pytest

from efewidgets import widgets
from tests.ends.process import often, posix
from tests.ends.slow import Slow

SHOWS = """
import pathlib, sys, time
from efewidgets import Dashboard, ExtractionState, datasets, widgets
from efewidgets.state.running.runner import BackgroundRunner
{begin}
{shown}
{wait}
print("at the end", flush=True)
{end}
"""
STATE = (
    "state = ExtractionState.from_arguments(datasets.sample_config(), runner=BackgroundRunner()); state.run()"
)
ALONE = {"Question": 'widgets.Question("How much?", answer=1.0)'}


def script(shown: str, begin: str = STATE, wait: str = "", end: str = "") -> str:
    return SHOWS.format(begin=begin, shown=f"shown = {shown}", wait=wait, end=end)


def ended(process):
    """Return how a script ended, from its last line on."""
    process.until(lambda: "at the end" in process.said or process.process.poll() is not None)
    return process.end()


@often(cheap=True)
def test_a_dashboard(begin, number):
    ended(begin("-c", script("Dashboard(state)", wait=f"time.sleep({number % 5} / 5)"))).is_clean(0)


@pytest.mark.slow
@pytest.mark.parametrize("name", widgets.__all__)
def test_each_widget(begin, name):
    shown = ALONE.get(name, f"widgets.{name}(state)")
    ended(begin("-c", script(shown))).is_clean(0)


@often()
def test_a_file_selector_that_looks_into_files(begin, number):
    shown = "widgets.FileSelector(state)"
    ended(begin("-c", script(shown, wait=f"time.sleep({number % 5} / 10)"))).is_clean(0)


@often()
def test_a_run_under_way(begin, tmp_path, number):
    slow = Slow(tmp_path, 0.5)
    state = f"state = ExtractionState.load({str(slow.config)!r}, runner=BackgroundRunner()); state.run()"
    wait = f"while not list(pathlib.Path({str(slow.folder)!r}).glob('reads-*')): time.sleep(0.01)"
    process = begin("-c", script("Dashboard(state)", state, wait), environment=slow.environment)
    ended(process).is_clean(0)


@often()
@pytest.mark.parametrize(("end", "code", "told"), [("sys.exit(3)", 3, 0), ("1 / 0", 1, 1)])
def test_a_script_that_fails(begin, end, code, told, number):
    process = begin("-c", script("Dashboard(state)", end=end))
    ended(process).is_clean(code, tracebacks=told)


@often()
def test_a_virtual_cell_that_has_kept_a_sweep(begin, number):
    shown = "widgets.VirtualCell(state)\nshown.keep()"
    ended(begin("-c", script(shown))).is_clean(0)


#: A script with figures of some seconds each, at which both processes are when Ctrl-C comes
DRAWING = """
import os, sys, time
from efewidgets.engine.figures import FigureJob, draw_all

def slow(data):
    os.write(1, b"drawing\\n")  # at once: what two processes print may be mixed
    time.sleep(30)
    yield None

if __name__ == "__main__":
    try:
        draw_all([FigureJob(name, slow, name) for name in "abcd"], sys.argv[1], jobs=2)
    except KeyboardInterrupt:
        sys.exit(130)
"""


@posix
@often(cheap=True)
def test_figures_that_are_drawn_when_ctrl_c_comes(begin, tmp_path, number):
    """Each process at a terminal hears it, and those of a pool would each print where they were."""
    script = tmp_path / "script.py"
    script.write_text(DRAWING, encoding="utf-8", newline="\n")
    process = begin(script, tmp_path / "out")
    process.until(lambda: process.said.count("drawing") == 2)
    process.tell_group(signal.SIGINT)
    end = process.end()
    end.is_clean(130)
    assert end.said.replace("drawing\n", "") == ""
