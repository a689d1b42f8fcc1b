"""A trace on eFEL's grid: the same at every point as its formula, point by point, has it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from efewidgets.engine.traces.interpolation import Interpolated
from efewidgets.engine.traces.trace import Trace


def as_in_efel(t, v, grid):
    """Return the potentials in plain Python, in the order of operations of eFEL's LinearInterpolation."""
    found, k = [], 0
    for x in grid.tolist():
        while k < len(t) - 2 and t[k + 1] < x:
            k += 1
        if x > t[-1]:
            found.append(float(v[-1]))
        else:
            a, b = float(v[k]), float(v[k + 1])
            found.append(a + (b - a) / (float(t[k + 1]) - float(t[k])) * (x - float(t[k])))
    return found


@given(
    n=st.integers(3, 60),
    dt=st.sampled_from([0.1, 0.05, 0.02, 1 / 7, 0.025, 1.0]),
    step=st.sampled_from([0.025, 0.1, 0.03, 2.0]),
    kind=st.sampled_from(["f4", "f8"]),
    shared=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_potential(n, dt, step, kind, shared, seed):
    random = np.random.default_rng(seed)
    t = np.arange(n) * dt + random.integers(0, 2) * random.random()
    t.flags.writeable = not shared
    for _ in range(2):  # the second trace finds what is remembered of the first one's times
        v = (40 * random.standard_normal(n)).astype(kind)
        trace = Interpolated(t, v, step)
        expected = as_in_efel(t, v, trace.grid)
        assert trace.potential().tolist() == expected
        points = np.sort(random.integers(0, len(trace.grid), 9))
        assert trace.potential(points).tolist() == [expected[k] for k in points]


def test_times_of_sweeps_that_are_alike_are_shared():
    one, two, other = (Trace(np.zeros(n), np.zeros(n), 0.1, "ms") for n in (100, 100, 101))
    assert one.time is two.time
    assert len(other.time) == 101
    assert not one.time.flags.writeable
