"""What several consumers are told of an extraction: its targets, where it is from, its figures, files as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ... import __version__
from ..figures import FigureJob, all_figures
from ..outputs.standard_files import to_json
from ..roles import with_roles
from .choices import Choices

if TYPE_CHECKING:
    from ..extraction.run import Extraction
    from ..recordings.cell import Cell
    from ..targets.matching import Protocol
    from ..targets.targets import EFeatureTarget

#: Is told how many figures are drawn, and of how many
Seen = Callable[[int, int], None]

#: nA; a recording under less isn't held
HELD = 0.005

#: eFEL's features that are computed from the current, too
OF_CURRENT = ("impedance", "current", "current_base", "steady_state_current_stimend")

#: The feature that is computed on what comes after each pulse, so that its window is another
AFTER_PULSES = "multiple_decay_time_constant_after_stim"

#: Units of all numbers in the files
UNITS = {"time": "ms", "voltage": "mV", "current": "nA", "resistance": "MOhm", "thresh_perc": "% of rheobase"}


def targets_in_force(extraction: Extraction) -> list[dict[str, Any]]:
    """Return copies of the targets; those that were chosen automatically have the roles that fit them best."""
    targets = [dict(target) for target in extraction.targets]
    return with_roles(targets) if extraction.options.chooses_targets else targets


def with_targets(
    protocols: Sequence[Protocol], targets: Sequence[dict[str, Any]]
) -> Iterator[tuple[Protocol, list[tuple[EFeatureTarget, dict[str, Any]]]]]:
    """Yield each protocol with its targets, each with what a person said of it."""
    given: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for target in targets:
        given.setdefault((target["protocol"], target["amplitude"]), []).append(target)
    for protocol in protocols:
        own = given[protocol.name, protocol.amplitude]
        yield protocol, list(zip(protocol.feature_targets, own, strict=True))


def with_values(
    extraction: Extraction, own: Sequence[tuple[EFeatureTarget, dict[str, Any]]]
) -> list[tuple[EFeatureTarget, dict[str, Any]]]:
    """Return the targets of a protocol that have values enough."""
    least = extraction.options.threshold_nvalue_save
    return [pair for pair in own if pair[0].sample_size >= pair[0].values_wanted(least)]


def weight_of(said: Mapping[str, Any]) -> float:
    """Return how much a target counts in a fit."""
    return 1.0 if said.get("weight") is None else float(said["weight"])


def capped(std: float, average: float, default_std: float) -> float:
    """Return a standard deviation that is at most its mean; the one that stands in for 0 is kept."""
    return std if std == default_std else min(std, abs(average))


def auto_thresholds(extraction: Extraction) -> list[float]:
    """Return the spike thresholds (mV) of the sweeps that were judged by their own."""
    return [
        value
        for protocol in extraction.protocols
        for target in protocol.feature_targets
        for value in target.auto_thresholds
    ]


def junction_potentials(cell: Cell) -> list[float]:
    """Return the liquid junction potentials (mV) that were subtracted from a cell's recordings."""
    said = (recording.config_data.get("ljp") for recording in cell.recordings)
    return sorted({float(ljp) for ljp in said if ljp is not None})


def threshold_remarks(extraction: Extraction) -> list[str]:
    """Say so if each sweep was judged by a spike threshold of its own."""
    automatic = auto_thresholds(extraction)
    if not automatic:
        return []
    return [
        f"no spike threshold is set: each sweep was judged by its own ({min(automatic):.3g} to {max(automatic):.3g} mV)"
        ", but a model is by their median. Set Threshold in the eFEL settings if that matters."
    ]


def junction_remarks(extraction: Extraction) -> list[str]:
    """Say so if it isn't stated whether voltages are corrected for the liquid junction potential."""
    silent = sorted(
        {cell.name for cell in extraction.cells for r in cell.recordings if r.config_data.get("ljp") is None}
    )
    if not silent:
        return []
    return [
        f"the liquid junction potential isn't stated for {', '.join(silent[:5])}"
        f"{f' and {len(silent) - 5} more cells' if len(silent) > 5 else ''}: whether their voltages are corrected for "
        "it can't be told, and the model will have the same offset. Say ljp (mV; 0 if they are corrected)."
    ]


def provenance(
    extraction: Extraction, targets: Sequence[Mapping[str, Any]], choices: Choices
) -> dict[str, Any]:
    """Return where a file is from, for people and for `importing`; programs pass it over."""
    return {
        "efewidgets": __version__,
        "efel": _version("efel"),
        "units": UNITS,
        "ljp_subtracted": {cell.name: junction_potentials(cell) for cell in extraction.cells},
        "rheobase": {cell.name: cell.rheobase for cell in extraction.cells},
        "holding_current": dict(extraction.currents.get("all_holding_current") or {}),
        "absolute_amplitude": extraction.options.absolute_amplitude,
        "targets": targets,
        "export": choices.as_dict(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def unseen(done: int, of: int) -> None:
    """Tell nobody how far the figures are."""


def drawn(extraction: Extraction, seen: Seen = unseen) -> Iterator[tuple[FigureJob, bytes]]:
    """Yield all figures of an extraction as PDF; what can't be drawn is left out.

    ``seen(done, of)`` is called before each one; what it raises ends the drawing.
    """
    jobs = list(
        all_figures(
            extraction.cells, extraction.protocols, extraction.protocols_rheobase, extraction.efel_settings
        )
    )
    for done, job in enumerate(jobs):
        seen(done, len(jobs))
        try:
            (content,) = job.render("pdf")
        except Exception:  # one figure isn't worth the export; `efewidgets extract --plot` says what is wrong
            continue
        yield job, content


def as_json(data: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the contents of files, JSON each, by their paths."""
    return {path: (to_json(part) + "\n").encode() for path, part in data.items()}
