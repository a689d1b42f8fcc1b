"""Long arrays say what whole ones say, wherever their blocks end."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import median_filter

from efewidgets.engine.detection.brief import runs
from efewidgets.engine.long import array, looks
from efewidgets.engine.long.made import Held

N = 5003


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks and long arrays are short, and borders fall everywhere."""
    monkeypatch.setattr(array, "LONG", 100)
    monkeypatch.setattr(looks, "BLOCK", 37)


@pytest.fixture
def numbers() -> np.ndarray:
    return np.random.default_rng(0).integers(-300, 300, N).astype(np.int16)


def converted(stored: Any) -> Any:
    """Bring 16-bit numbers to mV, as a reader and the units of the field do."""
    return np.multiply(stored, 3.05e-5, dtype=np.float64).astype(np.float32) * 1e3


SAID: dict[str, Callable[[Any], Any]] = {
    "all": lambda x: x,
    "less a median": lambda x: x - np.median(x[:100]) + 3.0,
    "a stretch": lambda x: x[7:4000],
    "backwards": lambda x: x[::-1],
    "every third": lambda x: x[::3],
    "some": lambda x: x[np.array([-1, 5, 4000])],
    "where": lambda x: x[x > 2.0],
    "ends": lambda x: [np.min(x), np.max(x), np.ptp(x), np.fmin.reduce(x), x.max(initial=0.0)],
    "median of even and odd many": lambda x: [np.median(x), np.median(x[1:])],
    "median of few values": lambda x: np.median(np.sign(x)),
    "quantiles": lambda x: np.quantile(x.astype(float), (0.0, 0.1, 0.97, 1.0)),
    "order": lambda x: [np.partition(x, k)[k] for k in (0, 17, 2500, 5002)],
    "differences": lambda x: np.abs(np.diff(x, 2)),
    "places": lambda x: np.flatnonzero(x > 5.0),
    "first places": lambda x: [np.argmax(x), np.argmin(x), np.argmax(x > 5.0), np.argmax(x > 1e9)],
    "values": lambda x: np.unique(x),
    "count": lambda x: [np.count_nonzero(x > 0), np.size(x), (x > 0).sum()],
    "all and any": lambda x: [np.isfinite(x).all(), (x > 0).all(), (x > 0).any(), (x > 1e9).any()],
    "choice": lambda x: np.where(x > 0, np.abs(x), 0.0),
    "middle of rows": lambda x: np.partition(x[:5000].reshape(-1, 50), 25, axis=1)[:, 25].copy(),
    "medians of rows": lambda x: np.median(x[:5000].reshape(-1, 10), axis=1),
    "means of rows": lambda x: x[:5000].reshape(-1, 10)[1:-1].mean(axis=1),
    "spread of rows": lambda x: x[:5000].reshape(-1, 10).std(axis=1),
    "rows less a column": lambda x: (x[:5000].reshape(-1, 10) - x[:500].astype(float)[:, None]).ravel()[::7],
    "some rows": lambda x: x[:5000].reshape(-1, 10)[np.arange(500) % 2 == 0].ravel(),
    "stretches": lambda x: np.maximum.reduceat(x, np.arange(0, 5003, 90)),
    "one after the other": lambda x: np.concatenate([x, x[:50]]),
    "what isn't known": lambda x: np.clip(x, -1.0, 1.0),
    "scalars of numpy": lambda x: np.float64(2) * x + np.float32(1),
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_says_what_the_whole_says(said: Callable[[Any], Any], numbers: np.ndarray) -> None:
    long, short = said(converted(array.as_long(numbers))), said(converted(numbers))
    assert np.asarray(long).dtype == np.asarray(short).dtype
    np.testing.assert_array_equal(np.asarray(long), np.asarray(short))


def test_no_more_is_held_than_is_stored(numbers: np.ndarray) -> None:
    long = converted(array.as_long(numbers))
    assert long.dtype == np.float32
    assert long.nbytes == (np.abs(long - 3.0) > 2.0).nbytes == 2 * N


def test_what_is_short_is_an_array_of_numpys(numbers: np.ndarray) -> None:
    long = converted(array.as_long(numbers))
    assert isinstance(long[:100], np.ndarray)
    assert isinstance(long[:101], array.LongArray)
    assert isinstance(array.lean(numbers[:100]), np.ndarray)


@pytest.mark.parametrize("width", [20, 21])
def test_sums_over_windows_are_the_whole_ones_to_rounding(width: int, numbers: np.ndarray) -> None:
    kernel = np.full(width, 1.0 / width)
    long = np.convolve(array.as_long(numbers).astype(float), kernel, mode="same")
    np.testing.assert_allclose(long, np.convolve(numbers.astype(float), kernel, mode="same"), atol=1e-12)


def test_a_copy_is_set_and_what_was_made_before_stays(numbers: np.ndarray) -> None:
    long, short = converted(array.as_long(numbers)), converted(numbers).copy()
    before, copy = long * 2, long.copy()
    for first, last, value in ((30, 200, 0.0), (150, 400, 1.0), (4990, N, -50.0)):
        copy[first:last] = value
        short[first:last] = value
    np.testing.assert_array_equal(np.asarray(copy), short)
    assert (np.min(copy), np.max(copy)) == (np.min(short), np.max(short))
    np.testing.assert_array_equal(looks.runs(copy > 2.0), runs(short > 2.0))
    np.testing.assert_array_equal(np.asarray(before), converted(numbers) * 2)
    np.testing.assert_array_equal(np.asarray(long), converted(numbers))


def test_runs_end_at_the_borders_of_blocks_and_beyond_them() -> None:
    flags = np.zeros(37 * 5, dtype=bool)
    for first, last in ((0, 37), (74, 80), (100, 150), (180, 185)):
        flags[first:last] = True
    expected = [[0, 37], [74, 80], [100, 150], [180, 185]]
    assert looks.runs(array.as_long(flags)).tolist() == runs(flags).tolist() == expected
    assert looks.last_place(array.as_long(flags)) == 184
    assert looks.last_place(array.as_long(~flags)) == 179
    assert looks.last_place(array.as_long(np.zeros(90, dtype=bool))) is None


def test_a_running_median_is_that_of_the_whole(numbers: np.ndarray) -> None:
    half = 7
    long = array.windowed(array.as_long(numbers), half, partial(_filtered, half=half))
    np.testing.assert_array_equal(np.asarray(long), median_filter(numbers, size=2 * half + 1))


def _filtered(stretch: np.ndarray, half: int) -> np.ndarray:
    return median_filter(stretch, size=2 * half + 1)[half:-half]


def test_values_that_are_held_are_repeated() -> None:
    held, whole = Held(np.arange(5.0), 7, 38), np.repeat(np.arange(5.0), [7, 7, 7, 7, 10])
    for first in range(38):
        for last in range(first, 39):
            np.testing.assert_array_equal(held.part(first, last), whole[first:last])


def test_goes_to_another_process(numbers: np.ndarray) -> None:
    long = converted(array.as_long(numbers))
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(long))), converted(numbers))
