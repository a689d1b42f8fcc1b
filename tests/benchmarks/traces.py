"""How long a trace of a million samples takes to appear, and a zoom step to settle.

    python -m tests.benchmarks.traces [--rounds N] [--samples 1000000] [--no-browser]

A recording of one sweep, with a spike every 50 ms or so, is opened in a session and read. Then in the kernel: showing
it (its samples read from the file), and zoom steps. And in a real browser, where there is one: from the kernel's
being asked for the sweep until the page has drawn it, and from the last turn of the wheel until the samples of the new
range are drawn; the clock is the page's own.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

#: s
APPEARS, SETTLES = 0.3, 0.2

DT = 0.1  # ms

CODE = """
import sys; sys.path.insert(0, {root!r})
from tests.benchmarks import traces
state = traces.opened({path!r})
viewer = traces.viewer_of(state)
first, second = traces.sweeps(state)
display(viewer)
"""

#: Notes when the watching began, and when a trace was drawn last
WATCH = """
() => {
  window.efeBegan = performance.now();
  window.efeLast = null;
  if (window.efeWatch) window.efeWatch.disconnect();
  window.efeWatch = new MutationObserver(() => { window.efeLast = performance.now(); });
  const marks = document.querySelector(".efe-plots .bqplot");
  window.efeWatch.observe(marks, { subtree: true, attributes: true, attributeFilter: ["d"] });
}
"""


def reader(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Read two sweeps from a file of samples."""
    found = np.load(metadata["filepath"], mmap_mode="r")
    units = {"dt": DT, "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    return [
        {"voltage": np.array(voltage), "current": np.array(current), "id": f"sweep {k}", **units}
        for k, (voltage, current) in enumerate(found)
    ]


def write(path: pathlib.Path, samples: int) -> None:
    """Write two sweeps of noise with narrow spikes in a long step."""
    rng = np.random.default_rng(1)
    sweeps = np.empty((2, 2, samples), dtype=np.float32)
    for voltage, current in sweeps:
        voltage[:] = rng.normal(-65.0, 0.3, samples)
        current[:] = rng.normal(0.0, 0.002, samples)
        ton, toff = samples // 10, samples - samples // 10
        current[ton:toff] += 0.2
        for at in rng.choice(np.arange(ton + 100, toff - 100, 500), (toff - ton) // 600, replace=False):
            voltage[at - 10 : at + 11] += 100.0 * np.exp(-((np.arange(-10, 11) / 4.0) ** 2))
    np.save(path, sweeps)


def opened(path: str) -> Any:
    """Return a session with the file, computed."""
    from efewidgets import ExtractionState

    found = np.load(path, mmap_mode="r").shape[-1] * DT
    metadata = {"filepath": path, "ton": 0.1 * found, "toff": 0.9 * found, "ecode": "step"}
    arguments = {
        "files_metadata": {"cell": {"Step": [metadata]}},
        "targets": [],
        "recording_reader": reader,
        "efel_settings": {"Threshold": -20.0},
    }
    state = ExtractionState.from_arguments(arguments)
    state.run()
    return state


def viewer_of(state: Any) -> Any:
    """Return a viewer that shows the first sweep."""
    from efewidgets.widgets.traces.viewer import TraceViewer

    return TraceViewer(state)


def sweeps(state: Any) -> list[str]:
    """Return the ids of the sweeps."""
    return list(state.results.members)


def zooms(length: float, rounds: int) -> Iterator[tuple[float, float]]:
    """Yield ever new ranges of times (ms), each half of the one before, down to a hundredth."""
    for k in range(rounds):
        share = 0.5 ** (1 + k % 7)
        low = (0.37 + 0.01 * k) % (1 - share) * length
        yield low, low + share * length


def in_the_kernel(path: str, rounds: int) -> dict[str, list[float]]:
    """Measure what the kernel does, s."""
    state = opened(path)
    viewer = viewer_of(state)
    ids = sweeps(state)
    appear = [_timed(lambda k=k: viewer.show([ids[k % 2]])) for k in range(1, rounds + 1)]  # type: ignore[misc]
    length = viewer.view_data().full[1]
    settle = [_timed(lambda r=r: viewer.zoom(r)) for r in zooms(length, rounds)]  # type: ignore[misc]
    viewer.close()
    return {"kernel: a sweep appears": appear, "kernel: a zoom step": settle}


def _timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def in_the_browser(path: str, rounds: int) -> dict[str, list[float]]:
    """Measure from the click, or the last turn of the wheel, to the last drawing, s; nothing without a browser."""
    from tests.browser import conftest as tools

    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {}
    if not tools.CHROMIUM:
        return {}
    folder = pathlib.Path(tempfile.mkdtemp())
    server = tools.start_server("voila", folder)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=tools.CHROMIUM, args=tools.FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(90_000)
            page.goto(server.address(CODE.format(root=str(tools.ROOT), path=path)))
            page.locator(".efe-plots .object_grp").first.wait_for()
            page.wait_for_timeout(1500)
            found = {
                "page: a sweep appears": _clicks(page, rounds),
                "page: a zoom step settles": _wheel(page, rounds),
            }
            browser.close()
            return found
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _clicks(page: Any, rounds: int) -> list[float]:
    other = page.get_by_role("grid", name="sweeps").locator("[aria-selected=false]").first
    found = []
    for _ in range(rounds):
        page.evaluate(WATCH)
        other.locator("[role=gridcell]").first.dispatch_event("mousedown", {"button": 0, "bubbles": True})
        found.append(_drawn(page))
    return found


def _wheel(page: Any, rounds: int) -> list[float]:
    area = page.locator(".efe-plots .bqplot .plotarea_events").first.bounding_box()
    found = []
    for k in range(rounds):
        page.mouse.move(area["x"] + area["width"] * (0.3 + 0.05 * (k % 8)), area["y"] + area["height"] / 2)
        page.evaluate(WATCH)
        page.mouse.wheel(0, -400 if k % 8 < 6 else 1200)
        found.append(_drawn(page))
    return found


def _drawn(page: Any) -> float:
    """Wait until nothing has been drawn for half a second; return when the last drawing was, s."""
    page.wait_for_function("window.efeLast !== null && performance.now() - window.efeLast > 500")
    return 1e-3 * float(page.evaluate("window.efeLast - window.efeBegan"))


def main() -> int:
    """Measure and print; 0 unless a median misses its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        path = folder / "sweeps.npy"
        write(path, options.samples)
        found = in_the_kernel(str(path), options.rounds)
        if not options.no_browser:
            found |= in_the_browser(str(path), options.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.samples:,} samples, {options.rounds} rounds; ms\n")
    print(f"{'':28}{'median':>8}{'largest':>9}{'limit':>7}")
    missed = False
    for name, times in found.items():
        limit = APPEARS if "appears" in name else SETTLES
        median = statistics.median(times)
        missed |= median > limit
        print(f"{name:28}{1e3 * median:8.0f}{1e3 * max(times):9.0f}{1e3 * limit:7.0f}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
