"""The browser tests' own tools: a page in each front end, whose kernel answers."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CODE = """
import ipywidgets
button, count = ipywidgets.Button(description="once more"), [0]
button.on_click(lambda _: count.append(count.pop() + 1))
display(button)
"""


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "kind", ["voila", pytest.param("lab", marks=SLOW), pytest.param("notebook", marks=SLOW)]
)
def test_a_click_reaches_the_kernel(request, visit, kind):
    found = visit(request.getfixturevalue(kind), CODE)
    assert found.ask("count") == [0]
    found.page.get_by_role("button", name="once more").click()
    found.until("count", [1])
