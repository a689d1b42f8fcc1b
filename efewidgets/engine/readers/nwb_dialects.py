"""How laboratories arrange current-clamp sweeps in NWB files: one generator of `Pair` a dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator

import h5py
import numpy as np

from ..problems import Problem, ReadError
from .nwb_selection import Pair, Selection
from .nwb_series import Series, item, members

# What the Vrije Universiteit's stimulus sets are, in the words of the EPFL's protocols.
VU_PROTOCOLS = {
    "X1PS_SubThresh_DA_0": "IV",
    "X2LP_Search_DA_0": "IDThresh",
    "X3LP_Rheo_DA_0": "IDRest",
    "X4PS_SupraThresh_DA_0": "IDRest",
    "X4PT_C2NSD1SHORT_DA_0": "PinkNoise",
    "X4PU_C2NSD2SHORT_DA_0": "PinkNoise",
    "X5SP_Search_DA_0": "IDThresh",
    "X6SP_Rheo_DA_0": "IDRest",
    "X6SQ_C2SSTRIPLE_DA_0": "SpikeRec",
    "X7Ramp_DA_0": "Ramp",
    "X8_CHIRP_DA_0": "SineSpec",
    "X9_C1QCAPCHK_DA_0": "CapCheck",
    "X9_C1SQCAPCHK_DA_0": "CapCheck",
    "CCSteps_DA_0": "Step",
    "steps_DA_0": "Step",
}
# Their first 90 ms hold a test pulse.
VU_WITH_TEST_PULSE = {"CCSteps_DA_0", "X1PS_SubThresh_DA_0", "X4PS_SupraThresh_DA_0"}


def acquisition(content: h5py.File) -> h5py.Group | None:
    """Return the group of the recorded series, in NWB 2 or NWB 1."""
    group = item(content, "acquisition")
    series = item(group, "timeseries") if isinstance(group, h5py.Group) else None
    return series if isinstance(series, h5py.Group) else group


def presentation(content: h5py.File) -> h5py.Group | None:
    """Return the group of the stimuli."""
    stimulus = item(content, "stimulus")
    return item(stimulus, "presentation") if isinstance(stimulus, h5py.Group) else None


def series_in(group: h5py.Group | None, name: str) -> h5py.Group | None:
    """Return a series of a group: a member that has (or links to) data; None for anything else."""
    if not isinstance(group, h5py.Group):
        return None
    found = item(group, name)
    return found if isinstance(found, h5py.Group) and found.get("data", getlink=True) is not None else None


# --- EPFL, Blue Brain Project: /data_organization/<cell>/<protocol>/<repetition>/<sweep>/<series>


def bbp(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps as ``/data_organization`` lists them."""
    tree = item(content, "data_organization")
    order: dict[str, list[str]] = {}
    for cell in members(tree):
        for protocol in selection.pick_protocols(members(item(tree, cell))):
            order.setdefault(protocol.lower(), []).append(f"{cell}/{protocol}")
    asked = [p.lower() for p in selection.protocols or order]
    for key in dict.fromkeys(asked):
        for path in order.get(key, []):
            yield from _bbp_protocol(content, tree, path, selection, problems)


def _bbp_protocol(
    content: h5py.File, tree: h5py.Group, path: str, selection: Selection, problems: list[Problem]
) -> Iterator[Pair]:
    cell, protocol = path.split("/", 1)
    group = tree[cell][protocol]
    voltages, currents = acquisition(content), presentation(content)
    for repetition, number in _bbp_repetitions(group, selection):
        for sweep in members(item(group, repetition)):
            for name in members(item(group[repetition], sweep)):
                partner = _bbp_partner(name)
                if partner is None:
                    continue
                voltage, current = series_in(voltages, name), series_in(currents, partner)
                if voltage is None or current is None:
                    missing = (
                        f"/acquisition/{name}" if voltage is None else f"/stimulus/presentation/{partner}"
                    )
                    problems.append(Problem(f"{missing} isn't in the file.", "error", "file", recording=name))
                elif selection.wants_original(Series(voltage, "volts").word("description")):
                    yield Pair(name, protocol, voltage, current, number, clock="current")


def _bbp_repetitions(group: h5py.Group, selection: Selection) -> list[tuple[str, int | None]]:
    """Return (name, number) of the repetitions asked for, in the order asked."""
    names = members(group)
    numbered = []
    for name in names:
        digits = re.search(r"(\d+)\s*$", name)
        numbered.append((name, int(digits.group(1)) if digits else None))
    wanted = [(name, number) for name, number in numbered if selection.wants_repetition(number)]
    if selection.repetitions is not None:
        wanted.sort(key=lambda pair: selection.repetitions.index(pair[1]))  # type: ignore[union-attr, arg-type]
    return wanted


def _bbp_partner(name: str) -> str | None:
    """Return the name of the stimulus of a recorded series; None if it isn't one."""
    for voltage, current in (("ccs_", "ccss_"), ("ic_", "ics_")):
        if voltage in name:
            return name.replace(voltage, current, 1)
    return None


# --- Allen Institute, NWB 1: the same name in /acquisition/timeseries and /stimulus/presentation


