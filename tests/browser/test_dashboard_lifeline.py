"""The kernel of a notebook restarted while it shows a dashboard: this is told, and running the cell goes on."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CODE = """
from efewidgets import Dashboard, ExtractionState, datasets
state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
dashboard = Dashboard(state, scratch={scratch!r})
display(dashboard)
"""


@pytest.mark.parametrize("kind", ["lab", "notebook"])
def test_a_restarted_kernel_is_told_and_the_cell_run_again(request, visit, kind, tmp_path):
    code = CODE.format(scratch=str(tmp_path))
    found = visit(
        request.getfixturevalue(kind), code, height=1100, told="Connection lost, reconnecting in 0 s"
    )
    page = found.page
    assert found.ask("(state.set_rheobase('RS1', 0.123), state.save('session.json'))[0]") is None
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    told = page.locator(".efe-lifeline [role=alert]")
    told.wait_for()
    assert "Run the cell again" in told.inner_text()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    told.wait_for(state="detached")
    page.locator(".efe-dashboard .efe-step-button").first.wait_for()
    found.until("dashboard.open_session('session.json')", None)
    assert found.ask("dict(dashboard.state.inputs.rheobase_values)") == {"RS1": 0.123}
