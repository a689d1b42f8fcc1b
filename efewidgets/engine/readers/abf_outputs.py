"""What an Axon file's header says about its outputs: what was commanded on each, by epochs, lists or a file."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

from ..problems import ReadError
from .abf_header import _Bytes, _named, _section, _strings, _text

FROM_NOTHING, FROM_EPOCHS, FROM_FILE = 0, 1, 2
_EPISODIC = 5

# What a user list varies: a number that counts on from these by epoch. Since pCLAMP 11 (files of version 2.9) there are
# 50 epochs, before 10; a list may also vary what is no part of a sweep.
_FIRST_VARIED, _MANY_EPOCHS, _FEW_EPOCHS = 11, 50, 10
_MANY_SINCE = (2, 9)
_OTHER_HOLDING = 8
_VARIED = ("digital", "level", "duration", "period", "width")


@dataclass(frozen=True)
class Epoch:
    """One part of a sweep; levels in the output's unit, durations in samples of a channel, `step` a sweep."""

    number: int
    kind: int
    level: float
    level_step: float
    duration: int
    duration_step: int
    period: int = 0
    width: int = 0

    def in_sweep(self, sweep: int) -> Epoch:
        """Return the epoch as it is in a sweep, counted from 0."""
        level, duration = self.level + self.level_step * sweep, self.duration + self.duration_step * sweep
        return dataclasses.replace(self, level=level, duration=duration, level_step=0.0, duration_step=0)


@dataclass(frozen=True)
class UserList:
    """Values that one property of one epoch takes, sweep after sweep; the last one stays unless they `repeat`."""

    varies: str
    epoch: int
    values: tuple[float, ...]
    repeat: bool

    def applied(self, epoch: Epoch, sweep: int) -> Epoch:
        """Return an epoch with the value of this sweep, if the list is about it."""
        if epoch.number != self.epoch or self.varies == "digital":
            return epoch
        at = sweep % len(self.values) if self.repeat else min(sweep, len(self.values) - 1)
        value = self.values[at]
        changed: dict[str, Any] = {self.varies: value if self.varies == "level" else int(value)}
        return dataclasses.replace(epoch, **changed)


@dataclass(frozen=True)
class Output:
    """One output (DAC) and what was commanded on it.

    Parameters
    ----------
    source : int
        0 nothing but the holding level, 1 epochs, 2 a stimulus file.
    holding : float
        Level outside of the epochs.
    keeps_last : bool
        Whether the last epoch's level stays until the next sweep.
    turn : int or None
        Where two outputs alternate: in which of two sweeps (0 or 1) it is this one's turn.
    n_sweeps, per_sweep : int
        Sweeps of the protocol, and samples of each over all channels; 0 if the header doesn't say.
    file, file_scale, file_offset, file_sweep, file_channel
        A stimulus file as the header calls it; how its numbers become levels; which of its sweeps (0 all, one after
        the other) and channels.
    """

    number: int
    name: str
    unit: str
    source: int
    holding: float
    keeps_last: bool = False
    epochs: tuple[Epoch, ...] = ()
    user_list: UserList | None = None
    turn: int | None = None
    n_sweeps: int = 0
    per_sweep: int = 0
    file: str = ""
    file_scale: float = 1.0
    file_offset: float = 0.0
    file_sweep: int = 0
    file_channel: int = 0

    @property
    def called(self) -> str:
        """Number, name and unit, for people."""
        return f"{self.number}: {self.name!r} ({self.unit or 'no unit'})"


def read_outputs(path: str) -> list[Output]:
    """Return the outputs of an ABF file; none if the header is too old to tell.

    Raises
    ------
    ReadError
        If the header can't be true.
    """
    file = _Bytes(path)
    return _version_2(file) if file.take(0, 4) == b"ABF2" else _version_1(file)


