"""The stages from matched recordings to outputs: what comes of the targets, and what a person should know of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..averages import mean
from ..outputs.standard_files import build_entry, currents_of, to_json
from ..problems import Problem
from ..targets.matching import Protocol, unmatched_problems
from .context import Context
from .graph import Get, Node, Stage
from .matching import of_item
from .parts import Item, Matched, Outputs, Wanted
from .work import Work

# --- protocol, entry, stimulus: one protocol and amplitude


def _protocol_reads(context: Context, item: Item, get: Get) -> tuple[Any, ...]:
    return (get("targets", None).groups[item],)


def _protocol(read: tuple[Any, ...], values: list[Any], work: Work | None) -> Protocol:
    """Fill the targets with the values of the recordings that fall into them."""
    wanted: Wanted = read[0]
    matched: Matched = values[0]
    first = wanted.targets[0]
    protocol = Protocol(first.protocol, first.amplitude, first.tolerance, wanted.empty())
    columns: dict[tuple[Any, ...], Any] = {}
    for features in wanted.features:
        columns |= features.columns(matched)
    protocol.fill(matched.recordings, matched.match, matched.rheobases, columns)
    return protocol


def _entry_reads(context: Context, item: Item, get: Get) -> tuple[Any, ...]:
    inputs = context.inputs
    return inputs.threshold_nvalue_save, inputs.save_files_used, inputs.default_std_value


def _entry(read: tuple[Any, ...], protocols: list[Protocol], work: Work | None) -> tuple[Any, ...]:
    return build_entry(protocols[0], *read)


def _stimulus_reads(context: Context, item: Item, get: Get) -> tuple[Any, ...]:
    name = get("targets", None).groups[item].targets[0].amplitude  # 150 or 150.0, as the first target says
    return item[0], name, context.inputs.protocol_mode


def _stimulus(read: tuple[Any, ...], values: list[Any], work: Work | None) -> dict[str, Any]:
    (name, amplitude, mode), (matched, rheobase) = read, values
    protocol = Protocol(name, amplitude, 0.0, global_rheobase=rheobase, mode=mode)
    protocol.recordings, protocol.rheobases = matched.recordings, matched.rheobases
    protocol.parameters = matched.parameters
    return protocol.as_dict()


# --- all together


def _cells(stage: str) -> Any:
    return lambda context, item, get: [(stage, cell.name) for cell in context.inputs.measured]


def _global(read: tuple[Any, ...], rheobases: list[Any], work: Work | None) -> Any:
    """Mean rheobase of the cells (nA)."""
    known = [rheobase for rheobase in rheobases if rheobase is not None]
    return mean(known) if known else None


def _currents_reads(context: Context, item: None, get: Get) -> tuple[Any, ...]:
    names = tuple(sorted(cell.name for cell in context.inputs.measured))
    return names, context.inputs.default_std_value


def _currents_needs(context: Context, item: None, get: Get) -> Iterable[Node]:
    names = sorted(cell.name for cell in context.inputs.measured)
    return [("holding", name) for name in names] + [("threshold", name) for name in names]


def _currents(read: tuple[Any, ...], values: list[Any], work: Work | None) -> dict[str, Any]:
    names, default_std = read
    half = len(names)
    return currents_of(
        dict(zip(names, values[:half], strict=True)),
        dict(zip(names, values[half:], strict=True)),
        default_std,
    )


def _outputs_reads(context: Context, item: None, get: Get) -> tuple[Any, ...]:
    return tuple(
        f"{protocol}_{wanted.targets[0].amplitude}"
        for (protocol, _), wanted in get("targets", None).groups.items()
    )


def _outputs_needs(context: Context, item: None, get: Get) -> Iterable[Node]:
    items = list(get("targets", None).groups)
    filled = [item for item in items if get("entry", item)[0]]
    return [("currents", None), *(("entry", i) for i in items), *(("stimulus", i) for i in filled)]


def _outputs(read: tuple[Any, ...], values: list[Any], work: Work | None) -> Outputs:
    currents, entries, stimuli = values[0], values[1 : 1 + len(read)], values[1 + len(read) :]
    features = {name: entry for name, (entry, _) in zip(read, entries, strict=True) if entry}
    return Outputs(features, dict(zip(features, stimuli, strict=True)), currents)


def _texts(read: tuple[Any, ...], found: list[Outputs], work: Work | None) -> tuple[str, str, str]:
    outputs = found[0]
    return to_json(outputs.features), to_json(outputs.protocols), to_json(outputs.currents)


def _cell_problems_needs(context: Context, cell: str, get: Get) -> Iterable[Node]:
    return [("cell", cell), ("rheobase", cell)]


def _cell_problems(read: tuple[Any, ...], values: list[Any], work: Work | None) -> tuple[Problem, ...]:
    """What is wrong with a cell's files, recordings and rheobase."""
    cell, decision = values[0].cell, values[1]
    return (*cell.all_problems(), *(problem.at(cell=cell.name) for problem in decision.problems))


def _problems_needs(context: Context, item: None, get: Get) -> Iterable[Node]:
    items = list(get("targets", None).groups)
    inputs = context.inputs
    found: list[Node] = [("targets", None)]
    for stage, cells in (("cell_problems", inputs.cells), ("cell", inputs.measured)):
        found += [(stage, cell.name) for cell in cells]
    for stage in ("features", "entry", "protocol"):
        found += [(stage, item) for item in items]
    return found


def _problems_reads(context: Context, item: None, get: Get) -> tuple[Any, ...]:
    return len(context.inputs.cells), len(context.inputs.measured), len(get("targets", None).groups)


def _problems(read: tuple[Any, ...], values: list[Any], work: Work | None) -> tuple[Problem, ...]:
    """All that a person should know, from files to outputs."""
    cells, measured, items = read
    chosen, rest = values[0], values[1:]
    of_cells, there, rest = rest[:cells], rest[cells : cells + measured], rest[cells + measured :]
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
        "protocol",
        _protocol,
        _protocol_reads,
        needs=of_item("match", "features"),
        size=lambda found: 2_000 + len(found.feature_targets) * (1_500 + 20 * len(found.recordings)),
    ),
    Stage(
        "entry",
        _entry,
        _entry_reads,
        needs=of_item("protocol"),
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
