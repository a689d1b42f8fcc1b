"""Compiled code: where it finds what it needs, which paths it can open, and what it leaves behind once it is loaded."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import pathlib
import secrets
import shutil
import sys
import tempfile

from .ending import at_end
from .places import cache_beside_results


def let_load_from(folder: pathlib.Path) -> None:
    """Have extension modules find the libraries in a folder, where the system asks for that (Windows)."""
    if sys.platform == "win32" and folder.is_dir():
        os.add_dll_directory(str(folder))


def copy_to_load(library: str | os.PathLike[str], folder: pathlib.Path) -> pathlib.Path:
    """Return the path of a copy of a library, to be loaded beside the original.

    It lies in `folder`, which is removed once it is loaded. Windows removes nothing that is loaded, and each process
    would leave a copy behind: there all use one, in the cache, under a name by its bytes.
    """
    original = pathlib.Path(library)
    if sys.platform != "win32":
        return pathlib.Path(shutil.copyfile(original, folder / original.name))
    content = original.read_bytes()
    copy = cache_beside_results("libraries") / f"{hashlib.sha256(content).hexdigest()[:32]}{original.suffix}"
    with contextlib.suppress(OSError):
        if copy.read_bytes() == content:
            return copy
    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_name(f"{secrets.token_hex(8)}.part")
    try:
        part.write_bytes(content)
        os.replace(part, copy)
    except OSError:  # another process has been quicker, and has loaded its copy
        part.unlink(missing_ok=True)
        if copy.read_bytes() != content:
            raise
    return copy


def give_memory_back() -> None:
    """Have the C library give free memory back to the system, where it would keep it (Linux)."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)


def plain_path(path: str | os.PathLike[str]) -> str:
    r"""Return a path of the same file that C code can open whose paths are in the system's old code page.

    On Windows such code doesn't find ``C:\Users\Jürgen\…``: it gets the short name that the system keeps, or, on
    disks without short names, that of a copy in a folder of all users.
    """
    text = os.fspath(path)
    if sys.platform != "win32" or text.isascii():
        return text
    short = _short_path(text)
    return short if short.isascii() else str(_copy_for_all(text))


def _short_path(path: str) -> str:
    """Return the 8.3 name of a path; the path itself where the disk keeps none."""
    if sys.platform != "win32":
        return path
    buffer = ctypes.create_unicode_buffer(1024)
    length = ctypes.windll.kernel32.GetShortPathNameW(path, buffer, len(buffer))
    return buffer.value if 0 < length < len(buffer) else path


@functools.cache
def _copy_for_all(path: str) -> pathlib.Path:
    public = os.environ.get("PUBLIC", "C:\\Users\\Public")
    folder = tempfile.mkdtemp(prefix="efewidgets-", dir=public if public.isascii() else None)
    at_end(functools.partial(shutil.rmtree, folder, ignore_errors=True))
    return pathlib.Path(shutil.copy(path, folder))
