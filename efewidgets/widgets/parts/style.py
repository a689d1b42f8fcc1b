"""The look that all widgets share, in the colours of whatever page they are on."""

from __future__ import annotations

import functools
import pathlib

import ipywidgets

#: Class of what holds figures and is hidden at times: bqplot draws wrongly where there is no room
KEEPS_SIZE = "efe-keeps-size"

#: Class of what takes the room that a window leaves below what stands above it
FILLS = "efe-fills"


@functools.cache
def static(beside: str, *names: str) -> str:
    """Return the text of files of the front end that lie beside a module, one behind the other.

    anywidget takes paths too, but keeps every widget for ever whose code is one.
    """
    return "\n".join(pathlib.Path(beside).with_name(name).read_text(encoding="utf-8") for name in names)


def stylesheet() -> ipywidgets.HTML:
    """Return the style sheet as a widget that takes no room; each widget brings it, to be shown by itself."""
    return ipywidgets.HTML(f"<style>{static(__file__, 'efewidgets.css')}</style>", layout={"display": "none"})


def row(*children: ipywidgets.Widget, kind: str | None = None) -> ipywidgets.HBox:
    """Return controls side by side, or below each other where the page is narrow; `kind` is a class more."""
    found = ipywidgets.HBox(children)
    found.add_class("efe-row")
    if kind is not None:
        found.add_class(kind)
    return found
