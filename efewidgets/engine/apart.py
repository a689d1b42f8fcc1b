"""Looking at files in a process of its own, which can be stopped and lost: C libraries hang or crash on damaged files.

The process is started when it is first needed, stays warm for the next file, and ends with this one. Each step of its
work has a limit of processor time, at which the system ends it: a loop inside a library can't be ended otherwise.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

from .problems import EfeError
from .systems.ending import at_end
from .systems.limits import IDLE_CODE, LIMIT_CODE, limit_memory, set_alarm, set_idle

#: s of processor time for one step; a gigabyte is decompressed in a tenth of it
LIMIT = 60.0
#: Bytes that the process may ask for; the longest sweep takes half of them
MEMORY = 4 << 30
#: s without a question after which the process ends, to give its memory back
IDLE = 60.0

_lock = threading.RLock()
_process: subprocess.Popen[bytes] | None = None
_expendable = _serving = _closed = False
_limits: list[float] = []


class LostError(EfeError):
    """The process hung or crashed in the middle of its work."""


class ClosedError(LostError):
    """The process was ended by this one, which ends."""


def ask(function: str, *args: Any) -> Any:
    """Return ``function(*args)`` as the other process has it.

    Parameters
    ----------
    function : str
        "module:name"; the module is within `efewidgets.engine`.
    args
        Plain data.

    Raises
    ------
    LostError
        If the process hung or crashed in it.
    Exception
        Whatever the function raised.
    """
    with _lock:
        raised, found = _asked(function, args)
    if raised:
        raise found
    return found


def _asked(function: str, args: tuple[Any, ...]) -> tuple[bool, Any]:
    process = _running()
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pickle.dump((function, args), process.stdin)
        process.stdin.flush()
        return pickle.load(process.stdout)
    except (OSError, EOFError, pickle.UnpicklingError):
        code = _end()
        if _closed:
            raise ClosedError("the process that looked at it was ended.") from None
        if code == IDLE_CODE:  # it had just gone
            return _asked(function, args)
        raise LostError(f"the process that looked at it {_how_it_ended(code)}.") from None
    except BaseException:  # Ctrl-C: the answer would be taken for that of the next question
        _end()
        raise


def _running() -> subprocess.Popen[bytes]:
    global _process, _closed
    if _process is not None and _process.poll() is not None:
        _end()  # it has gone for want of questions
    if _process is None:
        _closed = False
        program = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import _serve; _serve()"
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        environment.pop("PYTHONFAULTHANDLER", None)
        # A group of its own: Ctrl-C and a kernel's interrupt are for the one who asks, from the first moment; and
        # a kernel that shuts down waits until none of its group is left, while it is this module that ends the process.
        _process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
            process_group=0, creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )  # fmt: skip
    return _process


def _end() -> int | None:
    """End the process at once; return its exit code."""
    global _process
    process, _process = _process, None
    if process is None:
        return None
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.5)  # it may be ending by itself, for a reason to tell
    code = process.poll()
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            pipe.close()  # type: ignore[union-attr]
    process.wait()
    return code


def _how_it_ended(code: int | None) -> str:
    return "made no progress any more" if code == LIMIT_CODE else "crashed"


@at_end
def close() -> None:
    """End the process, if there is one, whatever it does; the next question starts another."""
    global _closed
    process, _closed = _process, True
    if process is not None:
        process.kill()  # who waits for its answer is told
        with _lock:
            _end()


def _forget() -> None:
    """Leave the process to the parent: after a fork two would talk to it."""
    global _process, _lock
    _process, _lock = None, threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


# --- in the process that may be lost


def is_apart() -> bool:
    """Whether this is the process that looks at files for another."""
    return _serving


def be_expendable() -> None:
    """Let this process be ended where a step takes too long."""
    global _expendable
    _expendable = True


@contextlib.contextmanager
def one_step(limit: float = LIMIT) -> Iterator[None]:
    """End this process, if it may be lost, when the block takes more than `limit`; a step within one counts anew."""
    if not _expendable:
        yield
        return
    _limits.append(limit)
    set_alarm(limit)
    try:
        yield
    finally:
        _limits.pop()
        set_alarm(_limits[-1] if _limits else 0)


def _serve() -> None:
    """Answer questions until there are no more."""
    global _serving
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    be_expendable()
    _serving = True
    limit_memory(MEMORY)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints doesn't answer
    while True:
        set_idle(IDLE)
        try:
            function, args = pickle.load(questions)
        except EOFError:
            return
        set_idle(0)
        pickle.dump(_answer(function, args), answers)
        answers.flush()


def _answer(function: str, args: tuple[Any, ...]) -> tuple[bool, Any]:
    module, name = function.split(":")
    try:
        with one_step():
            return False, getattr(importlib.import_module(f"{__package__}.{module}"), name)(*args)
    except Exception as error:
        with contextlib.suppress(Exception):
            pickle.loads(pickle.dumps(error))
            return True, error
        return True, RuntimeError(f"{type(error).__name__}: {error}")
