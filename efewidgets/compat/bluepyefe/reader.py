"""Readers by BluePyEfe's names, and `inspect_nwb`."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from ...engine import readers
from ...engine.problems import EfeError, NoSweepError
from .nwbreader import as_file, reader_of_dialect

__all__ = [
    "NWBInspectionError",
    "axon_reader",
    "csv_lccr_reader",
    "igor_reader",
    "inspect_nwb",
    "nwb_reader",
    "read_matlab",
]

logger = logging.getLogger(__name__)

_FACTS = (
    "identifier",
    "session_description",
    "session_start_time",
    "file_create_date",
    "timestamps_reference_time",
)


class NWBInspectionError(RuntimeError):
    """An NWB file that no reader can inspect."""


def _check_metadata(
    metadata: Mapping[str, Any], reader_name: str, required_entries: Sequence[str] = ()
) -> None:
    """Raise KeyError unless the metadata have all entries that a reader needs."""
    for entry in required_entries:
        if entry not in metadata:
            raise KeyError(
                f"The reader {reader_name} needs {', '.join(required_entries)} in the metadata; there is no {entry}."
            )


def axon_reader(in_data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the sweeps of an Axon file (.abf)."""
    return readers.axon_reader(in_data)


def igor_reader(in_data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the sweep of a pair of Igor waves."""
    _check_metadata(in_data, "igor_reader", ["v_file", "i_file"])
    return readers.igor_reader(in_data)


def read_matlab(in_data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the sweeps of a PatchMaster export for MATLAB (.mat)."""
    _check_metadata(in_data, "read_matlab", ["filepath", "i_unit", "v_unit", "t_unit"])
    return readers.read_matlab(in_data)


def csv_lccr_reader(in_data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the voltage columns of a text file, with step currents from the metadata."""
    return readers.csv_lccr_reader(in_data)


def nwb_reader(in_data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the sweeps of an NWB file that the metadata choose; none, if it holds none of them."""
    _check_metadata(in_data, "nwb_reader", ["filepath", "protocol_name"])
    try:
        return readers.nwb_reader(in_data)
    except NoSweepError as error:
        logger.warning("%s", error)
        return []


def inspect_nwb(
    filepath: str | os.PathLike[str],
    protocol_names: str | Sequence[str] | None = None,
    repetition: Any = None,
    v_file: str | None = None,
) -> dict[str, Any]:
    """Say what is in an NWB file, and read its sweeps.

    Returns
    -------
    dict
        ``reader``: name of BluePyEfe's class for such files; ``protocols``: names of all its protocols; ``traces``:
        the sweeps that `protocol_names`, `repetition` and `v_file` choose, with samples, units and id; ``metadata``:
        what the file says of itself, for JSON.

    Raises
    ------
    NWBInspectionError
        If it can't be read, or none of its sweeps is chosen.
    """
    path = os.fspath(filepath)
    metadata: dict[str, Any] = {"filepath": path, "repetition": repetition, "v_file": v_file}
    try:
        summary = readers.inspect(path)
        metadata["protocol_name"] = protocol_names or summary.protocols
        reader = reader_of_dialect(summary.dialect).__name__
        traces = nwb_reader(metadata)
        facts = _facts(path)
    except (EfeError, OSError, KeyError, TypeError) as error:
        raise NWBInspectionError(f"Unable to inspect NWB file: {error}") from error
    if not traces:
        raise NWBInspectionError(f"{reader} could not parse any traces from the NWB file.")
    return {"reader": reader, "protocols": summary.protocols, "traces": traces, "metadata": facts}


def _facts(path: str) -> dict[str, Any]:
    with h5py.File(path, "r") as file:
        facts = {key: _plain(value) for key, value in file.attrs.items()}
        return facts | {key: _plain(file[key][()]) for key in _FACTS if key in file}


def _plain(value: Any) -> Any:
    """Return numbers, texts and lists, for JSON."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()] if value.ndim else _plain(value.item())
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _get_nwb_reader_class(content: Any) -> type:
    """Return BluePyEfe's class for a file of this layout."""
    with as_file(content) as path:
        return reader_of_dialect(readers.inspect(path).dialect)


def _get_nwb_protocols(content: Any, reader_class: type) -> list[str]:
    """Return the names of the protocols in an open file."""
    with as_file(content) as path:
        try:
            return readers.inspect(path).protocols
        except EfeError as error:
            logger.warning("%s", error)
            return []


def _create_nwb_reader(
    reader_class: Any, content: Any, target_protocols: Sequence[str], in_data: Mapping[str, Any]
) -> Any:
    """Make a reader of an open file."""
    reader = reader_class(content, target_protocols, repetition=in_data.get("repetition"))
    reader.v_file = in_data.get("v_file")
    return reader
