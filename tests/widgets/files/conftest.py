"""What the tests of files share."""

from __future__ import annotations

import pytest

from efewidgets import ExtractionState
from efewidgets.widgets import FileSelector


@pytest.fixture
def files(root, tmp_path):
    """A selector on the `root` of a test, beside which uploads come."""
    with ExtractionState() as state:
        found = FileSelector(state, root=root, scratch=tmp_path / "scratch")
        yield found
        found.close()
