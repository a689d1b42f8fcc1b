"""Stimuli given one at a time, and the true rheobase of a virtual cell, against independent checks."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from efewidgets.datasets import samples, virtual_cell
from efewidgets.datasets.experiments import (
    FINE,
    NOISY,
    Injection,
    chronaxie,
    inject,
    rheobase,
    usual_injection,
)
from efewidgets.datasets.models import CellModel, regular_spiking
from efewidgets.datasets.simulator import simulate
from efewidgets.engine.problems import EfeError
from tests.datasets.test_simulator import pospischil_derivatives


def fires(amp: float, duration: float) -> bool:
    """Whether the cell of fig. 2 of Pospischil et al. fires, by SciPy's integrator and equations written out anew."""
    from scipy.integrate import solve_ivp

    from efewidgets.datasets.models import GATES

    model = regular_spiking()
    rest = model.resting_potential()
    start = [rest, *(float(GATES[gate](model, np.array(rest))[0]) for gate in "mhnp")]
    found = solve_ivp(
        pospischil_derivatives, (0.0, duration), start, args=(amp,), method="LSODA",
        rtol=1e-8, atol=1e-10, max_step=0.5,
    )  # fmt: skip
    after = solve_ivp(
        pospischil_derivatives, (0.0, 30.0), found.y[:, -1], args=(0.0,), method="LSODA",
        rtol=1e-8, atol=1e-10, max_step=0.5,
    )  # fmt: skip
    return bool(max(found.y[0].max(), after.y[0].max()) > 0.0)


@pytest.mark.parametrize("duration", [20.0, 500.0])
def test_the_rheobase_is_that_of_another_integrator(duration: float) -> None:
    found = rheobase(regular_spiking(), duration)
    assert fires(1.01 * found, duration)
    assert not fires(0.99 * found, duration)


def test_a_finer_search_ends_in_the_last_step_of_a_coarser_one() -> None:
    coarse = rheobase(virtual_cell("FS1"), precision=0.01)
    fine = rheobase(virtual_cell("FS1"))
    assert coarse - 0.01 < fine <= coarse
    assert coarse == pytest.approx(0.1)


def test_brief_steps_need_more_current_as_lapicque_has_it() -> None:
    """A membrane that fires at a fixed voltage needs I(d) = I(∞) / (1 - exp(-d / τ)); its chronaxie is τ · ln 2."""
    model = virtual_cell("RS1")
    tau = model.capacitance / model.g_leak  # ms
    base = rheobase(model, 1000.0)
    durations = np.array([10.0, 20.0, 50.0, 100.0])
    needed = np.array([rheobase(model, duration) for duration in durations]) / base
    assert np.all(np.diff(needed) < 0)
    np.testing.assert_allclose(needed, 1.0 / (1.0 - np.exp(-durations / tau)), rtol=0.15)
    assert chronaxie(model, 1000.0) == pytest.approx(tau * math.log(2.0), rel=0.15)


@pytest.mark.parametrize("name", ["RS1", "IB1", "FS1"])
def test_at_the_chronaxie_twice_the_rheobase_is_needed(name: str) -> None:
    model = virtual_cell(name)
    found = chronaxie(model)
    twice = 2.0 * rheobase(model)
    assert rheobase(model, found) <= twice + 1e-9
    assert rheobase(model, found - 0.1) > twice


def test_holding_a_cell_down_takes_more_current() -> None:
    model = virtual_cell("RS1")
    assert rheobase(model, holding=-0.02) > rheobase(model) + 0.01


def test_cells_without_a_rheobase_say_why() -> None:
    passive = CellModel("leak", diameter=50.0, g_leak=0.05, e_leak=-70.0, g_na=0.0, g_kd=0.0, v_t=-50.0)
    with pytest.raises(EfeError, match="no sodium current"):
        rheobase(passive, 20.0)
    with pytest.raises(EfeError, match="at the holding current"):
        rheobase(virtual_cell("RS1"), 100.0, holding=0.3)


@pytest.mark.parametrize("protocol", ["IDthresh", "IDrest", "IV", "APWaveform", "APThreshold"])
def test_a_stimulus_is_that_of_the_samples(protocol: str) -> None:
    sample = samples.SAMPLES["RS1"]
    wanted = next(found for found in samples.PROTOCOLS if found.name == protocol)
    injection = dataclasses.replace(usual_injection(protocol), amp=0.13, holding=sample.holding)
    percent = 100.0 * 0.13 / sample.guess
    np.testing.assert_allclose(injection.current, wanted.current(percent, sample), atol=1e-12)
    assert injection.timings == pytest.approx({name: wanted.timings[name] for name in ("ton", "toff")})


def test_without_noise_the_sweep_is_the_simulation_to_the_converters_step() -> None:
    injection = Injection("IDthresh", 0.0613, ton=100.0, duration=200.0, holding=-0.01)
    model = virtual_cell("IB1")
    sweep = inject(model, injection)
    exact = simulate(model, injection.current, injection.dt)
    assert len(sweep.voltage) == 4000
    np.testing.assert_allclose(sweep.voltage * FINE.voltage_bit, exact, atol=0.5 * FINE.voltage_bit + 1e-9)
    np.testing.assert_allclose(sweep.current * FINE.current_bit, injection.current, atol=1e-12)


def test_noise_is_the_same_for_the_same_sweep_only() -> None:
    injection, model = Injection("IDthresh", 0.05, duration=50.0), virtual_cell("RS1")
    one, again, other = (inject(model, injection, NOISY, seed=3, number=n).voltage for n in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.std(one[:1000] * NOISY.voltage_bit) > 0.05
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amp": 3.1}, "amplitude"),
        ({"amp": math.nan}, "amplitude"),
        ({"holding": -4.0}, "holding"),
        ({"amp": 2.0, "holding": 2.0}, "together"),
        ({"ton": 0.0}, "onset"),
        ({"duration": 6000.0}, "duration"),
        ({"shape": "bell"}, "step or a ramp"),
    ],
)
def test_refuses_what_cannot_be_injected(fields: dict, words: str) -> None:
    with pytest.raises(EfeError, match=words):
        Injection("IDthresh", **fields)


def test_an_unknown_protocol_names_those_there_are() -> None:
    with pytest.raises(EfeError, match="Did you mean 'IDrest'"):
        usual_injection("IDrst")
