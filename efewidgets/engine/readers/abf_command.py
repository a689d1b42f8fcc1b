"""The current of Axon files in which none was recorded: what the output was commanded to give, in its unit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..kinds import NAME_OR_INDEX, PATH, Kind
from ..problems import MissingFileError, Problem, ReadError, nearest
from ..units import is_current_unit, to_nA
from . import command
from .abf_header import Channel, Header, read_header
from .abf_outputs import FROM_EPOCHS, FROM_FILE, FROM_NOTHING, Output, base_name_of, read_outputs
from .abf_waveform import waveform
from .atf import read_atf
from .channels import number_in
from .files import existing_file, text_path

#: What metadata may say about the command of an Axon file, and of which kind
KEYS: dict[str, Kind] = {
    **command.KEYS,
    "output": NAME_OR_INDEX.about(
        "Output", "The output that sent the command to this cell, by name or number."
    ),
    "stimulus_file": PATH.about("Stimulus file", "Where the command is, if it was played from a file."),
}

_HOW_TO_CHOOSE = "'output' (number or name) in the metadata chooses one."


class ListenedError(ReadError):
    """No current went to the cell of this channel, while others got one."""


@dataclass(frozen=True)
class Command:
    """The current that was commanded, in pA.

    Parameters
    ----------
    samples : callable
        Returns the current of a sweep (counted from 0), array (n,), pA; raises ReadError if it can't be known.
    note : Problem
        Says that it is the command.
    output : str
        The output that gave it.
    """

    samples: Callable[[int], np.ndarray]
    note: Problem
    output: str = ""
    unit: str = "pA"


def find_command(
    header: Header, voltage: int, voltages: Sequence[int], metadata: Mapping[str, Any]
) -> Command:
    """Return the current that was commanded while a voltage was recorded.

    Parameters
    ----------
    header : Header
    voltage : int
        Which of the channels.
    voltages : sequence of int
        All channels that can be a voltage.
    metadata : dict
        ``output`` (number or name) chooses among several outputs, ``stimulus_file`` says where that file is.

    Raises
    ------
    ReadError
        If no current was commanded, or it can't be known which, or the stimulus file isn't there.
    """
    name = os.path.basename(header.path)
    outputs = read_outputs(header.path)
    if not outputs:
        raise ReadError(
            f"{name} has no current channel, only voltage, and its header doesn't say what was commanded. The injected "
            "current must be recorded, too: if a channel holds it, whatever its unit says, 'i_channel' (name or index) "
            "in the metadata says which."
        )
    chosen = _chosen(outputs, header.channels, voltage, voltages, metadata.get("output"), name)
    if chosen.source == FROM_FILE and chosen.file_scale == 0:
        raise ReadError(
            f"the header of {name} is damaged: the stimulus file of output {chosen.called} counts 0 times."
        )
    if not all(map(np.isfinite, (chosen.holding, chosen.file_scale, chosen.file_offset))):
        raise ReadError(f"the header of {name} is damaged: a level of output {chosen.called} isn't a number.")
    sent = f"output {chosen.called}"
    if chosen.source == FROM_FILE:
        path = _stimulus_file(chosen, header.path, metadata)
        play = _in_pA(chosen.unit, _from_file(chosen, path, header))
        return Command(play, command.note(f"{sent}, from {os.path.basename(path)}"), sent)
    if chosen.source not in (FROM_NOTHING, FROM_EPOCHS):
        raise ReadError(
            f"where output {chosen.called} of {name} got its command isn't known ({chosen.source})."
        )
    what = (
        "its epochs"
        if chosen.source == FROM_EPOCHS
        else f"the holding level of {chosen.holding:.4g} throughout"
    )
    if chosen.source == FROM_EPOCHS and chosen.user_list:
        what += f" and a list of {len(chosen.user_list.values)} values"
    return Command(_in_pA(chosen.unit, _from_epochs(chosen, header)), command.note(f"{sent}, {what}"), sent)


def _in_pA(unit: str, samples: Callable[[int], np.ndarray]) -> Callable[[int], np.ndarray]:
    if unit == "pA":
        return samples
    return lambda sweep: 1e3 * np.asarray(to_nA(samples(sweep), unit))


def _chosen(
    outputs: list[Output],
    channels: list[Channel],
    voltage: int,
    voltages: Sequence[int],
    said: Any,
    name: str,
) -> Output:
    if said is not None:
        return _named(outputs, said, name)
    able = [output for output in outputs if is_current_unit(output.unit)]
    listed = ", ".join(output.called for output in outputs if output.unit or output.source != FROM_NOTHING)
    if not able:
        raise ReadError(
            f"{name} has no current channel and no output in a unit of current ({listed or 'none is described'}): "
            f"what was injected can't be known. {_HOW_TO_CHOOSE}"
        )
    busy = [output for output in able if output.source != FROM_NOTHING]
    among = busy or able
    mine = channels[voltage].name
    alike = [output for output in among if number_in(mine) and number_in(output.name) == number_in(mine)]
    if len(alike) == 1:
        return alike[0]
    if len(voltages) == 1 and (
        len(among) == 1 or (not busy and len({output.holding for output in able}) == 1)
    ):
        return among[0]
    if len(voltages) > 1 and len(among) == len(voltages):
        return among[list(voltages).index(voltage)]
    if len(voltages) > 1 and not alike and len(among) < len(voltages) and number_in(mine):
        raise ListenedError(
            f"channel {mine!r} of {name} was only listened to: current went out on {listed}. If it got that current, "
            f"{_HOW_TO_CHOOSE}"
        )
    raise ReadError(
        f"{name} has no current channel, and current may have gone out on several outputs: {listed}. Which of them "
        f"belongs to {mine!r}? {_HOW_TO_CHOOSE}"
    )


def _named(outputs: list[Output], said: Any, name: str) -> Output:
    by_number = {output.number: output for output in outputs}
    by_name = {output.name.lower(): output for output in outputs if output.unit}
    found = by_number.get(said) if isinstance(said, int) else by_name.get(str(said).lower())
    if found is None:
        listed = ", ".join(output.called for output in outputs if output.unit)
        raise ReadError(
            f"{name} has no output {said!r}. It describes {listed or 'none'}.{nearest(str(said), by_name)}"
        )
    if not is_current_unit(found.unit):
        raise ReadError(f"output {found.called} of {name} isn't a current.")
    return found


def _from_epochs(output: Output, header: Header) -> Callable[[int], np.ndarray]:
    planned = output.per_sweep // len(header.channels)

    def samples(sweep: int) -> np.ndarray:
        n = header.lengths[sweep]
        if output.source == FROM_EPOCHS and 0 < planned < n:
            raise ReadError(f"it has {n} samples, its protocol {planned}: what was commanded can't be known.")
        # a sweep that was stopped early got the begin of what was planned
        return waveform(output, sweep, max(planned, n))[:n]

    return samples


def _stimulus_file(output: Output, recording: str, metadata: Mapping[str, Any]) -> str:
    """Return the path of a stimulus file. Raises MissingFileError, with its name, if it isn't beside the recording."""
    said = metadata.get("stimulus_file")
    if said is not None:
        return existing_file(text_path(said, "stimulus_file"))
    wanted, folder = base_name_of(output), Path(recording).parent
    if not wanted:
        raise ReadError(
            f"output {output.called} of {os.path.basename(recording)} played a stimulus file that the header doesn't "
            "name. Give 'stimulus_file' in the metadata."
        )
    beside = {entry.name.lower(): entry for entry in folder.iterdir()} if folder.is_dir() else {}
    found = beside.get(wanted.lower())
    if found is None:
        raise MissingFileError(
            f"what output {output.called} of {os.path.basename(recording)} was commanded stands in the stimulus file "
            f"{wanted!r}, which isn't beside the recording. Put it there, or give 'stimulus_file' in the metadata."
        )
    return existing_file(str(found))


