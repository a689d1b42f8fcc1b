"""What kind of stimulus a current is: hand-made currents of each family, rigs, and what is unclear."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.detection.kind import ECODES, kinds_of, kinds_of_protocol

DT = 0.04  # ms


def rest(ms: float, holding: float = -0.02) -> np.ndarray:
    return np.full(round(ms / DT), holding)


def at(ms: float) -> int:
    return round(ms / DT)


def levels(ms: float, *parts: tuple[float, float, float]) -> np.ndarray:
    """Holding current for so many ms, on which stretches (ms, ms, nA) stand."""
    x = rest(ms)
    for start, end, nA in parts:
        x[at(start) : at(end)] += nA
    return x


def ramp(nA: float) -> np.ndarray:
    x = rest(1600)
    x[at(150) : at(1350)] += np.linspace(0, nA, at(1350) - at(150))
    return x


def cheops(nA: float) -> np.ndarray:
    x = rest(7000)
    for start, end in ((300, 3300), (3700, 5200), (5600, 6600)):
        half = at((end - start) / 2)
        x[at(start) : at(start) + half] += np.linspace(0, nA, half)
        x[at(start) + half : at(start) + 2 * half] += np.linspace(nA, 0, half)
    return x


def sweep_of_sines(nA: float) -> np.ndarray:
    """Chirp from 1 to 19 Hz in 4 s."""
    x = rest(4600)
    t = np.arange(at(4000)) * DT / 1e3
    x[at(300) : at(300) + len(t)] += nA * np.sin(2 * np.pi * (1.0 * t + 18.0 * t**2 / 8.0))
    return x


def ornstein(nA: float) -> np.ndarray:
    """Noise with a time constant of 4 ms (Ornstein & Uhlenbeck)."""
    x, rng, y = rest(2600), np.random.default_rng(8), 0.0
    for k in range(at(300), at(2300)):
        y += -y * DT / 4.0 + (2 * DT / 4.0) ** 0.5 * rng.normal()
        x[k] += nA * y
    return x


CURRENTS = {
    "step": levels(1300, (210, 870, 0.13)),
    "step down": levels(900, (95, 410, -0.07)),
    "short pulse": levels(260, (80, 81.4, 1.7)),
    "pulse train": levels(400, *((40 + 31 * k, 42.2 + 31 * k, 1.1) for k in range(7))),
    "capacitance check": levels(900, *((100 + 80 * k, 130 + 80 * k, 0.06 * (-1) ** k) for k in range(8))),
    "ramp": ramp(0.31),
    "ramp down": ramp(-0.2),
    "sAHP": levels(2400, (180, 1900, 0.06), (530, 690, 0.21)),
    "hyper-depolarising": levels(1500, (140, 520, -0.09), (520, 1100, 0.14)),
    "de-hyperpolarising": levels(1500, (140, 520, 0.16), (520, 1100, -0.07)),
    "cheops": cheops(0.27),
    "negative cheops": cheops(-0.22),
    "sine sweep": sweep_of_sines(0.08),
    "noise": ornstein(0.05),
    "nothing": rest(700),
}


def kind(name: str) -> str:
    return name.removesuffix(" down")


def rigs(x: np.ndarray, name: str) -> np.ndarray:
    rng, t = np.random.default_rng(5), np.arange(len(x)) * DT
    if name == "noise":
        return x + rng.normal(0, 0.002, len(x))
    if name == "hum":
        return x + 0.002 * np.sin(2 * np.pi * 60e-3 * t) + rng.normal(0, 0.0005, len(x))
    if name == "coarse":
        return np.round((x + rng.normal(0, 0.0008, len(x))) / 0.002) * 0.002
    if name == "drift":
        return x + 0.003 * t / t[-1] + rng.normal(0, 0.0005, len(x))
    return x


@pytest.mark.parametrize("rig", ["command", "noise", "hum", "coarse", "drift"])
@pytest.mark.parametrize("name", CURRENTS)
def test_each_kind_is_told_or_unsure_but_never_another(name, rig):
    guess = kinds_of(rigs(CURRENTS[name], rig), DT)[0]
    assert guess.kind == kind(name) or not guess.sure, guess


@pytest.mark.parametrize("name", CURRENTS)
def test_each_kind_is_told_in_an_ordinary_recording(name):
    guess = kinds_of(rigs(CURRENTS[name], "noise"), DT)[0]
    assert guess.kind == kind(name)
    assert guess.sure
    assert guess.evidence


def test_times_and_step_say_the_same():
    x = rigs(CURRENTS["sAHP"], "noise")
    assert kinds_of(x, DT) == kinds_of(x, np.arange(len(x)) * DT)


def test_evidence_has_the_numbers():
    guess = kinds_of(rigs(CURRENTS["step"], "noise"), DT)[0]
    assert guess.evidence == "one level of +130 pA from 210 to 870 ms"


def test_test_pulse_makes_no_step_a_pair():
    x = rigs(levels(1300, (60, 80, -0.05), (310, 970, 0.13)), "noise")
    assert kinds_of(x, DT)[0].kind == "step"


def test_crosstalk_of_action_potentials_makes_no_step_a_train():
    x = rigs(CURRENTS["step"], "noise")
    for ms in (240, 330, 431, 560, 702):
        x[at(ms) : at(ms + 0.8)] += 0.06
    assert kinds_of(x, DT)[0].kind == "step"


def test_noise_of_the_rig_alone_is_nothing():
    x = np.random.default_rng(2).normal(0.1, 0.004, 20_000)
    assert kinds_of(x, 0.1)[0].kind == "nothing"


def test_a_single_digit_of_the_converter_is_nothing():
    x = np.round(np.random.default_rng(2).normal(0, 0.0002, 20_000) / 0.0005) * 0.0005
    assert not (kinds_of(x, 0.1)[0].sure and kinds_of(x, 0.1)[0].kind != "nothing")


@pytest.mark.parametrize("x", [np.zeros(3), np.full(500, np.nan), np.zeros(0)], ids=["few", "NaN", "none"])
def test_no_current_is_unsure(x):
    assert not kinds_of(x, DT)[0].sure


def test_times_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="must rise"):
        kinds_of(np.zeros(100), np.zeros(100))


def test_sweeps_that_show_nothing_have_no_vote():
    """An IV: the sweep in the middle has no step."""
    sweeps = [(rigs(levels(900, (95, 410, a)), "noise"), DT) for a in (-0.1, -0.05, 0.0, 0.05, 0.1)]
    first, *_ = kinds_of_protocol(sweeps)
    assert (first.kind, first.sure) == ("step", True)
    assert "4 of 5 sweeps" in first.evidence


def test_sweeps_of_two_kinds_are_unsure():
    sweeps = [(rigs(CURRENTS[name], "noise"), DT) for name in ("step", "ramp")]
    assert not kinds_of_protocol(sweeps)[0].sure


def test_protocol_without_sweeps_has_no_kind():
    assert kinds_of_protocol([]) == []


def test_every_kind_is_read_by_a_family_that_exists():
    from efewidgets.engine.recordings.ecodes import FAMILIES

    assert {ecode for ecode in ECODES.values() if ecode} <= set(FAMILIES)
