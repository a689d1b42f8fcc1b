"""What a PatchMaster bundle holds, as plain data: its series with their sweeps and traces, and its stimuli."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Segment:
    """One part of a stimulus as the protocol plans it; levels in nA (or V), durations in s.

    Parameters
    ----------
    kind : int
        0 constant, 1 ramp; others (sine, square, chirp, …) aren't rebuilt.
    storage : int
        0 not stored, 1 stored, 2 and 3: only with the first or the last sweep, and not stored.
    v_mode, t_mode : int
        How level and duration change from sweep to sweep.
    v_source, t_source : int
        0 the number that stands here, 1 the holding level, above: a parameter of the series.
    """

    kind: int
    storage: int
    v_mode: int
    t_mode: int
    level: float
    v_source: int
    v_factor: float
    level_step: float
    duration: float
    t_source: int
    t_factor: float
    duration_step: float


@dataclass(frozen=True)
class Channel:
    """One channel of a stimulus: what was recorded on its input, and what was commanded on its output.

    Parameters
    ----------
    unit : str
        Of the output, "A" or "V"; levels of "A" stand in nA.
    clamp : int
        0 any, 1 voltage clamp, 2 current clamp.
    dac_mode : int
        0 if there is no output.
    flags : int
        Bit 0: levels are scaled as the amplifier says; 1: they are relative to the holding level; 2: a file is played.
    holding : float
        In the unit of levels.
    """

    unit: str
    clamp: int
    dac_mode: int
    flags: int
    holding: float
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Stimulus:
    """The protocol of a series."""

    name: str
    n_sweeps: int
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True)
class Trace:
    """One channel of one sweep: value = stored number · scale, in `unit`.

    Parameters
    ----------
    position, count : int
        First byte in the file, and number of samples.
    dtype : str
        As NumPy spells it.
    block, skip : int
        Bytes of each block and from one block's begin to the next's, where samples are interleaved; else 0.
    step : float
        s.
    mode : int
        0 to 3 and 5 are of voltage clamp, 4 is current clamp.
    amplifier : int
        Number of the amplifier, from 1 on if there are several.
    channel : int
        Number of its channel in the stimulus, from 1 on.
    holding : float
        What the amplifier held, A or V.
    facts : dict
        What was known of electrode and cell: numbers, by names that end with their unit.
    """

    label: str
    unit: str
    position: int
    count: int
    dtype: str
    scale: float
    block: int
    skip: int
    step: float
    t_unit: str
    mode: int
    amplifier: int
    channel: int
    holding: float
    facts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sweep:
    """One sweep; `number` is that in its protocol, from 1 on."""

    number: int
    stimulus: int
    traces: tuple[Trace, ...] = ()


@dataclass(frozen=True)
class Series:
    """One run of a protocol."""

    group: int
    group_label: str
    number: int
    label: str
    sweeps: tuple[Sweep, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """All of a file but its samples."""

    version: str
    n_groups: int
    series: tuple[Series, ...]
    stimuli: tuple[Stimulus, ...]
