"""A recording that is looked at block by block is what it is when looked at as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from efewidgets.engine.detection import detect, edges, long_current, long_split
from efewidgets.engine.long import array, looks
from efewidgets.engine.long import memory as long_memory
from efewidgets.engine.readers import each_sweep
from efewidgets.engine.recordings.reading import read_file
from efewidgets.engine.traces import long_interpolation, long_spikes
from efewidgets.engine.traces.decimate import min_max_indices, min_max_of
from efewidgets.engine.traces.long_thinning import RUN
from efewidgets.engine.traces.spikes import peak_times

DT = 0.1  # ms
N = 60_000


def step(at: np.ndarray) -> np.ndarray:
    return 0.2 * ((at >= 20_011) & (at < 40_007))


def long_step(at: np.ndarray) -> np.ndarray:
    """Add a short step on a long one."""
    return 0.1 * ((at >= 9_000) & (at < 50_000)) + 0.2 * ((at >= 22_000) & (at < 25_000))


def pulses(at: np.ndarray) -> np.ndarray:
    return 1.5 * ((at % 2_000 < 30) & (at >= 4_000) & (at < 50_000))


def brief(at: np.ndarray) -> np.ndarray:
    """Add pulses of 3 ms, as a gap-free recording has them."""
    return 0.8 * ((at % 20_000 >= 9_985) & (at % 20_000 < 10_015))


def ramp(at: np.ndarray) -> np.ndarray:
    return np.where((at >= 10_000) & (at < 45_000), 0.4 * (at - 10_000) / 35_000, 0.0)


def triangles(at: np.ndarray) -> np.ndarray:
    found = np.zeros(len(at))
    for first, last in ((8_000, 18_000), (24_000, 34_000), (40_000, 50_000)):
        found += 0.3 * np.clip(1.0 - np.abs(at - (first + last) / 2) / ((last - first) / 2), 0.0, 1.0)
    return found


def sine(at: np.ndarray) -> np.ndarray:
    inside = (at >= 6_000) & (at < 52_000)
    return 0.15 * inside * np.sin((at - 6_000) ** 2 / 2e7)


def nothing(at: np.ndarray) -> np.ndarray:
    return np.zeros(len(at))


def noisy(at: np.ndarray) -> np.ndarray:
    inside = (at >= 6_000) & (at < 52_000)
    return 0.1 * inside * np.random.default_rng(5).normal(size=len(at))


def sweep(
    stimulus: Callable[[np.ndarray], np.ndarray], noise: float = 0.002, drift: float = 0.0
) -> dict[str, Any]:
    """Return a sweep of 16-bit numbers (mV, nA) with spikes wherever a border of blocks of 997 samples may fall."""
    rng, at = np.random.default_rng(1), np.arange(N)
    current = stimulus(at) + rng.normal(0.0, noise, N) + drift * at / N
    voltage = -70.0 + 40.0 * np.clip(stimulus(at), -0.2, 0.2) + rng.normal(0.0, 0.3, N)
    for peak in range(11_000, 48_000, 991):  # one is at the border of a block now and then
        voltage[peak - 6 : peak + 7] += 90.0 * np.exp(-((np.arange(-6, 7) / 3.0) ** 2))
    numbers = {"voltage": np.round(voltage / 0.01), "current": np.round(current / 2e-4)}
    units = {"dt": DT, "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    scaled = {
        name: (values.astype(np.int16) * (0.01 if name == "voltage" else 2e-4)).astype(np.float32)
        for name, values in numbers.items()
    }
    return {**scaled, **units, "id": "sweep 1"}


def looked_at_in_blocks(monkeypatch: pytest.MonkeyPatch, block: int = 997) -> None:
    monkeypatch.setattr(array, "LONG", 3_000)
    monkeypatch.setattr(long_memory, "LONG", 3_000)
    monkeypatch.setattr(looks, "BLOCK", block)
    monkeypatch.setattr(long_interpolation, "_KEPT_EVERY", 512)
    monkeypatch.setattr(long_spikes, "_TOGETHER", 700)


def read(found: dict[str, Any], ecode: str, **said: Any) -> tuple[Any, list[Any]]:
    recordings, problems = read_file(
        {"filepath": "x.own", "ecode": ecode, **said},
        "Protocol",
        lambda metadata: [found],
        keep_samples=False,
    )
    return (recordings[0] if recordings else None), problems


def facts(recording: Any) -> dict[str, Any]:
    """Return all that was found of a recording, plain."""
    window = recording.window
    names = (*recording.timings, *recording.amplitudes, "hypamp", "tend", "dt")
    found = {name: getattr(recording, name) for name in names}
    found |= {"peaks": recording.peak_time, "artefacts": recording.artefact_time, "scale": recording.scale}
    found |= {"fingerprint": recording.fingerprint, "from": recording.timing_from, "told": recording.problems}
    found |= {"membrane": recording.membrane, "holding": recording.holding_from}
    if recording.timing_from != "lost":
        found["threshold"] = recording.auto_threshold
    if window is not None:
        found |= {"edges": dict(window.edges), "confidence": window.confidence, "reason": window.reason}
        found |= {"boxes": [(b.start, b.end, b.amplitude) for b in window.boxes], "pulses": window.pulses}
        found |= {"noise": window.noise, "doubt": window.doubt, "outline": window.outline}
    return found


CASES = [
    ("step", step, {}),
    ("step", step, {"drift": 0.1}),
    ("step", step, {"noise": 0.15}),
    ("step", brief, {}),
    ("step", pulses, {}),
    ("step", nothing, {}),
    ("step", nothing, {"noise": 0.0}),
    ("sahp", long_step, {}),
    ("hyperdepol", long_step, {}),
    ("spikerec", pulses, {}),
    ("spikerec", brief, {}),
    ("capcheck", pulses, {}),
    ("ramp", ramp, {}),
    ("ramp", step, {}),
    ("poscheops", triangles, {}),
    ("negcheops", lambda at: -triangles(at), {}),
    ("sinespec", sine, {}),
    ("pinknoise", noisy, {}),
]


@pytest.mark.parametrize("block", [997, 4096])
@pytest.mark.parametrize(("ecode", "stimulus", "how"), CASES)
def test_all_that_is_found_is_the_same(
    ecode: str,
    stimulus: Callable[[np.ndarray], np.ndarray],
    how: dict[str, float],
    block: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = sweep(stimulus, **how)
    whole, problems = read(found, ecode)
    looked_at_in_blocks(monkeypatch, block)
    blockwise, same = read(found, ecode)
    assert same == problems
    assert (whole is None) == (blockwise is None)
    if whole is None:
        return
    expected, seen = facts(whole), facts(blockwise)
    assert expected.keys() == seen.keys()
    for name, value in expected.items():
        if isinstance(value, (float, np.ndarray, np.floating)):
            np.testing.assert_allclose(seen[name], value, rtol=1e-12, atol=1e-15, err_msg=name)
        else:
            assert seen[name] == value, name


def test_timings_that_are_given_need_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sweep(step)
    whole, _ = read(found, "step", ton=2001.1, toff=4000.7)
    looked_at_in_blocks(monkeypatch)
    blockwise, _ = read(found, "step", ton=2001.1, toff=4000.7)
    assert (blockwise.amp, blockwise.hypamp, blockwise.spikecount) == (
        whole.amp,
        whole.hypamp,
        whole.spikecount,
    )
    assert whole.spikecount == len([peak for peak in range(11_000, 48_000, 991) if 20_011 <= peak < 40_007])


def test_features_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, settings = ["AP_amplitude", "mean_frequency", "voltage_base"], {"Threshold": -20.0}
    said = {"ton": 2001.1, "toff": 4000.7}
    whole, _ = read_file({"filepath": "x", "ecode": "step", **said}, "P", lambda metadata: [sweep(step)])
    expected = whole[0].call_efel(wanted, settings)[0]
    looked_at_in_blocks(monkeypatch)
    blockwise, _ = read_file({"filepath": "x", "ecode": "step", **said}, "P", lambda metadata: [sweep(step)])
    assert isinstance(blockwise[0].trace.voltage, array.LongArray)
    for name, values in blockwise[0].call_efel(wanted, settings)[0].items():
        np.testing.assert_array_equal(values, expected[name])


def test_hum_is_subtracted_stretch_by_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    at = np.arange(N)
    current = 0.05 * ((at >= 20_011) & (at < 40_007)) + 0.06 * np.sin(2 * np.pi * 0.05 * at * DT)
    current += np.random.default_rng(2).normal(0.0, 0.01, N)
    whole = detect("Step", current, DT)
    assert whole.sure
    looked_at_in_blocks(monkeypatch)
    monkeypatch.setattr(long_current, "STRETCH", 1 << 13)
    blockwise = detect("Step", array.as_long(current), DT)  # type: ignore[arg-type]
    assert blockwise.sure
    for name, sample in {"ton": 20_011, "toff": 40_007}.items():
        assert abs(blockwise.edges[name] - sample) * DT <= 1.0
        assert abs(whole.edges[name] - sample) * DT <= 1.0


@pytest.mark.parametrize("order", [0, 1, 16])
def test_many_places_of_an_edge_need_no_table(order: int) -> None:
    rng = np.random.default_rng(order)
    z, starts = rng.normal(size=300), np.arange(1, 299)
    response = np.cumsum(np.concatenate(([1.0], 0.1 * rng.normal(size=order))))
    slope = np.cumsum(rng.normal(size=300))
    lag = np.arange(300)[None, :] - starts[:, None]
    table = np.where(lag < 0, 0.0, response[np.clip(lag, 0, order)])
    expected, found = edges.gains(z, table, slope), long_split.gains_of_steps(z, starts, response, slope)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("threshold", [-90.0, -70.0, -69.9, -20.0, 15.0, 200.0])
@pytest.mark.parametrize("step", [0.025, 0.1, 0.37])
def test_spikes_are_those_of_the_whole(
    threshold: float, step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    v = sweep(nothing)["voltage"][:20_000]
    v[:40] = 30.0  # begins above the threshold
    t = np.arange(len(v)) * DT
    expected = peak_times(t, v, threshold, 0.0, 1e9, interp_step=step)
    looked_at_in_blocks(monkeypatch)
    long_t = array.counted(len(v)) * DT
    found = peak_times(long_t, array.as_long(v), threshold, 0.0, 1e9, interp_step=step)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, expected)


def test_a_long_trace_is_thinned_without_losing_a_spike(monkeypatch: pytest.MonkeyPatch) -> None:
    v = sweep(nothing)["voltage"]
    looked_at_in_blocks(monkeypatch)
    monkeypatch.setattr("efewidgets.engine.traces.decimate.LONG", 3_000)
    long = array.as_long(v)
    for first, last, n_bins in ((0, N, 20), (0, N, 7), (1_500, 50_001, 11), (RUN, 40 * RUN, 13)):
        kept = min_max_of(long, first, last, n_bins)
        assert kept[0] == first
        assert kept[-1] == last - 1
        assert np.all(np.diff(kept) > 0)
        assert len(kept) <= 4 * n_bins + 9
        assert v[kept].max() == v[first:last].max()
        assert v[kept].min() == v[first:last].min()
        width = 2 * (-(-(last - first) // n_bins) + RUN)
        for start in range(first, last - width, width):  # of two bins' width: a whole bin lies within
            inside = kept[(kept >= start) & (kept < start + width)]
            assert len(inside) >= 2
    np.testing.assert_array_equal(min_max_of(long, 10, 2_000, 50), 10 + min_max_indices(v[10:2_000], 50))


def test_what_does_not_fit_is_left_out_before_it_is_read_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long, short = sweep(step), {**sweep(step), "id": "sweep 2"}
    for name in ("voltage", "current"):
        short[name] = short[name][:2_500]
    monkeypatch.setattr(long_memory, "LONG", 3_000)
    monkeypatch.setenv(long_memory.VARIABLE, "1 kB")
    told: list[Any] = []
    found = list(each_sweep({"filepath": "x.own"}, told, lambda metadata: [long, short]))
    assert [label for label, one in found if one is not None] == ["sweep 2"]
    assert [(problem.recording, problem.severity) for problem in told] == [("sweep 1", "error")]
    assert "EFEWIDGETS_MEMORY=1 kB leaves 0 MB: it wasn't read" in told[0].message
