"""``python -m efewidgets`` is the command ``efewidgets``."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

_INTERRUPTED = 130


def command() -> NoReturn:
    """Run the command as a process of its own."""
    signal.signal(signal.SIGINT, _stop)  # raised while Python imports, Ctrl-C comes out as any other error
    try:
        from .cli import command
    except ImportError as error:
        # a library is too old, or isn't there: no fault of efewidgets, so no traceback
        print(error, file=sys.stderr)
        sys.exit(2)
    command()


def _stop(*_: object) -> None:
    os.write(2, b"efewidgets: stopped by Ctrl-C.\n")
    os._exit(_INTERRUPTED)


if __name__ == "__main__":  # worker processes import this module too
    command()
