"""Whatever the current is, an answer comes, it is consistent, and it is never surely wrong."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efewidgets.engine.detection import detect
from tests.engine.detection.stimuli import RIGS, TIMINGS, recorded
from tests.engine.detection.truth import verdict


def outcome(family: str, rig: str, size: float, seed: int) -> str:
    stimulus, current = recorded(family, rig, size, seed)
    dt = stimulus.dt
    window = detect(family, current, dt)
    pulses = [(a * dt, b * dt) for a, b in stimulus.pulses]
    return verdict(family, window, tuple(v * dt for v in stimulus.edges.values()), pulses)


@pytest.mark.parametrize("family", TIMINGS)
def test_no_rig_makes_a_wrong_answer_sure(family):
    seen = {
        (rig, size, seed): outcome(family, rig, size, seed)
        for rig, sizes in RIGS.items()
        for size in sizes
        for seed in range(3)
    }
    assert [key for key, what in seen.items() if what == "silent"] == []


@pytest.mark.parametrize("rig", ["white", "hum", "ringing", "test_pulse", "artefact", "spikes", "clipping"])
def test_steps_are_found_on_bad_rigs(rig):
    size = RIGS[rig][0]
    assert [outcome("Step", rig, size, seed) for seed in range(8)].count("hit") >= 7


CURRENTS = st.one_of(
    st.lists(st.floats(-5, 5), max_size=80).map(np.array),
    st.tuples(st.integers(0, 3000), st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2, 3, 4])).map(
        lambda spec: _odd(*spec)
    ),
)


def _odd(n: int, seed: int, kind: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, n)
    if kind == 1:
        x = np.cumsum(x)
    elif kind == 2:
        x = np.repeat(rng.normal(size=6), n // 6 + 1)[:n]
    elif kind == 3:
        x[rng.random(n) < 0.3] = np.nan
    elif kind == 4:
        x = np.where(rng.random(n) < 0.01, 1.0, 0.0)
    return x


@settings(max_examples=150, deadline=None)
@given(
    family=st.sampled_from(sorted(TIMINGS)),
    current=CURRENTS,
    dt=st.sampled_from([0.01, 0.1, 1.0]),
    data=st.data(),
)
def test_any_current_gets_a_consistent_answer(family, current, dt, data):
    n = len(current)
    names = data.draw(st.lists(st.sampled_from(TIMINGS[family]), unique=True, max_size=3))
    names.sort(key=TIMINGS[family].index)
    places = data.draw(
        st.lists(st.integers(0, n), min_size=len(names), max_size=len(names), unique=True)
        if n >= len(names)
        else st.just([])
    )
    known = dict(zip(names, sorted(places), strict=False))
    window = detect(family, current, dt, known)
    assert 0.0 <= window.confidence <= 1.0
    assert window.reason
    assert (window.n, window.dt) == (n, dt)
    assert {k: window.edges.get(k) for k in known} == known
    if window.sure:
        assert tuple(window.edges) == TIMINGS[family]
        assert all(a < b for a, b in itertools.pairwise(window.edges.values()))
        assert all(0 <= v <= n for v in window.edges.values())


def test_input_is_not_changed():
    x = np.random.default_rng(0).normal(0, 0.1, 5000).astype(np.float32)
    x[10:20] = np.nan
    before = x.copy()
    detect("Step", x, 0.1)
    np.testing.assert_array_equal(x, before)


def test_nan_tail_is_left_out():
    """As in VU files, whose sweeps are padded with NaN."""
    x = np.random.default_rng(0).normal(0, 0.002, 20000)
    x[5000:12000] += 0.1
    x[15000:] = np.nan
    window = detect("Step", x, 0.1)
    assert window.sure
    assert window.edges == {"ton": 5000, "toff": 12000}
    assert window.n == 20000


@pytest.mark.parametrize("current", [np.zeros(1000), np.full(1000, np.nan), np.array([]), np.zeros(5)])
def test_nothing_to_see_is_said(current):
    window = detect("Step", current, 0.1)
    assert not window.edges
    assert window.confidence == 0.0
    assert window.reason


def test_unknown_family_and_impossible_step():
    with pytest.raises(ValueError, match="'Zap'"):
        detect("Zap", np.zeros(100), 0.1)
    with pytest.raises(ValueError, match="positive"):
        detect("Step", np.zeros(100), 0.0)


def _memory_of(value, seen):
    """Return the bytes that arrays within a result keep, those that they are views of included."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        owner = value if value.base is None else value.base
        return getattr(owner, "nbytes", value.nbytes)
    if isinstance(value, dict):
        return sum(_memory_of(one, seen) for one in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return sum(_memory_of(one, seen) for one in value)
    return _memory_of(vars(value), seen) if hasattr(value, "__dict__") else 0


@pytest.mark.parametrize(
    "family", ["Step", "SAHP", "Ramp", "HyperDePol", "SpikeRec", "SineSpec", "PinkNoise"]
)
def test_what_is_found_does_not_keep_the_samples(family):
    """Of a sweep of 800 kB 20 kB; with a view on all samples, each of a thousand sweeps would stay in memory."""
    x = np.random.default_rng(0).normal(0, 0.002, 100_000)
    x[20_000:60_000] += 0.1
    window = detect(family, x, 0.1)
    assert _memory_of(vars(window), set()) < 20_000
