"""BluePyEfe's modules by their names, and put in the place of the package."""

from __future__ import annotations

import importlib
import inspect
import pathlib
import pkgutil
import subprocess
import sys

import pytest

import efewidgets.compat

MODULES = (
    "auto_targets cell ecode extract nwbreader plotting protocol reader recording rheobase target tools"
    " translate_legacy_config"
).split()
#: Helpers of BluePyEfe's own that no client found uses
INTERNAL = {
    "ecode.SpikeRec": {"detect_spike", "group_indexes"},
    "plotting": {"_get_colors_markers_wheels", "_plot", "_plot_ind", "_plot_legend", "_save_fig"},
    "reader": {
        "_decode_nwb_value",
        "_get_nwb_metadata",
        "_get_vu_stimulus_description",
        "_is_vu_nwb",
        "_unique",
    },
    "rheobase": {"_get_list_spiking_amplitude"},
    "nwbreader": {"_normalize_scala_protocol_name"},
    "ecode.sineSpec": {"_get_metadata_float"},
}


@pytest.fixture(autouse=True)
def _place_given_back():
    yield
    efewidgets.compat.uninstall()


def peer_modules():
    peer = pytest.importorskip("bluepyefe", reason="needs BluePyEfe to compare with (efewidgets[test])")
    names = [info.name for info in pkgutil.walk_packages(peer.__path__, "bluepyefe.")]
    return [name.removeprefix("bluepyefe.") for name in names if "igorpy" not in name]


def test_every_module_and_function_has_its_name_here():
    """All classes and functions that BluePyEfe defines, with the names of their arguments in their order."""
    for name in peer_modules():
        theirs = importlib.import_module(f"bluepyefe.{name}")
        ours = importlib.import_module(f"efewidgets.compat.bluepyefe.{name}")
        for member, thing in vars(theirs).items():
            if getattr(thing, "__module__", None) != theirs.__name__ or member in INTERNAL.get(name, ()):
                continue
            assert hasattr(ours, member), f"{name}.{member}"
            if inspect.isfunction(thing):
                wanted = list(inspect.signature(thing).parameters)
                found = list(inspect.signature(getattr(ours, member)).parameters)
                assert found[: len(wanted)] == wanted, f"{name}.{member}"


def test_every_method_has_its_name_here():
    for name in peer_modules():
        theirs = importlib.import_module(f"bluepyefe.{name}")
        ours = importlib.import_module(f"efewidgets.compat.bluepyefe.{name}")
        for member, thing in vars(theirs).items():
            if inspect.isclass(thing) and thing.__module__ == theirs.__name__:
                public = {method for method in vars(thing) if not method.startswith("_")}
                lacking = {m for m in public if not hasattr(getattr(ours, member), m)}
                assert lacking <= {"compute_amp", "step_detection"}, f"{name}.{member}"  # SAHP's own


def test_every_key_of_the_table_of_ecodes():
    peer = pytest.importorskip("bluepyefe.ecode")
    from efewidgets.compat.bluepyefe.ecode import eCodes

    assert {key: cls.__name__ for key, cls in peer.eCodes.items()}.items() <= {
        key: cls.__name__ for key, cls in eCodes.items()
    }.items()


def test_in_the_place_of_the_package_and_back():
    before = pytest.importorskip("bluepyefe.extract")
    efewidgets.compat.install()
    efewidgets.compat.install()  # twice is as once
    import bluepyefe.extract
    from bluepyefe.ecode.step import Step

    from efewidgets import extract
    from efewidgets.engine.recordings.ecodes import Step as OurStep

    assert bluepyefe.extract.extract_efeatures is extract.extract_efeatures
    assert Step is OurStep
    assert sys.modules["bluepyefe"].cell.Cell is extract.Cell
    efewidgets.compat.uninstall()
    efewidgets.compat.uninstall()
    assert importlib.import_module("bluepyefe.extract") is before


def test_for_the_length_of_a_with_statement():
    with efewidgets.compat.installed():
        assert sys.modules["bluepyefe"].__name__ == "efewidgets.compat.bluepyefe"
        with efewidgets.compat.installed():
            pass
        assert sys.modules["bluepyefe"].__name__ == "efewidgets.compat.bluepyefe"
    assert "efewidgets" not in getattr(sys.modules.get("bluepyefe"), "__name__", "")


WITHOUT = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "bluepyefe":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
import efewidgets.compat
efewidgets.compat.install()
import bluepyefe.extract, bluepyefe.tools
from bluepyefe.ecode.sAHP import SAHP
from bluepyefe.plotting import plot_all_recordings
assert bluepyefe.tools.to_nA(3.0, "pA") == 0.003
efewidgets.compat.uninstall()
try:
    import bluepyefe.cell
except ModuleNotFoundError:
    print("gone")
"""


def test_where_bluepyefe_is_not_installed():
    here = pathlib.Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        capture_output=True,
        text=True,
        cwd=here,
        timeout=120,
        check=False,
        encoding="utf-8",
    )
    assert done.stdout.strip() == "gone", done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_imported_by_name(name):
    assert importlib.import_module(f"efewidgets.compat.bluepyefe.{name}").__doc__
