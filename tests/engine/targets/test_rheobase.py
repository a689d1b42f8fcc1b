"""The four rules for the rheobase, on sweeps made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.cell import Cell
from efewidgets.engine.recordings.ecodes import Step
from efewidgets.engine.targets.rheobase import STRATEGIES, assign, check_strategy, decide, levels_of


def sweep(amp, count, protocol="IDthresh"):
    """A step without samples: its amplitude (nA) and how many spikes it has."""
    recording = Step({"filepath": f"{amp}.abf"}, {}, protocol)
    recording.amp, recording.hypamp = amp, 0.0
    recording.peak_time = None if count is None else np.arange(count)
    return recording


def cell_of(*sweeps):
    cell = Cell("cell")
    cell.recordings = [sweep(*one) for one in sweeps]
    return cell


def rheobase(strategy, *sweeps, **chosen):
    return decide(cell_of(*sweeps), ["IDthresh"], strategy, chosen).rheobase


RISING = ((0.05, 0), (0.10, 0), (0.15, 1), (0.20, 3), (0.25, 6))


def test_absolute_is_the_lowest_amplitude_that_fires():
    assert rheobase("absolute", *RISING) == 0.15


def test_absolute_in_whatever_order_the_sweeps_come():
    assert rheobase("absolute", *reversed(RISING)) == 0.15


@pytest.mark.parametrize(("spikes", "expected"), [(1, 0.15), (2, 0.20), (3, 0.20), (4, 0.25), (7, None)])
def test_absolute_with_a_number_of_spikes(spikes, expected):
    assert rheobase("absolute", *RISING, spike_threshold=spikes) == expected


def test_absolute_names_the_deciding_sweep():
    cell = cell_of(*RISING)
    assert decide(cell, ["IDthresh"]).recording is cell.recordings[2]


def test_flush_passes_over_a_stray_spike():
    sweeps = ((0.05, 1), (0.10, 0), (0.15, 1), (0.20, 3))
    assert rheobase("absolute", *sweeps) == 0.05
    assert rheobase("flush", *sweeps) == 0.15


def test_flush_of_two_wants_two_more():
    sweeps = ((0.05, 1), (0.10, 1), (0.15, 0), (0.20, 1), (0.25, 2), (0.30, 3))
    assert rheobase("flush", *sweeps) == 0.05
    assert rheobase("flush", *sweeps, flush_length=2) == 0.20


def test_flush_takes_the_largest_current_if_there_is_none_to_confirm_it():
    decision = decide(cell_of((0.1, 0), (0.2, 2)), ["IDthresh"], "flush")
    assert decision.rheobase == 0.2
    assert "no other one confirms it" in str(decision.problems[0])


def test_flush_of_two_near_the_top_takes_what_sweeps_there_are():
    assert rheobase("flush", (0.1, 0), (0.2, 1), (0.3, 4), flush_length=2) == 0.2


def test_flush_gives_up_at_too_many_spikes():
    sweeps = ((0.05, 0), (0.10, 9), (0.15, 10))
    assert rheobase("flush", *sweeps) == 0.10
    assert rheobase("flush", *sweeps, upper_bound_spikecount=4) is None
    assert rheobase("flush", *sweeps, upper_bound_spikecount=9) == 0.10


def test_flush_gives_up_before_later_sweeps_that_would_do():
    assert rheobase("flush", (0.1, 0), (0.2, 9), (0.3, 2), (0.4, 3), upper_bound_spikecount=4) is None


def test_majority_is_the_centre_of_the_bin():
    """Bins of 0.02 from 0.06: 0.06–0.08, 0.08–0.10, 0.10–0.12 (one of two fires), 0.12–0.14 (both)."""
    sweeps = ((0.06, 0), (0.09, 0), (0.105, 0), (0.11, 1), (0.125, 1), (0.13, 2))
    assert rheobase("majority", *sweeps, min_step=0.02) == pytest.approx(0.11)
    assert rheobase("majority", *sweeps, min_step=0.02, majority=0.6) == pytest.approx(0.13)


def test_majority_has_a_bin_for_the_largest_amplitude():
    assert rheobase("majority", (0.1, 0), (0.145, 1), min_step=0.02) == pytest.approx(0.15)


def test_majority_of_one_sweep():
    assert rheobase("majority", (0.1, 1), min_step=0.02) == pytest.approx(0.11)
    assert rheobase("majority", (0.1, 0), min_step=0.02) is None


def test_majority_passes_over_a_minority():
    sweeps = ((0.05, 1), (0.051, 0), (0.052, 0), (0.07, 1))
    assert rheobase("majority", *sweeps, min_step=0.01) == pytest.approx(0.075)


def test_interpolation_meets_one_spike():
    """Counts 0, 1, 2, 3 at 0.10, 0.15, 0.20, 0.25: one spike at 0.15 nA; lower silent sweeps don't count."""
    sweeps = ((0.02, 0), (0.10, 0), (0.15, 1), (0.20, 2), (0.25, 3))
    assert rheobase("interpolation", *sweeps) == pytest.approx(0.15)


