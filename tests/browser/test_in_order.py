"""What is typed and pressed while the kernel is busy comes to it in that order."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CODE = """
import time, ipywidgets
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import TraceViewer
state = ExtractionState.from_arguments(datasets.sample_config())
viewer = TraceViewer(state)
busy = ipywidgets.Button(description="be busy")
busy.on_click(lambda _: time.sleep(3))
display(viewer, busy)
"""

REASONS = ["seal lost", "drift", "spontaneous"]


@pytest.mark.parametrize("kind", ["voila", pytest.param("lab", marks=pytest.mark.slow)])
def test_reasons_typed_while_the_kernel_is_busy(visit, request, kind):
    found = visit(request.getfixturevalue(kind), CODE)
    page = found.page
    page.get_by_role("button", name="next ▶").wait_for()
    page.get_by_role("button", name="be busy").click()
    for reason in REASONS:
        page.get_by_role("button", name="next ▶").click()
        page.get_by_label("reason").click()
        page.get_by_label("reason").fill("")
        page.keyboard.type(reason, delay=20)
        page.get_by_role("button", name="exclude", exact=True).click()
    given = "[why for _, f in state.inputs.files() for why in f.excluded.values()]"
    found.until(given, REASONS)
    found.until("viewer.controls.reason.value", "")
