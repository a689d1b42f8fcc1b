"""What the tests share: where the lab's own recordings are, if they are at hand."""

from __future__ import annotations

import pathlib

import pytest

SHARED_DATA = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """Folder with real recordings and goldens made by BluePyEfe; not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the folder of real recordings, which is not part of the project")
    return SHARED_DATA
