"""The stages from rheobases to features: which recordings fall into which targets, and what is computed on them.

A tolerance, a target, a rheobase change what happens here and nothing before. Targets of the same protocol and
amplitude are one item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..features.store import settings_key
from ..problems import Problem
from ..recordings.computing import Wish, computed
from ..recordings.recording import Recording
from ..roles import role_problems
from ..targets.automatic import default_auto_targets
from ..targets.matching import match_levels, target_levels
from .context import Context
from .graph import Get, Node, Stage
from .inputs import Goal, Target
from .parts import Chosen, Item, Matched, Sweeps, Used, Wanted, WantedFeatures
from .values import Frozen
from .work import Work

# --- sweeps: one protocol


def _sweeps_reads(context: Context, protocol: str, get: Get) -> tuple[Any, ...]:
    groups = tuple(cell.groups[protocol] for cell in context.inputs.protocols.get(protocol, ()))
    seen = b"".join(context.seen(group) for group in groups)
    return protocol, context.inputs.absolute_amplitude, groups, seen, context.reading


def _sweeps(read: tuple[Any, ...], values: list[Any], work: Work | None) -> Sweeps:
    protocol, absolute, groups = read[:3]
    rheobases, found = values[: len(groups)], values[len(groups) :]
    recordings: list[Recording] = []
    levels, of_each, cells = [np.empty(0)], [], []
    serials, names, parameters = [np.empty(0, dtype=np.int64)], set(), []
    for rheobase, cell in zip(rheobases, found, strict=True):
        used: Used = cell.used[protocol]
        if used.recordings and (absolute or rheobase is not None):
            recordings += used.recordings
            levels.append(levels_of(used, None if absolute else rheobase))
            of_each += [rheobase] * len(used.recordings)
            cells += [cell.cell.name] * len(used.recordings)
            serials.append(used.serials)
            names.add(used.names)
            parameters += used.parameters
    alike = names.pop() if len(names) == 1 else ()
    return Sweeps(
        recordings, np.concatenate(levels), of_each, cells, np.concatenate(serials), alike, parameters
    )


def levels_of(used: Used, rheobase: Any) -> np.ndarray:
    """Return what targets are compared with, % of rheobase or nA."""
    if used.levels is None:
        return target_levels(used.recordings, rheobase is None, rheobase)
    return used.levels if rheobase is None else 100.0 * used.levels / rheobase


def _thresholds(context: Context, protocol: str, get: Get) -> Iterable[Node]:
    return [("threshold", cell.name) for cell in context.inputs.protocols.get(protocol, ())]


def _cells_with(context: Context, protocol: str, get: Get) -> Iterable[Node]:
    return [("cell", cell.name) for cell in context.inputs.protocols.get(protocol, ())]


# --- targets


def _targets_reads(context: Context, item: None, get: Get) -> tuple[Any, ...]:
    inputs = context.inputs
    absolute = inputs.absolute_amplitude
    return (
        inputs.targets,
        inputs.auto_targets,
        _goal_protocols(context),
        Frozen(context.efel_settings),
        absolute,
    )


def _goal_protocols(context: Context) -> tuple[str, ...]:
    """Which of the protocols that the automatic choice looks for are there."""
    if context.inputs.targets is not None or context.inputs.absolute_amplitude:
        return ()
    goals = context.inputs.auto_targets
    wanted = {
        name for goal in (default_auto_targets() if goals is None else goals) for name in goal.protocols
    }
    return tuple(sorted(name for name in wanted if name in context.inputs.protocols))


def _targets(read: tuple[Any, ...], found: list[Sweeps], work: Work | None) -> Chosen:
    listed, goals, protocols, settings, absolute = read
    problems: tuple[Problem, ...] = ()
    if listed is None:
        listed = _chosen_for(goals, dict(zip(protocols, found, strict=True)))
    else:
        unique = tuple(dict.fromkeys(listed))
        if len(unique) < len(listed):
            message = f"{len(listed) - len(unique)} of the targets stand in the list more than once; each is used once."
            problems = (Problem(message, "warning", "target"),)
        listed = unique
        given = [target.as_dict() for target in listed if target.role is not None]
        problems += tuple(role_problems([t.as_dict() for t in listed], absolute)) if given else ()
    groups: dict[Item, list[Target]] = {}
    for target in listed:
        groups.setdefault((target.protocol, target.amplitude), []).append(target)
    owns = {target.efel_settings.digest: target.efel_settings for target in listed}
    merged = {key: Frozen({**settings, **own}) for key, own in owns.items()}
    wanted = {
        item: Wanted(tuple(targets), tuple(merged[target.efel_settings.digest] for target in targets))
        for item, targets in groups.items()
    }
    return Chosen(wanted, tuple(listed), problems)


def _chosen_for(goals: tuple[Goal, ...] | None, sweeps: dict[str, Sweeps]) -> tuple[Target, ...]:
    """Return the targets that the goals come to on these recordings."""
    levels = {
        name: [
            100.0 * recording.amp / rheobase
            for recording, rheobase in zip(found.recordings, found.rheobases, strict=True)
            if recording.amp is not None
        ]
        for name, found in sweeps.items()
    }
    chosen = []
    for goal in default_auto_targets() if goals is None else [goal.auto_target() for goal in goals]:
        goal.select(levels)
        chosen += goal.generate_targets()
    return tuple(Target(f"a{k + 1}", **target) for k, target in enumerate(chosen))


# --- match, features: one protocol and amplitude


def _match_reads(context: Context, item: Item, get: Get) -> tuple[Any, ...]:
    return item[1], get("targets", None).groups[item].tolerance


def _match(read: tuple[Any, ...], found: list[Sweeps], work: Work | None) -> Matched:
    return Matched(found[0], match_levels(found[0].levels, *read))


def _match_content(matched: Matched) -> tuple[Any, ...]:
    match = matched.match
    return matched.sweeps.marks[match.indexes].tobytes(), match.distances.tobytes()


def _features_reads(context: Context, item: Item, get: Get) -> tuple[Any, ...]:
    return get("targets", None).groups[item].features


def _features(read: tuple[Any, ...], found: list[Matched], work: Work | None) -> tuple[Problem, ...]:
    """See to it that the recordings hold what is wanted of them; return what went wrong."""
    matched = found[0]
    serials = set(matched.serials)
    unknown = {serial for features in read for serial in serials - features.complete.keys()}
    new = [recording for recording in matched.recordings if recording.serial in unknown] if unknown else []
    add_features([(recording, features) for recording in new if (features := lacking(recording, read))], work)
    for features in read:
        features.note(new)
    if not any(features.troubled for features in read):
        return ()
    return tuple(
        located(problem, recording).at(cell=cell)
        for recording, cell in zip(matched.recordings, matched.cells, strict=True)
        for wanted in read
        for problem in recording.feature_store.failures(wanted.key)
    )


def lacking(recording: Recording, wanted: Iterable[WantedFeatures]) -> Wish:
    """Return which of the wanted features have not been computed on a recording."""
    found = []
    for features in wanted:
        known = recording.feature_store.known(features.key)
        if missing := [name for name in features.names if name not in known]:
            found.append((missing, features.settings.as_dict()))
    return found


def add_features(jobs: list[tuple[Recording, Wish]], work: Work | None) -> None:
    """Compute features and put them on their recordings, with what went wrong."""
    if not jobs:
        return
    work = work or Work()

    def run(function: Callable[..., Any], jobs: Sequence[Any], failed: Callable[..., Any]) -> Iterable[Any]:
        return work.each(function, jobs, "computing features", failed)

    for recording, found in computed(jobs, run, work.together):
        for settings, _, problems in found:
            if problems:
                recording.feature_store.fail(settings_key(settings), problems)


def located(problem: Problem, recording: Recording) -> Problem:
    """Return a problem of a recording with its place."""
    return problem.at(**recording.place)


def of_item(*stages: str) -> Any:
    """Return what makes a stage need others for the same item."""
    return lambda context, item, get: [(stage, item) for stage in stages]


STAGES = (
    Stage(
        "sweeps",
        _sweeps,
        _sweeps_reads,
        needs=_thresholds,
        covered=_cells_with,
        size=lambda sweeps: 2_000 + 60 * len(sweeps.recordings),
    ),
    Stage(
        "targets",
        _targets,
        _targets_reads,
        needs=lambda context, item, get: [("sweeps", name) for name in _goal_protocols(context)],
        size=lambda chosen: 2_000 + 2_000 * len(chosen.targets),  # values at hand included
    ),
    Stage(
        "match",
        _match,
        _match_reads,
        needs=lambda context, item, get: [("sweeps", item[0])],
        content=_match_content,
        size=lambda matched: 2_000 + 50 * len(matched.match.indexes),
    ),
    Stage("features", _features, _features_reads, needs=of_item("match")),
)
