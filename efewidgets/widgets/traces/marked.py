"""The marks of a feature on the trace: computed beside the page, for the sweep that words are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.features.marks import Marks, shown
from ...engine.figures.style import number
from ...engine.recordings.features import marks_of
from ...engine.stages.context import Context
from ...state import ExtractionState
from ...state.results.members import Member
from ..parts.beside import Beside
from ..parts.html import plain


def features_of(state: ExtractionState, protocol: str) -> dict[str, tuple[str, Any]]:
    """Return the features that targets want of a protocol and of which something can be marked.

    Returns
    -------
    dict
        Name of a target's feature → eFEL's name, and the target's settings.
    """
    found: dict[str, tuple[str, Any]] = {}
    for target in state.results.targets:
        if target.protocol == protocol and shown(target.efeature) is not None:
            found.setdefault(target.name, (target.efeature, target.efel_settings))
    return found


class MarksCache:
    """The marks that are shown, so that a zoom computes nothing.

    Parameters
    ----------
    news : callable
        Called when marks have come for which a drawing did not wait.
    """

    def __init__(self, news: Callable[[], Any] = lambda: None):
        self._beside = Beside(news)
        self._kept: tuple[tuple[Any, ...], Marks] | None = None

    def get(self, state: ExtractionState, member: Member, name: str) -> Marks | None:
        """Return the marks of a feature on a sweep; None if there are none, or not yet.

        Raises
        ------
        EfeError
            If the samples can't be read, or it takes longer than a drawing waits.
        """
        wanted = features_of(state, member.protocol).get(name)
        if wanted is None or member.lost:
            return None
        efeature, own = wanted
        settings = {**Context(state.inputs).efel_settings, **own}
        key = member.recording.serial, efeature, repr(sorted(settings.items()))
        if self._kept is None or self._kept[0] != key:
            self._beside.keep([key])
            recording = member.recording
            found = self._beside.get(
                key, 0, lambda: marks_of(recording, efeature, settings), f"where {plain(name)} is measured"
            )
            self._kept = key, found
        return self._kept[1]

    def close(self) -> None:
        """Compute no more."""
        self._beside.close()


def in_words(name: str, marks: Marks | None) -> str:
    """Return what is marked, e.g. "AHP_depth: AHP (18), base −75.2 mV from 180 to 200 ms"."""
    if not marks:
        return f"{name}: nothing of it is found in this sweep" if name else ""
    parts = [
        f"{what} ({len(times)})" if len(times) > 1 else what for what, (times, _) in marks.points.items()
    ]
    parts += [
        f"{what} {number(level)} mV, {low:.5g} to {high:.5g} ms"
        for what, (low, high, level) in marks.windows.items()
    ]
    if marks.fits:
        parts.append("exponential fit")
    return f"{name}: {', '.join(parts)}"