def test_interpolation_is_a_least_squares_line():
    """Counts (0, 2, 4), currents (0.1, 0.2, 0.2): slope 0.025, mean (2, 1/6), so 1/6 - 0.025 at one spike."""
    assert rheobase("interpolation", (0.1, 0), (0.2, 2), (0.2, 4)) == pytest.approx(1 / 6 - 0.025)


def test_interpolation_needs_a_silent_sweep_before_spikes():
    decision = decide(cell_of((0.1, 1), (0.2, 2)), ["IDthresh"], "interpolation")
    assert decision.rheobase is None
    assert "no silent sweep is followed by one with spikes" in decision.reason


# --- what may not decide


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_spikes_at_a_negative_current_never_decide(strategy):
    cell = cell_of((-0.2, 3), (-0.1, 1), *RISING)
    decision = decide(cell, ["IDthresh"], strategy)
    assert decision.rheobase == decide(cell_of(*RISING), ["IDthresh"], strategy).rheobase
    told = [str(problem) for problem in decision.problems if "hyperpolarising" in str(problem)]
    assert len(told) == 2
    assert "-0.2.abf" in told[0]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_only_spikes_at_negative_currents_is_no_rheobase(strategy):
    assert decide(cell_of((-0.2, 3), (-0.1, 1)), ["IDthresh"], strategy).rheobase is None


def test_a_cell_that_fires_without_current_has_none():
    decision = decide(cell_of((0.0, 2), (0.1, 4)), ["IDthresh"])
    assert decision.rheobase is None
    assert "fires without any current" in decision.reason


def test_spikes_at_very_little_current_are_told():
    decision = decide(cell_of((0.005, 1), (0.1, 4)), ["IDthresh"])
    assert decision.rheobase == 0.005
    assert "at only 0.005 nA" in str(decision.problems[0])


def test_other_protocols_do_not_decide():
    assert rheobase("absolute", (0.01, 5, "IDrest"), *RISING) == 0.15
    assert rheobase("absolute", (0.01, 5, "ID"), *RISING) == 0.15  # no part of a name either


def test_sweeps_whose_spikes_are_not_known_do_not_decide():
    assert rheobase("absolute", (0.12, None), *RISING) == 0.15


def test_no_sweep_of_the_protocols():
    decision = decide(cell_of((0.1, 1, "IV")), ["IDthresh", "IDrest"])
    assert decision.rheobase is None
    assert decision.reason == "there is no sweep of IDthresh, IDrest; the cell's protocols are IV."


def test_no_spike_at_all():
    decision = decide(cell_of((0.1, 0), (0.2, 0)), ["IDthresh"])
    assert decision.reason == "none of the 2 sweeps, up to 0.2 nA, has a spike."
    assert decision.problems[0].severity == "warning"


