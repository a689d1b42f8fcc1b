"""The waveform that an output of an Axon file was commanded to give in a sweep, sample by sample."""

from __future__ import annotations

import numpy as np

from ..problems import ReadError
from .abf_outputs import FROM_EPOCHS, Epoch, Output

_OFF = 0
_HOLDING_PART = 64  # a sweep begins with a 64th of its samples at the holding level


def waveform(output: Output, sweep: int, n: int) -> np.ndarray:
    """Return what was commanded by holding level and epochs, array (n,), in the output's unit.

    Parameters
    ----------
    output : Output
        Whose source is nothing, or epochs.
    sweep : int
        Counted from 0.
    n : int
        Number of samples of a channel in the sweep.

    Raises
    ------
    ReadError
        If it can't be known.
    """
    if output.source != FROM_EPOCHS:
        return np.full(n, output.holding)
    if 0 < output.n_sweeps <= sweep:
        raise ReadError(
            f"it is none of the {output.n_sweeps} sweeps of the protocol: what was commanded can't be known."
        )
    before = output.holding
    if output.keeps_last and sweep > 0:
        before = _last_level(output, sweep - 1)
    found = np.full(n, output.holding)
    position = max(n // _HOLDING_PART, 1)
    found[:position] = before
    level = before
    for epoch in epochs_of(output, sweep):
        if epoch.duration <= 0:
            continue
        if position + epoch.duration > n:
            raise ReadError(
                f"its epochs take more samples than the sweep has ({n}): its command can't be known."
            )
        part = found[position : position + epoch.duration]
        if output.turn is not None and sweep % 2 != output.turn:
            part[:] = before
        else:
            part[:] = _part(epoch, level)
        level, position = epoch.level, position + epoch.duration
    found[position:] = level if output.keeps_last else output.holding
    return found


def epochs_of(output: Output, sweep: int) -> list[Epoch]:
    """Return the epochs of an output as they are in a sweep."""
    found = [epoch.in_sweep(sweep) for epoch in output.epochs if epoch.kind != _OFF]
    return [output.user_list.applied(epoch, sweep) for epoch in found] if output.user_list else found


def _last_level(output: Output, sweep: int) -> float:
    epochs = epochs_of(output, sweep)
    return epochs[-1].level if epochs else output.holding


def _part(epoch: Epoch, before: float) -> np.ndarray:
    """Return the samples of one epoch, array (duration,), that follows the level `before`."""
    kinds = {1: _step, 2: _ramp, 3: _pulses, 4: _triangles, 5: _cosines, 7: _biphasic_pulses}
    if epoch.kind not in kinds:
        raise ReadError(f"an epoch is of a kind that isn't known ({epoch.kind}): its command can't be known.")
    return kinds[epoch.kind](epoch, before)


def _step(epoch: Epoch, before: float) -> np.ndarray:
    return np.full(epoch.duration, epoch.level)


def _ramp(epoch: Epoch, before: float) -> np.ndarray:
    return np.linspace(before, epoch.level, epoch.duration)


def _periods(epoch: Epoch) -> range:
    """Return where the whole periods begin."""
    if epoch.period <= 0:
        return range(0)
    return range(0, epoch.duration // epoch.period * epoch.period, epoch.period)


def _pulses(epoch: Epoch, before: float) -> np.ndarray:
    found = np.full(epoch.duration, before)
    for start in _periods(epoch):
        found[start : start + max(epoch.width, 0)] = epoch.level
    return found


def _biphasic_pulses(epoch: Epoch, before: float) -> np.ndarray:
    found = np.full(epoch.duration, before)
    for start in _periods(epoch):
        stop = start + max(epoch.width, 0)
        middle = (start + stop) // 2
        found[start:middle] = epoch.level
        found[middle:stop] = 2 * before - epoch.level
    return found


def _triangles(epoch: Epoch, before: float) -> np.ndarray:
    """Return periods that go up to the level and down again; between and after them is the level before."""
    found = np.full(epoch.duration, before)
    for start in _periods(epoch):
        top, stop = start + min(max(epoch.width, 0), epoch.period), start + epoch.period
        found[start:top] = np.linspace(before, epoch.level, top - start)
        found[top:stop] = np.linspace(epoch.level, before, stop - top)
    return found


def _cosines(epoch: Epoch, before: float) -> np.ndarray:
    phases = np.linspace(0, 2 * len(_periods(epoch)) * np.pi, epoch.duration)
    return before + (epoch.level - before) * (1 - np.cos(phases)) / 2
