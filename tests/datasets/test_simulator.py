"""The virtual cells: right numbers, and the firing that their papers describe."""

from __future__ import annotations

import time
from math import exp

import numpy as np
import pytest

from efewidgets.datasets import stimuli
from efewidgets.datasets.models import PRESETS, CellModel, fast_spiking, regular_spiking
from efewidgets.datasets.simulator import FEW_SWEEPS, simulate
from efewidgets.engine.problems import EfeError

DT = 0.1


def spike_times(v: np.ndarray, dt: float = DT, threshold: float = -20.0) -> np.ndarray:
    """Return the upward crossings of the threshold (ms), interpolated."""
    k = np.flatnonzero((v[:-1] < threshold) & (v[1:] >= threshold))
    return (k + (threshold - v[k]) / (v[k + 1] - v[k])) * dt


def fire(model: CellModel, amp: float, duration: float = 1000.0, holding: float = 0.0) -> np.ndarray:
    """Return the spike times (ms after onset) in a step."""
    current = stimuli.step(amp, 100.0, 100.0 + duration, 150.0 + duration, DT, holding)
    return spike_times(simulate(model, current, DT)) - 100.0


# ------------------------------------------------------------------------------------------- numbers
def test_a_cell_of_leak_alone_charges_like_a_condenser() -> None:
    model = CellModel("leak", diameter=50.0, g_leak=0.05, e_leak=-70.0, g_na=0.0, g_kd=0.0, v_t=-50.0)
    v = simulate(model, stimuli.step(0.1, 50.0, 250.0, 300.0, DT), DT)
    area = np.pi * 50e-4 * 50e-4  # cm²
    resistance, tau = 1e-3 / (0.05e-3 * area * 1e6) * 1e3, 1.0 / 0.05  # MΩ, ms
    t = np.arange(3000) * DT
    charging = -70.0 + 0.1 * resistance * (1.0 - np.exp(-(t - 50.0) / tau))
    during = (t >= 50.0) & (t < 250.0)
    np.testing.assert_allclose(v[t < 50.0], -70.0, atol=1e-6)
    np.testing.assert_allclose(v[during], charging[during], atol=1e-6)


def pospischil_derivatives(_t: float, y: np.ndarray, current: float) -> list[float]:
    """Write out the regular-spiking cell of fig. 2 of the paper, in its own units (µA/cm², mS/cm²)."""
    v, m, h, n, p = y
    x = v + 56.2
    alpha_m, beta_m = -0.32 * (x - 13) / (exp(-(x - 13) / 4) - 1), 0.28 * (x - 40) / (exp((x - 40) / 5) - 1)
    alpha_h, beta_h = 0.128 * exp(-(x - 17) / 18), 4 / (1 + exp(-(x - 40) / 5))
    alpha_n, beta_n = -0.032 * (x - 15) / (exp(-(x - 15) / 5) - 1), 0.5 * exp(-(x - 10) / 40)
    p_inf, tau_p = 1 / (1 + exp(-(v + 35) / 10)), 608 / (3.3 * exp((v + 35) / 20) + exp(-(v + 35) / 20))
    density = current * 1e-3 / (np.pi * 61.4e-4**2)
    ionic = 0.0205 * (v + 70.3) + 56 * m**3 * h * (v - 50) + (6 * n**4 + 0.075 * p) * (v + 90)
    return [
        density - ionic,
        alpha_m * (1 - m) - beta_m * m,
        alpha_h * (1 - h) - beta_h * h,
        alpha_n * (1 - n) - beta_n * n,
        (p_inf - p) / tau_p,
    ]


