"""The configuration files of docs/examples: for Zero to JupyterHub on Kubernetes, and for The Littlest JupyterHub."""

from __future__ import annotations

import json
import os
import pathlib
import re
from typing import Any

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples"
PAGE = (ROOT / "docs" / "sharing.md").read_text(encoding="utf-8")

#: Names the folder of the Helm chart: `helm pull jupyterhub --repo https://hub.jupyter.org/helm-chart --untar`
CHART = os.environ.get("Z2JH_CHART", "")

#: What the example may be wrong in without the chart's schema, and what the schema says then
WRONG = {
    "proxy.https.hostnames": ["example.org"],
    "singleuser.default_url": "/lab",
    "singleuser.memory.limit": ["1G"],
    "cull.timeout": "an hour",
}


class _Once(yaml.SafeLoader):
    """Takes no key twice, of which all but the last would be forgotten."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [self.construct_object(key, deep) for key, _ in node.value]
        assert len(names) == len(set(names)), f"{names}: one of them is there twice"
        return super().construct_mapping(node, deep)


def example(name: str) -> dict[str, Any]:
    return yaml.load((EXAMPLES / name).read_text(encoding="utf-8"), _Once)


def merged(ours: Any, theirs: Any) -> Any:
    """Return values as Helm merges them: the chart's, and over them those of a file."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return ours
    both = {name: merged(ours[name], theirs[name]) for name in ours.keys() & theirs.keys()}
    return {**theirs, **ours, **both}


def megabytes(size: str) -> float:
    number, unit = re.fullmatch(r"(\d+)([MG])", size).groups()
    return int(number) * {"M": 1, "G": 1000}[unit]


@pytest.fixture(scope="module")
def validator() -> Any:
    if not CHART:
        pytest.skip("needs the Helm chart, which no package has: set Z2JH_CHART to its unpacked folder")
    import jsonschema

    schema = json.loads(pathlib.Path(CHART, "values.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema)


def defaults() -> Any:
    return yaml.safe_load(pathlib.Path(CHART, "values.yaml").read_text(encoding="utf-8"))


def test_the_chart_takes_the_values(validator):
    found = list(validator.iter_errors(merged(example("kubernetes.yaml"), defaults())))
    assert [f"{'.'.join(map(str, error.path))}: {error.message}" for error in found] == []


@pytest.mark.parametrize("place", WRONG)
def test_the_chart_would_say_what_is_wrong(validator, place):
    *above, name = place.split(".")
    values = merged(example("kubernetes.yaml"), defaults())
    inner = values
    for part in above:
        inner = inner[part]
    inner[name] = WRONG[place]
    assert not validator.is_valid(values)


def test_what_a_person_is_sure_of_is_no_more_than_what_they_may_take():
    single = example("kubernetes.yaml")["singleuser"]
    sizes = [(single["memory"]["guarantee"], single["memory"]["limit"])]
    cores = [(single["cpu"]["guarantee"], single["cpu"]["limit"])]
    for profile in single["profileList"]:
        given = profile.get("kubespawner_override", {})
        if given:
            sizes.append((given["mem_guarantee"], given["mem_limit"]))
            cores.append((given["cpu_guarantee"], given["cpu_limit"]))
        assert f"{sizes[-1][1].removesuffix('G')} GB" in profile["description"]
    assert all(megabytes(sure) < megabytes(most) for sure, most in sizes)
    assert all(sure < most for sure, most in cores)
    assert [profile.get("default", False) for profile in single["profileList"]].count(True) == 1


def test_what_a_person_keeps_is_on_their_own_volume_and_hides_nothing_of_the_image():
    single = example("kubernetes.yaml")["singleuser"]
    home = single["storage"]["homeMountPath"]
    assert home.startswith("/home/jovyan/"), "what repo2docker has built is in /home/jovyan itself"
    assert single["extraEnv"]["XDG_DATA_HOME"].startswith(f"{home}/")
    volumes = [volume["name"] for volume in single["storage"]["extraVolumes"]]
    assert volumes == [mount["name"] for mount in single["storage"]["extraVolumeMounts"]]


def test_both_hubs_open_the_dashboard_and_give_a_person_the_same():
    kubernetes, littlest = example("kubernetes.yaml"), example("littlest.yaml")
    assert kubernetes["singleuser"]["defaultUrl"] == "/efewidgets/"
    assert 'default_url = "/efewidgets/"' in (EXAMPLES / "littlest.py").read_text(encoding="utf-8")
    assert littlest["limits"]["memory"] == kubernetes["singleuser"]["memory"]["limit"]
    assert littlest["limits"]["cpu"] == kubernetes["singleuser"]["cpu"]["limit"]
    assert littlest["services"]["cull"]["timeout"] == kubernetes["cull"]["timeout"]


def test_the_page_shows_each_file():
    shown = set(re.findall(r"\{literalinclude\} examples/(\S+)", PAGE))
    assert shown == {path.name for path in EXAMPLES.iterdir()}
