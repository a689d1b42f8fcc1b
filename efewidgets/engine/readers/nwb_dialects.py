"""How laboratories arrange current-clamp sweeps in NWB files: one generator of `Pair` and `Lost` a dialect."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import h5py

from ..problems import ReadError
from .hdf5_members import item, members
from .nwb_cells import sweep_number, with_cells
from .nwb_names import UNNAMED, Names, described, names_of, real_name
from .nwb_pairs import Lost, Pair
from .nwb_plain import (
    Found,
    acquisition,
    are_stretches,
    left_over,
    only_listened,
    open_series,
    partners,
    plain,
    presentation,
    with_row,
)
from .nwb_series import Series
from .nwb_tables import Tables, read_tables, repetition_column

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


def _pair_or_lost(
    voltages: h5py.Group | None,
    currents: h5py.Group | None,
    name: str,
    partner: str | None,
    names: Callable[[Series, Series | None], Names],
) -> tuple[Series, Series, Names] | Lost | None:
    """Return the two series of a sweep, or why there is none; None if `name` is no series of current clamp."""
    place = f"/stimulus/presentation/{partner or '?'}"
    voltage = open_series(voltages, name)
    if isinstance(voltage, Lost):
        return dataclasses.replace(voltage, current=place)
    if voltage is None:
        return None
    current = open_series(currents, partner, "amperes") if partner else None
    if isinstance(current, Series):
        return voltage, current, names(voltage, current)
    reason = current.reason if current is not None else _missing(place)
    return Lost(name, reason, names(voltage, None), voltage.name, place)


def _missing(path: str) -> str:
    return f"{path} isn't in the file (or isn't current clamp)."


# --- EPFL, Blue Brain Project: /data_organization/<cell>/<protocol>/<repetition>/<sweep>/<series>


def bbp(content: h5py.File, tables: Tables) -> Found:
    """Sweeps as ``/data_organization`` lists them."""
    tree = item(content, "data_organization")
    for cell in members(tree):
        for protocol in members(item(tree, cell)):
            group = item(item(tree, cell), protocol)
            for repetition in members(group):
                digits = re.search(r"(\d+)\s*$", repetition)
                number = int(digits.group(1)) if digits else None
                yield from _bbp_sweeps(content, item(group, repetition), cell, protocol, number)


def _bbp_sweeps(
    content: h5py.File, repetition: h5py.Group, cell: str, protocol: str, number: int | None
) -> Found:
    voltages, currents = acquisition(content), presentation(content)
    names = Names(protocol, (protocol,))
    for sweep in members(repetition):
        for name in members(item(repetition, sweep)):
            partner = _bbp_partner(name)
            if partner is None:
                continue
            found = _pair_or_lost(voltages, currents, name, partner, lambda voltage, current: names)
            if isinstance(found, tuple):
                voltage, current, _ = found
                yield Pair(name, names, voltage.name, current.name, number, cell, clock="current")
            elif isinstance(found, Lost):
                yield Lost(name, found.reason, names, found.path, cell=cell)
            else:
                yield Lost(name, _missing(f"/acquisition/{name}"), names, f"/acquisition/{name}", cell=cell)


def _bbp_partner(name: str) -> str | None:
    """Return the name of the stimulus of a recorded series; None if it isn't one."""
    for voltage, current in (("ccs_", "ccss_"), ("ic_", "ics_")):
        if voltage in name:
            return name.replace(voltage, current, 1)
    return None


def _is_bbp(content: h5py.File) -> bool:
    """Whether /data_organization lists any series by the names that BBP gives them."""
    tree = item(content, "data_organization")
    return any(_bbp_partner(name) for name in _leaves(tree, depth=4))


def _leaves(group: h5py.Group, depth: int) -> Iterator[str]:
    for name in members(group):
        if depth:
            yield from _leaves(item(group, name), depth - 1)
        else:
            yield name


# --- Allen Institute, NWB 1: the same name in /acquisition/timeseries and /stimulus/presentation


