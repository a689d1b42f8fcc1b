"""What a long gap-free recording takes: seconds, memory, and how soon it is on the page.

    python -m tests.benchmarks.long [--samples 90000000]

One sweep at 50 kHz in an NWB file of 16-bit numbers without compression, with a step of 500 ms and ten spikes every
10 s, is read in a fresh process: its stimulus and its spikes are found. Then it is opened in a session, shown, and
zoomed in the kernel.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

from tests.peak_memory import peak_memory

#: s, MB, s, s
TAKES, HOLDS, APPEARS, SETTLES = 20.0, 1200.0, 1.0, 0.1
DT = 0.02  # ms
BLOCK = 1_000_000


def write(path: pathlib.Path, samples: int) -> None:
    """Write the file block by block."""
    import h5py

    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        voltage = _series(file, "acquisition", "CurrentClampSeries", "volts", 1e-5, samples)
        current = _series(
            file, "stimulus/presentation", "CurrentClampStimulusSeries", "amperes", 3e-13, samples
        )
        for first in range(0, samples, BLOCK):
            at = np.arange(first, min(first + BLOCK, samples))
            phase = at % round(10_000 / DT) * DT - 1000.0  # ms after an onset
            on = (phase >= 0) & (phase < 500.0)
            spike = on * np.exp(-(((phase % 50.0 - 10.0) / 0.4) ** 2))
            v = -70.0 + 12.0 * on + 80.0 * spike + rng.normal(0.0, 0.3, len(at))
            i = 200.0 * on + rng.normal(0.0, 2.0, len(at))
            voltage[at[0] : at[-1] + 1] = np.round(v / 0.01).astype(np.int16)
            current[at[0] : at[-1] + 1] = np.round(i / 0.3).astype(np.int16)


def _series(file: Any, place: str, kind: str, unit: str, conversion: float, samples: int) -> Any:
    group = file.require_group(place).create_group(f"{kind}_0")
    group.attrs["neurodata_type"] = kind
    group.attrs["description"] = group.attrs["stimulus_description"] = "GapFree"
    data = group.create_dataset("data", shape=(samples,), dtype=np.int16)
    data.attrs["unit"], data.attrs["conversion"] = unit, conversion
    start = group.create_dataset("starting_time", data=0.0)
    start.attrs["rate"], start.attrs["unit"] = 1e3 / DT, "seconds"
    group.create_dataset("sweep_number", data=np.uint64(0))
    return data


def read(path: str) -> dict[str, float]:
    """Read the file, find stimulus and spikes; wall and processor time (s), and the most memory held (MB)."""
    from efewidgets.engine.recordings.reading import read_file

    wall, cpu = time.perf_counter(), time.process_time()
    recordings, _ = read_file({"filepath": path, "ecode": "step"}, "GapFree", keep_samples=False)
    assert recordings[0].spikecount, "the spikes are missed"
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak": peak_memory(),
        "spikes": recordings[0].spikecount,
    }


def show(path: str) -> dict[str, float]:
    """Show the recording and zoom into it, in the kernel (s)."""
    from efewidgets import ExtractionState
    from efewidgets.widgets.traces.viewer import TraceViewer
    from tests.benchmarks.traces import zooms

    files = {"cell": {"GapFree": [{"filepath": path, "ecode": "step"}]}}
    state = ExtractionState.from_arguments({"files_metadata": files, "targets": []})
    state.run()
    began = time.perf_counter()
    viewer = TraceViewer(state)
    appears, settles = time.perf_counter() - began, []
    for between in zooms(viewer.view_data().full[1], 14):
        began = time.perf_counter()
        viewer.zoom(between)
        settles.append(time.perf_counter() - began)
    return {"appears": appears, "settles": statistics.median(settles), "peak": peak_memory()}


def main() -> int:
    """Measure and print; 0 unless a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=90_000_000)
    samples = parser.parse_args().samples
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "gap_free.nwb")
        write(path, samples)
        found, shown = (_apart(what, str(path)) for what in ("read", "show"))
    print(f"{samples:,} samples\n")
    rows = [
        ("read, stimulus and spikes found, s", found["wall"], TAKES),
        ("the same, processor time, s", found["cpu"], TAKES),
        ("the most memory that it held, MB", found["peak"], HOLDS),
        ("kernel: appears, s", shown["appears"], APPEARS),
        ("kernel: a zoom step, s", shown["settles"], SETTLES),
        ("the most memory of the session, MB", shown["peak"], HOLDS),
    ]
    for name, value, limit in rows:
        print(f"{name:40}{value:10.3g}{limit:10.4g}")
    return int(any(value > limit for _, value, limit in rows))


def _apart(what: str, path: str) -> dict[str, float]:
    code = f"import json; from tests.benchmarks import long; print(json.dumps(long.{what}({path!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values


if __name__ == "__main__":
    sys.exit(main())
