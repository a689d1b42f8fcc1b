"""Features against amplitude: which points and which targets are seen, and where."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.figures import feature_figures, legend_figure
from efewidgets.engine.figures.features import feature_unit
from efewidgets.engine.figures.style import cell_styles
from tests.engine.figures.fakes import (
    FakeCell,
    FakeProtocol,
    FakeRecording,
    FakeTarget,
    assert_readable,
    written_on,
)


def view_of(jobs, path):
    return next(job.data for job in jobs if job.path == path)


def points(view):
    return {p.cell: dict(zip(p.x.tolist(), p.y.tolist(), strict=True)) for p in view.points}


def test_figures_for_each_cell_and_for_all_named_as_by_bluepyefe(cells, protocols):
    """BluePyEfe, with the default map, never draws those of the single cells."""
    for key in ("amp", "amp_rel"):
        assert [job.path for job in feature_figures(cells, protocols, key)] == [
            f"A/A_IDrest_AP1_amp_{key}",
            f"B/B_IDrest_AP1_amp_{key}",
            f"IDrest_AP1_amp_{key}",
        ]


def test_every_finite_value_is_a_point_at_its_amplitude(cells, protocols):
    in_nA = points(view_of(feature_figures(cells, protocols, "amp"), "IDrest_AP1_amp_amp"))
    assert in_nA["A"] == pytest.approx({0.2: 81.0, 0.3: 81.5, 0.4: 82.0})
    assert in_nA["B"] == pytest.approx({0.4: 81.0, 0.6: 81.5, 0.8: 82.0})
    relative = points(view_of(feature_figures(cells, protocols, "amp_rel"), "A/A_IDrest_AP1_amp_amp_rel"))
    assert relative == {"A": {100.0: 81.0, 150.0: 81.5, 200.0: 82.0}}


def test_amplitude_zero_is_an_amplitude(cells, protocols):
    """BluePyEfe leaves sweeps without current out."""
    cells[0].recordings[1].efeatures["AP1_amp"] = 70.0
    assert 0.0 in points(view_of(feature_figures(cells, protocols, "amp"), "IDrest_AP1_amp_amp"))["A"]


def test_a_feature_under_a_name_of_its_own(cells):
    """BluePyEfe looks such a feature up under eFEL's name, and never finds it."""
    for recording in cells[0].recordings:
        recording.efeatures = {"my amplitude": 50.0}
    target = FakeTarget("my amplitude", "AP1_amp", [50.0])
    protocol = FakeProtocol("IDrest", 100.0, 10.0, [target], cells[0].recordings[3:4])
    jobs = feature_figures(cells, [protocol], "amp")
    assert [job.path for job in jobs] == ["A/A_IDrest_my amplitude_amp", "IDrest_my amplitude_amp"]
    assert "my amplitude (mV)" in {text.string for text in written_on(jobs[0].pages()[0])}


def test_value_shown_is_the_one_that_went_into_the_target(cells):
    """Under targets with settings of their own, a feature has another value in each."""
    for recording in cells[0].recordings:
        recording.feature_value = lambda label, name, settings: settings["value"]
    used = cells[0].recordings[3:5]
    protocols = []
    for recording, value in zip(used, (1.0, 2.0), strict=True):
        target = FakeTarget("AP1_amp", "AP1_amp", [value])
        target.efel_settings = {"value": value}
        protocols.append(FakeProtocol("IDrest", recording.amp_rel, 10.0, [target], [recording]))
    seen = points(view_of(feature_figures(cells[:1], protocols, "amp_rel"), "IDrest_AP1_amp_amp_rel"))
    assert seen["A"] == {100.0: 1.0, 150.0: 2.0, 200.0: 82.0}


def test_targets_lie_over_their_tolerance(cells, protocols):
    """In the unit that they are defined in; values 81, 82 and 81.5, 82.5."""
    low, high = view_of(feature_figures(cells, protocols, "amp_rel"), "IDrest_AP1_amp_amp_rel").targets
    assert (low.x, low.low, low.high, low.mean, low.std, low.tolerated) == (100, 90, 110, 81.5, 0.5, True)
    assert (high.x, high.low, high.high, high.mean, high.std) == (150, 140, 160, 82.0, 0.5)


def test_targets_lie_over_what_matched_along_the_other_amplitude(cells, protocols):
    low, _ = view_of(feature_figures(cells, protocols, "amp"), "IDrest_AP1_amp_amp").targets
    assert (low.low, low.high, low.tolerated) == (0.2, 0.4, False)
    assert low.x == pytest.approx(0.3)


def test_targets_in_nA(cells):
    """With absolute amplitudes, 0.4 nA isn't drawn at 0.4 % of the rheobase, as by BluePyEfe."""
    used = [cells[0].recordings[5], cells[1].recordings[3]]
    protocol = FakeProtocol("IDrest", 0.4, 0.05, [FakeTarget("AP1_amp", "AP1_amp", [82.0, 81.0])], used)
    (absolute,) = view_of(feature_figures(cells, [protocol], "amp"), "IDrest_AP1_amp_amp").targets
    assert (absolute.low, absolute.high, absolute.tolerated) == pytest.approx((0.35, 0.45, True))
    (relative,) = view_of(feature_figures(cells, [protocol], "amp_rel"), "IDrest_AP1_amp_amp_rel").targets
    assert (relative.low, relative.high, relative.tolerated) == (100, 200, False)