def test_agrees_with_an_adaptive_solver_on_the_equations_of_the_paper() -> None:
    from scipy.integrate import solve_ivp

    ton, toff, end = 50.0, 350.0, 400.0
    # rest as the limit of the equations themselves, then the three pieces of the step
    y = solve_ivp(pospischil_derivatives, (0, 3e4), [-70, 0, 1, 0, 0], args=(0.0,), method="LSODA").y[:, -1]
    pieces = [y[:1]]
    for start, stop, current in ((0.0, ton, 0.0), (ton, toff, 0.15), (toff, end, 0.0)):
        at = np.linspace(start, stop, round((stop - start) / DT) + 1)
        s = solve_ivp(
            pospischil_derivatives, (start, stop), y, "LSODA", at, args=(current,), rtol=1e-9, atol=1e-10
        )
        y = s.y[:, -1]
        pieces.append(s.y[0, 1:])
    reference = np.concatenate(pieces)[:-1]
    v = simulate(regular_spiking(), stimuli.step(0.15, ton, toff, end, DT), DT)

    expected, found = spike_times(reference), spike_times(v)
    assert len(found) == len(expected) == 6
    np.testing.assert_allclose(found, expected, atol=0.2)
    np.testing.assert_allclose(found[0], expected[0], atol=0.01)
    silent = np.arange(len(v)) * DT < expected[0] - 2.0
    np.testing.assert_allclose(v[silent], reference[silent], atol=0.005)
    assert v.max() == pytest.approx(reference.max(), abs=1.0)


@pytest.mark.parametrize("kind", PRESETS)
def test_a_finer_step_changes_little(kind: str) -> None:
    model = PRESETS[kind]()
    current = stimuli.step(3e-3 * model.area * 1e6, 50.0, 250.0, 270.0, DT)  # 3 µA/cm²
    times = [spike_times(simulate(model, current, DT, h)) for h in (0.02, 0.01, 0.005)]
    assert len(times[0]) == len(times[1]) == len(times[2]) >= 2
    coarse, fine = (np.abs(t[0] - times[2][0]) for t in times[:2])
    assert coarse < 0.1
    assert fine < 0.6 * coarse  # falls at least like the step; like its square without a T current
    if not model.g_t:
        assert fine < 0.3 * coarse
        assert coarse < 0.02


@pytest.mark.parametrize("kind", PRESETS)
def test_many_sweeps_give_what_single_sweeps_give(kind: str) -> None:
    model = PRESETS[kind]()
    amps = np.linspace(-0.3, 1.0, FEW_SWEEPS)
    currents = np.array([stimuli.step(amp, 20.0, 100.0, 120.0, DT, -0.01) for amp in amps])
    together = simulate(model, currents, DT)
    assert together.shape == currents.shape
    alone = np.array([simulate(model, current, DT) for current in currents])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_the_same_current_sampled_finer_gives_the_same_voltage() -> None:
    current = stimuli.step(0.12, 20.0, 180.0, 200.0, DT)
    v, finer = (simulate(regular_spiking(), np.repeat(current, k), DT / k, 0.02) for k in (1, 5))
    np.testing.assert_allclose(finer[::5], v, atol=1e-6)


@pytest.mark.parametrize("kind", PRESETS)
def test_rest_is_where_the_cell_stays(kind: str) -> None:
    model = PRESETS[kind]()
    rest = model.resting_potential()
    assert abs(float(model.ionic_current(rest))) < 1e-6
    assert model.e_k < rest < -60.0
    np.testing.assert_allclose(simulate(model, np.zeros(5000), DT), rest, atol=0.05)


def test_rest_of_the_fitted_regular_spiking_cell() -> None:
    assert regular_spiking().resting_potential() == pytest.approx(
        -71.9, abs=0.05
    )  # Lemaire's PySONIC, same cell


def test_a_recording_starts_settled_under_the_holding_current() -> None:
    model = regular_spiking()
    v = simulate(model, np.full(5000, -0.02), DT)
    assert v[0] < model.resting_potential() - 5.0
    np.testing.assert_allclose(v, v[0], atol=0.05)


@pytest.mark.parametrize("dt", [0.013, 0.1, 1.0])
@pytest.mark.parametrize("kind", PRESETS)
def test_stays_finite_whatever_is_injected(kind: str, dt: float) -> None:
    model = PRESETS[kind]()
    random = np.random.default_rng(1)
    noise = random.normal(0.0, 3.0, 300)
    extreme = np.concatenate([np.full(100, 20.0), np.full(100, -20.0), np.full(100, 20.0)])
    v = simulate(model, [noise, extreme], dt)
    assert v.shape == (2, 300)
    assert np.all(np.isfinite(v))


