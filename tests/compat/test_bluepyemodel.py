"""BluePyEModel extracts the same with efewidgets in the place of BluePyEfe (`pip install efewidgets[consumers]`)."""

from __future__ import annotations

import json
import os
import pathlib

import pytest

from tests.compare import differences
from tests.compat.bluepyemodel_extraction import RUNS
from tests.compat.programs import needs, program

pytestmark = needs("bluepyemodel")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for package in ("bluepyefe", "efewidgets"):
        made[package] = tmp_path_factory.mktemp(package)
        program("-m", "tests.compat.bluepyemodel_extraction", package, str(made[package]))
    return made


@pytest.mark.parametrize("run", RUNS)
def test_same_configuration_of_the_fitness_calculator(folders, run):
    theirs, ours = (
        json.loads((folder / f"{run}.json").read_text(encoding="utf-8")) for folder in folders.values()
    )
    assert differences(theirs, ours) == []
    assert len(ours["efeatures"]) >= 4


def test_its_own_tests_that_touch_extraction(tmp_path):
    """They aren't in its package; ``EFEWIDGETS_BLUEPYEMODEL`` names a checkout of it."""
    checkout = os.environ.get("EFEWIDGETS_BLUEPYEMODEL")
    if not checkout:
        pytest.skip("needs a checkout of BluePyEModel, named by EFEWIDGETS_BLUEPYEMODEL")
    tests = [
        str(path)
        for path in sorted(pathlib.Path(checkout).glob("tests/unit_tests/test_*.py"))
        if any(word in path.name for word in ("extraction", "targets_config", "fitness_c", "plotting_u"))
    ]
    (tmp_path / "in_place.py").write_text(
        "import efewidgets.compat\nefewidgets.compat.install()\n", encoding="utf-8", newline="\n"
    )
    plugin = ["-p", "in_place", "-p", "no:cacheprovider"]
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import pytest"
    program("-c", f"{path}; sys.exit(pytest.main({plugin + tests!r}))", cwd=checkout)
