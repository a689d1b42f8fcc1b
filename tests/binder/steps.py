"""What repo2docker would do with the repository, asked of repo2docker itself."""

from __future__ import annotations

import importlib.resources
import re
from typing import Any

PLATFORM = "linux/amd64"
#: What the base environment is there for; what these need comes with them
_BASE = (
    "ipywidgets",
    "jupyter-offlinenotebook",
    "jupyter-resource-usage",
    "jupyter_server",
    "jupyterhub-base",
)
_BASE += (
    "jupyterlab",
    "notebook",
    "ipykernel",
    "nbconvert-core",
    "tornado",
    "traitlets",
    "psutil",
    "packaging",
)


def buildpack() -> Any:
    """Return the buildpack that takes the repository in the working directory."""
    from repo2docker.app import Repo2Docker

    return next(found for kind in Repo2Docker().buildpacks if (found := kind(PLATFORM)).detect())


def base_pins(python: str) -> list[str]:
    """Return the Jupyter packages that are in the image before ours, as requirements for pip."""
    folder = importlib.resources.files("repo2docker.buildpacks.conda")
    lock = (folder / f"environment.py-{python}-linux-64.lock").read_text(encoding="utf-8")
    found = dict(re.findall(r"/([A-Za-z0-9_.-]+?)-(\d[^-/]*)-[^-/]+\.(?:conda|tar\.bz2)", lock))
    return [f"{re.sub('-(base|core)$', '', name)}=={found[name]}" for name in _BASE]
