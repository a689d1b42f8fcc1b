"""``python -m efewidgets`` is the command ``efewidgets``."""

from __future__ import annotations

from .cli import command

if __name__ == "__main__":  # worker processes import this module too
    command()