def test_a_cell_that_always_fires():
    decision = decide(cell_of((0.1, 3), (0.2, 5)), ["IDthresh"])
    assert decision.rheobase == 0.1
    assert "true rheobase may be lower" in str(decision.problems[0])


# --- settings


def test_unknown_strategy_names_the_nearest():
    with pytest.raises(EfeError, match=r"no rheobase strategy 'absolut'\. Did you mean 'absolute'\?"):
        check_strategy("absolut")


def test_unknown_setting_names_the_nearest():
    with pytest.raises(EfeError, match=r"no setting 'flush_lenght'\. Did you mean 'flush_length'\?"):
        check_strategy("flush", {"flush_lenght": 2})


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        ("flush", {"flush_length": "2"}),
        ("flush", {"flush_length": 0}),
        ("majority", {"min_step": 0.0}),
        ("majority", {"min_step": -0.01}),
        ("absolute", {"spike_threshold": True}),
        ("absolute", {"spike_threshold": None}),
        ("majority", {"majority": float("nan")}),
        ("majority", {"min_step": float("inf")}),
        ("flush", {"flush_length": 1.5}),
    ],
)
def test_settings_that_can_not_be(strategy, chosen):
    with pytest.raises(EfeError, match=r"must be a (whole )?number"):
        check_strategy(strategy, chosen)


def test_bins_that_are_far_too_small_take_no_memory():
    assert rheobase("majority", (0.1, 0), (0.2, 1), min_step=1e-15) == pytest.approx(0.2)


def test_whole_numbers_of_any_kind():
    assert rheobase("flush", *RISING, flush_length=np.int64(2)) == 0.15
    assert rheobase("flush", *RISING, flush_length=2.0) == 0.15


def test_no_upper_bound():
    assert check_strategy("flush", {"upper_bound_spikecount": None}) == {"upper_bound_spikecount": None}


# --- the cell afterwards


def test_assigned_rheobase_sets_relative_amplitudes():
    cell = cell_of(*RISING, (0.3, 2, "IDrest"))
    assign(cell, ["IDthresh"])
    assert cell.rheobase == 0.15
    assert cell.recordings[-1].amp_rel == pytest.approx(200.0)
    assert cell.rheobase_recording is cell.recordings[2]


def test_assigned_again_forgets_what_was_before():
    cell = cell_of(*RISING)
    assign(cell, ["IDthresh"])
    assign(cell, ["IV"])
    assert (cell.rheobase, cell.rheobase_recording, cell.recordings[0].amp_rel) == (None, None, None)
    assert [problem.kind for problem in cell.problems] == ["rheobase"]


