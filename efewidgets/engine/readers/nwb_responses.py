"""The responses of an NWB file from which no sweep is made: each is named, with the reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import h5py

from ..problems import Problem, ReadError
from ..units import is_voltage_unit
from .hdf5 import item, members
from .nwb_selection import Selection
from .nwb_series import Series

_NO_STIMULUS = (
    "its stimulus isn't in the file, or can't be told from those of other sweeps: the sweep isn't used."
)
_NO_SAMPLES = "it has no samples (no 'data'): the sweep isn't used."
_VOLTAGE_CLAMP = "it was recorded in voltage clamp: left out."
_NO_CURRENT = "it was recorded without a current (I = 0): left out."


def unused_responses(
    content: h5py.File, used: Collection[str], selection: Selection, told: Collection[str | None]
) -> list[Problem]:
    """Return a problem for each response that is in no sweep.

    Parameters
    ----------
    content : h5py.File
    used : collection of str
        Paths of the voltages of all sweeps, also of those that aren't wanted.
    selection : Selection
        Responses that say they are of another protocol than those wanted are passed over.
    told : collection of str
        Names of those that something was said about already.
    """
    found = []
    for name, path, reason, severity, protocol in _responses(content):
        if path not in used and name not in told and (protocol is None or _wanted(protocol, selection)):
            found.append(Problem(reason, severity, "file", recording=name))
    return found


def _wanted(protocol: str, selection: Selection) -> bool:
    names = {protocol.lower(), re.sub(r"_DA_\d+$", "", protocol).lower()}
    return selection.protocols is None or bool(names & {asked.lower() for asked in selection.protocols})


def _responses(content: h5py.File) -> Iterator[tuple[str, str, str, str, str | None]]:
    """Yield name, path, what to say if it isn't used, how severe that is, and the protocol it states."""
    recorded = item(content, "acquisition")
    inner = item(recorded, "timeseries") if isinstance(recorded, h5py.Group) else None
    group = inner if isinstance(inner, h5py.Group) else recorded
    all_series = [found for name in members(group) if (found := _series(group, name)) is not None]
    # A file that says of which kind its series are has others (temperature, triggers) of no kind.
    kinds = {series.type for series in all_series}
    typed = any(kind.startswith(("CurrentClamp", "VoltageClamp", "IZero")) for kind in kinds)
    for series in all_series:
        if _is_response(series, typed):
            reason, severity = _reason(series)
            words = series.word("aibs_stimulus_name") or series.word("stimulus_description")
            stated = words if words and words.lower() not in ("na", "n/a", "none") else None
            yield series.name.rsplit("/", 1)[-1], series.name, reason, severity, stated


def _series(group: h5py.Group, name: str) -> Series | None:
    try:
        found = item(group, name)
    except ReadError:  # a link to nowhere, which the dialects tell
        return None
    return Series(found, "volts") if isinstance(found, h5py.Group) else None


def _is_response(series: Series, typed: bool) -> bool:
    if series.type.endswith("ClampSeries"):
        return True
    if typed or series.type not in ("", "TimeSeries"):
        return False
    if series.group.id.links.exists(b"data"):
        try:
            return is_voltage_unit(series.unit)
        except ReadError:  # a link to nowhere
            return True
    return series.group.id.links.exists(b"starting_time")


def _reason(series: Series) -> tuple[str, str]:
    if series.type.startswith("VoltageClamp"):
        return _VOLTAGE_CLAMP, "note"
    if series.type.startswith("IZero"):
        return _NO_CURRENT, "note"
    there = series.group.id.links.exists(b"data")
    return (_NO_STIMULUS if there else _NO_SAMPLES), "error"
