"""Where the sweeps of an Axon file end: its synch array says it, or else the header's number of episodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..problems import ReadError

_VARIABLE, _FIXED, _GAP_FREE, _EPISODIC = 1, 2, 3, 5


@dataclass(frozen=True)
class Layout:
    """What a header says about its sweeps; samples are counted over all channels.

    Parameters
    ----------
    mode : int
        How the file was acquired: events of variable (1) or fixed length (2), gap-free (3), episodic (5).
    n_channels : int
    claimed : int
        Number of samples in the file.
    episodes : int
        Number of sweeps; without meaning in gap-free files, where it counts the blocks that were written.
    per_episode : int
        Number of samples in each sweep of fixed length.
    unit : float
        What lengths of events are counted in, 0 for samples.
    table : array (n_sweeps, 2)
        Start and length of each sweep; no rows if the file has no synch array.
    """

    mode: int
    n_channels: int
    claimed: int
    episodes: int
    per_episode: int
    unit: float
    table: np.ndarray


def sweep_lengths(layout: Layout, name: str) -> tuple[list[int], list[str]]:
    """Return the number of samples (over all channels) of each sweep, and what a person should know.

    Raises
    ------
    ReadError
        If the file was acquired in a mode that isn't known, or where its sweeps end can't be known.
    """
    if layout.mode not in (_VARIABLE, _FIXED, _GAP_FREE, _EPISODIC):
        raise ReadError(
            f"{name} was acquired in a mode that can't be read ({layout.mode}): save it as fixed-length sweeps."
        )
    problems: list[str] = []
    if len(layout.table):
        unit = layout.unit if layout.mode == _VARIABLE else 0.0
        lengths = [int(n / unit) if unit else int(n) for n in layout.table[:, 1]]
        if layout.mode == _EPISODIC and 0 < layout.episodes != len(lengths):
            problems.append(
                f"the header counts {layout.episodes} sweeps, its list of sweeps has {len(lengths)}: these are "
                "read, but the file may be damaged."
            )
    elif layout.mode == _GAP_FREE or layout.episodes <= 1:
        lengths = [layout.claimed]
    else:
        lengths = _equal_lengths(layout, name, problems)
    bad = next((n for n in lengths if n < 0), None)
    if bad is not None:
        raise ReadError(f"the header of {name} is damaged: a sweep claims {bad} samples.")
    return lengths, problems


def _equal_lengths(layout: Layout, name: str, problems: list[str]) -> list[int]:
    """Cut what was acquired into the header's number of sweeps, for want of a list of them."""
    count, claimed, stated = layout.episodes, layout.claimed, layout.per_episode
    if layout.mode == _VARIABLE:
        raise ReadError(
            f"{name} holds {count} sweeps of unequal length, but doesn't say where they begin: its list of "
            "sweeps is missing. Save it again with the program that acquired it."
        )
    each, rest = divmod(claimed, stated if stated > 0 else count)
    if stated > 0 and each + bool(rest) == count:
        lengths = [stated] * each + [rest] * bool(rest)
        problems += [f"the last of its {count} sweeps was stopped early."] if rest else []
    else:
        each = claimed // count
        lengths = [each] * min(count, max(claimed, 0))
        if stated > 0:
            problems.append(
                f"the header counts {count} sweeps of {stated} samples, but {claimed} samples in all: they are "
                f"cut into sweeps of {each}, and the file may be damaged."
            )
    if sum(lengths) != claimed or any(n < 1 or n % layout.n_channels for n in lengths):
        raise ReadError(
            f"the header of {name} contradicts itself: {claimed} samples of {layout.n_channels} channels can't "
            f"be {count} sweeps. Save it again with the program that acquired it."
        )
    return lengths
