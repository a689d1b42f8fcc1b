"""A lab that shares one folder, beside another one that is nobody's business."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets
import pytest

from efewidgets import Dashboard, datasets
from efewidgets.engine.guard import set_guard
from efewidgets.widgets.parts.table import Table

#: Stands in files that visitors must not see
SECRET = "the-secret-of-another-lab"


class Lab:
    """A folder that is shared, one for scratch, and another lab's.

    Attributes
    ----------
    root, scratch, other : pathlib.Path
    """

    def __init__(self, folder: pathlib.Path):
        self.root, self.scratch, self.other = (folder / name for name in ("root", "scratch", "other"))
        for place in (self.root / "deep" / "deeper", self.scratch, self.other):
            place.mkdir(parents=True)
        sample = datasets.sample_folder() / "RS1.nwb"
        shutil.copy(sample, self.root / "cell.nwb")
        shutil.copy(sample, self.other / "cell.nwb")
        (self.other / "secret.txt").write_text(SECRET * 4000, encoding="utf-8", newline="\n")
        (self.other / "session.json").write_text(
            json.dumps(self.config("cell.nwb") | {"comment": SECRET}), encoding="utf-8", newline="\n"
        )
        (self.root / "link.nwb").symlink_to(self.other / "cell.nwb")
        (self.root / "link.json").symlink_to(self.other / "session.json")
        (self.root / "chain.json").symlink_to("link.json")
        (self.root / "out").symlink_to(self.other)
        (self.root / "down").symlink_to(self.root / "deep" / "deeper")
        with contextlib.suppress(AttributeError):  # Windows has no pipes among its files
            os.mkfifo(self.root / "pipe.json")
            os.mkfifo(self.root / "pipe.nwb")
        self._before = self._outside()

    def config(self, path: Any, **more: Any) -> dict[str, Any]:
        """Return a config of one recording."""
        target = {"efeature": "AP_amplitude", "protocol": "IDrest", "amplitude": 150, "tolerance": 20}
        files = {"c": {"IDrest": [{"filepath": str(path)}]}}
        return {"files_metadata": files, "targets": [target], "protocols_rheobase": ["IDrest"]} | more

    def session(self, **more: Any) -> pathlib.Path:
        """Write a session in the root."""
        path = self.root / "session.json"
        path.write_text(json.dumps(self.config("cell.nwb", **more)), encoding="utf-8", newline="\n")
        return path

    def is_untouched(self) -> bool:
        """Whether outside of scratch everything is as it was, and nothing of the other lab stands in scratch."""
        written = [path for path in self.scratch.rglob("*") if path.is_file()]
        return self._outside() == self._before and not any(
            SECRET.encode() in path.read_bytes() for path in written
        )

    def _outside(self) -> dict[str, Any]:
        found = [*self.other.parent.iterdir(), *self.other.rglob("*")]
        return {str(path): path.read_bytes() if path.is_file() else None for path in found}


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> Iterator[Lab]:
    """The lab; nothing outside of its scratch folder may have changed in the end."""
    found = Lab(tmp_path / "lab") if not (tmp_path / "lab").mkdir() else None
    assert found is not None
    yield found
    assert found.is_untouched()


@pytest.fixture
def unfenced() -> Iterator[None]:
    """After a test that puts a fence around this process, other tests read their own files."""
    yield
    set_guard(None)


@pytest.fixture
def dashboard(lab: Lab, unfenced: None) -> Iterator[Dashboard]:
    """The page of a visitor, in a process that is theirs."""
    found = Dashboard(root=lab.root, scratch=lab.scratch, options=dict)
    found.fence.enclose()
    found.toggles["Session"].value = True
    yield found
    assert SECRET not in sent_to_page()
    found.close()


def sent_to_page() -> str:
    """Return all that the browser has of all widgets."""
    models = list(ipywidgets.widgets.widget._instances.values())
    own = [model.rows for model in models if isinstance(model, Table)]  # sent, but kept elsewhere
    return repr([{name: getattr(model, name) for name in model.keys} for model in models]) + repr(own)


def in_time(call: Callable[[], Any], seconds: float = 20) -> Any:
    """Call something that might wait for ever, as opening a pipe does; fail if it does."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(_answer(call)), daemon=True)
    thread.start()
    thread.join(seconds)
    assert answers, "it hangs"
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]


def _answer(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error
