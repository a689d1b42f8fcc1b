"""What BluePyEModel takes and mistreats is refused; `tests.compat.bluepyemodel_mistreats` shows what it would do."""

from __future__ import annotations

import ast
import inspect

import pytest

from efewidgets import datasets
from efewidgets.engine.config.document import parse_config
from efewidgets.engine.export import format_named
from efewidgets.engine.export.checks import fitness_faults
from efewidgets.engine.export.choices import Choices
from efewidgets.engine.export.fitness_file import Fitness
from efewidgets.engine.export.stimuli import name_for
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.roles import role_faults
from tests.compat import bluepyemodel_mistreats as shown
from tests.compat.bluepyemodel_mistreats import RIN, feature, protocol

WHOLE = {"efeature_name": None, "weight": 1.0}
CHEOPS = {"holding_current": 0.2, "t1": 2.0, "t2": 2.0, "t3": 3.0, "t4": 3.0, "toff": 4.0}


def of(features, protocols):
    return Fitness(False, [], [WHOLE | one for one in features], protocols)


def held(current):
    found = feature("SearchHoldingCurrent", efel_feature_name="bpo_holding_current", mean=current)
    return of([found, feature()], [protocol()])


#: What is refused, by its name among what BluePyEModel mistreats; with the words of the refusal
FILES = {
    "nothing": (of([], []), "no feature has a value"),
    "no protocol": (of([feature("IDrest_300")], []), "no protocol is left"),
    "no mean": (of([feature(mean=None)], [protocol()]), "has no mean"),
    "std of 0": (of([feature(original_std=0.0)], [protocol()]), "standard deviation of 0"),
    "negative weight": (of([feature(weight=-1.0)], [protocol()]), "weight of -1"),
    "twice": (of([feature(), feature(mean=0.0)], [protocol()]), "stands in the file 2 times"),
    "no such place": (of([feature(recording_name="dend.v")], [protocol()]), "is of 'dend'"),
    "a bracket in its name": (of([feature("IDrest[1]_150")], [protocol("IDrest[1]_150")]), "takes ["),
    "no duration": (of([feature()], [protocol(duration=None)]), "has no duration"),
    "no percent": (of([feature()], [protocol(kind="ThresholdBasedProtocol")]), "has no thresh_perc"),
    "cheops below holding": (
        of([feature("PosCheops_100")], [protocol("PosCheops_100", **CHEOPS)]),
        "is below its holding current",
    ),
    "bounds of the holding current": (held(-0.25), "lies outside of the ±0.2 nA"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_it_mistreats_is_refused(case):
    found, words = FILES[case]
    faults = fitness_faults(found, Choices(strict_holding_bounds=True))
    assert any(words in fault for fault in faults), faults


def test_a_file_that_it_takes_well_is_not_refused():
    assert fitness_faults(of([feature()], [protocol()]), Choices()) == []
    assert fitness_faults(held(-0.15), Choices(strict_holding_bounds=True)) == []


def target(efeature, amplitude, role=None, name="IV"):
    return {"efeature": efeature, "protocol": name, "amplitude": amplitude, "tolerance": 10, "role": role}


GOOD = [
    target("voltage_base", 0, "RMP"),
    target("voltage_base", -40, "holding"),
    target(RIN, -40, "Rin"),
]
ROLES = {
    "rmp and rin of one protocol": ([target("voltage_base", -40, "RMP"), *GOOD[1:]], "would lose both"),
    "no RMP": (GOOD[1:], "has the role RMP"),
    "no Rin": (GOOD[:2], "has the role Rin"),
    "no holding": ([GOOD[0], GOOD[2]], "has the role holding"),
    "some for validation": (
        [*GOOD, target("AP1_amp", 300, "validation", "IDrest"), target("AP2_amp", 300, None, "IDrest")],
        "a whole protocol is kept out",
    ),
}


@pytest.mark.parametrize("case", ROLES)
def test_roles_that_it_loses_are_refused(case):
    targets, words = ROLES[case]
    assert any(words in fault for fault in role_faults(targets, complete=True))
    assert role_faults(GOOD, complete=True) == []


#: Protocols that it has no stimulus for, or another one, are left out or called otherwise; see `test_roles`
NAMES = {
    "no stimulus": ("PinkNoise", "PinkNoise_100", None),
    "wrong stimulus": ("Ramp", "Passive_Ramp_100", "Ramp_100"),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_that_lead_elsewhere_are_not_given(case):
    family, name, given = NAMES[case]
    assert name_for(family, name, ()) == given


def test_of_each_refusal_it_is_shown_what_bluepyemodel_would_do():
    """And the other way round; currents that lack are a refusal of the whole export, tested there."""
    tree = ast.parse(inspect.getsource(shown))
    keys = {
        key.value
        for function in tree.body
        if isinstance(function, ast.FunctionDef) and function.name in ("mistreated", "of_roles")
        for found in ast.walk(function)
        if isinstance(found, ast.Return)
        for dictionary in ast.walk(found)
        if isinstance(dictionary, ast.Dict)
        for key in dictionary.keys
        if isinstance(key, ast.Constant) and key.value not in ("IV_0", "IV_-50", "stimuli")
    }
    assert keys == {*FILES, *ROLES, *NAMES, "no currents"}


def test_without_holding_current_or_rheobase_there_is_no_threshold_based_export():
    """Currents are those of all cells; without any cell that has a rheobase there are none."""
    config = datasets.sample_config(["RS1"]) | {"protocols_rheobase": ["SineSpec"]}
    export = format_named("bluepyemodel").build(run_extraction(parse_config(config)[0], run), Choices())
    assert any("no cell has a rheobase" in refusal for refusal in export.refusals)
