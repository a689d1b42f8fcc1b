"""Keys in a real browser: a hundred sweeps gone through by keys alone, the palette, the sheet, and whose keys are whose."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

#: The page, and how long each key takes in the kernel
CODE = """
import time
from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.state import BackgroundRunner
state = ExtractionState.from_arguments(datasets.sample_config(), runner=BackgroundRunner())
state.run(); state.wait()
dashboard = Dashboard(state)
dashboard.step = "stimuli"
took, usual = [], dashboard.keyboard.do
def do(identity):
    begin = time.perf_counter()
    usual(identity)
    took.append(time.perf_counter() - begin)
dashboard.keyboard.do = do
def order():
    members = state.results.members
    cells = list(state.inputs.by_name)
    def place(one):
        member = members[one]
        protocols = list(state.inputs.by_name[member.cell].groups)
        return cells.index(member.cell), protocols.index(member.protocol), member.recording.amp
    return sorted(members, key=place)
def decided():
    said = {f"{file.id}/{sweep}": why for _, file in state.inputs.files() for sweep, why in file.excluded.items()}
    return said | {one: True for one in state.inputs.accepted}
display(dashboard)
"""

#: What each key makes of the sweep that it is pressed on; None if it only goes on
KEYS = {"x": "noisy", "2": "seal lost", "Space": True, "1": "noisy", "ArrowRight": None, "5": "artefact", "a": True}


def test_a_hundred_sweeps_are_culled_by_keys_alone(visit, voila):
    """Pressed as fast as the browser can, so that the kernel is behind: each is about the sweep that was meant."""
    found = visit(voila, CODE, width=1440)
    page = found.page
    page.locator(".efe-trace-viewer .efe-sweeps").wait_for()
    order = found.ask("order()")
    assert len(order) > 110
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("1")  # the reason that X gives from here on
    pressed = [name for name, _ in zip(list(KEYS) * 15, range(99), strict=False)]
    for key in pressed:
        page.keyboard.press(key)
    expected, last = {order[0]: "noisy"}, "noisy"
    for sweep, key in zip(order[1:], pressed, strict=False):
        said = last if key == "x" else KEYS[key]
        last = said if isinstance(said, str) else last
        if said is not None:
            expected[sweep] = said
    found.until("len(took)", 100, 60)
    assert found.ask("decided()") == expected
    assert found.ask("list(state.view.recordings)") == [order[100]]  # and the next stands there
    found.screenshot("culled")
    times = sorted(found.ask("took"))
    print(f"kernel, s a key: median {times[50]:.4f}, 95 % {times[95]:.4f}, most {times[-1]:.4f}")
    for _ in range(3):
        page.keyboard.press("Control+z")
    found.until("len(took)", 103, 30)
    assert found.ask("len(decided())") == len(expected) - 3
