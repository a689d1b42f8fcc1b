"""Spike2 files (.smr, .smrx), read with neo, in a process that may be lost: a sweep ends with a pause."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from ..apart import one_step
from ..problems import ReadError
from ..units import is_current_unit, is_voltage_unit
from .extras import has_module
from .outline import Episode, Outline, Part
from .spike2_blocks import Blocks, Run, look

LIMIT = 60.0  # s of processor time
_FORMAT_64 = ".smrx"


def outline(path: str) -> Outline:
    """Return what is in a file. Raises ReadError, or whatever a damaged file makes neo raise."""
    with one_step(LIMIT), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if is_64_bit(path):
            return _outline_64(path)
        blocks = look(path)
        header = _opened(path).header
        channels = [(int(one["id"]), one) for one in header["signal_channels"]]
        n_runs = len(next(iter(blocks.runs.values())))
        if [c for c, _ in channels] != list(blocks.runs) or header["nb_segment"] != [n_runs]:
            raise ReadError(
                f"{os.path.basename(path)} is damaged: neo finds other channels in it than its header."
            )
        found = [_episode(k, channels, blocks) for k in range(n_runs)]
        lost = tuple((one.label, _APART) for one, _ in found if not one.parts)
        remarks = tuple((one.label, words) for one, words in found if words)
        episodes = tuple(one for one, _ in found if one.parts)
        if not episodes:
            raise ReadError(f"{os.path.basename(path)} holds no sweep: {_APART}")
        return Outline(f"version {blocks.version}", episodes, None, lost, remarks, (_how_cut(n_runs),))


_APART = "its channels weren't recorded at the same time."


def _how_cut(n_runs: int) -> str:
    if n_runs == 1:
        return (
            "it was recorded without a pause, and is taken as one sweep. If it holds several stimuli, export each with "
            "Spike2, or record in frames."
        )
    return f"its sweeps are what was recorded without a pause: {n_runs} parts, cut where the recording was interrupted."


def _episode(k: int, channels: list[tuple[int, Any]], blocks: Blocks) -> tuple[Episode, str]:
    """Return a sweep, cut to the time that its channels share, and what a person should know of that.

    Channels that are neither a voltage nor a current, as of a thermometer, have no say; a sweep without parts has no
    such time.
    """
    runs = {c: blocks.runs[c][k] for c, _ in channels}
    able = [c for c, one in channels if is_voltage_unit(_unit(one)) or is_current_unit(_unit(one))] or list(
        runs
    )
    first, last = max(runs[c].start for c in able), min(runs[c].end for c in able)
    kept = {c: _window(run, first, last) if c in able else (0, run.n) for c, run in runs.items()}
    label = f"sweep {k + 1}"
    if any(n < 1 for _, n in kept.values()):
        return Episode(label, ()), ""
    shortest = {c: min(kept[o][1] for o in able if runs[o].interval == runs[c].interval) for c in able}
    parts = tuple(
        Part(
            str(one["name"]).strip(), _unit(one), shortest.get(c, kept[c][1]), runs[c].interval * blocks.tick, "s",
            (k, stream, kept[c][0], shortest.get(c, kept[c][1])),
        )
        for stream, (c, one) in enumerate(channels)
    )  # fmt: skip
    cut = any(runs[c].n - shortest[c] > 1 for c in able)
    share = 1e3 * (last - first) * blocks.tick
    return Episode(
        label, parts
    ), f"its channels begin or end apart: the {share:g} ms that all have are read." * cut


def _window(run: Run, first: int, last: int) -> tuple[int, int]:
    """Return the first sample, and how many there are, from one tick to another, to the nearest sample."""
    skip = round((first - run.start) / run.interval)
    return skip, min(round((last - run.start) / run.interval) + 1, run.n) - skip


def _unit(channel: Any) -> str:
    return str(channel["units"]).strip()


def samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
    """Return the samples of channels in their units, arrays (n,)."""
    with one_step(LIMIT), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = _opened_64(path) if is_64_bit(path) else _opened(path)
        return [_samples(reader, *place) for place in places]


def _samples(reader: Any, segment: int, stream: int, first: int, n: int, column: int = 0) -> np.ndarray:
    raw = reader.get_analogsignal_chunk(0, segment, first, first + n, stream, channel_indexes=[column])
    found = reader.rescale_signal_raw_to_float(raw, "float64", stream_index=stream, channel_indexes=[column])
    return np.array(found[:, 0])


def _opened(path: str) -> Any:
    from neo.rawio import Spike2RawIO

    reader = Spike2RawIO(
        path, try_signal_grouping=False
    )  # a stream for each channel, which may have its own rate
    reader.parse_header()
    return reader


# --- 64 bit


def is_64_bit(path: str) -> bool:
    """Whether a file is of the format that only CED's own library reads."""
    return path.lower().endswith(_FORMAT_64)


def need_sonpy(path: str) -> None:
    """Raise ReadError if a file is of 64 bits, and CED's library isn't there."""
    if is_64_bit(path) and not has_module("sonpy"):
        raise ReadError(
            f"{os.path.basename(path)} is a Spike2 file of 64 bits, which neo reads with CED's own library: pip "
            "install sonpy (there is one for Windows, and for others from Python 3.14 on), "
            "or export it from Spike2 as .smr."
        )


def _opened_64(path: str) -> Any:
    from neo.rawio import CedRawIO

    reader = CedRawIO(path)
    reader.parse_header()
    return reader


def _outline_64(path: str) -> Outline:
    """Return the one sweep of a recording without a pause: neo doesn't find pauses in files of 64 bits."""
    reader = _opened_64(path)
    counts: dict[str, int] = {}
    streams = [str(one) for one in reader.header["signal_streams"]["id"]]
    parts = []
    for one in reader.header["signal_channels"]:
        stream = streams.index(str(one["stream_id"]))
        column = counts.setdefault(streams[stream], 0)
        counts[streams[stream]] += 1
        n = int(reader.get_signal_size(0, 0, stream))
        try:
            reader.get_analogsignal_chunk(0, 0, 0, n, stream, channel_indexes=[column])
        except ValueError as error:
            raise ReadError(
                f"{os.path.basename(path)} was recorded with pauses, at which neo doesn't cut files of 64 bits. Export "
                "it from Spike2 as .smr."
            ) from error
        parts.append(
            Part(
                str(one["name"]).strip(),
                _unit(one),
                n,
                1.0 / float(one["sampling_rate"]),
                "s",
                (0, stream, 0, n, column),
            )
        )
    starts = {float(reader.get_signal_t_start(0, 0, k)) for k in range(len(streams))}
    if len(starts) > 1 and max(starts) - min(starts) > min(part.step for part in parts):
        raise ReadError(
            f"the channels of {os.path.basename(path)} don't begin together. Export it from Spike2 as .smr."
        )
    episodes = (Episode("sweep 1", tuple(parts)),) if parts else ()
    return Outline("64 bit", episodes, notes=(_how_cut(1),))
