"""The real command in a real browser: six steps by clicks, and nothing leaves the machine."""

from __future__ import annotations

import re
import time

import pytest

from tests.browser.served import STEPS, button, until

pytestmark = pytest.mark.browser

#: What each step shows, by the classes of its widgets
SHOWS = [
    ["file-selector"],
    ["trace-viewer"],
    ["rheobase-inspector", "trace-viewer"],
    ["target-editor", "settings-editor"],
    ["feature-plots", "trace-viewer"],
    ["results-panel"],
]


def test_six_steps_by_clicks(serve, opened):
    page = opened(serve().url)
    page.locator(".efe-step-done", has_text="Export").wait_for()
    assert page.locator(".efe-step-button").count() == len(STEPS)
    for step, widgets in zip(STEPS, SHOWS, strict=True):
        button(page, step).click()
        for widget in widgets:
            page.locator(f".efe-{widget}:visible").first.wait_for()
        assert page.locator(".efe-step-button.mod-active").inner_text().split("\n")[0].endswith(step)
        assert "can't be shown" not in page.locator(".efe-dashboard").inner_text()
    page.get_by_role("button", name="← Features").click()
    page.locator(".efe-feature-plots:visible").wait_for()
    assert not page.locator(".efe-results-panel:visible").count()
    for name in ("Summary", "Problems", "Session"):
        page.locator(".efe-dashboard-toggles button", has_text=name).click()
        page.locator(".efe-dashboard-drawer > *:visible").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_reload_continues_and_a_closed_page_leaves_no_kernel(serve, opened):
    server = serve("--warm=0")
    page = opened(server.url)
    page.wait_for_url(re.compile("session="))
    assert len(server.kernels()) == 1
    first = server.kernels()
    button(page, "Targets").click()
    page.locator(".efe-target-editor:visible").wait_for()
    page.wait_for_timeout(1500)  # until the session is saved
    page.reload()
    page.locator(".efe-target-editor:visible").wait_for()
    until(lambda: not server.kernels() & first)
    assert len(server.kernels()) == 1
    page.close(run_before_unload=True)
    until(lambda: not server.kernels())


@pytest.mark.slow
def test_behind_a_base_url_with_a_token_for_readers_only(serve, opened, tmp_path):
    data = tmp_path / "lab"
    data.mkdir()
    server = serve(f"--root={data}", "--read-only", "--token=secret", "--warm=0", base_url="/apps/efe/")
    page = opened(f"{server.url}?token=secret")
    page.locator(".efe-dashboard-toggles button", has_text="Session").click()
    page.locator(".efe-session-panel").wait_for()
    assert not page.get_by_role("button", name="Save", exact=True).count()
    page.get_by_label("Session file").fill("/etc/passwd")
    page.get_by_role("button", name="Open", exact=True).click()
    page.locator(".efe-says", has_text="out of reach").wait_for()
    stranger = page.context.browser.new_context().new_page()
    stranger.goto(server.url)
    assert "login" in stranger.url
    stranger.context.close()
    assert not (tmp_path / "data" / "efewidgets").exists()


def test_it_ends_without_a_word(serve):
    server = serve()
    until(lambda: len(server.kernels()) == 1)
    time.sleep(5)  # until the kernel waits for somebody
    server.stop()
    assert server.log.read_text(encoding="utf-8").count("\n") <= 2  # where it is, and ipykernel's advice
