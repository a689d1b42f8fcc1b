"""``python -m efewidgets`` is the command ``efewidgets``."""

from __future__ import annotations

import sys
from typing import NoReturn


def command() -> NoReturn:
    """Run the command as a process of its own."""
    try:
        from .cli import command
    except (
        ImportError
    ) as error:  # a library is too old, or isn't there: no fault of efewidgets, so no traceback
        print(error, file=sys.stderr)
        sys.exit(2)
    command()


if __name__ == "__main__":  # worker processes import this module too
    command()
