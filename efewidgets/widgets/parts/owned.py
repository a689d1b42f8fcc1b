"""Closing a widget with all that it is made of: children, layouts, scales, marks and tooltips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ipywidgets


def owned(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    """Return all widgets that can be reached from one, itself left out."""
    found: dict[str, ipywidgets.Widget] = {widget.model_id: widget}
    waiting = [widget]
    while waiting:
        for part in _parts(waiting.pop()):
            if part.comm is not None and part.model_id not in found:
                found[part.model_id] = part
                waiting.append(part)
    return list(found.values())[1:]


def close_all(widget: ipywidgets.Widget) -> None:
    """Close all that a widget is made of, from the inside out; the widget itself stays."""
    for part in reversed(owned(widget)):
        part.unobserve_all()
        part.close()


def replace(box: ipywidgets.Box, children: Iterable[ipywidgets.Widget]) -> None:
    """Give a box other children, and close those that it had and has no more."""
    old = box.children
    box.children = tuple(children)
    kept = {part.model_id for part in (*box.children, *owned(box))}
    for child in old:
        for part in (*reversed(owned(child)), child):
            if part.comm is not None and part.model_id not in kept:
                part.close()


def _parts(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    for name in widget.trait_names(sync=True):
        if name in widget._trait_values:  # defaults that were never made stay so
            yield from _widgets_in(getattr(widget, name))


def _widgets_in(value: Any) -> Iterator[ipywidgets.Widget]:
    if isinstance(value, ipywidgets.Widget):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _widgets_in(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _widgets_in(part)
