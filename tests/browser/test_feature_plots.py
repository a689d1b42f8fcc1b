"""Feature plots on a page: hovered, clicked, lassoed, excluded, as a person does it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CODE = """
import pathlib, tempfile
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import FeaturePlots
config = datasets.sample_config()
nasty = "<img src=x onerror=document.title='bad'>"
config["files_metadata"][nasty] = config["files_metadata"].pop("FS2")
state = ExtractionState.from_arguments(config)
plots = FeaturePlots(state)
display(plots)
"""

DOT = ".efe-feature-panel path.dot"


def test_points_are_hovered_clicked_lassoed_and_excluded(visit, voila):
    found = visit(voila, CODE)
    page = found.page
    page.set_default_timeout(15000)
    page.locator(DOT).first.wait_for(timeout=15000)
    assert page.locator(".efe-feature-panel:visible").count() == 6
    points = found.ask("sum(len(panel) for panel in plots.view_data()['panels'])")
    assert page.locator(DOT).count() == points
    found.screenshot("features-light-1280")

    dot = page.locator(DOT).last
    dot.hover()
    page.locator("text=recording: >> visible=true").first.wait_for(timeout=5000)
    found.screenshot("hover")
    dot.click()
    found.until("len(state.view.recordings)", 1)
    assert found.ask("state.view.protocol") == "IDrest"
    page.get_by_role("button", name="exclude 1 recording").wait_for()

    page.get_by_role("button", name="lasso").click()
    found.until("plots.plots[0].lasso is not None")
    area = page.locator(".lassoselector rect").first
    area.wait_for(state="attached")
    box = area.bounding_box()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.1)]
    page.mouse.move(box["x"] + 0.02 * box["width"], box["y"] + 0.02 * box["height"])
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
    page.mouse.up()
    inside = found.ask("len(set(plots.view_data()['panels'][0].ids))")
    found.until("len(state.view.recordings)", inside)
    found.screenshot("lasso")
    page.get_by_role("button", name=f"exclude {inside} recordings").wait_for()
    page.get_by_label("reason").fill("drift")
    page.get_by_label("reason").press("Enter")
    found.until("sum(len(f.excluded) for _, f in state.inputs.files())", inside)
    assert found.ask("{why for _, f in state.inputs.files() for why in f.excluded.values()}") == "{'drift'}"
    found.ask("state.undo()")
    found.until("plots.lasso.value", False)

    for view in ("distribution", "I–V", "f–I"):
        page.get_by_role("button", name=view, exact=True).click()
        found.until("plots.view.value", view)
        page.locator(DOT).first.wait_for(timeout=15000)
        page.wait_for_timeout(300)
        found.screenshot(f"{view}-light-1280")
    assert page.title() != "bad"


@pytest.mark.slow
def test_cells_are_hidden_and_features_sought_when_narrow_and_dark(visit, voila):
    found = visit(voila, CODE, width=700, theme="dark")
    page = found.page
    page.set_default_timeout(15000)
    page.locator(DOT).first.wait_for(timeout=15000)
    found.screenshot("features-dark-700")
    before = page.locator(DOT).count()
    page.get_by_role("button", name="RS1").click()
    found.until("plots.legend.hidden", ["RS1"])
    page.wait_for_function(f"document.querySelectorAll('.efe-feature-panel path.dot').length < {before}")
    for name in ("spike_count", "mean_frequency"):
        page.get_by_role("button", name=f"take {name} away").click()
    found.until("any('spike_count' in panel.title for panel in plots.view_data()['panels'])", False)
    page.get_by_role("combobox", name="features").fill("ISI_C")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="take ISI_CV away").wait_for()
    assert found.ask("plots.view_data()['panels'][-1].title") == "ISI_CV"
    page.get_by_label("protocol", exact=True).select_option("IV")
    found.until("state.view.protocol", "IV")
    found.ask("plots.show_features('voltage_base', 'ohmic_input_resistance_vb_ssse')")
    found.until("len(plots.view_data()['panels'])", 2)
    found.screenshot("iv-dark-700")
