"""BluePyEfe's classes for the layouts of NWB files; each reads whatever layout the file has."""

from __future__ import annotations

import contextlib
import logging
import pathlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from ...engine.problems import EfeError
from ...engine.readers import nwb_reader
from ...engine.readers.nwb_dialects import VU_PROTOCOLS

__all__ = [
    "PROTOCOL_VU_TO_BBP",
    "AIBSNWBReader",
    "BBPNWBReader",
    "NWBReader",
    "ScalaNWBReader",
    "TRTNWBReader",
    "VUNWBReader",
]

logger = logging.getLogger(__name__)

PROTOCOL_VU_TO_BBP = dict(VU_PROTOCOLS)


class NWBReader:
    """The sweeps of an open NWB file, of the wanted protocols, repetitions and original file.

    Parameters
    ----------
    content : h5py.File, or dictionaries of the same form
    target_protocols : list of str or None
    repetition : int, list of int, or None
    v_file : str or None
    """

    def __init__(
        self,
        content: Any,
        target_protocols: Sequence[str] | None,
        repetition: Any = None,
        v_file: str | None = None,
    ):
        self.content, self.target_protocols = content, target_protocols
        self.repetition, self.v_file = repetition, v_file

    def read(self) -> list[dict[str, Any]]:
        """Return the sweeps; those that can't be used are logged."""
        return sweeps_of(self.content, self.target_protocols, self.repetition, self.v_file)

    def _format_nwb_trace(
        self,
        voltage: Any,
        current: Any,
        start_time: Any,
        trace_name: Any = None,
        repetition: int | None = None,
    ) -> dict[str, Any]:
        """Return one sweep from its data sets, with the samples in the file's units."""
        return {
            "voltage": np.asarray(voltage[()] * voltage.attrs["conversion"], dtype=np.float32),
            "current": np.asarray(current[()] * current.attrs["conversion"], dtype=np.float32),
            "dt": 1.0 / float(start_time.attrs["rate"]),
            "id": str(trace_name),
            "repetition": repetition,
            "i_unit": _text(current.attrs["unit"]),
            "v_unit": _text(voltage.attrs["unit"]),
            "t_unit": _text(start_time.attrs["unit"]),
        }


class AIBSNWBReader(NWBReader):
    """NWB 1 of the Allen Institute."""


class BBPNWBReader(NWBReader):
    """Of the Blue Brain Project, with its index ``data_organization``."""


class ScalaNWBReader(NWBReader):
    """Of Scala and others: pairs of ``…Series`` and ``…StimulusSeries``."""


class TRTNWBReader(NWBReader):
    """Of Toronto, with sweeps ``index_N``."""


class VUNWBReader(NWBReader):
    """Of MIES, as the Vrije Universiteit and others write them."""

    def __init__(
        self,
        content: Any,
        target_protocols: Sequence[str] | None,
        in_data: Mapping[str, Any] | None = None,
        repetition: Any = None,
    ):
        chosen = (in_data or {}).get("protocol_name", target_protocols)
        super().__init__(content, [chosen] if isinstance(chosen, str) else chosen, repetition)


_BY_DIALECT = {
    "AIBS": AIBSNWBReader,
    "BBP": BBPNWBReader,
    "Scala": ScalaNWBReader,
    "TRT": TRTNWBReader,
    "VU": VUNWBReader,
    "MIES": VUNWBReader,
}


def reader_of_dialect(dialect: str) -> type[NWBReader]:
    """Return the class for a dialect as `efewidgets.inspect` names it."""
    return _BY_DIALECT.get(dialect, NWBReader)


def sweeps_of(
    content: Any, protocols: Sequence[str] | None, repetition: Any = None, v_file: str | None = None
) -> list[dict[str, Any]]:
    """Read the sweeps of an open file; none, with a line in the log, if there is none to be used."""
    chosen = {
        "protocol_name": list(protocols) if protocols else None,
        "repetition": repetition,
        "v_file": v_file,
    }
    with as_file(content) as path:
        try:
            return nwb_reader(
                {"filepath": path} | {key: value for key, value in chosen.items() if value is not None}
            )
        except EfeError as error:
            logger.warning("%s", error)
            return []


@contextlib.contextmanager
def as_file(content: Any) -> Iterator[str]:
    """Yield the path of an open HDF5 file, or of a passing copy of dictionaries that have its form."""
    if isinstance(content, (h5py.File, h5py.Group)):
        yield content.file.filename
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "content.nwb")
        with h5py.File(path, "w") as file:
            _copy(content, file)
        yield path


def _copy(content: Any, group: h5py.Group) -> None:
    for name in content.keys():  # noqa: SIM118  # what only looks like a dictionary can't be iterated over
        part = content[name]
        if hasattr(part, "keys"):
            made = group.create_group(name)
            _copy(part, made)
        else:
            try:
                value = part[()]
            except (TypeError, KeyError, IndexError):
                value = part
            made = group.create_dataset(name, data=value)
        for key, value in getattr(part, "attrs", {}).items():
            made.attrs[key] = value


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