def aibs(content: h5py.File, tables: Tables) -> Found:
    """Sweeps of NWB 1 files; the stimulus is named by ``aibs_stimulus_name``."""
    voltages, currents = acquisition(content), presentation(content)
    for name in members(voltages):
        found = _pair_or_lost(voltages, currents, name, name, _aibs_names)
        if isinstance(found, tuple):
            voltage, current, names = found
            yield Pair(name, names, voltage.name, current.name)
        elif found is not None:
            group = voltages.get(name) if voltages is not None else None
            known = _aibs_names(Series(group, ""), None) if isinstance(group, h5py.Group) else found.names
            yield dataclasses.replace(found, names=known)


def _aibs_names(voltage: Series, current: Series | None) -> Names:
    raw = voltage.word("aibs_stimulus_name") or described(voltage)
    return Names(raw or UNNAMED, (raw,) if raw else (), is_named=raw is not None)


def _is_aibs(content: h5py.File) -> bool:
    """Whether any recorded series has a stimulus of its own name, in the arrangement of NWB 1."""
    recorded = item(content, "acquisition")
    return "timeseries" in members(recorded) and not set(members(acquisition(content))).isdisjoint(
        members(presentation(content))
    )


# --- Toronto: index_00 is the voltage, index_01 its current


def trt(content: h5py.File, tables: Tables) -> Found:
    """Sweeps of Howard et al. 2022 (doi 10.1093/gigascience/giac108); all are steps, unless tables say otherwise."""
    voltages, currents = acquisition(content), presentation(content)

    def names(voltage: Series, current: Series | None) -> Names:
        in_table = tables.types.get(voltage.name)
        if real_name(in_table) is not None:
            own = names_of(voltage, current, in_table, table_first=True)
            return Names(own.protocol, own.others, (UNNAMED, "GenericStep"))
        raw = described(voltage)
        return Names(UNNAMED, (UNNAMED, "GenericStep", *([raw] if raw else [])))

    for name in members(voltages):
        found = _pair_or_lost(voltages, currents, name, _trt_partner(name), names)
        if isinstance(found, tuple):
            voltage, current, about = found
            yield Pair(name, about, voltage.name, current.name)
        elif found is not None:
            yield found


def _trt_partner(name: str) -> str | None:
    """Return the stimulus of a voltage: 00 → 01, 01 → 03, … (two parts) or 0_0_0 ↔ 0_0_1, 0_0_2 ↔ 0_0_3."""
    parts = name.split("_")
    last = parts[-1]
    if not (last.isascii() and last.isdigit()):
        return None
    if len(parts) == 2:
        parts[-1] = str(2 * int(last) + 1).rjust(len(last), "0")
    elif int(last) <= 3:
        parts[-1] = str(int(last) ^ 1)
    return "_".join(parts)


def _is_trt(content: h5py.File) -> bool:
    """Whether stimuli are numbered as the Toronto rule has it, and not as their responses are, nor in another way.

    The rule must reach far more sweeps than it leaves responses or stimuli over (files that number in another way, say
    0, 2, 4 and 1, 3, 5, agree with it here and there), and no sweep number may speak against it.
    """
    voltages, currents = acquisition(content), presentation(content)
    partner = {name: _trt_partner(name) for name in members(voltages) if name[:6].lower() == "index_"}
    wanted = {name for name in partner.values() if name is not None}
    there = {name for name in members(currents) if name[:6].lower() == "index_" and _trt_partner(name)}
    by_rule, by_name = len(wanted & there), len(there.intersection(partner))
    if by_rule <= max(by_name, 2 * len(there - wanted), 2 * len(wanted - there)):
        return False
    for v_name, i_name in partner.items():
        found = [open_series(voltages, v_name), open_series(currents, str(i_name), "amperes")]
        numbers = [sweep_number(series) for series in found if isinstance(series, Series)]
        if len(numbers) == 2 and None not in numbers and numbers[0] != numbers[1]:
            return False
    return True


# --- MIES (Igor Pro) and the Vrije Universiteit: DA is the output, AD the input


