"""Each notebook runs from top to bottom without a complaint, writes nothing beside itself, and is kept clean."""

from __future__ import annotations

import json
import pathlib
import re
import shutil

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST = 600  # s for a cell, on a busy machine: 06 works for half a minute in one of them

#: Those that work for long
LONG = {
    "02_widgets_one_by_one",
    "04_scripting_and_scaling",
    "05_from_bluepyefe",
    "06_fit_a_model",
    "11_features_and_thresholds",
}
each = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
run = pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(path, marks=pytest.mark.slow if path.stem in LONG else (), id=path.stem)
        for path in NOTEBOOKS
    ],
)


@run
def test_it_runs(notebook, tmp_path, capfd):
    nb_run = pytest.importorskip("nbmake.nb_run", reason="needs nbmake (efewidgets[test])")
    copy = shutil.copy(notebook, tmp_path)
    result = nb_run.NotebookRun(pathlib.Path(copy), LONGEST).execute()
    assert result.error is None, result.error.trace
    assert [path.name for path in tmp_path.iterdir()] == [notebook.name]
    assert complaints(result.nb) == []
    assert "\n".join(last_words(capfd.readouterr())) == ""


def complaints(notebook):
    """Return what the cells wrote to standard error: warnings and the like."""
    return [
        f"{cell.id}: {output.text}"
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]


#: ipykernel's own race: it closes the channel of outputs while its control thread still says that it is idle
RACE = re.compile(
    r"^ERROR:tornado\.general:Uncaught exception in ZMQStream callback\nTraceback.*\n"
    r"(?:  .*\n)*?  .*, in process_control\n(?:  .*\n)*?  .*, in _publish_status\n(?:  .*\n)*\S.*$",
    re.MULTILINE,
)


def last_words(captured):
    """Return what the kernel said beside the notebook, such as a thread that is cut off at the end."""
    lines = RACE.sub("", captured.out + captured.err).splitlines()
    return [line for line in lines if line.strip() and "Kernel is running over TCP" not in line]


@each
def test_it_is_kept_without_outputs(notebook):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert set(content["metadata"]) <= {"kernelspec", "language_info", "title", "efewidgets"}
    assert set(content["metadata"]["language_info"]) == {"name"}
    for cell in content["cells"]:
        assert not cell.get("outputs"), cell["id"]
        assert cell.get("execution_count") is None, cell["id"]
        assert set(cell["metadata"]) <= {"tags"}, cell["id"]


@each
def test_its_cells_have_names(notebook):
    """An id in words stays what it is when a cell is edited, so that a change is seen as one."""
    ids = [cell["id"] for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]
    assert len(ids) == len(set(ids))
    assert [
        name
        for name in ids
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or re.fullmatch("[0-9a-f]{8}", name)
    ] == []


@each
def test_it_names_nobodys_folders(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert re.findall(r"(?<![\w.:/])/(?:home|tmp|Users|work|root|mnt|data)\b[^\s\"]*|[A-Z]:\\\\", text) == []


def test_the_readme_names_each():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in NOTEBOOKS if f"`{path.stem}`" not in text] == []
