"""axe-core on each step of the dashboard and on all that opens over it: nothing hinders anybody."""

from __future__ import annotations

import pytest

from tests.browser.axe import hindrances
from tests.browser.served import STEPS, button

pytestmark = pytest.mark.browser

#: What says that a step is drawn
DRAWN = {"Stimuli & spikes": ".efe-trace-viewer svg", "Features": ".efe-feature-plots svg"}


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("dark", 800)])
def test_nothing_hinders_anybody(serve, opened, theme, width):
    page = opened(serve().url)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 800})
    page.locator(".efe-step-done", has_text="Export").wait_for()
    found = {}
    for step in STEPS:
        button(page, step).click()
        page.locator(f"{DRAWN.get(step, '.efe-dashboard')}:visible").first.wait_for()
        page.wait_for_timeout(1500)  # until all is drawn
        found[step] = hindrances(page)
    for name in ("Summary", "Problems", "Session"):
        page.locator(".efe-dashboard-toggles button", has_text=name).click()
        page.locator(".efe-dashboard-drawer > *:visible").first.wait_for()
        found[name] = hindrances(page)
    for key, opens in (("Control+k", ".efe-palette"), ("?", ".efe-sheet")):
        page.locator(".efe-step-button.mod-active").focus()
        page.keyboard.press(key)
        page.locator(f"{opens}:visible").first.wait_for()
        found[opens] = hindrances(page)
        page.keyboard.press("Escape")
    assert not {name: those for name, those in found.items() if those}


def test_what_hinders_is_found(browser):
    page = browser.new_page()
    page.set_content(
        '<html lang="en"><title>t</title><main><h1>h</h1><button></button>'
        '<p style="color: #bbb; background: #fff">pale</p></main></html>'
    )
    found = hindrances(page)
    page.close()
    assert [("button" in one, "pale" in one) for one in sorted(found)] == [(True, False), (False, True)]