def mies(content: h5py.File, tables: Tables) -> Found:
    """Sweeps named ``data_00000_DA0`` and ``data_00000_AD0``; VU's stimulus sets go by the EPFL's names."""
    voltages, currents = acquisition(content), presentation(content)
    by_electrode: dict[str, str] | None = None
    for name in members(currents):
        current = open_series(currents, name, "amperes") if "DA" in name else None
        if isinstance(current, Lost):
            yield Lost(name, current.reason, path=f"/acquisition/{name.replace('DA', 'AD')}")
        if not isinstance(current, Series):
            continue
        voltage = open_series(voltages, name.replace("DA", "AD"))
        if voltage is None:
            # The input may have another number than the output: the electrode tells.
            by_electrode = _by_electrode(voltages, currents) if by_electrode is None else by_electrode
            place = by_electrode.get(current.name)
            voltage = Series(content[place], "volts") if place else None
        yield _mies_sweep(name, voltage, current, tables)


def _mies_sweep(name: str, voltage: Series | Lost | None, current: Series, tables: Tables) -> Pair | Lost:
    path = voltage.path if isinstance(voltage, Lost) else "" if voltage is None else voltage.name
    table = tables.types.get(path)
    raw = described(current) or real_name(table)
    if raw is None:
        return Lost(name, "it doesn't say its stimulus (stimulus_description).", None, path)
    protocol = VU_PROTOCOLS.get(raw, raw)
    others = (protocol, raw, re.sub(r"_DA_\d+$", "", raw), *([table] if table else []))
    if isinstance(voltage, Series):
        names = Names(protocol, others, names_of(voltage, current).fallback)
        return Pair(name, names, voltage.name, current.name, raw_protocol=raw)
    missing = _missing(f"its voltage {name.replace('DA', 'AD')}")
    return Lost(name, missing if voltage is None else voltage.reason, Names(protocol, others), path)


def _by_electrode(voltages: h5py.Group | None, currents: h5py.Group | None) -> dict[str, str]:
    """Return the path of the voltage of each current (path), by numbers and electrodes."""
    found = [[open_series(group, name) for name in members(group)] for group in (voltages, currents)]
    recorded, presented = ([one for one in some if isinstance(one, Series)] for some in found)
    return {current: voltage for voltage, current in partners(recorded, presented, []).items()}


def _is_mies(content: h5py.File) -> bool:
    """Whether any output has its input, or is called as MIES calls it, and says its stimulus."""
    recorded, presented = acquisition(content), presentation(content)
    voltages = set(members(recorded))
    for name in members(presented):
        if "DA" in name and (name.replace("DA", "AD") in voltages or re.fullmatch(r"data_\d+_DA\d+", name)):
            series = open_series(presented, name, "amperes")
            if isinstance(series, Series) and described(series) is not None:
                return True
    return False


# --- Scala et al.: CurrentClampSeries_01 and CurrentClampStimulusSeries_01


def scala(content: h5py.File, tables: Tables) -> Found:
    """Sweeps whose two series differ by "Series" and "StimulusSeries" in their names."""
    voltages, currents = acquisition(content), presentation(content)
    repetitions = repetition_column(content)

    def names(voltage: Series, current: Series | None) -> Names:
        found = names_of(voltage, current, tables.types.get(voltage.name))
        is_step = not found.is_named and (voltage.word("stimulus_description") or "").lower() == "na"
        # Scala's word for a step
        return Names(UNNAMED, fallback=found.fallback) if is_step else found

    for name in members(voltages):
        found = _pair_or_lost(voltages, currents, name, name.replace("Series", "StimulusSeries"), names)
        if isinstance(found, tuple):
            voltage, current, about = found
            digits = re.search(r"(\d+)$", name)
            number = repetitions.get(int(digits.group(1))) if digits else None
            yield Pair(name, about, voltage.name, current.name, number)
        elif found is not None:
            yield found


def _is_scala(content: h5py.File) -> bool:
    currents = set(members(presentation(content)))
    names = [n for n in members(acquisition(content)) if "Series" in n]
    return any(n.replace("Series", "StimulusSeries") in currents for n in names)


