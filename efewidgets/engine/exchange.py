"""Files that are there whole or not at all; several that belong together are exchanged together.

What is new is written into a folder beside. Files that belong together then leave the place of the old ones before they
take it, so that a process that is killed on the way leaves a set with gaps, never one of two runs; the folder
"unfinished-efewidgets-…" then holds both, old and new. The next one that writes there clears up.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping

from .systems.files import move, remove, replace
from .systems.paths import too_long
from .systems.processes import is_running

logger = logging.getLogger(__name__)

_ONE = ".efewidgets-"
_SEVERAL = "unfinished-efewidgets-"
_OURS = re.compile(rf"(?:{re.escape(_ONE)}|{re.escape(_SEVERAL)})(?P<host>.+)-(?P<pid>\d+)-\w+")

#: s after which what nobody can be asked about is nobody's
_OLD_S = 3600.0


def write_files(contents: Mapping[pathlib.Path, str] | Mapping[pathlib.Path, str | bytes]) -> None:
    """Write files that belong together: all of them whole, or none; folders are made.

    Raises
    ------
    OSError
        If one can't be written, with its name; what was there before is there still. A file that another program
        holds open is waited for, and then told as that.
    """
    stages: dict[pathlib.Path, _Stage] = {}
    kept: set[pathlib.Path] = set()
    try:
        for target, content in contents.items():
            with _named(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                if target.parent not in stages:
                    stages[target.parent] = _Stage(target.parent, _SEVERAL if len(contents) > 1 else _ONE)
                stages[target.parent].write(target, content)
        _exchange(list(stages.values()), len(contents) > 1, kept)
    finally:
        for stage in stages.values():
            if stage.folder not in kept:
                shutil.rmtree(stage.folder, ignore_errors=True)
    for folder in stages:
        clear_up(folder)


class _Stage:
    """A folder in which the new files of another one wait, and the old ones until it is sure that they go."""

    def __init__(self, home: pathlib.Path, prefix: str) -> None:
        owner = f"{_host()}-{os.getpid()}-"
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=home, prefix=prefix + owner))
        self.new, self.old = self.folder / "new", self.folder / "old"
        self.new.mkdir()
        self.old.mkdir()
        self.parts: dict[pathlib.Path, pathlib.Path] = {}

    def write(self, target: pathlib.Path, content: str | bytes) -> None:
        """Write what a file will hold."""
        handle, name = tempfile.mkstemp(dir=self.new, prefix=f"{target.name}.")
        self.parts[target] = pathlib.Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
        os.chmod(name, 0o666 & ~_umask())


def _exchange(stages: list[_Stage], together: bool, kept: set[pathlib.Path]) -> None:
    """Put the new files in the place of the old ones; if that fails the old ones are put back.

    Folders in which old files stay, because they can't be put back, are added to `kept`.
    """
    parts = [(stage, target, part) for stage in stages for target, part in stage.parts.items()]
    away: dict[pathlib.Path, pathlib.Path] = {}
    there: list[pathlib.Path] = []
    try:
        for stage, target, _ in parts if together else ():
            if target.is_file():
                with _named(target):
                    move(target, stage.old / target.name)
                away[target] = stage.old / target.name
        for _, target, part in parts:
            with _named(target):
                replace(part, target)
            there.append(target)
    except BaseException:
        if together:
            kept |= _put_back(there, away)
        raise


def _put_back(there: list[pathlib.Path], away: dict[pathlib.Path, pathlib.Path]) -> set[pathlib.Path]:
    """Put old files back in their places; return the folders of those for which that fails."""
    for target in there:
        with contextlib.suppress(OSError):
            remove(target)
    stuck = set()
    for target, old in away.items():
        try:
            move(old, target)
        except OSError:
            logger.error("%s can't be put back: what it held before is in %s", target, old)
            stuck.add(old.parent.parent)
    return stuck


@contextlib.contextmanager
def _named(target: pathlib.Path) -> Iterator[None]:
    """Say which file it is that can't be written, and if its path is why: a full disk doesn't."""
    try:
        yield
    except OSError as error:
        why = too_long(target) or error.strerror or str(error)
        raise type(error)(error.errno, why, str(target)) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def clear_up(folder: pathlib.Path) -> None:
    """Remove what processes left in a folder that were killed while they wrote there."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            made = _OURS.fullmatch(entry.name)
            if made and entry.is_dir(follow_symlinks=False) and _is_nobodys(entry, made["host"], made["pid"]):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_nobodys(entry: os.DirEntry[str], host: str, pid: str) -> bool:
    """Whether who made a folder is no more; of another machine's process nobody can tell, but after an hour."""
    if not set(os.listdir(entry)) <= {"new", "old"}:
        return False  # somebody put something of their own there
    running = is_running(int(pid)) if host == _host() else None
    if running is None:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _OLD_S
    return not running


def _host() -> str:
    return re.sub(r"[^\w.-]", "_", socket.gethostname())
