"""Where the names of timings stand beside their handles: they cover neither each other nor a handle."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from efewidgets.widgets import traces

NODE = shutil.which("node")
PARTS = Path(traces.__file__).with_name("glass_parts.js")

pytestmark = pytest.mark.skipif(
    NODE is None, reason="needs node, which runs the page's code without a browser"
)


def places(handles, room=500, first=None):
    """Where names begin, by the page's own code; handles are pairs of x and the width of the name (px)."""
    given = json.dumps([{"x": x, "width": width} for x, width in handles])
    code = PARTS.read_text(encoding="utf-8")
    code += f"\nconsole.log(JSON.stringify(besideEachOther({given}, {room}, {json.dumps(first)})));"
    run = subprocess.run(
        [NODE, "-"], input=code, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return json.loads(run.stdout)


def test_names_have_a_side_each_or_are_left_out():
    far = [(100, 30), (300, 40)]
    assert places(far) == [109, 309]
    near = [(100, 30), (105, 60), (300, 40)]
    assert places(near) == [61, 114, 309]
    three = [(100, 30), (103, 60), (106, 40)]
    assert places(three) == [61, None, 115]
    assert places([(480, 30)]) == [441]  # no room to the right


def test_the_name_under_the_pointer_is_shown():
    assert places([(100, 30), (103, 60), (106, 40)], first=1) == [61, 112, None]
