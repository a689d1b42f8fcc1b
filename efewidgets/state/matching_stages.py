"""The stages from rheobases to outputs: which recordings fall into which targets, and what comes of them.

A tolerance, a target, a rheobase change what happens here and nothing before. Targets of the same protocol and
amplitude are one item.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..engine.auto_targets import default_auto_targets
from ..engine.averages import mean
from ..engine.feature_store import settings_key
from ..engine.matching import (
    Match,
    Protocol,
    match_levels,
    target_levels,
    unmatched_problems,
)
from ..engine.outputs import build_entry, currents_of, to_json
from ..engine.pipeline import feature_values
from ..engine.problems import Problem
from ..engine.recording import Recording
from ..engine.targets import EFeatureTarget
from .context import Context
from .graph import Get, Node, Stage
from .inputs import Goal, Target
from .stages import Used
from .values import Frozen, Value
from .work import Work

#: A protocol and an amplitude (% of rheobase, or nA)
Item = tuple[str, float]


@dataclass(frozen=True)
class Sweeps:
    """All recordings of a protocol that targets may take.

    Parameters
    ----------
    recordings : list of Recording, length n
    levels : np.ndarray, shape (n,)
        What is compared with the targets' amplitudes, % of rheobase or nA.
    rheobases : list of float or None, length n
        Rheobase of each one's cell, nA.
    cells : list of str, length n
        Name of each one's cell.
    """

    recordings: list[Recording]
    levels: np.ndarray
    rheobases: list[Any]
    cells: list[str]

    @cached_property
    def marks(self) -> np.ndarray:
        """What tells one recording, and its rheobase, from another; array (n, 2)."""
        serials = [recording.serial for recording in self.recordings]
        return np.array([serials, self.rheobases], dtype=float).T  # None becomes nan


@dataclass(frozen=True)
class Matched:
    """The recordings that fall into the targets of one protocol and amplitude."""

    sweeps: Sweeps
    match: Match

    def _chosen(self, values: list) -> list:
        return [values[index] for index in self.match.indexes.tolist()]

    @cached_property
    def recordings(self) -> list[Recording]:
        """The recordings."""
        return self._chosen(self.sweeps.recordings)

    @cached_property
    def rheobases(self) -> list[Any]:
        """Rheobase of each one's cell, nA."""
        return self._chosen(self.sweeps.rheobases)

    @cached_property
    def cells(self) -> list[str]:
        """Name of each one's cell."""
        return self._chosen(self.sweeps.cells)


@dataclass(frozen=True)
class WantedFeatures(Value):
    """Features wanted under the same eFEL settings; `key` is that of the settings in a feature store."""

    settings: Frozen
    key: tuple = field(compare=False, repr=False)
    names: tuple[str, ...]

    @cached_property
    def complete(self) -> set[int]:
        """Serial numbers of recordings that are known to hold all of them; values never go away."""
        return set()

    @cached_property
    def troubled(self) -> set[int]:
        """Serial numbers of those among them on which something went wrong."""
        return set()

    def note(self, recordings: Iterable[Recording]) -> None:
        """Note that recordings hold all of the features."""
        for recording in recordings:
            self.complete.add(recording.serial)
            if recording.feature_store.failures(self.key):
                self.troubled.add(recording.serial)


@dataclass(frozen=True)
class Wanted(Value):
    """The targets of one protocol and amplitude, and the eFEL settings that hold for each."""

    targets: tuple[Target, ...]
    settings: tuple[Frozen, ...]

    @cached_property
    def keys(self) -> dict[Frozen, tuple]:
        """Keys of the settings in the recordings' feature stores."""
        return {settings: settings_key(settings) for settings in dict.fromkeys(self.settings)}

    @cached_property
    def features(self) -> tuple[WantedFeatures, ...]:
        """Which features are wanted under which settings."""
        return tuple(
            WantedFeatures(
                settings,
                key,
                tuple(
                    dict.fromkeys(
                        target.efeature
                        for target, own in zip(self.targets, self.settings, strict=True)
                        if own == settings
                    )
                ),
            )
            for settings, key in self.keys.items()
        )

    def empty(self) -> list[EFeatureTarget]:
        """Return the targets as the engine has them, without values."""
        found = []
        for target, settings in zip(self.targets, self.settings, strict=True):
            place = (target.protocol, target.amplitude, target.tolerance)
            found.append(
                EFeatureTarget(target.name, target.efeature, *place, dict(settings), target.location)
            )
            found[-1].settings_key = self.keys[settings]  # known already
        return found

    @property
    def tolerance(self) -> float:
        """Largest tolerance."""
        return max(target.tolerance for target in self.targets)