SWEEPS = st.lists(st.tuples(st.integers(2, 40), st.integers(0, 3)), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(SWEEPS, st.integers(1, 3))
@example([(6, 0), (21, 0), (21, 1)], 1)  # repeats less than 1 pA above an edge of the bins
def test_rules_by_their_definitions(drawn, length):
    """By brute force, over amplitudes in steps of 0.01 nA."""
    sweeps = sorted((amp / 100.0, count) for amp, count in drawn)
    firing = [amp for amp, count in sweeps if count]
    assert rheobase("absolute", *sweeps) == (firing[0] if firing else None)
    counts = [count for _, count in sweeps]
    amps = sorted({amp for amp, _ in sweeps})
    of = [[count > 0 for at, count in sweeps if at == amp] for amp in amps]
    followed = [amp for i, amp in enumerate(amps) if any(of[i]) and all(map(all, of[i + 1 : i + 1 + length]))]
    assert rheobase("flush", *sweeps, flush_length=length) == (followed[0] if followed else None)
    found = rheobase("majority", *sweeps, min_step=0.0373)
    if found is not None:
        # repeats differ by up to 0.5 pA + 0.25 %, and where that is over an edge they are of the bin below
        least = {
            amp: amp - (5e-4 + 2.5e-3 * amp) * (len(there) > 1) for amp, there in zip(amps, of, strict=True)
        }
        inside = [bool(n) for amp, n in sweeps if abs(max(least[amp], amps[0]) - found) <= 0.0373 / 2 + 1e-12]
        assert any(inside)
        assert sum(inside) / len(inside) >= 0.5
    else:
        assert not firing or sum(counts[i] > 0 for i in range(len(counts))) < len(counts)


def test_an_interpolation_above_sweeps_that_fire_names_them():
    decision = decide(cell_of((0.2, 1), (0.3, 2), (0.6, 0), (0.65, 3)), ["IDthresh"], "interpolation")
    assert 0.6 < decision.rheobase < 0.65
    (told,) = [str(p) for p in decision.problems if "interpolated" in p.message]
    assert "2 sweep(s) with spikes" in told
    assert "at 0.2, 0.3 nA" in told
    sure = decide(cell_of((0.2, 0), (0.3, 1)), ["IDthresh"], "interpolation")
    assert not any("interpolated" in p.message for p in sure.problems)


def test_a_rheobase_that_no_patched_cell_has_is_told():
    decision = decide(cell_of((200.0, 0), (250.0, 3)), ["IDthresh"])
    assert any("probably in pA" in p.message for p in decision.problems)
    assert not any("pA" in p.message for p in decide(cell_of((2.0, 0), (2.5, 3)), ["IDthresh"]).problems)


def test_a_baseline_above_the_threshold_is_the_reason_that_is_given():
    """A cell at -10 mV whose spikes reach +30 mV: it never crosses -20 mV."""
    n = 10_000
    voltage = np.full(n, -10.0) + 0.1 * np.random.default_rng(1).normal(size=n)
    voltage[5000:5010] = 30.0
    current = np.zeros(n)
    current[3000:7000] = 0.1
    sweep = {
        "voltage": voltage,
        "current": current,
        "dt": 0.1,
        "t_unit": "ms",
        "v_unit": "mV",
        "i_unit": "nA",
    }
    recording = Step({"ton": 300.0, "toff": 700.0}, sweep, "IDthresh", {"Threshold": -20.0})
    cell = Cell("cell")
    cell.recordings = [recording]
    assert recording.spikecount == 0
    assert "baseline of -10 mV lies above the spike threshold of -20 mV" in recording.problems[-1].message
    assert "In 1 of them the baseline lies above the spike threshold" in decide(cell, ["IDthresh"]).reason


# --- repeats at one nominal amplitude


def test_repeats_do_not_confirm_themselves():
    """At 0.2 nA two sweeps fire, at 0.25 nA none does: a stray response; 0.3 and 0.35 nA confirm each other."""
    sweeps = ((0.1998, 1), (0.2001, 1), (0.25, 0), (0.30, 2), (0.35, 3))
    assert rheobase("flush", *sweeps) == 0.30


def test_one_of_several_repeats_is_enough_to_fire_and_all_must_confirm():
    above = ((0.25, 2), (0.30, 3))
    assert rheobase("flush", (0.15, 0), (0.1998, 0), (0.2001, 1), *above) == 0.2001
    assert (
        rheobase("flush", (0.15, 0), (0.2001, 0), (0.1998, 1), *above) == 0.1998
    )  # whichever noise puts first
    assert rheobase("flush", (0.15, 1), (0.1998, 0), (0.2001, 1), *above) == 0.2001
    assert rheobase("flush", (0.15, 1), (0.1998, 1), (0.2001, 0), *above) == 0.1998


def test_too_many_spikes_in_one_repeat_do_not_hide_the_other():
    sweeps = ((0.1, 0), (0.1999, 9), (0.2, 2), (0.25, 9))
    assert rheobase("flush", *sweeps, upper_bound_spikecount=4) == 0.1999


def test_repeats_on_both_sides_of_a_bin_edge_are_in_one():
    """Bins of 0.05 nA from 0.10 nA: the edge of 0.20 nA goes through three repeats, of which two fire."""
    one = rheobase("majority", (0.10, 0), (0.1999, 0), (0.2001, 1), (0.2002, 1), min_step=0.05)
    other = rheobase("majority", (0.10, 0), (0.2001, 0), (0.1998, 1), (0.1999, 1), min_step=0.05)
    assert one == other == pytest.approx(0.175)


def test_interpolation_does_not_depend_on_which_repeat_noise_puts_first():
    """At 0.2 nA one of three fires: the line goes through one silent sweep there, that one, and 0.3 nA (3 spikes).

    Counts (0, 1, 3): mean 4/3, mean amplitude 0.7/3; slope 0.5/3 · 1 / (14/3) = 1/28 (nA a spike, sum of products
    (−4/3·−1/30 + −1/3·−1/30 + 5/3·2/30) = 1/6 over 14/3).
    """
    right = 0.7 / 3 + (1 - 4 / 3) / 28
    for order in ((0, 0, 1), (0, 1, 0), (1, 0, 0)):
        repeats = [(0.2 + 1e-9 * k, count) for k, count in enumerate(order)]
        found = rheobase("interpolation", (0.1, 0), *repeats, (0.3, 3))
        assert found == pytest.approx(right, abs=1e-6), order


def test_a_largest_current_that_was_given_twice_confirms_itself():
    (told,) = decide(cell_of((0.1, 0), (0.2, 0), (0.2001, 1)), ["IDthresh"], "flush").problems
    assert "no other one confirms it" in told.message
    assert not decide(cell_of((0.1, 0), (0.2, 2), (0.2001, 1)), ["IDthresh"], "flush").problems


def test_steps_of_one_picoampere_are_no_repeats():
    amps = [0.001 * k for k in range(2, 60)]
    assert len(levels_of(amps, [0] * len(amps))) == len(amps)


LEVELS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=2, max_size=6)


