"""An eFEL with which nothing works is refused at once, in a sentence."""

from __future__ import annotations

import pathlib
import tomllib
import types

import pytest

from efewidgets.engine.features.efel_import import _check_core, efel
from efewidgets.engine.problems import EfeError

ROOT = pathlib.Path(__file__).parents[3]


def test_the_installed_one_will_do() -> None:
    _check_core(efel())


def test_one_whose_core_can_not_be_cleared_is_too_old() -> None:
    """So are 5.7.0 to 5.7.8; from 5.7.9 on the core has Clear."""
    old = types.SimpleNamespace(__version__="5.7.8", cppcore=types.SimpleNamespace(Initialize=None))
    with pytest.raises(EfeError, match=r"eFEL 5\.7\.8 is too old .* Install 5\.7\.20 or newer"):
        _check_core(old)  # type: ignore[arg-type]


def test_the_bound_is_the_oldest_that_works() -> None:
    """The first that has all settings of the catalogue (depol_block_min_duration), and the last for Macs with Intel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "efel>=5.7.20" in project["dependencies"]
