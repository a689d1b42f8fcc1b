"""Whether samples can be of their unit: what is refused, and what is said about it."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from efewidgets.engine.problems import UnitError
from efewidgets.engine.units import check_plausible, to_mV, to_nA

REST = -70.0 + 5 * np.sin(np.arange(1000) / 30)  # mV
STEP = np.where((np.arange(1000) > 200) & (np.arange(1000) < 700), 0.3, 0.0)  # nA
MV = {"V": 1e3, "mV": 1.0, "uV": 1e-3}
NA = {"A": 1e9, "mA": 1e6, "uA": 1e3, "nA": 1.0, "pA": 1e-3}


def refusal(voltage, current, v_unit, i_unit):
    """Return why samples as they stand in a file are refused, "" if they aren't."""
    try:
        check_plausible(to_mV(voltage, v_unit), to_nA(current, i_unit), v_unit, i_unit)
    except UnitError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("right", "taken"), list(itertools.permutations(MV, 2)))
def test_a_wrong_unit_of_voltage_names_the_right_one(right, taken):
    words = refusal(REST / MV[right], STEP, taken, "nA")
    if words:  # 70 µV taken as mV, and the like, can be no cell; 70 mV taken as µV is silence
        assert f"taken as '{taken}'" in words
        assert f"probably in '{right}'" in words
    assert bool(words) == (MV[taken] != MV[right])


@pytest.mark.parametrize(("right", "taken"), list(itertools.permutations(NA, 2)))
def test_a_wrong_unit_of_current_never_names_the_one_that_was_taken(right, taken):
    words = refusal(REST, STEP / NA[right], "mV", taken)
    if words:
        assert f"The current unit is taken as '{taken}'" in words
        assert f"probably in '{right}'" in words


@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1e-6, 1e-3, 1.0, 1e3, 1e6, 1e9, 1e12])
@pytest.mark.parametrize(("v_unit", "i_unit"), list(itertools.product(MV, NA)))
def test_no_advice_names_the_unit_that_was_taken(scale, v_unit, i_unit):
    rng = np.random.default_rng(0)
    for v, i in (
        (REST * scale, STEP),
        (REST, STEP * scale),
        (STEP * scale, REST),
        (scale * rng.normal(size=99),) * 2,
    ):
        words = refusal(v, i, v_unit, i_unit)
        taken = re.search(r"taken as '(\w+)'", words)
        advised = re.search(r"probably in '(\w+)'", words)
        if words and advised:
            assert taken
            assert taken[1] != advised[1], words


@pytest.mark.parametrize(("v_unit", "i_unit"), [("V", "A"), ("mV", "A"), ("V", "pA"), ("uV", "A")])
def test_exchanged_channels_are_called_exchanged(v_unit, i_unit):
    # What stands for the voltage is a current in the current's unit, and the reverse.
    words = refusal(STEP / NA[i_unit], REST / MV[v_unit], v_unit, i_unit)
    assert "voltage and current are probably exchanged" in words
    assert "probably in" not in words


def test_where_no_unit_fits_none_is_advised():
    words = refusal(REST * 1e9, STEP, "mV", "nA")
    assert "in no other unit would it be one either" in words
    assert "probably in" not in words


def test_right_units_and_artefacts_pass():
    voltage = REST.copy()
    voltage[100:103] = [900.0, -1500.0, 300.0]  # an electrode that is switched
    assert refusal(voltage, STEP, "mV", "nA") == ""
    assert refusal(0 * REST, 0 * STEP, "mV", "nA") == ""


@pytest.mark.parametrize("value", [1e30, -383438.0, 5000.0, -2001.0])
@pytest.mark.parametrize("at", [0, 417, 999])
def test_a_single_sample_that_can_not_be_is_named(value, at):
    voltage = REST.copy()
    voltage[at] = value
    words = refusal(voltage, STEP, "mV", "nA")
    assert f"1 sample that no cell and no amplifier can have, the first is sample {at}" in words
    assert "probably" not in words  # the unit is right
    voltage[10] = value
    assert "2 samples" in refusal(voltage, STEP, "mV", "nA") or at == 10


@pytest.mark.parametrize("stored", [1e36, -3e38])
def test_numbers_that_are_finite_only_before_the_conversion(stored):
    voltage = (REST / 1e3).astype(np.float32)
    voltage[300] = stored  # V, in single precision: a thousand times that is infinite
    assert "sample 300 with" in refusal(voltage, STEP, "V", "nA")
    current = (STEP * 1e-9).astype(np.float32)
    current[300] = stored
    assert "which no electrode passes" in refusal(REST, current, "mV", "A")