# --- which is which

_GONE = "the table of recordings has it, but points to a series that isn't in the file any more."


@dataclass(frozen=True)
class Dialect:
    """An arrangement: whether a file has what its rules need, and the sweeps that they find.

    Parameters
    ----------
    name : str
    fits : callable
    find : callable
    in_order : bool
        Whether sweeps come in the order asked.
    numbered : bool
        Whether it numbers repetitions.
    stimuli : str
        Pattern of the names of stimuli that are looked for by those of their responses.
    """

    name: str
    fits: Callable[[h5py.File], bool]
    find: Callable[[h5py.File, Tables], Found]
    in_order: bool = False
    numbered: bool = True
    stimuli: str = ""


_DIALECTS = (
    Dialect("BBP", _is_bbp, bbp, in_order=True),
    Dialect("MIES", _is_mies, mies, numbered=False),
    Dialect("AIBS", _is_aibs, aibs, numbered=False, stimuli=r".+"),
    Dialect("TRT", _is_trt, trt, numbered=False, stimuli=r"[Ii]ndex_.*\d"),
    Dialect("Scala", _is_scala, scala, stimuli=r".*StimulusSeries.*"),
)
_PLAIN = Dialect("plain", lambda content: True, plain)


@dataclass(frozen=True)
class Layout:
    """All that a file holds, whatever of it is asked for; facts of `electrodes` by their paths, once they are read."""

    dialect: Dialect
    pairs: tuple[Pair, ...]
    lost: tuple[Lost, ...]
    electrodes: dict[str, dict[str, float]] = field(default_factory=dict)


def _checked(content: h5py.File, pair: Pair, tables: Tables) -> Pair:
    """Return a sweep that was put together by names, as the table of recordings has it if that says otherwise."""
    pair = with_row(pair, tables)
    stimulus = tables.stimuli.get(pair.voltage)
    if stimulus is not None:
        remark = f"by name its stimulus is {pair.current}, by the table of recordings {stimulus}: the latter is used."
        return (
            pair if stimulus == pair.current else dataclasses.replace(pair, current=stimulus, remark=remark)
        )
    numbers = [sweep_number(Series(content[path], "")) for path in (pair.voltage, pair.current)]
    if None in numbers or numbers[0] == numbers[1]:
        return pair
    words = f"its voltage and current go together by name, but their sweep numbers are {numbers[0]} and {numbers[1]}."
    return dataclasses.replace(pair, remark=words)


def layout_of(content: h5py.File) -> Layout:
    """Find the sweeps of a file, by the first dialect that finds any.

    Raises
    ------
    ReadError
        If it is no NWB file, or nothing was recorded.
    """
    if item(content, "acquisition") is None and "data_organization" not in content:
        raise ReadError("it has no /acquisition group: it isn't an NWB file, or nothing was recorded.")
    tables = read_tables(content)
    first: Layout | None = None
    # No house's names tell the sweeps of a series in which they stand one behind the other.
    for dialect in (_PLAIN,) if are_stretches(content, tables) else (*_DIALECTS, _PLAIN):
        if not dialect.fits(content):
            continue
        found = list(dialect.find(content, tables))
        pairs = [one for one in found if isinstance(one, Pair)]
        if dialect is not _PLAIN:
            pairs = [_checked(content, pair, tables) for pair in pairs]
        pairs = with_cells(content, pairs, tables)
        lost = [one for one in found if isinstance(one, Lost)]
        lost += [Lost(f"recording {k}", _GONE) for k in tables.gone]
        if dialect is not _PLAIN:
            known = {pair.voltage for pair in pairs} | {one.path for one in lost}
            known |= {pair.current for pair in pairs} | {one.current for one in lost}
            lost += left_over(content, known, dialect.name, dialect.stimuli)
        lost = [only_listened(content, one, pairs) for one in lost]
        layout = Layout(dialect, tuple(pairs), tuple(lost))
        if pairs:
            return layout
        # What the house's own rules miss is said in their words.
        first = layout if first is None or not first.lost else first
    assert first is not None
    return first
