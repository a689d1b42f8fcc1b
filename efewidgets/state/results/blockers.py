"""What is missing before there can be results, in words."""

from __future__ import annotations

from .found import Found


def blockers(results: Found) -> list[str]:
    """Say what a person must do before there can be results; nothing if there are some."""
    inputs = results.inputs
    if not inputs.cells:
        return ["There are no recordings: add files."]
    found = []
    if inputs.targets == ():
        found.append("There are no targets: add some, or let them be chosen automatically.")
    if inputs.targets is None and inputs.absolute_amplitude:
        found.append(
            "Amplitudes are in nA, and the automatic choice of targets works in % of rheobase: add targets."
        )
    names = [cell.name for cell in inputs.measured]
    if not any(results.cells[name].recordings for name in names):
        found.append("No recording can be used: see the problems of the files, and what is excluded.")
    elif not inputs.absolute_amplitude and all(results.rheobases[n].value is None for n in names):
        reason = results.rheobases[names[0]].reason
        found.append(f"No cell has a rheobase, so that there are no relative amplitudes: {reason}")
    if not found and not results.outputs.features:
        found.append("No target has enough values: see the targets' protocols, amplitudes and tolerances.")
    return found
