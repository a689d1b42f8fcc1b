"""The tour in a real browser: from stop to stop, ended by a key, offered until it was taken; and the help."""

from __future__ import annotations

import pytest

from tests.browser.served import button

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_the_tour_leads_from_step_to_step_and_is_offered_once(serve, opened):
    page = opened(serve().url)
    page.get_by_role("button", name="New here? Take the tour").click()
    card = page.get_by_role("dialog")
    seen = []
    for step in ("1 Recordings", "1 Recordings", "2 Stimuli & spikes", "5 Features", "6 Export"):
        page.locator(".efe-step-button.mod-active", has_text=step).wait_for()
        page.locator(".efe-tour-about").wait_for()
        seen.append(card.get_by_role("heading").text_content())
        inside = card.bounding_box()
        assert inside["x"] >= 0
        assert inside["x"] + inside["width"] <= 1280
        assert inside["y"] + inside["height"] <= 900
        page.keyboard.press("Enter")  # its first button has the focus
    assert len(set(seen)) == 5
    card.wait_for(state="hidden")
    assert page.locator(".efe-tour-about").count() == 0

    page.reload()
    again = page.get_by_role("button", name="Tour", exact=True)
    again.click()
    card.wait_for()
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")

    button(page, "Rheobase").click()
    page.locator(".efe-dashboard-rheobase .efe-dashboard-help summary").click()
    page.get_by_text("smallest current that makes the cell fire").wait_for()