def aibs(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps of NWB 1 files; the stimulus is named by ``aibs_stimulus_name``."""
    voltages, currents = acquisition(content), presentation(content)
    for name in members(voltages):
        voltage = series_in(voltages, name)
        if voltage is None:
            continue
        series = Series(voltage, "volts")
        protocol = series.word("aibs_stimulus_name") or series.word("stimulus_description") or "Step"
        if not selection.wants_protocol(protocol):
            continue
        current = series_in(currents, name)
        if current is None:
            problems.append(
                Problem(f"/stimulus/presentation/{name} isn't in the file.", "error", "file", recording=name)
            )
            continue
        yield Pair(name, protocol, voltage, current)


# --- Toronto: index_00 is the voltage, index_01 its current


def trt(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps of Howard et al. 2022 (doi 10.1093/gigascience/giac108); all are steps."""
    voltages, currents = acquisition(content), presentation(content)
    if not selection.wants_protocol("Step", "GenericStep"):
        return
    for name in members(voltages):
        voltage = series_in(voltages, name)
        if voltage is None:
            continue
        partner = _trt_partner(name)
        current = series_in(currents, partner) if partner else None
        if current is None:
            problems.append(
                Problem(
                    f"its current ({partner or 'unknown name'}) isn't in the file.",
                    "error",
                    "file",
                    recording=name,
                )
            )
            continue
        yield Pair(name, "Step", voltage, current)


def _trt_partner(name: str) -> str | None:
    """Return the stimulus of a voltage: 00 → 01, 01 → 03, … (two parts) or 0_0_0 ↔ 0_0_1, 0_0_2 ↔ 0_0_3."""
    parts = name.split("_")
    last = parts[-1]
    if not last.isdigit():
        return None
    if len(parts) == 2:
        parts[-1] = str(2 * int(last) + 1).rjust(len(last), "0")
    elif int(last) <= 3:
        parts[-1] = str(int(last) ^ 1)
    return "_".join(parts)


# --- MIES (Igor Pro) and the Vrije Universiteit: DA is the output, AD the input


def mies(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps named ``data_00000_DA0`` and ``data_00000_AD0``; VU's stimulus sets go by the EPFL's names."""
    voltages, currents = acquisition(content), presentation(content)
    for name in members(currents):
        current = series_in(currents, name) if "DA" in name else None
        if current is None:
            continue
        raw = Series(current, "amperes").word("stimulus_description")
        if raw is None or Series(current, "amperes").type.startswith("VoltageClamp"):
            continue
        protocol = VU_PROTOCOLS.get(raw, raw)
        if not selection.wants_protocol(protocol, raw, re.sub(r"_DA_\d+$", "", raw)):
            continue
        voltage = series_in(voltages, name.replace("DA", "AD"))
        if voltage is None:
            problems.append(
                Problem(
                    f"its voltage ({name.replace('DA', 'AD')}) isn't in the file.",
                    "note",
                    "file",
                    recording=name,
                )
            )
            continue
        yield Pair(name, protocol, voltage, current, raw_protocol=raw)


def is_mies(content: h5py.File) -> bool:
    """Whether any output has its input."""
    voltages = members(acquisition(content))
    return any("DA" in n and n.replace("DA", "AD") in voltages for n in members(presentation(content)))


def mies_dialect(pairs: list[Pair]) -> str:
    """Return the dialect's name: VU if any stimulus set is theirs."""
    return "VU" if any(pair.raw_protocol in VU_PROTOCOLS for pair in pairs) else "MIES"


# --- Scala et al.: CurrentClampSeries_01 and CurrentClampStimulusSeries_01


def scala(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps whose two series differ by "Series" and "StimulusSeries" in their names."""
    voltages, currents = acquisition(content), presentation(content)
    repetitions = _repetition_column(content)
    for name in members(voltages):
        voltage = series_in(voltages, name)
        if voltage is None:
            continue
        raw = Series(voltage, "volts").word("stimulus_description")
        protocol = scala_protocol(raw)
        if not selection.wants_protocol(protocol, raw or protocol):
            continue
        current = series_in(currents, name.replace("Series", "StimulusSeries"))
        if current is None:
            continue
        digits = re.search(r"(\d+)$", name)
        row = int(digits.group(1)) if digits else -1
        number = int(repetitions[row]) if 0 <= row < len(repetitions) else None
        if selection.wants_repetition(number):
            yield Pair(name, protocol, voltage, current, number, raw_protocol=raw or "")


def scala_protocol(raw: str | None) -> str:
    """Return "Step" for sweeps without a description and for every kind of step but GenericStep."""
    if raw is None or raw.lower() == "na" or ("step" in raw.lower() and raw.lower() != "genericstep"):
        return "Step"
    return raw


def _repetition_column(content: h5py.File) -> np.ndarray:
    column = content.get("general/intracellular_ephys/intracellular_recordings/repetition")
    if isinstance(column, h5py.Dataset) and column.dtype.kind in "iu" and column.ndim == 1:
        return column[()]
    return np.empty(0, int)


def dialect_of(content: h5py.File) -> str:
    """Return the name of the arrangement of a file."""
    if "data_organization" in content:
        return "BBP"
    if item(content, "acquisition") is None:
        raise ReadError("it has no /acquisition group: it isn't an NWB file, or nothing was recorded.")
    if is_mies(content):
        return "MIES"
    if acquisition(content) is not item(content, "acquisition") and "timeseries" in content["acquisition"]:
        return "AIBS"
    if next(iter(members(acquisition(content))), "")[:6].lower() == "index_":
        return "TRT"
    return "Scala"


DIALECTS = {"BBP": bbp, "MIES": mies, "AIBS": aibs, "TRT": trt, "Scala": scala}
