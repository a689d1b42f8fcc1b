"""AxoGraph files (.axgd, .axgx), gone through with neo, in a process that may be lost."""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..apart import one_step
from .outline import Episode, Outline, Part

LIMIT = 30.0  # s of processor time
_PROTOCOL = re.compile(r"protocol\s*:\s*(.+?)(?:\s+on trigger)?\s*$", re.IGNORECASE | re.MULTILINE)


def outline(path: str) -> Outline:
    """Return what is in a file. Raises whatever a damaged file makes neo raise."""
    with one_step(LIMIT), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = _opened(path)
        parts = _parts(reader)
        info = getattr(reader, "info", {})
        episodes = [
            Episode(f"sweep {k + 1}", tuple(columns)) for k, columns in enumerate(_episodes(parts, info))
        ]
        said = _PROTOCOL.search(str(info.get("comment", "")))
        return Outline("", tuple(episodes), said[1] if said else None)


def _episodes(parts: list[Part], info: Mapping[str, Any]) -> list[list[Part]]:
    """Return the columns of each sweep: the first of each group is the first sweep's.

    Groups are AxoGraph's; without them, columns of the same name. neo's own sweeps need the same scale in all of them.
    """
    groups: dict[Any, list[Part]] = {}
    headers = info.get("trace_header_info_list")
    titles = info.get("group_header_info_list")
    if (
        headers
        and titles
        and sorted(one["y_index"] for one in headers.values()) == list(range(1, len(parts) + 1))
    ):
        for one in headers.values():
            group = titles[one["group_id_for_this_trace"]]
            part = parts[one["y_index"] - 1]
            named = dataclasses.replace(
                part, name=part.name or group["title"], unit=part.unit or str(group["units"]).strip()
            )
            groups.setdefault(one["group_id_for_this_trace"], []).append(named)
    else:
        for part in parts:
            groups.setdefault(part.name or part.place, []).append(part)
    counts = {len(columns) for columns in groups.values()}
    if len(counts) != 1:
        return [parts]
    return [list(columns) for columns in zip(*groups.values(), strict=True)]


def samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
    """Return the samples of channels in their units, arrays (n,)."""
    with one_step(LIMIT), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = _opened(path)
        return [_samples(reader, *place) for place in places]


def _opened(path: str) -> Any:
    from neo.rawio import AxographRawIO

    reader = AxographRawIO(path, force_single_segment=True)
    reader.parse_header()
    return reader


def _parts(reader: Any) -> list[Part]:
    """Return all columns but the time's."""
    rate = float(reader.get_signal_sampling_rate(0))
    n = int(reader.get_signal_size(0, 0, 0))
    step = 1.0 / rate if rate > 0 else 0.0
    channels = reader.header["signal_channels"]
    return [
        Part(str(one["name"]).strip(), str(one["units"]).strip(), n, step, "s", (k,))
        for k, one in enumerate(channels)
    ]


def _samples(reader: Any, column: int) -> np.ndarray:
    raw = reader.get_analogsignal_chunk(0, 0, stream_index=0, channel_indexes=[column])
    found = reader.rescale_signal_raw_to_float(raw, "float64", stream_index=0, channel_indexes=[column])
    return np.array(found[:, 0])
