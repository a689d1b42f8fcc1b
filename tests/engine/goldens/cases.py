"""The cases of the lab's data folder: their options, our results, and the peer's."""

from __future__ import annotations

import json
import math
import pathlib
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from efewidgets.engine import readers
from efewidgets.engine.extraction.run import Extraction, run_extraction
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import run
from efewidgets.engine.stages.options import Options
from efewidgets.engine.targets.automatic import AutoTarget, default_auto_targets
from tests.compare import differences, plain, recording_record

FILES = ("features", "protocols", "holding_threshold_currents")
# the peer's is the level of the pulses, ours is above the holding current, as every other amplitude
AMP_OF_SPIKEREC = re.compile(r"protocols/SpikeRec_[^/]*/step/(amp|thresh_perc): ")
NOT_OPTIONS = ("low_memory_mode", "extract_per_cell", "plot", "write_files")


@dataclass
class Case:
    """A case, what the peer made of it and what we make of it."""

    folder: pathlib.Path
    config: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))

    @property
    def recordings_folder(self) -> pathlib.Path:
        return self.folder.parents[1] / "recordings"

    @property
    def expected_folder(self) -> pathlib.Path:
        """The goldens in which a silent sweep has 0 spikes, where there are such."""
        repaired = self.folder / "expected_zero_spikecount"
        return repaired if repaired.is_dir() else self.folder / "expected"

    def expected(self, name: str) -> Any:
        return json.loads((self.expected_folder / f"{name}.json").read_text(encoding="utf-8"))

    @property
    def peer_raises(self) -> bool:
        return (self.expected_folder / "error.json").exists()

    @property
    def rheobases(self) -> dict[str, float | None]:
        return {cell["name"]: cell["rheobase"] for cell in self.expected("recordings")["cells"]}

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of extract_efeatures, but for the output folder."""
        arguments = dict(self.config["settings"])
        reader = arguments.pop("recording_reader", None)
        # "axon_by_unit" is the peer's reader mended; ours needs no mending
        if reader not in (None, "axon_by_unit"):
            arguments["recording_reader"] = getattr(readers, reader)
        goals = self.config.get("auto_targets")
        if goals is not None:
            goals = default_auto_targets() if goals == "default" else [AutoTarget(**goal) for goal in goals]
        return arguments | {
            "files_metadata": self.config["files_metadata"],
            "targets": self.config.get("targets"),
            "protocols_rheobase": self.config.get("protocols_rheobase"),
            "auto_targets": goals,
        }

    def extract(self) -> Extraction:
        arguments = {k: v for k, v in self.arguments().items() if k not in NOT_OPTIONS}
        return run_extraction(Options(**arguments), run)


def outputs(result: Extraction) -> dict[str, Any]:
    """Return the three files as read back from JSON."""
    made = (result.features, result.protocols_dict, result.currents)
    return {name: json.loads(to_json(data)) for name, data in zip(FILES, made, strict=True)}


def file_differences(case: Case, result: Extraction) -> list[str]:
    """Compare the three files; null where the peer writes NaN (no JSON) is right."""
    found = []
    for name, data in outputs(result).items():
        found += differences(null(case.expected(name)), data, name)
    return [text for text in found if not AMP_OF_SPIKEREC.match(text)]


def null(value: Any) -> Any:
    """Return JSON data with null where the peer writes NaN, which is no JSON."""
    if isinstance(value, dict):
        return {k: null(v) for k, v in value.items()}
    if isinstance(value, list):
        return [null(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def recording_differences(case: Case, result: Extraction) -> dict[str, list[str]]:
    """Compare recording by recording; returns the differences by the recording's position and name.

    Three things are told by the peer's NaN or None and are values with us: the spikes of a silent sweep, the
    automatic threshold of a sweep without baseline, the time between pulses where there is only one.
    """
    expected = case.expected("recordings")["recordings"]
    ours = [(cell, recording) for cell in result.cells for recording in cell.recordings]
    assert len(expected) == len(ours), f"{len(expected)} / {len(ours)} recordings"
    found = {}
    for i, (golden, (cell, recording)) in enumerate(zip(expected, ours, strict=True)):
        if golden["ecode"] == "SpikeRec":
            golden |= _above_holding(golden)
        record = recording_record(cell, recording)
        texts = []
        for key, value in golden.items():
            if key in ("spikecount", "peak_time") and value is None:
                texts += [] if not record[key] else [f"{key}: None / {record[key]}"]
            elif key in ("spikecount", "peak_time") and golden["amp"] < 0:
                continue  # artefacts of hyperpolarising steps; `fewer_spikes` looks at them
            elif value is None and key in ("voltage_mV", "current_nA"):
                continue  # low_memory_mode: the peer throws the samples away, we read them again
            elif key in ("auto_threshold", "delta") and isinstance(value, float) and math.isnan(value):
                continue
            else:
                texts += differences(value, plain(record.get(key)), key)
        if texts:
            found[f"{i} {golden['cell']} {golden['name']}"] = texts
    return found


def _above_holding(golden: dict[str, Any]) -> dict[str, Any]:
    """The amplitude of a SpikeRec above the holding current, as every other amplitude; the peer's is the level."""
    relative = golden["amp_rel"]
    return {
        "amp": golden["amp"] - golden["hypamp"],
        "amp_rel": None if relative is None else relative - golden["hypamp_rel"],
    }


def fewer_spikes(case: Case, result: Extraction) -> int:
    """Number of spikes of the peer that we take for artefacts; all are in hyperpolarised sweeps, and are told."""
    fewer = 0
    expected = case.expected("recordings")["recordings"]
    ours = [recording for cell in result.cells for recording in cell.recordings]
    for golden, recording in zip(expected, ours, strict=True):
        peaks = golden["peak_time"] or []
        kept = set(np.round(recording.peak_time, 6))
        gone = [peak for peak in peaks if round(peak, 6) not in kept]
        if golden["amp"] < 0 and len(recording.peak_time) + len(gone) == len(peaks) and gone:
            fewer += len(gone)
            assert any("hyperpolarising" in problem.message for problem in recording.problems)
    return fewer


def lost_by_peer(case: Case, tolerance_ms: float = 1.0) -> set[int]:
    """Positions of the recordings in which the peer's detection is off from what it finds in most of the protocol.

    Only for protocols whose sweeps share their timing: the median over the sweeps stands for the truth.
    """
    recordings = case.expected("recordings")["recordings"]
    lost = set()
    for i, recording in enumerate(recordings):
        if "ton" not in recording:
            continue
        same = [
            r for r in recordings if (r["cell"], r["protocol"]) == (recording["cell"], recording["protocol"])
        ]
        for edge in ("ton", "toff"):
            times = sorted(r[edge] for r in same)
            if abs(times[len(times) // 2] - recording[edge]) > tolerance_ms:
                lost.add(i)
    return lost
