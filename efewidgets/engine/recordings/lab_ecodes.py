"""What a lab's own stimulus families are written with, in BluePyEfe's words: indexes and times, levels, `interpret`.

A family of today's form says what it has by class attributes and `measure` (see `stimulus`). One of BluePyEfe's form
interprets the current itself, ``interpret(self, t, current, config_data, reader_data)``, and sets its attributes.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..detection import FAMILIES
from ..problems import EfeError
from ..traces.trace import number, setting, standardize
from ..units import to_nA


class LabECode:
    """The methods with which BluePyEfe's families find their way."""

    dt: Any
    protocol_name: str
    config_data: dict[str, Any]
    reader_data: dict[str, Any]
    t: Any
    current: Any

    def ms_to_index(self, timing: float) -> int:
        """Nearest sample index of a time in ms."""
        return round(float(timing / self.dt))

    def index_to_ms(self, name_timing: str, time_series: Sequence[float] | np.ndarray) -> None:
        """Turn a timing from a sample index into ms."""
        setattr(self, name_timing, time_series[round(float(getattr(self, name_timing)))])

    def set_timing_ecode(self, name_timings: Sequence[str], config_data: Mapping[str, Any]) -> None:
        """Set timings, as sample indexes, to what the metadata say (ms). Raises EfeError if one is missing."""
        for name in name_timings:
            if config_data.get(name) is None:
                raise EfeError(
                    f"protocol {self.protocol_name!r} needs {name!r} (ms) in the metadata of its recordings."
                )
            setattr(self, name, self.ms_to_index(number(name, config_data[name], "ms")))

    def set_amplitudes_ecode(
        self, amp_name: str, config_data: Mapping[str, Any], reader_data: Mapping[str, Any], value: Any
    ) -> None:
        """Set an amplitude (nA) to what the metadata or the file say (in ``i_unit``), else to `value` (nA)."""
        given = setting(amp_name, config_data, reader_data)
        if given is not None:
            value = to_nA(number(amp_name, given), setting("i_unit", config_data, reader_data))
        setattr(self, amp_name, value)

    def standardize_trace(self, config_data: Mapping[str, Any], reader_data: Mapping[str, Any]) -> tuple:
        """Return time (ms), current (nA), voltage (mV), and the amplitudes that are given (nA) or None."""
        trace = standardize(config_data, reader_data)
        unit = setting("i_unit", config_data, reader_data)
        given = [setting(name, config_data, reader_data) for name in ("amp", "hypamp")]
        return (
            trace.time,
            trace.current,
            trace.voltage,
            *(None if level is None else to_nA(level, unit) for level in given),
        )

    def interpret_as_written(self) -> None:
        """Call `interpret` in the form in which this class has it.

        A family of BluePyEfe's form that is made from no other one, and has its own ``__init__``, calls it itself.
        """
        own = type(self)
        interpret: Any = own.interpret  # type: ignore[attr-defined]
        if len(inspect.signature(interpret).parameters) < 5 or interpret.__module__.startswith(_PACKAGE):
            interpret(self)
            return
        made_from_one = any(base.__name__ in FAMILIES and _ours(base) for base in own.__mro__)
        if made_from_one or _ours(next(base for base in own.__mro__ if "__init__" in vars(base))):
            for name in ("amp", "hypamp"):
                self.set_amplitudes_ecode(name, self.config_data, self.reader_data, None)
            interpret(self, self.t, self.current, self.config_data, self.reader_data)


_PACKAGE = __name__.split(".")[0] + "."


def _ours(cls: type) -> bool:
    return f"{cls.__module__}.".startswith(_PACKAGE)
