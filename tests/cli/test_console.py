"""What is seen in a terminal: help, columns, colours, problems, the progress bar."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable

import pytest

import efewidgets
from efewidgets.cli import main
from efewidgets.cli.console import Console
from efewidgets.cli.interrupt import Interrupt
from efewidgets.cli.progress import Bar
from efewidgets.cli.report import Report
from efewidgets.cli.text import grouped
from efewidgets.engine.problems import Problem

from .conftest import Ran


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    made = Console(as_json=False, quiet=False, interrupt=Interrupt())
    made.out, made.err = io.StringIO(), io.StringIO()
    return made


def test_version(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"efewidgets {efewidgets.__version__}\n"


def test_without_a_command_there_is_help(run: Callable[..., Ran]) -> None:
    ran = run()
    assert ran.code == 2
    for command in ("extract", "check", "inspect", "features", "convert-legacy"):
        assert command in ran.out


@pytest.mark.parametrize("command", ["extract", "check", "inspect", "features", "convert-legacy"])
def test_each_command_has_an_example(command: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    _, _, example = capsys.readouterr().out.partition("\nexample:\n")
    assert f"  efewidgets {command}" in example


def test_help_imports_nothing_heavy() -> None:
    told = (
        "import sys\nfrom efewidgets.cli import main\n"
        "try: main(['extract', '--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('numpy', 'scipy', 'efel', 'h5py', 'matplotlib', 'neo') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_columns_are_aligned_and_the_last_is_wrapped(console: Console) -> None:
    console.table([("a", "1", "short"), ("long name", "100", "word " * 30)], right=[1])
    lines = console.out.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "  a            1  short"
    assert lines[1].startswith("  long name  100  word word")
    assert all(line.startswith(" " * 18 + "word") for line in lines[2:])
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines[1:]).split()) == "long name 100 " + " ".join(["word"] * 30)


def test_names_cannot_steer_the_terminal(console: Console) -> None:
    console.table([("\x1b[2Jcell", "a\tb")])
    Report(problems=[Problem("m.", cell="\x1b]0;title\x07")]).print(console)
    shown = console.out.getvalue() + console.err.getvalue()  # type: ignore[attr-defined]
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_colours_are_for_terminals_only(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    assert console.styled("x", "red") == "x"
    terminal = Terminal()
    assert console.styled("x", "red", terminal) == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "")
    assert console.styled("x", "red", terminal) == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert console.styled("x", "red", terminal) == "x"


def test_problems_are_grouped() -> None:
    problems = [
        *(Problem("unsure.", "warning", cell="B", protocol="IV", recording=str(n)) for n in range(8)),
        Problem("unsure.", "warning", cell="C", protocol="IV", recording="x"),
        Problem("no file.", cell="C", file="gone.abf"),
        Problem("a spike at -0.2 nA.", cell="C", file="a.abf", recording="x"),
        Problem("a spike at 1e-3 nA.", cell="C", file="a.abf", recording="y"),
        Problem("nothing matches.", protocol="IV", target="IV at 100"),
        Problem("everywhere."),
    ]
    assert [(group.message, group.places) for group in grouped(problems)] == [
        (
            "unsure.",
            (
                "cell B, protocol IV, 8 recordings: 0, 1, 2, 3, 4, 5, …",
                "cell C, protocol IV, recording x",
            ),
        ),
        ("no file.", ("cell C, gone.abf",)),
        (
            "a spike at -0.2 nA. (And 1 more like it, with other numbers.)",
            ("cell C, a.abf, 2 recordings: x, y",),
        ),
        ("nothing matches.", ("target IV at 100",)),
        ("everywhere.", ()),
    ]


def test_many_kinds_of_notes_are_shown_on_demand(console: Console) -> None:
    report = Report(problems=[Problem(f"note {letter}.", "note") for letter in "abcdef"])
    console.all_notes = False
    report.print(console)
    few = console.err.getvalue()  # type: ignore[attr-defined]
    assert "note a." in few
    assert "note f." not in few
    assert "3 kinds more, with --notes" in few
    console.all_notes = True
    report.print(console)
    assert "note f." in console.err.getvalue()  # type: ignore[attr-defined]


def test_problems_by_severity(console: Console) -> None:
    problems = [Problem("n.", "note"), Problem("w.", "warning"), Problem("e."), Problem("f.")]
    assert Report(problems=problems).print(console) == 1
    assert console.err.getvalue() == "\n2 errors\n  e.\n  f.\n\n1 warning\n  w.\n\n1 note\n  n.\n"  # type: ignore[attr-defined]


def test_long_messages_fit_and_paths_stay_whole(console: Console) -> None:
    path = "/" + "x" * 100 + ".nwb"
    Report(problems=[Problem("word " * 40, file=path)]).print(console)
    lines = console.err.getvalue().splitlines()  # type: ignore[attr-defined]
    assert any(path in line for line in lines)
    assert all(len(line) <= 80 for line in lines if path not in line)


@pytest.mark.parametrize(
    ("problems", "code"),
    [([], 0), ([Problem("n", "note")], 0), ([Problem("w", "warning")], 1), ([Problem("e")], 1)],
)
def test_exit_codes_follow_from_problems(problems: list[Problem], code: int) -> None:
    assert Report(problems=problems).exit_code == code


def test_bar_grows_and_goes_away() -> None:
    terminal = Terminal()
    bar = Bar("Reading", terminal)
    bar.every_s = 0.0
    bar(1, 4)
    bar(4, 4)
    assert terminal.getvalue() == (f"\rReading  {'#' * 8}{'.' * 22}  1 of 4\rReading  {'#' * 30}  4 of 4")
    bar.clear()
    assert terminal.getvalue().endswith("\r" + " " * 47 + "\r")
    shown = terminal.getvalue()
    bar(4, 4)
    assert terminal.getvalue() == shown, "a late call shows nothing"


def test_bar_without_a_known_end() -> None:
    terminal = Terminal()
    bar = Bar("Drawing", terminal)
    bar(3, 0)
    assert terminal.getvalue() == "\rDrawing  3"


def test_bar_is_drawn_ten_times_a_second_at_most() -> None:
    terminal = Terminal()
    bar = Bar("Reading", terminal)
    for done in range(1, 1001):
        bar(done, 1000)
    assert terminal.getvalue().count("\r") < 100
    assert "1000 of 1000" in terminal.getvalue()


@pytest.mark.parametrize(
    ("as_json", "quiet", "stream"),
    [(True, False, Terminal), (False, True, Terminal), (False, False, io.StringIO)],
)
def test_bar_is_for_people_at_terminals_only(as_json: bool, quiet: bool, stream: type) -> None:
    console = Console(as_json, quiet, Interrupt())
    console.err = stream()
    console.progress("Reading")(1, 2)
    assert console.err.getvalue() == ""  # type: ignore[attr-defined]


def test_first_ctrl_c_waits_and_the_second_does_not() -> None:
    import signal

    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as interrupt:
        interrupt.check()
        signal.raise_signal(signal.SIGINT)
        assert interrupt.asked
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_first_ctrl_c_stops_what_only_waits() -> None:
    import signal

    with Interrupt() as interrupt:
        interrupt.at_once = True
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
