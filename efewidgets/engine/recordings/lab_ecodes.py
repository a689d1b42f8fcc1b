"""A lab's own stimulus families, as classes of recordings: those of today's form, and those of BluePyEfe's.

One of today's form says what it has by class attributes, `measure` and `generate`. One of BluePyEfe's form interprets
the current itself, ``interpret(self, t, current, config_data, reader_data)``, and sets its attributes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..detection import FAMILIES
from ..problems import EfeError
from ..traces.trace import number, standardize
from .families.family import Family
from .parts import OfFamily, part
from .said import Said
from .stimulus import Stimulus

#: What a class of recordings may say itself instead of its family
_SAYS = (
    *("timings", "amplitudes", "target_amplitude", "extra_params", "metadata_keys", "nominal", "agree_ms"),
    "guess_timing",
)


def family_of(cls: type, inherited: Family) -> Family:
    """Return the family of a class of recordings: the one that it names or inherits, but for what it says itself."""
    here = {name: inspect.getattr_static(cls, name) for name in _SAYS}
    said = {name: value for name, value in here.items() if not isinstance(value, (OfFamily, property))}
    if "stimulus_family" in vars(cls) and not said:
        return inherited
    return inherited.saying(cls.__name__, **said)


def show_parameters(cls: type, family: Family) -> None:
    """Let the recordings of a class show the parameters of their stimulus as attributes."""
    for name in family.parameters:
        if not isinstance(getattr(cls, name, None), property):
            setattr(cls, name, part(Stimulus, name))


def know_nothing(recording: Any) -> None:
    """Let the parameters be None that a class names for itself, until they are known."""
    for name in recording.export_attr:
        if not hasattr(type(recording), name):
            setattr(recording, name, None)


def interpret_as_written(recording: Any) -> None:
    """Call a recording's `interpret` in the form in which its class has it.

    A family of BluePyEfe's form that is made from no other one, and has its own ``__init__``, calls it itself.
    """
    own = type(recording)
    interpret: Any = own.interpret
    if _parameters(own.interpret) < 5 or interpret.__module__.startswith(_PACKAGE):
        interpret(recording)
        return
    made_from_one = any(base.__name__ in FAMILIES and _ours(base) for base in own.__mro__)
    if made_from_one or _ours(next(base for base in own.__mro__ if "__init__" in vars(base))):
        for name in ("amp", "hypamp"):
            recording.set_amplitudes_ecode(name, recording.config_data, recording.reader_data, None)
        interpret(recording, recording.t, recording.current, recording.config_data, recording.reader_data)


@lru_cache(maxsize=100)
def _parameters(function: Callable[..., Any]) -> int:
    return len(inspect.signature(function).parameters)


# --- BluePyEfe's methods: `recording` is what is called "self" there


def ms_to_index(recording: Any, timing: float) -> int:
    """Nearest sample index of a time in ms."""
    return round(float(timing / recording.dt))


def index_to_ms(recording: Any, name_timing: str, time_series: Sequence[float] | np.ndarray) -> None:
    """Turn a timing from a sample index into ms."""
    setattr(recording, name_timing, time_series[round(float(getattr(recording, name_timing)))])


def set_timing_ecode(recording: Any, name_timings: Sequence[str], config_data: Mapping[str, Any]) -> None:
    """Set timings, as sample indexes, to what the metadata say (ms). Raises EfeError if one is missing."""
    for name in name_timings:
        if config_data.get(name) is None:
            raise EfeError(
                f"protocol {recording.protocol_name!r} needs {name!r} (ms) in the metadata of its recordings."
            )
        setattr(recording, name, recording.ms_to_index(number(name, config_data[name], "ms")))


def set_amplitudes_ecode(
    recording: Any,
    amp_name: str,
    config_data: Mapping[str, Any],
    reader_data: Mapping[str, Any],
    value: Any,
) -> None:
    """Set an amplitude (nA) to what the metadata or the file say (in ``i_unit``), else to `value` (nA)."""
    given = Said(config_data, reader_data).level(amp_name)
    setattr(recording, amp_name, value if given is None else given)


def standardize_trace(
    recording: Any, config_data: Mapping[str, Any], reader_data: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Return time (ms), current (nA), voltage (mV), and the amplitudes that are given (nA) or None."""
    trace, said = standardize(config_data, reader_data), Said(config_data, reader_data)
    return (trace.time, trace.current, trace.voltage, said.level("amp"), said.level("hypamp"))


_PACKAGE = __name__.split(".")[0] + "."


def _ours(cls: type) -> bool:
    return f"{cls.__module__}.".startswith(_PACKAGE)
