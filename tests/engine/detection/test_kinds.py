"""Which kind of stimulus a current is: currents made by hand, under what a rig does to them."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.detection import detect
from efewidgets.engine.detection.kinds import ECODES, Kind, kind_of, together
from efewidgets.engine.recordings.ecodes import FAMILIES

from .kind_currents import DRAWN, protocol

DT = 0.1  # ms


def current(ms: float, dt: float = DT) -> np.ndarray:
    return np.zeros(round(ms / dt))


def levels(ms: float, *parts: tuple[float, float, float], dt: float = DT) -> np.ndarray:
    """A current (nA) of constant levels: (from ms, to ms, nA)."""
    x = current(ms, dt)
    for start, end, height in parts:
        x[round(start / dt) : round(end / dt)] += height
    return x


def step(sign: float = 1.0) -> np.ndarray:
    return levels(1500, (300, 1100, 0.2 * sign))


def sahp(sign: float = 1.0) -> np.ndarray:
    return levels(2000, (150, 1700, 0.08 * sign), (500, 700, 0.2 * sign))


def pair(sign: float = 1.0) -> np.ndarray:
    return levels(1400, (200, 600, -0.1 * sign), (600, 1100, 0.15 * sign))


def ramp(sign: float = 1.0) -> np.ndarray:
    x = current(1800)
    x[3000:15000] = sign * np.linspace(0, 0.3, 12000)
    return x


def train(sign: float = 1.0) -> np.ndarray:
    return levels(600, *((80 + 25 * k, 82.5 + 25 * k, 1.5 * sign) for k in range(9)))


def brief(sign: float = 1.0) -> np.ndarray:
    return levels(500, (120, 123, 1.2 * sign))


def cheops(sign: float = 1.0) -> np.ndarray:
    t = np.arange(150_000) * DT
    tops = [(400, 6000), (8000, 11000), (12000, 14200)]
    return sign * 0.25 * sum(np.clip(1 - np.abs(2 * (t - a) / (b - a) - 1), 0, None) for a, b in tops)


def sine(sign: float = 1.0) -> np.ndarray:
    x, u = current(5000), np.arange(44000) * DT / 1e3
    x[3000:47000] = sign * 0.1 * np.sin(2 * np.pi * (1.0 * u + 2.0 * u**2))
    return x


def noise(sign: float = 1.0) -> np.ndarray:
    x, rng = current(3000), np.random.default_rng(3)
    kernel = np.exp(-np.arange(400) * DT / 5.0)
    x[3000:27000] = sign * (0.1 + 0.05 * np.convolve(rng.normal(size=24000), kernel, "same") / 5.0)
    return x


def capacitance(sign: float = 1.0) -> np.ndarray:
    return levels(900, *((100 + 75 * k, 130 + 75 * k, sign * 0.3 * (-1) ** k) for k in range(8)))


#: each kind that looks the same up and down
KINDS = {
    "step": step,
    "sAHP": sahp,
    "ramp": ramp,
    "pulse train": train,
    "short pulse": brief,
    "sine sweep": sine,
    "noise": noise,
    "capacitance check": capacitance,
}
#: those whose sign has a name
SIGNED = {
    "hyper-depolarising pair": (pair, 1.0),
    "de-hyperpolarising pair": (pair, -1.0),
    "cheops, up": (cheops, 1.0),
    "cheops, down": (cheops, -1.0),
}
EACH = [(name, make, sign) for name, make in KINDS.items() for sign in (1.0, -1.0)] + [
    (name, make, sign) for name, (make, sign) in SIGNED.items()
]
ids = [f"{name} {sign:+.0f}" for name, _, sign in EACH]
each_kind = pytest.mark.parametrize(("name", "make", "sign"), EACH, ids=ids)


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@each_kind
def test_each_kind_is_told_in_little_noise(name, make, sign):
    x = make(sign)
    found = kind_of(x + rng().normal(0, 0.01 * np.abs(x).max(), len(x)), DT)
    assert (found.name, found.sure) == (name, True), found
    assert found.ranked[0] == (name, found.confidence)
    assert found.reason
    assert found.ecode == ECODES[name]


@each_kind
def test_a_command_without_any_noise_is_told(name, make, sign):
    assert kind_of(make(sign), DT).name == name


@each_kind
@pytest.mark.parametrize("holding", [-0.35, 0.12])
def test_the_holding_current_changes_nothing(name, make, sign, holding):
    x = make(sign)
    x = x + rng().normal(0, 0.01 * np.abs(x).max(), len(x))
    assert kind_of(x + holding, DT).name == name


@each_kind
def test_a_converter_s_digits_change_nothing(name, make, sign):
    x = make(sign)
    digit = 0.02 * np.abs(x).max()
    x = np.round((x + rng().normal(0, 0.5 * digit, len(x))) / digit) * digit
    assert kind_of(x, DT).name == name


@each_kind
@pytest.mark.parametrize("scale", [1.0, 0.2, 20.0])
def test_of_each_size_in_nA(name, make, sign, scale):
    x = scale * make(sign)
    assert kind_of(x + rng().normal(0, 0.01 * np.abs(x).max(), len(x)), DT).name == name


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("make", [step, sahp, pair, ramp, sine, cheops, noise])
def test_a_test_pulse_before_a_longer_stimulus_is_not_taken_for_it(make, sign):
    x = make(1.0)
    plain = kind_of(x + rng().normal(0, 0.002, len(x)), DT).name
    x = x + levels(len(x) * DT, (20, 30, 0.08 * sign))
    assert kind_of(x + rng().normal(0, 0.002, len(x)), DT).name == plain


@pytest.mark.parametrize("make", [step, sahp, pair, ramp, sine, cheops])
def test_crosstalk_of_spikes_is_not_taken_for_a_stimulus(make):
    """60 to 80 action potentials of 1 ms, twice as high as the stimulus."""
    x = make(1.0)
    plain, top, r = kind_of(x + rng().normal(0, 0.002, len(x)), DT).name, np.abs(x).max(), rng()
    inside = np.flatnonzero(np.abs(x) > 0.2 * top)
    for at in r.choice(inside, 25):
        x[at : at + 10] += 2.0 * top
    assert kind_of(x + r.normal(0, 0.002, len(x)), DT).name == plain


def test_hum_upon_a_ramp_is_no_sine_sweep():
    x = ramp() + 0.012 * np.sin(2 * np.pi * 0.05 * np.arange(18000) * DT)
    assert kind_of(x + rng().normal(0, 0.001, len(x)), DT).name != "sine sweep"


@pytest.mark.parametrize("sigma", [0.0, 1e-4, 0.003, 0.02])
def test_nothing_is_nothing(sigma):
    x = rng().normal(-0.05, sigma, 20_000) if sigma else np.full(20_000, -0.05)
    found = kind_of(x, DT)
    assert (found.name, found.ecode, found.sure) == ("nothing", "", False)


def test_drift_and_hum_alone_are_never_offered():
    t = np.arange(20_000) * DT
    walk = np.cumsum(rng().normal(0, 1e-4, len(t)))
    hum = 0.02 * np.sin(2 * np.pi * 0.05 * t) + 0.006 * np.sin(2 * np.pi * 0.15 * t)
    for x in (1e-5 * t, walk, hum, hum + walk):
        assert not kind_of(x + rng().normal(0, 0.002, len(t)), DT).sure


def test_stairs_two_unlike_steps_and_a_triangle_are_no_known_stimulus():
    stairs = levels(2500, *((200 + 300 * k, 2000, 0.05) for k in range(5)))
    two = levels(2500, (200, 800, 0.1), (1200, 2100, -0.15))
    triangle = 0.2 * np.clip(1 - np.abs(np.arange(25_000) - 12_000) / 9000, 0, None)
    for x in (stairs, two, triangle):
        found = kind_of(x + rng().normal(0, 0.002, len(x)), DT)
        assert not found.sure, found


def test_a_lone_pulse_as_long_as_test_pulses_are_is_not_offered():
    found = kind_of(levels(1000, (50, 65, -0.05)) + rng().normal(0, 0.002, 10_000), DT)
    assert (found.name, found.sure) == ("short pulse", False)
    assert "test pulse" in found.reason


def test_a_step_that_drowns_in_noise_is_not_called_anything_else():
    x = levels(1500, (300, 1100, 0.002)) + rng().normal(0, 0.05, 15_000)
    found = kind_of(x, DT)
    assert found.name in ("nothing", "step", "something else")
    assert not (found.sure and found.name != "step")


@pytest.mark.parametrize("n", [0, 1, 5, 31, 40, 200])
def test_sweeps_too_short_to_tell_are_no_error(n):
    assert not kind_of(np.random.default_rng(n).normal(size=n), DT).sure


def test_gaps_in_a_current_are_no_error():
    x = step() + rng().normal(0, 0.002, 15_000)
    x[13_000:] = np.nan
    assert kind_of(x, DT).name == "step"
    assert kind_of(np.full(1000, np.nan), DT).name == "nothing"


def test_a_sampling_step_must_be_positive():
    with pytest.raises(ValueError, match="must be positive"):
        kind_of(step(), 0.0)


def test_kinds_are_read_by_ecodes_that_exist():
    assert {ecode for ecode in ECODES.values() if ecode} == set(FAMILIES)


# --- the sweeps of a protocol together


def said(name: str, confidence: float = 0.9) -> Kind:
    return Kind(name, confidence, name, ((name, confidence),))


def test_sweeps_that_show_nothing_do_not_vote():
    found = together([said("nothing")] * 6 + [said("ramp")] * 2)
    assert (found.name, found.sure, found.sweeps, found.agreeing) == ("ramp", True, 8, 2)


def test_a_stray_sweep_does_not_change_the_answer():
    found = together([said("step")] * 9 + [said("noise")])
    assert (found.name, found.confidence) == ("step", pytest.approx(0.9))


def test_a_protocol_of_two_minds_is_not_sure():
    found = together([said("step")] * 4 + [said("ramp")] * 4)
    assert not found.sure
    assert [name for name, _ in found.ranked] == ["step", "ramp"]


def test_one_sweep_of_several_is_less_sure_than_many():
    alone = together([said("nothing")] * 5 + [said("ramp", 0.7)])
    assert alone.confidence == pytest.approx(0.8 * 0.7)


@pytest.mark.parametrize(("part", "whole"), [("step", "sAHP"), ("step", "hyper-depolarising pair")])
def test_a_sweep_whose_other_level_is_zero_belongs_to_the_rest(part, whole):
    found = together([said(part)] * 2 + [said(whole)] * 4)
    assert (found.name, found.agreeing, found.sure) == (whole, 6, True)


def test_one_odd_sweep_does_not_make_steps_an_sahp():
    assert together([said("step")] * 9 + [said("sAHP")]).name == "step"


def test_a_single_pulse_among_trains_belongs_to_them():
    assert together([said("short pulse", 0.7)] + [said("pulse train")] * 3).name == "pulse train"


def test_no_sweep_is_no_error():
    assert (together([]).name, together([]).sure, together([]).sweeps) == ("nothing", False, 0)


def test_plain_data_says_the_method():
    found = together([said("ramp"), said("ramp"), said("step", 0.3)]).as_dict()
    assert (found["kind"], found["ecode"], found["method"], found["sweeps"]) == (
        *("ramp", "Ramp"),
        *("by the current", 3),
    )
    assert list(found["others"]) == ["step"]


@pytest.mark.parametrize("family", DRAWN)
def test_simulated_protocols_are_right_or_unsure(family):
    """Eight protocols on rigs of all sorts: none wrong for sure, most right."""
    found = [together(kind_of(x, dt) for x, dt in protocol(family, 500 + seed)) for seed in range(8)]
    assert {kind.ecode for kind in found if kind.sure} == {family}
    assert sum(kind.sure for kind in found) >= 5


def test_pulses_that_last_at_one_height_and_not_at_a_lower_one_are_no_error():
    """Lower runs are smoothed more, so that none may be left (a detector of trains raised ValueError here)."""
    for x, dt in protocol("HyperDePol", 26):
        assert detect("SpikeRec", x, dt).reason
