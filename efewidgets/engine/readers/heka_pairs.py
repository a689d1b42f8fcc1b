"""Which traces of a PatchMaster bundle are recordings: voltages in current clamp, with the current of their cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..problems import ReadError
from ..units import is_current_unit, is_voltage_unit
from . import command
from .heka_bundle import Bundle, Channel, Series, Stimulus, Sweep, Trace
from .nwb_names import Names
from .nwb_pairs import Lost, Pair

_OF_VOLTAGE_CLAMP, _OF_CURRENT_CLAMP = (0, 1, 2, 3, 5), 4  # a trace's mode
_VOLTAGE_CLAMP, _CURRENT_CLAMP = 1, 2  # a stimulus channel's
LISTENED = "it was only listened to"
IN_VOLTAGE_CLAMP = "it was recorded in voltage clamp, as the file says: left out."


@dataclass(frozen=True)
class Commanded:
    """The output that gave a cell its current."""

    stimulus: Stimulus
    number: int  # from 1 on

    @property
    def channel(self) -> Channel:
        """The channel of the stimulus."""
        return self.stimulus.channels[self.number - 1]


@dataclass(frozen=True)
class Recorded:
    """One voltage of one sweep, and its current: measured, or commanded."""

    sweep: Sweep
    voltage: Trace
    current: Trace | Commanded
    clamp: str | None


def recordings(
    bundle: Bundle, metadata: Mapping[str, Any]
) -> tuple[dict[str, Recorded], list[Pair], list[Lost]]:
    """Return what can be used by its name, in the file's order, what is known of it, and what can't be used."""
    found: dict[str, Recorded] = {}
    pairs: list[Pair] = []
    lost: list[Lost] = []
    runs: Counter[tuple[str, str]] = Counter()
    for series in bundle.series:
        runs[series.group_label, series.label] += 1
        names, repetition = Names(series.label), runs[series.group_label, series.label]
        for w, sweep in enumerate(series.sweeps):
            for label, voltage in _voltages(series, sweep, w + 1):
                cell = _cell(bundle, series, sweep, voltage)
                try:
                    found[label] = _recorded(bundle, sweep, voltage, metadata)
                except _NotUsedError as error:
                    lost.append(Lost(label, str(error), names, severity=error.severity, cell=cell))
                else:
                    pairs.append(Pair(label, names, "", "", repetition, cell))
    return found, pairs, lost


def _voltages(series: Series, sweep: Sweep, number: int) -> Iterator[tuple[str, Trace | None]]:
    """Yield the voltages of a sweep, each with a name; None if it has none."""
    traces = [trace for trace in sweep.traces if is_voltage_unit(trace.unit)]
    label = f"{series.group}_{series.number}_{number}"  # as PatchMaster counts, and names what it exports
    if not traces:
        yield label, None
    several = len(traces) > 1
    taken: Counter[str] = Counter()
    for trace in traces:
        taken[trace.label] += 1
        again = f" ({taken[trace.label]})" if taken[trace.label] > 1 else ""
        yield f"{label} {trace.label}{again}" if several else label, trace


def _cell(bundle: Bundle, series: Series, sweep: Sweep, voltage: Trace | None) -> str | None:
    """Return what a cell is called: by its group if there are several, and by its channel if there are several."""
    several = sum(is_voltage_unit(trace.unit) for trace in sweep.traces) > 1
    parts = [series.group_label or f"group {series.group}"] if bundle.n_groups > 1 else []
    parts += [voltage.label] if several and voltage is not None else []
    return " ".join(parts) or None


class _NotUsedError(ReadError):
    """A trace that is no recording; `severity` is "note" if that is as it should be."""

    def __init__(self, message: str, severity: str = "error"):
        super().__init__(message)
        self.severity = severity


def _recorded(bundle: Bundle, sweep: Sweep, voltage: Trace | None, metadata: Mapping[str, Any]) -> Recorded:
    stimulus = bundle.stimuli[sweep.stimulus] if 0 <= sweep.stimulus < len(bundle.stimuli) else None
    forced = metadata.get("clamp_mode") == "current"
    clamp = _clamp(sweep, voltage, stimulus)
    if clamp == "voltage" and not forced:
        raise _NotUsedError(IN_VOLTAGE_CLAMP, "note")
    if voltage is None:
        raise _NotUsedError("it holds no voltage.")
    wanted = command.wants(metadata)
    measured = None if wanted == command.COMMAND else _measured(sweep, voltage)
    if measured is not None:
        return Recorded(sweep, voltage, measured, clamp)
    if wanted == command.MEASURED:
        raise _NotUsedError(
            "its current wasn't recorded ('current_from': 'command' in the metadata takes the command)."
        )
    if stimulus is None:
        raise _NotUsedError("its current wasn't recorded, and its stimulus isn't in the file.")
    return Recorded(sweep, voltage, _commanded(sweep, voltage, stimulus, metadata.get("output")), clamp)


def _clamp(sweep: Sweep, voltage: Trace | None, stimulus: Stimulus | None) -> str | None:
    """Return in which clamp a sweep was, None if the file doesn't say."""
    trace = voltage if voltage is not None else next(iter(sweep.traces), None)
    if trace is None:
        return None
    channel = _channel_of(trace, stimulus)
    if trace.mode == _OF_CURRENT_CLAMP or (channel is not None and channel.clamp == _CURRENT_CLAMP):
        return "current"
    if trace.mode in _OF_VOLTAGE_CLAMP or (channel is not None and channel.clamp == _VOLTAGE_CLAMP):
        return "voltage"
    return None