@settings(max_examples=80, deadline=None)
@given(LEVELS, st.integers(0, 2**31), st.sampled_from(["flush", "majority", "interpolation", "absolute"]))
def test_noise_on_repeats_does_not_change_which_level_is_the_rheobase(drawn, seed, strategy):
    """Nominal steps of 53 pA from 100 pA, repeats that differ by up to 0.2 pA, in any order."""
    rng = np.random.default_rng(seed)

    def found():
        sweeps = [
            (0.1 + 0.053 * k + rng.uniform(-1e-4, 1e-4), count)
            for k, counts in enumerate(drawn)
            for count in rng.permutation(counts)
        ]
        return rheobase(strategy, *sweeps)

    first, second = found(), found()
    assert (first is None) == (second is None)
    if first is not None:
        assert second == pytest.approx(first, abs=1e-3)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=10), st.integers(1, 3))
def test_without_repeats_the_rules_are_bluepyefes(counts, length):
    amps = [0.1 + 0.02 * k for k in range(len(counts))]
    followed = [amp for i, amp in enumerate(amps) if counts[i] and all(counts[i + 1 : i + 1 + length])]
    sweeps = list(zip(amps, counts, strict=True))
    assert rheobase("flush", *sweeps, flush_length=length) == (followed[0] if followed else None)
    start = next((i for i in range(len(counts) - 1) if not counts[i] and counts[i + 1]), None)
    found = rheobase("interpolation", *sweeps)
    if start is None:
        assert found is None
    elif found is not None:
        assert found == np.poly1d(np.polyfit(counts[start:], amps[start:], deg=1))(1)


def test_a_cell_none_of_whose_recordings_can_be_used_says_where_the_reason_stands():
    """They may have been read well, and be of a protocol whose stimulus no name tells."""
    found = decide(Cell("A"), ["IDrest"], "absolute")
    assert found.rheobase is None
    assert found.reason == "no recording of the cell can be used: what is said of its files tells why."