def test_two_steps_are_drawn_at_the_amplitude_of_the_target():
    """Targets of an sAHP are compared with its second amplitude."""
    recording = FakeRecording(amp=0.05, amp_rel=25.0, efeatures={"AHP_depth": 12.0})
    recording.amp2, recording.amp2_rel, recording.target_amplitude = 0.4, 200.0, "amp2"
    target = FakeTarget("AHP_depth", "AHP_depth", [12.0])
    protocol = FakeProtocol("IDrest", 200.0, 10.0, [target], [recording])
    view = view_of(
        feature_figures([FakeCell("A", [recording])], [protocol], "amp_rel"), "IDrest_AHP_depth_amp_rel"
    )
    assert points(view) == {"A": {200.0: 12.0}}
    assert view.targets[0].tolerated


def test_no_figure_without_a_point(cells, protocols):
    for recording in cells[1].recordings:
        recording.amp_rel = None
    assert [job.path for job in feature_figures(cells, protocols, "amp_rel")] == [
        "A/A_IDrest_AP1_amp_amp_rel",
        "IDrest_AP1_amp_amp_rel",
    ]
    for recording in cells[0].recordings:
        recording.efeatures["AP1_amp"] = np.nan
    assert feature_figures(cells, protocols, "amp_rel") == []
    assert feature_figures([], protocols, "amp") == []
    assert feature_figures(cells, [], "amp") == []


def test_targets_that_nothing_matched_are_not_drawn(cells, protocols):
    protocols.append(FakeProtocol("IDrest", 900.0, 10.0, [FakeTarget("AP1_amp", "AP1_amp")]))
    assert len(view_of(feature_figures(cells, protocols, "amp_rel"), "IDrest_AP1_amp_amp_rel").targets) == 2


@pytest.mark.parametrize(
    ("feature", "unit"),
    [
        ("AP1_amp", "mV"),
        ("mean_frequency", "Hz"),
        ("ohmic_input_resistance", "MΩ"),
        ("ISI_CV", ""),
        ("no such feature", ""),
    ],
)
def test_units(feature, unit):
    assert feature_unit(feature) == unit


def test_page_is_labelled_and_readable(cells, protocols):
    for key, label in (("amp", "step amplitude (nA)"), ("amp_rel", "step amplitude (% of rheobase)")):
        page = feature_figures(cells, protocols, key)[-1].pages()[0]
        assert_readable(page)
        texts = {text.string for text in written_on(page)}
        assert {label, "AP1_amp (mV)", "AP1_amp  ·  IDrest", "A", "B"} <= texts


@pytest.mark.parametrize("n", [1, 2, 18, 50])
def test_any_number_of_cells_with_any_names_is_readable(n):
    name = '$\\frac{1}{2}$ <b>细胞</b>\n"' + "x" * 80
    cells = [
        FakeCell(f"{name}{i}", [FakeRecording(efeatures={name: float(i)}, protocol_name=name)])
        for i in range(n)
    ]
    target = FakeTarget(name, "AP1_amp", [1.0, 2.0])
    protocol = FakeProtocol(name, 100.0, 10.0, [target], [cell.recordings[0] for cell in cells])
    for job in [feature_figures(cells, [protocol], "amp_rel")[-1], *legend_figure(cells)]:
        (page,) = job.pages()
        assert_readable(page)
        assert job.render("pdf")[0].startswith(b"%PDF")


@pytest.mark.parametrize("values", [[5.0, 5.0], [0.0, 0.0], [1e9, 2e9], [1e-9, 3e-9], [-1e-3, 1e3]])
def test_any_range_of_values_is_readable(values):
    recordings = [FakeRecording(amp=0.1 * i, efeatures={"f": v}) for i, v in enumerate(values)]
    protocol = FakeProtocol("IDrest", 100.0, 10.0, [FakeTarget("f", "f", values)], recordings)
    for job in feature_figures([FakeCell("A", recordings)], [protocol], "amp"):
        assert_readable(job.pages()[0])


def test_cells_are_told_apart_by_colour_and_marker():
    styles = cell_styles(f"cell {i}" for i in range(84))
    assert len(set(styles.values())) == 84
    first = list(styles.values())[:6]
    assert len({style.colour for style in first}) == len({style.marker for style in first}) == 6


def test_a_cell_looks_the_same_in_all_figures(cells, protocols):
    jobs = feature_figures(cells, protocols, "amp")
    alone, together = view_of(jobs, "B/B_IDrest_AP1_amp_amp"), view_of(jobs, "IDrest_AP1_amp_amp")
    legend = dict(legend_figure(cells)[0].data)
    assert alone.points[0].style == together.points[1].style == legend["B"]
