"""Yesterday's work is found again, by whose it is; the page says what it is called and when it was saved."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.served import button, until

pytestmark = pytest.mark.browser


def begin(page: Any, name: str) -> None:
    """Add recordings to an empty page, and call its session so."""
    page.get_by_role("button", name="Add sample cells").click()
    field = page.get_by_label("name of the session")
    field.fill(name)
    field.press("Enter")
    page.get_by_text(re.compile(r"^saved (just now|\d+ s ago)$")).wait_for()


def another(page: Any, url: str) -> Any:
    """Return another page of the same browser."""
    found = page.context.new_page()
    found.set_default_timeout(90_000)
    found.goto(url)
    button(found, "Export").wait_for()
    return found


@pytest.mark.slow
def test_a_session_is_found_again_by_its_name(serve, opened, tmp_path):
    (tmp_path / "empty").mkdir()
    server = serve(str(tmp_path / "empty"))
    page = opened(server.url)
    assert page.title() == "efewidgets"
    begin(page, "PYR, March")
    until(lambda: page.title() == "PYR, March · efewidgets")
    mine = page.url
    page = another(page, server.url)
    link = page.get_by_role("region", name="recent sessions").get_by_role("link")
    assert "5 cells, 5 files" in link.inner_text()
    link.click()
    page.wait_for_url(mine)
    field = page.get_by_label("name of the session")
    field.wait_for()
    assert field.input_value() == "PYR, March"
    page.get_by_text(re.compile(r"^saved .* ago$")).wait_for()
    assert not page.get_by_role("region", name="recent sessions").count()  # there are recordings
    for role in ("banner", "navigation", "main", "contentinfo"):
        page.get_by_role(role).first.wait_for()
    assert "svg" in page.locator("link[rel=icon]").get_attribute("href")


@pytest.mark.slow
def test_others_sessions_are_not_told(serve, opened, tmp_path):
    for name in ("lab", "scratch"):
        (tmp_path / name).mkdir()
    server = serve(str(tmp_path / "lab"), f"--root={tmp_path / 'lab'}", f"--scratch={tmp_path / 'scratch'}")
    page = opened(server.url)
    begin(page, "mine")
    stranger = opened(server.url)  # another browser
    stranger.wait_for_timeout(2000)
    assert not stranger.get_by_text("mine", exact=True).count()
    again = another(page, server.url)
    again.get_by_role("link", name=re.compile("^mine")).wait_for()
