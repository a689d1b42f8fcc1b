"""Comparison of output files and of recordings with those of the peer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

RTOL, ATOL = 1e-9, 1e-12
PARAMS = (
    "ton tmid tmid2 t1 t2 t3 t4 toff tend dt amp amp2 hypamp amp_rel amp2_rel hypamp_rel tspike spike_duration delta"
    " chirp_frequency_base chirp_frequency_scale chirp_frequency_denominator chirp_time_offset"
).split()


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Say where two JSON values differ: numbers by more than 1e-9 relative, keys also by their order, but for cells."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = [f"{path}/{key} is missing" for key in expected if key not in actual]
        found += [f"{path}/{key} is new" for key in actual if key not in expected]
        if not found and list(expected) != list(actual) and not path.endswith("_current"):  # cells are sorted
            found.append(f"{path}: the keys stand in another order: {list(expected)} / {list(actual)}")
        for key in expected:
            if key in actual:
                found += differences(expected[key], actual[key], f"{path}/{key}")
        return found
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return [f"{path}: {len(expected)} / {len(actual)} items"]
        pairs = enumerate(zip(expected, actual, strict=True))
        return [text for i, (a, b) in pairs for text in differences(a, b, f"{path}[{i}]")]
    if _is_number(expected) and _is_number(actual):
        same = (math.isnan(expected) and math.isnan(actual)) or expected == actual
        close = same or abs(expected - actual) <= ATOL + RTOL * abs(expected)
        return [] if close else [f"{path}: {expected!r} / {actual!r}"]
    return [] if expected == actual else [f"{path}: {expected!r} / {actual!r}"]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def plain(value: Any) -> Any:
    """Bring numpy's numbers and arrays, and what holds them, to plain Python."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return value.item() if isinstance(value, np.generic) else value


def statistics(samples: Any) -> dict[str, float]:
    """Return what recordings.json says of the samples of a trace."""
    a = np.asarray(samples, dtype=np.float64)
    return {
        "n": int(a.size),
        "first": float(a[0]),
        "last": float(a[-1]),
        "min": float(a.min()),
        "max": float(a.max()),
        "mean": float(a.mean()),
        "std": float(a.std()),
    }


def recording_record(cell: Any, recording: Any) -> dict[str, Any]:
    """Return a recording as it stands in recordings.json."""
    found = {
        "cell": cell.name,
        "protocol": recording.protocol_name,
        "ecode": type(recording).__name__,
        "name": recording.name,
        "id": recording.id,
        "files": recording.files,
        "repetition": recording.repetition,
        "spikecount": recording.spikecount,
        "peak_time": recording.peak_time,
        "auto_threshold": recording.auto_threshold,
    }
    found |= {name: getattr(recording, name) for name in PARAMS if hasattr(recording, name)}
    if getattr(recording, "waveform", None) is not None:
        found["waveform_stats"] = statistics(recording.waveform)
    found["voltage_mV"] = statistics(recording.voltage)
    found["current_nA"] = statistics(recording.current)
    found["efeatures"] = recording.efeatures
    return plain(found)
