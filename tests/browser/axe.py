"""What axe-core finds on a page: text that can't be read, controls that can't be named or reached."""

from __future__ import annotations

from typing import Any

import pytest

#: As axe-core calls what keeps somebody from using the page
HINDERS = {"serious", "critical"}


def hindrances(page: Any) -> list[str]:
    """Return a sentence for each element that hinders somebody, as axe-core judges the page as it stands."""
    sync = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = sync.Axe().run(page).response["violations"]
    return [
        f"{one['impact']}: {one['help']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in HINDERS
        for node in one["nodes"]
    ]