def test_without_a_large_current_v_stays_between_the_reversal_potentials() -> None:
    model = regular_spiking()
    v = simulate(model, stimuli.step(0.3, 20.0, 480.0, 500.0, DT), DT)
    assert model.e_k < v.min()
    assert 20.0 < v.max() < model.e_na


@pytest.mark.parametrize(
    ("current", "dt", "words"),
    [
        ([0.0, np.nan], 0.1, "finite"),
        ([], 0.1, "finite"),
        (np.zeros((2, 2, 2)), 0.1, r"\(2, 2, 2\)"),
        (0.1, 0.1, "finite"),
        ([0.0, 0.1], 0.0, "dt"),
        ([0.0, 0.1], float("nan"), "dt"),
    ],
)
def test_refuses_what_is_no_current(current: object, dt: float, words: str) -> None:
    with pytest.raises(EfeError, match=words):
        simulate(regular_spiking(), current, dt)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"diameter": 0.0}, {"g_m": -1.0}, {"tau_max": float("nan")}, {"g_leak": 0.0}]
)
def test_refuses_impossible_cells(change: dict[str, float]) -> None:
    with pytest.raises(EfeError, match=next(iter(change))):
        regular_spiking(**change)


def test_fast_enough_for_a_slider() -> None:
    current = stimuli.step(0.15, 200.0, 900.0, 1000.0, DT)
    simulate(regular_spiking(), current[:10], DT)
    taken = []
    for _ in range(3):
        start = time.process_time()
        simulate(regular_spiking(g_m=0.07), current, DT)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.5  # s of the processor; 0.1 s on a laptop


# ------------------------------------------------------------------------------------------- firing
def test_regular_spiking_cells_adapt_and_fast_spiking_ones_do_not() -> None:
    isi = np.diff(fire(regular_spiking(), 0.13))
    assert len(isi) >= 5
    assert isi[-1] > 1.5 * isi[0]
    isi = np.diff(fire(fast_spiking(), 0.6))
    assert len(isi) > 50
    assert isi[-1] == pytest.approx(isi[1], rel=0.02)


def test_fast_spiking_cells_have_narrower_spikes_and_fire_faster() -> None:
    def half_width(model: CellModel, amp: float) -> float:
        v = simulate(model, stimuli.step(amp, 20.0, 200.0, 220.0, 0.01), 0.01)
        peak = int(np.argmax(v))
        around = v[peak - 200 : peak + 300]
        return float(np.count_nonzero(around > (v[peak] - 50.0) / 2.0) * 0.01)

    assert half_width(fast_spiking(), 0.8) < half_width(regular_spiking(), 0.13)
    assert len(fire(fast_spiking(), 2 * 0.435)) > 3 * len(fire(regular_spiking(), 2 * 0.06))


@pytest.mark.parametrize("kind", PRESETS)
def test_rate_grows_with_current(kind: str) -> None:
    model = PRESETS[kind]()
    amps = np.array([0.0, 1.0, 2.0, 3.0, 4.0]) * 1e-3 * model.area * 1e6  # µA/cm²
    counts = [len(fire(model, amp, 400.0)) for amp in amps]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] > 5


def test_bursting_cell_opens_with_a_burst() -> None:
    isi = np.diff(fire(PRESETS["IB"](), 0.65))
    assert len(isi) >= 4
    assert np.all(isi[:2] < 12.0)
    assert isi[-1] > 3.0 * isi[0]


def test_low_threshold_cell_fires_on_rebound() -> None:
    release = stimuli.step(-0.1, 100.0, 600.0, 1000.0, DT)
    for kind, spikes in (("LTS", True), ("RS", False), ("FS", False)):
        after = spike_times(simulate(PRESETS[kind](e_leak=-70.0), release, DT))
        assert (len(after) > 0) == spikes, kind
        assert np.all(after > 600.0)


def test_sag_comes_from_ih() -> None:
    def sag(model: CellModel) -> float:
        v = simulate(model, stimuli.step(-0.06, 100.0, 700.0, 750.0, DT), DT)
        return float(v[6900] - v[1000:7000].min())

    assert sag(PRESETS["RS_sag"]()) > 1.5
    assert sag(PRESETS["RS_sag"](g_h=0.0)) < 0.1
    assert sag(regular_spiking()) < 0.1
