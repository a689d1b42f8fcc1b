"""The look that all widgets share, in the colours of whatever page they are on."""

from __future__ import annotations

import functools
import pathlib

import ipywidgets

STATIC = pathlib.Path(__file__).parent / "static"


@functools.cache
def _css() -> str:
    return (STATIC / "efewidgets.css").read_text(encoding="utf-8")


def stylesheet() -> ipywidgets.HTML:
    """Return the style sheet as a widget that takes no room; each widget brings it, to be shown by itself."""
    return ipywidgets.HTML(f"<style>{_css()}</style>", layout={"display": "none"})