def _version_2(file: _Bytes) -> list[Output]:
    protocol, dacs, epochs, lists, strings = (_section(file, at) for at in (76, 108, 156, 172, 220))
    names = _strings(file.take(strings[0], strings[1]))
    for entries, most in ((dacs[2], 64), (epochs[2], 10_000), (lists[2], 64)):
        if not 0 <= entries <= most:
            raise ReadError(f"the header of {file.name} is damaged: it claims {entries} outputs or epochs.")
    if not dacs[2]:
        return []
    of_dacs: dict[int, list[Epoch]] = {}
    for i in range(epochs[2]):
        number, dac, kind, *rest = file.get("3h2f4i", epochs[0] + i * epochs[1])
        of_dacs.setdefault(dac, []).append(Epoch(number, kind, *rest))
    version = file.get("4b", 4)
    many = (version[3], version[2]) >= _MANY_SINCE
    of_lists: dict[int, UserList] = {}
    for i in range(lists[2]):
        dac, _, varied, repeat, at = file.get("4hi", lists[0] + i * lists[1])
        found = _user_list(
            varied, _named(names, at), bool(repeat), _MANY_EPOCHS if many else _FEW_EPOCHS, file
        )
        if found is not None:
            of_lists[dac] = found
    episodic = file.one("h", protocol[0]) == _EPISODIC
    n_sweeps, per_sweep = file.one("i", protocol[0] + 30), file.one("i", protocol[0] + 22)
    alternate = protocol[1] >= 184 and file.one("h", protocol[0] + 182) != 0
    outputs = []
    for i in range(dacs[2]):
        at = dacs[0] + i * dacs[1]
        number = file.one("h", at)
        name, unit = file.get("2i", at + 24)
        enabled, source, keeps_last = file.get("3h", at + 40)
        scale, offset, sweep, channel, prepared = file.get("2fi2h", at + 46)
        period, level = file.get("2f", at + 82)
        outputs.append(
            Output(
                number,
                _named(names, name) or f"DAC {number}",
                _named(names, unit).replace(" ", ""),
                source if enabled and episodic else FROM_NOTHING,
                # where pulses prepare each sweep, what they end with holds
                level if prepared and period > 0 else file.one("f", at + 12),
                keeps_last != 0 and not prepared,
                tuple(sorted(of_dacs.get(number, ()), key=lambda epoch: epoch.number)),
                of_lists.get(number),
                number if alternate and number in (0, 1) else None,
                n_sweeps,
                per_sweep,
                _named(names, file.one("i", at + 118)),
                scale,
                offset,
                sweep,
                channel,
            )
        )
    return outputs


def _user_list(varied: int, text: str, repeat: bool, n_epochs: int, file: _Bytes) -> UserList | None:
    """Return a list if it is about the waveform of a sweep. Raises ReadError if it can't be read."""
    if varied == _OTHER_HOLDING:
        raise ReadError(
            f"the commands of {file.name} can't be known: a user list varies the holding level of an inactive output."
        )
    if varied <= _FIRST_VARIED:
        return None
    what, epoch = divmod(varied - _FIRST_VARIED, n_epochs)
    try:
        values = tuple(float(value) for value in text.replace(",", " ").split())
    except ValueError:
        values = ()
    if what == 0:
        return None  # digital outputs
    if what >= len(_VARIED) or not values:
        raise ReadError(f"the user list of {file.name} can't be read (it varies {varied}: {text[:40]!r}).")
    return UserList(_VARIED[what], epoch, values, repeat)


_N_DACS_1 = 2  # outputs with epochs in version 1
_EPOCHS_1 = 10


def _version_1(file: _Bytes) -> list[Output]:
    # Before 1.6 the header was small and had one set of epochs, whose place differs from version to version.
    if file.one("f", 4) < 1.6 or min(file.one("i", 40) * 512, file.size) < 6144:
        return []
    return [_output_1(file, dac) for dac in range(_N_DACS_1)]


def _output_1(file: _Bytes, dac: int) -> Output:
    episodic = file.one("h", 8) == _EPISODIC
    enabled, source, keeps_last = (file.one("h", at + 2 * dac) for at in (2296, 2300, 2304))
    first = dac * _EPOCHS_1
    epochs = tuple(
        Epoch(
            k - first,
            file.one("h", 2308 + 2 * k),
            *(file.one("f", at + 4 * k) for at in (2348, 2428)),
            *(file.one("i", at + 4 * k) for at in (2508, 2588, 2136, 2216)),
        )
        for k in range(first, first + _EPOCHS_1)
    )
    user_list = None
    if file.one("h", 3360 + 2 * dac):
        words = _text(file.take(3376 + 256 * dac, 256))
        user_list = _user_list(
            file.one("h", 3368 + 2 * dac), words, file.one("h", 4400 + 2 * dac) != 0, _FEW_EPOCHS, file
        )
    prepared = file.one("h", 3260 + 2 * dac) != 0
    after = prepared and file.one("f", 3304 + 4 * dac) > 0
    alternate = file.one("h", 5876) != 0
    return Output(
        dac,
        _text(file.take(1306 + 10 * dac, 10)) or f"DAC {dac}",
        _text(file.take(1346 + 8 * dac, 8)).replace(" ", ""),
        source if enabled and episodic else FROM_NOTHING,
        file.one("f", (3312 if after else 1394) + 4 * dac),
        keeps_last != 0 and not prepared,
        epochs,
        user_list,
        dac if alternate else None,
        file.one("i", 146),
        file.one("i", 138),
        _text(file.take(2736 + 256 * dac, 256)),
        file.one("f", 2708 + 4 * dac),
        file.one("f", 2716 + 4 * dac),
        file.one("i", 2724 + 4 * dac),
        file.one("h", 2732 + 2 * dac),
    )


def base_name_of(output: Output) -> str:
    """Return the name of an output's stimulus file, without the folder of the computer that it was on."""
    return os.path.basename(output.file.replace("\\", "/"))
