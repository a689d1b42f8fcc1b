"""How laboratories arrange current-clamp sweeps in NWB files: one generator of `Pair` a dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator

import h5py

from ..problems import Problem, ReadError
from .hdf5 import item, members
from .nwb_plain import partners, plain, scala_protocol
from .nwb_selection import Pair, Selection
from .nwb_series import Series
from .nwb_tables import repetition_column

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
# Their first 90 ms may hold a test pulse.
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


def series_in(group: h5py.Group | None, name: str, problems: list[Problem]) -> h5py.Group | None:
    """Return a series of a group: a member that has (or links to) data and isn't voltage clamp.

    A link that leads nowhere is a problem of this series, not of the file.
    """
    try:
        found = item(group, name) if isinstance(group, h5py.Group) else None
    except ReadError as error:
        problems.append(Problem(str(error), "error", "file", recording=name))
        return None
    if not isinstance(found, h5py.Group) or not found.id.links.exists(b"data"):
        return None
    return None if Series(found, "").type.startswith("VoltageClamp") else found


def _missing(name: str, path: str) -> Problem:
    return Problem(f"{path} isn't in the file (or isn't current clamp).", "error", "file", recording=name)


# --- EPFL, Blue Brain Project: /data_organization/<cell>/<protocol>/<repetition>/<sweep>/<series>


def bbp(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps as ``/data_organization`` lists them, protocols and repetitions in the order asked."""
    tree = item(content, "data_organization")
    groups: dict[str, list[tuple[str, h5py.Group]]] = {}
    for cell in members(tree):
        cell_group = item(tree, cell)
        for protocol in selection.pick_protocols(members(cell_group)):
            groups.setdefault(protocol.lower(), []).append((protocol, item(cell_group, protocol)))
    asked = [p.lower() for p in selection.protocols or groups]
    for key in dict.fromkeys(asked):
        for protocol, group in groups.get(key, []):
            for repetition, number in _bbp_repetitions(group, selection):
                yield from _bbp_sweeps(
                    content, item(group, repetition), protocol, number, selection, problems
                )


def _bbp_repetitions(group: h5py.Group, selection: Selection) -> list[tuple[str, int | None]]:
    """Return (name, number) of the repetitions asked for, in the order asked."""
    numbered = []
    for name in members(group):
        digits = re.search(r"(\d+)\s*$", name)
        numbered.append((name, int(digits.group(1)) if digits else None))
    wanted = [(name, number) for name, number in numbered if selection.wants_repetition(number)]
    order = selection.repetitions or []
    return sorted(wanted, key=lambda found: order.index(found[1]) if found[1] in order else 0)


def _bbp_sweeps(
    content: h5py.File,
    repetition: h5py.Group,
    protocol: str,
    number: int | None,
    selection: Selection,
    problems: list[Problem],
) -> Iterator[Pair]:
    voltages, currents = acquisition(content), presentation(content)
    for sweep in members(repetition):
        for name in members(item(repetition, sweep)):
            partner = _bbp_partner(name)
            if partner is None:
                continue
            voltage, current = series_in(voltages, name, problems), series_in(currents, partner, problems)
            if voltage is None or current is None:
                path = f"/acquisition/{name}" if voltage is None else f"/stimulus/presentation/{partner}"
                problems.append(_missing(name, path))
            elif selection.original is None or selection.wants_original(_description(voltage)):
                yield Pair(name, protocol, voltage.name, current.name, number, clock="current")


def _description(series: h5py.Group) -> str | None:
    return Series(series, "").word("description")


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
        voltage = series_in(voltages, name, problems)
        if voltage is None:
            continue
        series = Series(voltage, "")
        protocol = series.word("aibs_stimulus_name") or series.word("stimulus_description") or "Step"
        if not selection.wants_protocol(protocol):
            continue
        current = series_in(currents, name, problems)
        if current is None:
            problems.append(_missing(name, f"/stimulus/presentation/{name}"))
        else:
            yield Pair(name, protocol, voltage.name, current.name)