@dataclass(frozen=True)
class Chosen:
    """The targets in force, by protocol and amplitude in the order of their first appearance."""

    groups: dict[Item, Wanted]
    targets: tuple[Target, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Outputs:
    """What the three output files hold."""

    features: dict[str, Any]
    protocols: dict[str, Any]
    currents: dict[str, Any]


# --- sweeps: one protocol


def _sweeps_reads(context: Context, protocol: str, get: Get) -> tuple:
    groups = tuple(cell.groups[protocol] for cell in context.inputs.protocols.get(protocol, ()))
    seen = b"".join(context.seen(group) for group in groups)
    return protocol, context.inputs.absolute_amplitude, groups, seen, context.reading


def _sweeps(read: tuple, values: list, work: Work | None) -> Sweeps:
    protocol, absolute, groups = read[:3]
    rheobases, found = values[: len(groups)], values[len(groups) :]
    recordings: list[Recording] = []
    levels, of_each, cells = [np.empty(0)], [], []
    for rheobase, cell in zip(rheobases, found, strict=True):
        if absolute or rheobase is not None:
            used: Used = cell.used[protocol]
            recordings += used.recordings
            levels.append(_levels(used, None if absolute else rheobase))
            of_each += [rheobase] * len(used.recordings)
            cells += [cell.cell.name] * len(used.recordings)
    return Sweeps(recordings, np.concatenate(levels), of_each, cells)


def _levels(used: Used, rheobase: Any) -> np.ndarray:
    """Return what targets are compared with, % of rheobase or nA."""
    if used.levels is None:
        return target_levels(used.recordings, rheobase is None, rheobase)
    return used.levels if rheobase is None else 100.0 * used.levels / rheobase


def _thresholds(context: Context, protocol: str, get: Get) -> Iterable[Node]:
    return [("threshold", cell.name) for cell in context.inputs.protocols.get(protocol, ())]


def _cells_with(context: Context, protocol: str, get: Get) -> Iterable[Node]:
    return [("cell", cell.name) for cell in context.inputs.protocols.get(protocol, ())]


# --- targets


def _targets_reads(context: Context, item: None, get: Get) -> tuple:
    inputs = context.inputs
    return inputs.targets, inputs.auto_targets, _goal_protocols(context), Frozen(context.efel_settings)


def _goal_protocols(context: Context) -> tuple[str, ...]:
    """Which of the protocols that the automatic choice looks for are there."""
    if context.inputs.targets is not None or context.inputs.absolute_amplitude:
        return ()
    goals = context.inputs.auto_targets
    wanted = {
        name for goal in (default_auto_targets() if goals is None else goals) for name in goal.protocols
    }
    return tuple(sorted(name for name in wanted if name in context.inputs.protocols))


def _targets(read: tuple, found: list[Sweeps], work: Work | None) -> Chosen:
    listed, goals, protocols, settings = read
    problems: tuple[Problem, ...] = ()
    if listed is None:
        listed = _chosen_for(goals, dict(zip(protocols, found, strict=True)))
    else:
        unique = tuple(dict.fromkeys(listed))
        if len(unique) < len(listed):
            message = f"{len(listed) - len(unique)} of the targets stand in the list more than once; each is used once."
            problems = (Problem(message, "warning", "target"),)
        listed = unique
    groups: dict[Item, list[Target]] = {}
    for target in listed:
        groups.setdefault((target.protocol, target.amplitude), []).append(target)
    merged = {own: Frozen({**settings, **own}) for own in {target.efel_settings for target in listed}}
    wanted = {
        item: Wanted(tuple(targets), tuple(merged[target.efel_settings] for target in targets))
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


# --- match, features, protocol, entry, stimulus: one protocol and amplitude


def _match_reads(context: Context, item: Item, get: Get) -> tuple:
    return item[1], get("targets", None).groups[item].tolerance


def _match(read: tuple, found: list[Sweeps], work: Work | None) -> Matched:
    return Matched(found[0], match_levels(found[0].levels, *read))


def _match_content(matched: Matched) -> tuple:
    match = matched.match
    return matched.sweeps.marks[match.indexes].tobytes(), match.distances.tobytes()


def _features_reads(context: Context, item: Item, get: Get) -> tuple:
    return get("targets", None).groups[item].features


def _features(read: tuple, found: list[Matched], work: Work | None) -> tuple[Problem, ...]:
    """See to it that the recordings hold what is wanted of them; return what went wrong."""
    matched = found[0]
    new = [
        recording
        for recording in matched.recordings
        if any(recording.serial not in features.complete for features in read)
    ]
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


Lacking = list[tuple[list[str], dict[str, Any]]]


def lacking(recording: Recording, wanted: Iterable[WantedFeatures]) -> Lacking:
    """Return which of the wanted features have not been computed on a recording."""
    found = []
    for features in wanted:
        known = recording.feature_store.known(features.key)
        if missing := [name for name in features.names if name not in known]:
            found.append((missing, dict(features.settings)))
    return found


def add_features(jobs: list[tuple[Recording, Lacking]], work: Work | None) -> None:
    """Compute features and put them on their recordings; each recording is one unit of work."""
    work = work or Work()
    if not jobs:
        return
    results = work.each(_features_job, jobs, "computing features")
    for (recording, _), found in zip(jobs, results, strict=True):
        for settings, values, problems in found:
            recording.take_values(settings, values)
            if problems:
                recording.feature_store.fail(settings_key(settings), problems)


def _features_job(job: tuple[Recording, Lacking]) -> list[tuple[dict, dict[str, float], list[Problem]]]:
    recording, wanted = job
    found = []
    for names, settings in wanted:
        values, problems = feature_values(recording, [(names, settings)])
        found.append((settings, values[0][1], problems))
    return found


def located(problem: Problem, recording: Recording) -> Problem:
    """Return a problem of a recording with its place."""
    file = recording.files[-1] if recording.files else None
    return problem.at(file=file, protocol=recording.protocol_name, recording=recording.name)


def _protocol_reads(context: Context, item: Item, get: Get) -> tuple:
    return (get("targets", None).groups[item],)


def _protocol(read: tuple, values: list, work: Work | None) -> Protocol:
    """Fill the targets with the values of the recordings that fall into them."""
    wanted: Wanted = read[0]
    matched: Matched = values[0]
    first = wanted.targets[0]
    protocol = Protocol(first.protocol, first.amplitude, first.tolerance, wanted.empty())
    protocol.fill(matched.recordings, matched.match, matched.rheobases)
    return protocol


def _entry_reads(context: Context, item: Item, get: Get) -> tuple:
    inputs = context.inputs
    return inputs.threshold_nvalue_save, inputs.save_files_used, inputs.default_std_value


def _entry(read: tuple, protocols: list[Protocol], work: Work | None) -> tuple:
    return build_entry(protocols[0], *read)


def _stimulus_reads(context: Context, item: Item, get: Get) -> tuple:
    name = get("targets", None).groups[item].targets[0].amplitude  # 150 or 150.0, as the first target says
    return item[0], name, context.inputs.protocol_mode


def _stimulus(read: tuple, values: list, work: Work | None) -> dict[str, Any]:
    (name, amplitude, mode), (matched, rheobase) = read, values
    protocol = Protocol(name, amplitude, 0.0, global_rheobase=rheobase, mode=mode)
    protocol.recordings, protocol.rheobases = matched.recordings, matched.rheobases
    return protocol.as_dict()


# --- all together


def _cells(stage: str) -> Any:
    return lambda context, item, get: [(stage, cell.name) for cell in context.inputs.cells]


def _global(read: tuple, rheobases: list, work: Work | None) -> Any:
    """Mean rheobase of the cells (nA)."""
    known = [rheobase for rheobase in rheobases if rheobase is not None]
    return mean(known) if known else None


def _currents_reads(context: Context, item: None, get: Get) -> tuple:
    names = tuple(sorted(cell.name for cell in context.inputs.cells))
    return names, context.inputs.default_std_value


def _currents_needs(context: Context, item: None, get: Get) -> Iterable[Node]:
    names = sorted(cell.name for cell in context.inputs.cells)
    return [("holding", name) for name in names] + [("threshold", name) for name in names]


def _currents(read: tuple, values: list, work: Work | None) -> dict[str, Any]:
    names, default_std = read
    half = len(names)
    return currents_of(
        dict(zip(names, values[:half], strict=True)),
        dict(zip(names, values[half:], strict=True)),
        default_std,
    )


def _outputs_reads(context: Context, item: None, get: Get) -> tuple:
    return tuple(
        f"{protocol}_{wanted.targets[0].amplitude}"
        for (protocol, _), wanted in get("targets", None).groups.items()
    )


def _outputs_needs(context: Context, item: None, get: Get) -> Iterable[Node]:
    items = list(get("targets", None).groups)
    filled = [item for item in items if get("entry", item)[0]]
    return [("currents", None), *(("entry", i) for i in items), *(("stimulus", i) for i in filled)]


def _outputs(read: tuple, values: list, work: Work | None) -> Outputs:
    currents, entries, stimuli = values[0], values[1 : 1 + len(read)], values[1 + len(read) :]
    features = {name: entry for name, (entry, _) in zip(read, entries, strict=True) if entry}
    return Outputs(features, dict(zip(features, stimuli, strict=True)), currents)


def _texts(read: tuple, found: list[Outputs], work: Work | None) -> tuple[str, str, str]:
    outputs = found[0]
    return to_json(outputs.features), to_json(outputs.protocols), to_json(outputs.currents)


def _of_item(*stages: str) -> Any:
    return lambda context, item, get: [(stage, item) for stage in stages]


def _cell_problems_needs(context: Context, cell: str, get: Get) -> Iterable[Node]:
    return [("cell", cell), ("rheobase", cell)]


def _cell_problems(read: tuple, values: list, work: Work | None) -> tuple[Problem, ...]:
    """What is wrong with a cell's files, recordings and rheobase."""
    cell, decision = values[0].cell, values[1]
    return (*cell.all_problems(), *(problem.at(cell=cell.name) for problem in decision.problems))


def _problems_needs(context: Context, item: None, get: Get) -> Iterable[Node]:
    items = list(get("targets", None).groups)
    names = [cell.name for cell in context.inputs.cells]
    found: list[Node] = [("targets", None)]
    for stage in ("cell_problems", "cell"):
        found += [(stage, name) for name in names]
    for stage in ("features", "entry", "protocol"):
        found += [(stage, item) for item in items]
    return found


def _problems_reads(context: Context, item: None, get: Get) -> tuple:
    return len(context.inputs.cells), len(get("targets", None).groups)


def _problems(read: tuple, values: list, work: Work | None) -> tuple[Problem, ...]:
    """All that a person should know, from files to outputs."""
    cells, items = read
    chosen, rest = values[0], values[1:]
    of_cells, there, rest = rest[:cells], rest[cells : 2 * cells], rest[2 * cells :]
    of_features, entries, protocols = rest[:items], rest[items : 2 * items], rest[2 * items :]
    found = [problem for problems in of_cells for problem in problems]
    found += chosen.problems
    found += dict.fromkeys(problem for problems in of_features for problem in problems)
    found += unmatched_problems([used.cell for used in there], protocols)
    return (*found, *(problem for _, left_out in entries for problem in left_out))


def _problems_size(problems: tuple[Problem, ...]) -> int:
    return 500 + 8 * len(problems)


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
        size=lambda chosen: 2_000 + 200 * len(chosen.targets),
    ),
    Stage(
        "match",
        _match,
        _match_reads,
        needs=lambda context, item, get: [("sweeps", item[0])],
        content=_match_content,
        size=lambda matched: 2_000 + 50 * len(matched.match.indexes),
    ),
    Stage("features", _features, _features_reads, needs=_of_item("match")),
    Stage(
        "protocol",
        _protocol,
        _protocol_reads,
        needs=_of_item("match", "features"),
        size=lambda found: 2_000 + len(found.feature_targets) * (1_500 + 20 * len(found.recordings)),
    ),
    Stage(
        "entry",
        _entry,
        _entry_reads,
        needs=_of_item("protocol"),
        size=lambda found: 2_000 + 1_000 * sum(map(len, found[0].values())),
    ),
    Stage(
        "stimulus",
        _stimulus,
        _stimulus_reads,
        needs=lambda context, item, get: [("match", item), ("global", None)],
        size=lambda found: 2_000,
    ),
    Stage("global", _global, needs=_cells("threshold"), content=lambda value: (value,)),
    Stage("currents", _currents, _currents_reads, needs=_currents_needs, size=lambda found: 50_000),
    Stage("outputs", _outputs, _outputs_reads, needs=_outputs_needs, size=lambda found: 20_000),
    Stage("cell_problems", _cell_problems, needs=_cell_problems_needs, size=_problems_size),
    Stage("problems", _problems, _problems_reads, needs=_problems_needs, size=_problems_size),
    Stage(
        "texts",
        _texts,
        needs=lambda context, item, get: [("outputs", None)],
        size=lambda texts: sum(map(len, texts)),
    ),
)
