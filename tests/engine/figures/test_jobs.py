"""Drawing: anywhere, in order, whole or not at all, and one failure is one problem."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor

import pytest

from efewidgets.engine.figures import FigureJob, draw_all, plot_all, recordings_figures
from efewidgets.engine.figures.jobs import build_job
from efewidgets.engine.figures.panel import figure
from efewidgets.engine.figures.words import write
from efewidgets.engine.problems import EfeError
from tests.engine.figures.fakes import FakeCell, FakeRecording


def one_page(words: str) -> Iterator:
    page = figure(2, 1)
    write(page, 0.1, 0.4, words, 8)
    yield page


def three_pages(words: str) -> Iterator:
    for i in range(3):
        yield from one_page(f"{words} {i}")


def failing(data: str) -> Iterator:
    yield from one_page(data)
    raise RuntimeError(data)


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_everything_under_bluepyefes_names(cells, protocols, tmp_path):
    paths, problems = plot_all(cells, protocols, tmp_path, protocols_rheobase=["IDrest"])
    assert problems == []
    assert (
        {path.relative_to(tmp_path).as_posix() for path in paths}
        == set(contents(tmp_path))
        == {
            *(f"{c}/{c}_IDrest_recordings.pdf" for c in "AB"),
            *(f"{c}/{c}_IDrest_AP1_amp_{key}.pdf" for c in "AB" for key in ("amp", "amp_rel")),
            *(f"{c}/{c}_rheobase.pdf" for c in "AB"),
            *(f"IDrest_AP1_amp_{key}.pdf" for key in ("amp", "amp_rel")),
            "legend.pdf",
        }
    )


@pytest.mark.parametrize("fmt", ["pdf", "png"])
def test_same_input_same_bytes_wherever_it_is_drawn(cells, protocols, tmp_path, fmt):
    here, _ = plot_all(cells[:1], protocols, tmp_path / "here", ["IDrest"], fmt=fmt)
    with ThreadPoolExecutor(4) as threads:
        there, problems = plot_all(
            cells[:1], protocols, tmp_path / "there", ["IDrest"], fmt=fmt, executor=threads
        )
        threads.submit(int).result()  # it wasn't shut down
    assert problems == []
    assert [p.relative_to(tmp_path / "here") for p in here] == [
        p.relative_to(tmp_path / "there") for p in there
    ]
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_processes_of_its_own_draw_the_same(cells, protocols, tmp_path):
    plot_all(cells, protocols, tmp_path / "here", ["IDrest"])
    _, problems = plot_all(cells, protocols, tmp_path / "there", ["IDrest"], jobs=2)
    assert problems == []
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_one_failure_is_one_problem_and_the_rest_is_drawn(tmp_path):
    jobs = [
        FigureJob("a", one_page, "a"),
        FigureJob("b", failing, "no ink", cell="C1", protocol="IV"),
        FigureJob("c", one_page, "c"),
    ]
    paths, (problem,) = draw_all(jobs, tmp_path)
    assert [path.name for path in paths] == ["a.pdf", "c.pdf"]
    assert str(problem) == "cell 'C1', protocol 'IV': The figure b is missing: RuntimeError: no ink"
    assert set(contents(tmp_path)) == {"a.pdf", "c.pdf"}


def test_figures_missing_for_the_same_reason_are_one_problem(tmp_path):
    jobs = [FigureJob(name, failing, "no ink", cell="C1", protocol=name) for name in "abc"]
    _, (problem,) = draw_all(jobs, tmp_path)
    assert problem.message == "3 figures, the first of them a, are missing: RuntimeError: no ink"
    assert (problem.cell, problem.protocol) == ("C1", None)


def test_data_that_cannot_be_gathered_is_a_problem_too(tmp_path):
    cell = FakeCell("A", [FakeRecording(), FakeRecording(protocol_name="IV")])
    cell.recordings[0].t = "not a time"
    paths, (problem,) = draw_all(recordings_figures(cell), tmp_path)
    assert [path.name for path in paths] == ["A_IV_recordings.pdf"]
    assert "A_IDrest_recordings is missing" in problem.message


def test_nothing_to_see_is_no_figure():
    assert build_job("a", one_page, lambda: None) is None


def test_pages_are_in_one_pdf_or_numbered_pngs(tmp_path):
    jobs = [FigureJob("a", three_pages, "x")]
    (pdf,) = draw_all(jobs, tmp_path)[0]
    assert pdf.read_bytes().count(b"/Type /Page ") == 3
    assert [path.name for path in draw_all(jobs, tmp_path, "png")[0]] == ["a.png", "a_2.png", "a_3.png"]


def test_names_that_a_file_system_holds_for_the_same_do_not_overwrite_each_other(tmp_path):
    jobs = [FigureJob(name, one_page, name) for name in ("cell", "Cell", "CELL", "other")]
    assert [path.name for path in draw_all(jobs, tmp_path)[0]] == [
        "cell.pdf",
        "Cell~2.pdf",
        "CELL~3.pdf",
        "other.pdf",
    ]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "..", "a/../../b", "C:\\x", "细胞", "a\nb", ""])
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    cell = FakeCell(name, [FakeRecording(protocol_name=name, name=name)])
    inside = tmp_path / "deep" / "inside"
    paths, problems = plot_all([cell], [], inside, [name])
    assert problems == []
    assert len(paths) == 2
    for path in paths:
        assert path.resolve().parent.parent == inside.resolve()
    assert len(contents(tmp_path)) == 2


def test_a_file_that_is_there_is_replaced_or_stays_whole(tmp_path, monkeypatch):
    (tmp_path / "a.pdf").write_bytes(b"old")

    def full_disk(self, content):
        with open(self, "wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_bytes", full_disk)
        paths, (problem,) = draw_all([FigureJob("a", one_page, "a")], tmp_path)
    assert paths == []
    assert "No space left" in problem.message
    assert contents(tmp_path) == {"a.pdf": b"old"}
    draw_all([FigureJob("a", one_page, "a")], tmp_path)
    assert contents(tmp_path)["a.pdf"].startswith(b"%PDF")


class Dying(Executor):
    """Breaks after the first figure, as a pool whose process was killed."""

    def __init__(self):
        self.n = 0

    def submit(self, fn, /, *args, **kwargs):
        self.n += 1
        if self.n > 2:
            raise BrokenExecutor("gone")
        future: Future = Future()
        if self.n == 1:
            future.set_result(fn(*args, **kwargs))
        else:
            future.set_exception(BrokenExecutor("gone"))
        return future


def test_when_the_processes_die_the_rest_is_drawn_here(tmp_path):
    jobs = [FigureJob(name, one_page, name) for name in "abcd"]
    paths, problems = draw_all(jobs, tmp_path, executor=Dying())
    assert [path.name for path in paths] == ["a.pdf", "b.pdf", "c.pdf", "d.pdf"]
    assert problems == []


def killing(data: str) -> Iterator:
    os._exit(9)


def test_a_figure_that_kills_its_processes_fails_alone(tmp_path):
    jobs = [FigureJob(name, killing if name == "b" else one_page, name) for name in "abc"]
    paths, problems = draw_all(jobs, tmp_path, jobs=2)
    assert [path.name for path in paths] == ["a.pdf", "c.pdf"]
    assert [problem.message.partition(", perhaps")[0] for problem in problems] == [
        "The figure b is missing: the process that worked on it died twice"
    ]


def test_where_no_process_can_start_all_is_drawn_here(tmp_path, monkeypatch):
    def never(*_):
        raise OSError("no room")

    monkeypatch.setattr("efewidgets.engine.workers._can_be_copied", lambda: True)  # nothing is imported anew
    monkeypatch.setattr("efewidgets.engine.workers._begin", never)
    paths, problems = draw_all([FigureJob(name, one_page, name) for name in "ab"], tmp_path, jobs=2)
    assert ([path.name for path in paths], problems) == (["a.pdf", "b.pdf"], [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output_dir": None}, "output_dir is None"),
        ({"output_dir": ".", "fmt": "svg"}, "'pdf' or 'png'"),
        ({"output_dir": ".", "jobs": 0}, "at least 1"),
    ],
)
def test_refuses_what_cannot_be(arguments, message):
    with pytest.raises(EfeError, match=message):
        draw_all([], **arguments)


def test_what_a_person_has_set_in_matplotlib_is_neither_changed_nor_obeyed(cells, protocols, tmp_path):
    import matplotlib

    plot_all(cells[:1], protocols, tmp_path / "plain", ["IDrest"])
    wild = {
        "text.usetex": True,
        "font.family": "serif",
        "figure.constrained_layout.use": True,
        "lines.linewidth": 9,
    }
    wild |= {"savefig.bbox": "tight", "figure.dpi": 33, "axes.formatter.use_mathtext": True}
    with matplotlib.rc_context(wild):
        before = dict(matplotlib.rcParams)
        _, problems = plot_all(cells[:1], protocols, tmp_path / "wild", ["IDrest"])
        assert dict(matplotlib.rcParams) == before
    assert problems == []
    assert contents(tmp_path / "plain") == contents(tmp_path / "wild")


def test_needs_no_pyplot_and_imports_matplotlib_only_to_draw(tmp_path):
    """In an interpreter of its own: the package is imported without matplotlib, and draws without pyplot."""
    code = f"""
import sys
import efewidgets.engine.figures as figures
assert "matplotlib" not in sys.modules and "scipy" not in sys.modules
from tests.engine.figures.fakes import FakeCell, FakeRecording
cell = FakeCell("A", [FakeRecording()])
assert len(figures.plot_all([cell], [], {str(tmp_path)!r}, ["IDrest"])[0]) == 2
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
