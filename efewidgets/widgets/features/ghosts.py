"""Sweeps that were left out, as they would stand in the plots: computed beside the page, and part of no result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...engine.problems import EfeError
from ...engine.stages.context import Context
from ...state.results.members import Member
from ...state.results.results import Results
from ..parts.beside import Beside
from .curves import amplitude_of
from .data import Ghosts, texts, words_of
from .groups import Grouping

#: Of more that were left out none is drawn: nobody has left so many out by eye
MOST_GHOSTS = 100


class GhostCache:
    """The values of sweeps that were left out, by sweep and features.

    Parameters
    ----------
    news : callable
        Called when values have come for which a drawing did not wait.
    """

    def __init__(self, news: Callable[[], Any] = lambda: None):
        self._beside = Beside(news)
        self._kept: dict[tuple[Any, ...], dict[str, float]] = {}

    def get(
        self,
        groups: Grouping,
        protocol: str,
        features: Sequence[str],
        unit: str,
        hidden: Sequence[str],
    ) -> dict[str, Ghosts]:
        """Return the ghosts in the panel of each feature; without those that aren't computed yet."""
        results = groups.results
        members = [m for m in excluded(results) if m.protocol == protocol and groups.of(m) not in hidden]
        wanted = _wanted(results, protocol, features)
        if not members or not wanted or len(members) > MOST_GHOSTS:
            return {}
        keys = {m.id: (m.recording.serial, m.recording.ton, m.recording.toff, repr(wanted)) for m in members}
        self._kept = {key: kept for key, kept in self._kept.items() if key in keys.values()}
        missing = [m for m in members if keys[m.id] not in self._kept]
        self._beside.keep([keys[m.id] for m in missing])
        for member in missing:
            try:
                self._kept[keys[member.id]] = self._beside.get(
                    keys[member.id],
                    0,
                    partial(_values, results, member, wanted),
                    "a sweep that was left out",
                )
            except EfeError:  # it comes, or its file is gone
                continue
        found = [(m, self._kept[keys[m.id]]) for m in members if keys[m.id] in self._kept]
        return {name: ghosts(results, [(m, v[name]) for m, v in found if name in v], unit) for name in wanted}

    def close(self) -> None:
        """Compute no more."""
        self._beside.close()


def excluded(results: Results) -> list[Member]:
    """Return the sweeps that a person left out and that could be used."""
    return [m for m in results.members.values() if m.excluded is not None and not m.lost]


def ghosts(results: Results, values: Sequence[tuple[Member, float]], unit: str) -> Ghosts:
    """Return points at the amplitudes of sweeps; those without an amplitude or a value are left out."""
    points = [(amplitude_of(results, member, unit), value, member) for member, value in values]
    kept = [(x, y, m) for x, y, m in points if x is not None and np.isfinite([x, y]).all()]
    return Ghosts(
        np.array([x for x, _, _ in kept], dtype=float),
        np.array([y for _, y, _ in kept], dtype=float),
        texts(m.id for _, _, m in kept),
        texts(f"{words_of(m)} · excluded: {m.excluded}" for _, _, m in kept),
    )


def _wanted(
    results: Results, protocol: str, features: Sequence[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return eFEL's name and the settings of each feature, by the targets' name of it."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    usual = Context(results.inputs).efel_settings
    for target in results.targets:
        if target.protocol == protocol and target.name in features:
            found.setdefault(target.name, (target.efeature, {**usual, **target.efel_settings}))
    return found


def _values(
    results: Results, member: Member, wanted: Mapping[str, tuple[str, dict[str, Any]]]
) -> dict[str, float]:
    recording = member.recording.twin()
    by_settings: dict[str, tuple[dict[str, Any], dict[str, str]]] = {}
    for name, (efeature, settings) in wanted.items():
        by_settings.setdefault(repr(settings), (settings, {}))[1][name] = efeature
    found: dict[str, float] = {}
    for settings, names in by_settings.values():
        values = recording.reduced(list(dict.fromkeys(names.values())), settings)
        found |= {name: float(values[efeature]) for name, efeature in names.items()}
    return found
