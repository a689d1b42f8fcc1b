"""Why a recording went into a target, or didn't."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...engine.features.store import settings_key
from ...engine.problems import EfeError, nearest
from ...engine.stages.inputs import Target
from ...engine.stages.values import Frozen
from .found import Found
from .members import Member

COLUMNS = "recording cell file sweep amplitude value taken reason".split()


def explain(results: Found, target: Target | str) -> pd.DataFrame:
    """Return one row for each recording of the target's protocol, and for each file of it without any.

    Returns
    -------
    pandas.DataFrame
        ``amplitude`` is what the target's is compared with (% of rheobase, or nA); ``taken`` says whether the
        value went in, ``reason`` why not.

    Raises
    ------
    EfeError
        If there is no such target.
    """
    target = _target(results, target)
    rows = [
        _row(results, member, target)
        for member in results.members.values()
        if member.protocol == target.protocol
    ]
    rows += _files_without(results, target)
    return pd.DataFrame(rows, columns=COLUMNS)


def _target(results: Found, target: Target | str) -> Target:
    known = {found.id: found for found in results.targets}
    identity = target if isinstance(target, str) else target.id
    if identity in known:
        return known[identity]
    same = next((found for found in results.targets if found == target), None)
    if same is None:
        raise EfeError(f"there is no target {identity!r} in force.{nearest(identity, known)}")
    return same


def _row(results: Found, member: Member, target: Target) -> tuple[Any, ...]:
    recording = member.recording
    place = (member.id, member.cell, member.file.path, recording.label)
    if member.excluded is not None:
        return (*place, np.nan, np.nan, False, f"excluded: {member.excluded}")
    if member.lost:
        return (*place, np.nan, np.nan, False, "its stimulus was not found; give its timings in the metadata")
    absolute = results.inputs.absolute_amplitude
    rheobase = results.get("threshold", member.cell)
    if not absolute and rheobase is None:
        why = results.rheobases[member.cell].reason
        return (*place, np.nan, np.nan, False, f"its cell has no rheobase: {why}")
    level = recording.target_level(absolute, rheobase)
    if level is None:
        return (*place, np.nan, np.nan, False, "its amplitude is not known")
    level = float(level)
    distance = abs(target.amplitude - level)
    if not distance < target.tolerance:
        unit = "nA" if absolute else "% of rheobase"
        reason = (
            f"its amplitude, {level:.4g} {unit}, is {distance:.4g} away from {target.amplitude:g}, "
            f"not less than the tolerance of {target.tolerance:g}"
        )
        return (*place, level, np.nan, False, reason)
    value, reason = _value(results, recording, target)
    return (*place, level, value, not np.isnan(value), reason)


def _value(results: Found, recording: Any, target: Target) -> tuple[float, str]:
    results.get("features", (target.protocol, target.amplitude))
    key = settings_key(dict(Frozen({**results.context.efel_settings, **target.efel_settings})))
    store = recording.feature_store
    value = float(store.known(key).get(target.efeature, np.nan))
    if not np.isnan(value):
        return value, ""
    failures = [problem.message for problem in store.failures(key) if target.efeature in problem.message]
    return value, failures[0] if failures else f"eFEL finds no {target.efeature} in it"


def _files_without(results: Found, target: Target) -> list[tuple[Any, ...]]:
    """Rows of files of which no recording could be had."""
    there = {member.file.id for member in results.members.values()}
    problems = {problem.file: problem.message for problem in results.problems if problem.kind == "file"}
    return [
        (
            None,
            cell.name,
            file.path,
            None,
            np.nan,
            np.nan,
            False,
            problems.get(file.path, "no recording could be read"),
        )
        for cell, file in results.inputs.files()
        if file.protocol == target.protocol and file.id not in there
    ]