def _channel_of(trace: Trace, stimulus: Stimulus | None) -> Channel | None:
    channels = stimulus.channels if stimulus is not None else ()
    return channels[trace.channel - 1] if 0 < trace.channel <= len(channels) else None


def _measured(sweep: Sweep, voltage: Trace) -> Trace | None:
    """Return the current that was recorded from the same amplifier."""
    currents = [t for t in sweep.traces if is_current_unit(t.unit) and t.amplifier == voltage.amplifier]
    return currents[0] if currents else None


def _commanded(sweep: Sweep, voltage: Trace, stimulus: Stimulus, said: Any) -> Commanded:
    """Return the output whose current went into the cell of a voltage. Raises _NotUsedError."""
    numbers = range(1, len(stimulus.channels) + 1)
    if said is not None:
        if said not in numbers:
            raise _NotUsedError(f"its stimulus has no channel {said!r} ('output'), only 1 to {len(numbers)}.")
        return Commanded(stimulus, int(said))
    active = [n for n in numbers if _is_active(stimulus.channels[n - 1])]
    if not active:
        raise _NotUsedError("its current wasn't recorded, and its stimulus has no output for one.")
    if voltage.channel in active:
        return Commanded(stimulus, voltage.channel)
    amplifiers = {trace.channel: trace.amplifier for trace in sweep.traces}
    mine = [n for n in active if amplifiers.get(n) == voltage.amplifier]
    if not mine and len({t.amplifier for t in sweep.traces if is_voltage_unit(t.unit)}) == 1:
        mine = active
    if len(mine) == 1:
        return Commanded(stimulus, mine[0])
    if not mine:
        went = ", ".join(sorted({t.label for t in sweep.traces if t.channel in active})) or "other amplifiers"
        raise _NotUsedError(
            f"{LISTENED}: the current of this sweep went to {went}. 'output' in the metadata (number of "
            "the stimulus's channel, from 1 on) takes it all the same.",
            "note",
        )
    raise _NotUsedError(
        f"which of the channels {mine} of its stimulus gave it its current isn't known: 'output' in the metadata "
        "chooses."
    )


def _is_active(channel: Channel) -> bool:
    return channel.dac_mode != 0 and channel.clamp != _VOLTAGE_CLAMP and channel.unit != ""
