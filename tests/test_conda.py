"""The draft of the conda recipe asks for what the package asks for, and its own linter takes it."""

from __future__ import annotations

import pathlib
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TEXT = (ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8")
RECIPE = yaml.safe_load(TEXT)

#: What a distribution is called there, where that is another name
NAMES = {"matplotlib": "matplotlib-base"}


def test_it_asks_for_the_same_versions():
    asked = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    expected = {f"{NAMES.get(one.name, one.name)} {one.specifier}" for one in asked}
    python, *others = RECIPE["requirements"]["run"]
    assert python == "python >=${{ python_min }}"
    assert set(others) == expected
    assert PROJECT["project"]["requires-python"] == f">={RECIPE['context']['python_min']}"


def test_it_is_of_this_version_and_makes_the_same_commands():
    assert RECIPE["context"]["version"] == PROJECT["project"]["version"]
    commands = [f"{name} = {where}" for name, where in PROJECT["project"]["scripts"].items()]
    assert RECIPE["build"]["python"]["entry_points"] == commands
    (builder,) = map(Requirement, PROJECT["build-system"]["requires"])
    assert f"{builder.name} {builder.specifier}" in RECIPE["requirements"]["host"]


def test_rattler_build_takes_it():
    rattler_build = pytest.importorskip("rattler_build", reason="needs py-rattler-build")
    (variant,) = rattler_build.Stage0Recipe.from_yaml(TEXT).render(rattler_build.VariantConfig())
    assert variant.recipe.to_dict()["package"]["name"] == "efewidgets"
