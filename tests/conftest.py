"""What the tests share: a temporary folder that goes with them, and where the lab's own recordings are, if at hand."""

from __future__ import annotations

import asyncio
import os
import pathlib
import tempfile

import pytest

from tests.lacking import lacking

SHARED_DATA = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests with a browser wait for longer than they compute."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Skip a test that this system can't prepare."""
    return (yield from _skipping_what_is_lacking())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip a test that asks for what this system hasn't."""
    return (yield from _skipping_what_is_lacking())


def _skipping_what_is_lacking():
    try:
        return (yield)
    except (AttributeError, ImportError, OSError) as error:
        why = lacking(error)
        if why:
            pytest.skip(why)
        raise


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """Folder with real recordings and goldens made by BluePyEfe; not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the folder of real recordings, which is not part of the project")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory):
    """Have all that is made in the temporary folder, by kernels and servers too, go with the tests' own folders.

    A notebook leaves its output for the person who ran it, and a process that is killed can't clear up.
    """
    folder = tmp_path_factory.mktemp("tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        for name in ("TMPDIR", "TEMP", "TMP"):
            patch.setitem(os.environ, name, str(folder))
        yield folder


@pytest.fixture(autouse=True)
def no_loop(request):
    """Have no event loop run in tests outside of a browser: Playwright leaves its own behind as one that does.

    What is handed to a loop that stands still is never called, and never let go.
    """
    loop = asyncio._get_running_loop()
    if loop is None or request.node.get_closest_marker("browser") is not None:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)