def _from_file(output: Output, path: str, header: Header) -> Callable[[int], np.ndarray]:
    kept: list[np.ndarray] = []

    def samples(sweep: int) -> np.ndarray:
        if not kept:
            kept.append(_levels(output, path))
        levels, n = kept[0], header.lengths[sweep]
        at = output.file_sweep - 1 if output.file_sweep > 0 else sweep if len(levels) > 1 else 0
        if at >= len(levels):
            raise ReadError(
                f"the stimulus file {os.path.basename(path)} holds {len(levels)} sweeps: none for sweep {at + 1}."
            )
        found = np.full(n, output.holding)
        played = levels[at][:n]
        found[: len(played)] = played
        return found

    return samples


def _levels(output: Output, path: str) -> np.ndarray:
    """Return what a stimulus file holds for an output, in the output's unit, array (n_sweeps, n)."""
    suffix = Path(path).suffix.lower()
    if suffix == ".atf":
        text = read_atf(path)
        columns, names = text.numbers[:, 1:].T, text.signals
        n_channels = max(len(dict.fromkeys(names)), 1) if all(names) else 1
        stored = columns[
            min(output.file_channel, n_channels - 1) if output.file_channel > 0 else 0 :: n_channels
        ]
    elif suffix == ".abf":
        other = read_header(path)
        channel = output.file_channel if 0 <= output.file_channel < len(other.channels) else 0
        sweeps = [other.samples(k, channel).astype(float) for k in range(len(other.lengths))]
        if len({len(sweep) for sweep in sweeps}) > 1:
            raise ReadError(f"the sweeps of the stimulus file {os.path.basename(path)} differ in length.")
        stored = np.array(sweeps)
    else:
        raise ReadError(f"the stimulus file {os.path.basename(path)} must be an Axon file, .atf or .abf.")
    if not len(stored):
        raise ReadError(f"the stimulus file {os.path.basename(path)} holds no sweep.")
    return stored * output.file_scale + output.file_offset