# --- Toronto: index_00 is the voltage, index_01 its current


def trt(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps of Howard et al. 2022 (doi 10.1093/gigascience/giac108); all are steps."""
    voltages, currents = acquisition(content), presentation(content)
    if not selection.wants_protocol("Step", "GenericStep"):
        return
    for name in members(voltages):
        voltage = series_in(voltages, name, problems)
        if voltage is None:
            continue
        partner = _trt_partner(name)
        current = series_in(currents, partner, problems) if partner else None
        if current is None:
            problems.append(_missing(name, f"/stimulus/presentation/{partner or '?'}"))
        else:
            yield Pair(name, "Step", voltage.name, current.name)


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
    by_electrode: dict[str, str] | None = None
    for name in members(currents):
        current = series_in(currents, name, problems) if "DA" in name else None
        raw = Series(current, "").word("stimulus_description") if current is not None else None
        if current is None or raw is None:
            continue
        protocol = VU_PROTOCOLS.get(raw, raw)
        if not selection.wants_protocol(protocol, raw, re.sub(r"_DA_\d+$", "", raw)):
            continue
        voltage = series_in(voltages, name.replace("DA", "AD"), problems)
        if voltage is None:
            # The input may have another number than the output: the electrode tells.
            by_electrode = partners(voltages, currents, problems) if by_electrode is None else by_electrode
            found = next((v for v, c in by_electrode.items() if c == current.name), None)
            voltage = content[found] if found else None
        if voltage is None:
            problems.append(_missing(name, f"its voltage {name.replace('DA', 'AD')}"))
        else:
            yield Pair(name, protocol, voltage.name, current.name, raw_protocol=raw)


def is_mies(content: h5py.File) -> bool:
    """Whether any output has its input, or is called as MIES calls it."""
    voltages = set(members(acquisition(content)))
    outputs = [n for n in members(presentation(content)) if "DA" in n]
    return any(n.replace("DA", "AD") in voltages or re.fullmatch(r"data_\d+_DA\d+", n) for n in outputs)


# --- Scala et al.: CurrentClampSeries_01 and CurrentClampStimulusSeries_01


def scala(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps whose two series differ by "Series" and "StimulusSeries" in their names."""
    voltages, currents = acquisition(content), presentation(content)
    repetitions = repetition_column(content)
    for name in members(voltages):
        voltage = series_in(voltages, name, problems)
        if voltage is None:
            continue
        raw = Series(voltage, "").word("stimulus_description")
        protocol = scala_protocol(raw)
        if not selection.wants_protocol(protocol, raw or protocol):
            continue
        current = series_in(currents, name.replace("Series", "StimulusSeries"), problems)
        if current is None:
            problems.append(
                _missing(name, f"/stimulus/presentation/{name.replace('Series', 'StimulusSeries')}")
            )
            continue
        digits = re.search(r"(\d+)$", name)
        number = repetitions.get(int(digits.group(1))) if digits else None
        if selection.wants_repetition(number):
            yield Pair(name, protocol, voltage.name, current.name, number, raw_protocol=raw or "")


def _is_scala(content: h5py.File) -> bool:
    currents = set(members(presentation(content)))
    names = [n for n in members(acquisition(content)) if "Series" in n]
    return any(n.replace("Series", "StimulusSeries") in currents for n in names)


def dialect_of(content: h5py.File) -> str:
    """Return the name of the arrangement of a file."""
    if "data_organization" in content:
        return "BBP"
    recorded = item(content, "acquisition")
    if recorded is None:
        raise ReadError("it has no /acquisition group: it isn't an NWB file, or nothing was recorded.")
    if is_mies(content):
        return "MIES"
    if "timeseries" in members(recorded):
        return "AIBS"
    if next(iter(members(recorded)), "")[:6].lower() == "index_":
        return "TRT"
    return "Scala" if _is_scala(content) else "plain"


DIALECTS = {"BBP": bbp, "MIES": mies, "AIBS": aibs, "TRT": trt, "Scala": scala, "plain": plain}
