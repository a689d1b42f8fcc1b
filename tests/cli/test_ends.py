"""How the command ends: by Ctrl-C at any moment, and killed without a chance to say so."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from efewidgets import cli, datasets

ROOT = pathlib.Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are other ones there")


def slow_config(folder: pathlib.Path, seconds: float) -> pathlib.Path:
    """Write a config of two sample cells whose reader tells its process and takes its time."""
    (folder / "slow.py").write_text(
        "import os, pathlib, time\n"
        "from efewidgets.engine.readers import nwb_reader\n"
        "def read(metadata):\n"
        f"    pathlib.Path({str(folder)!r}, f'pid-{{os.getpid()}}').touch()\n"
        f"    time.sleep({seconds})\n"
        "    return nwb_reader(metadata)\n",
        encoding="utf-8",
        newline="\n",
    )
    path = folder / "config.json"
    path.write_text(
        json.dumps(datasets.sample_config(["RS1", "FS1"]) | {"recording_reader": "slow:read"}),
        encoding="utf-8",
        newline="\n",
    )
    return path


def start(*arguments: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "efewidgets", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        encoding="utf-8",
    )


def wait_for(what: str, is_so: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < until, what
        time.sleep(0.02)


def pids(folder: pathlib.Path) -> list[int]:
    return [int(path.name.removeprefix("pid-")) for path in folder.glob("pid-*")]


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = pathlib.Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text(encoding="utf-8")


@pytest.mark.parametrize("moment", ["at work", "starting"])
def test_workers_end_with_the_command_that_is_killed(tmp_path: pathlib.Path, moment: str) -> None:
    command = start("extract", slow_config(tmp_path, 60), "-o", tmp_path / "out", "--jobs", 2)
    wait_for("no worker began", lambda: len(pids(tmp_path)) >= (2 if moment == "at work" else 1))
    workers = pids(tmp_path)
    command.kill()
    command.wait()
    wait_for("workers are alive", lambda: not any(map(lives, workers)), 20)
    command.communicate(timeout=20)  # nobody holds its output any more


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_at_any_moment_ends_with_130(tmp_path: pathlib.Path, jobs: int) -> None:
    path = slow_config(tmp_path, 0.02)
    began = time.monotonic()
    with start("extract", path, "-o", tmp_path / "out", "--jobs", jobs) as first:
        first.communicate(timeout=60)
    assert first.returncode == 0
    whole = time.monotonic() - began
    codes = {}
    for moment in range(12):
        command = start("extract", path, "-o", tmp_path / "out", "--jobs", jobs)
        time.sleep(whole * (0.15 + moment / 12))
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGINT)
        _, err = command.communicate(timeout=60)
        codes[moment] = command.returncode
        assert command.returncode in (130, -signal.SIGINT, 0), (moment, err)
        assert not list((tmp_path / "out").glob("*unfinished*"))
    assert 130 in codes.values()


def test_ctrl_c_pressed_again_and_again_ends_with_130(tmp_path: pathlib.Path) -> None:
    command = start("extract", slow_config(tmp_path, 5), "-o", tmp_path / "out", "--jobs", 2)
    wait_for("no worker began", lambda: pids(tmp_path))
    for _ in range(6):
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGINT)
        time.sleep(0.1)
    _, err = command.communicate(timeout=60)
    assert command.returncode == 130, err
    assert "stopped by Ctrl-C" in err


def test_ctrl_c_while_workers_take_long_is_heeded_at_once(tmp_path: pathlib.Path) -> None:
    command = start("extract", slow_config(tmp_path, 60), "-o", tmp_path / "out", "--jobs", 2)
    wait_for("no worker began", lambda: pids(tmp_path))
    os.killpg(command.pid, signal.SIGINT)
    _, err = command.communicate(timeout=20)
    assert command.returncode == 130, err
    assert not any(map(lives, pids(tmp_path)))


def test_ctrl_c_while_a_library_looks_at_a_file(tmp_path: pathlib.Path) -> None:
    code = (
        "import pathlib, sys, time\n"
        "from efewidgets import cli\n"
        "from efewidgets.engine import readers\n"
        f"readers.inspect = lambda path: (pathlib.Path({str(tmp_path)!r}, 'pid-1').touch(), time.sleep(60))\n"
        "sys.exit(cli.main(['inspect', 'hangs.nwb']))\n"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    wait_for("it doesn't look", lambda: pids(tmp_path))
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=20)
    assert command.returncode == 130, err
    assert "stopped by Ctrl-C" in err


@pytest.mark.parametrize("where", ["show", "_run"])
def test_ctrl_c_outside_of_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, where: str
) -> None:
    """While the report is printed, and again while the first one is being heeded."""

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.Console if where == "show" else cli, where, pressed)
    assert cli.main(["features", "sag"]) == 130
    assert "stopped by Ctrl-C" in capsys.readouterr().err
