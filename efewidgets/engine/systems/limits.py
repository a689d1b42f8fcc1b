"""Limits that the system keeps for a process which may be lost: of time, of idleness, of memory."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import sys

#: Windows counts no processor time; there it is the time that passes, of which a busy machine takes more
_PATIENCE = 3

if sys.platform == "win32":
    #: Exit codes of one that the system ended, because a step took too long, and because nobody asked it anything
    LIMIT_CODE, IDLE_CODE = 1, None

    def set_alarm(seconds: float) -> None:
        """Have the system end this process after this much processor time; 0: no more."""
        if seconds:
            faulthandler.dump_traceback_later(_PATIENCE * seconds, exit=True, file=2)
        else:
            faulthandler.cancel_dump_traceback_later()

    def set_idle(seconds: float) -> None:
        """Have the system end this process after this time, where it can; 0: no more."""

    def limit_memory(size: int) -> None:
        """Let a process that asks for more memory than this fail, where the system keeps such limits."""

    def memory_limits() -> tuple[int | None, int | None]:
        """Return the bytes that this process may ask for, in all and for data; None where there is no limit."""
        return None, None

else:
    import resource

    LIMIT_CODE, IDLE_CODE = -signal.SIGPROF, -signal.SIGALRM

    def set_alarm(seconds: float) -> None:
        """Have the system end this process after this much processor time; 0: no more."""
        signal.setitimer(signal.ITIMER_PROF, seconds)  # nobody handles it, not even Python: the process ends

    def set_idle(seconds: float) -> None:
        """Have the system end this process after this time, where it can; 0: no more."""
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def limit_memory(size: int) -> None:
        """Let a process that asks for more memory than this fail, where the system keeps such limits."""
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))

    def memory_limits() -> tuple[int | None, int | None]:
        """Return the bytes that this process may ask for, in all and for data; None where there is no limit."""
        soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
        in_all, data = (None if limit == resource.RLIM_INFINITY else limit for limit in soft)
        return in_all, data
