"""A form of many fields as one widget: each with its name, unit and meaning, and what is wrong with it beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from .style import static


@dataclass(frozen=True)
class Field:
    """One field.

    Parameters
    ----------
    name : str
    title : str
        What it is called for people.
    value : str
    unit, meaning : str
    hint : str
        Stands where nothing is typed: what holds then.
    choices : tuple of (str, str)
        Values with the words for them.
    free : bool
        Whether other values than the choices can be typed.
    error : str
        What is wrong with it, in a sentence.
    asked : bool
        Whether it is lacking.
    """

    name: str
    title: str
    value: str = ""
    unit: str = ""
    meaning: str = ""
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    free: bool = True
    error: str = ""
    asked: bool = False


class Form(anywidget.AnyWidget):
    """Fields in groups.

    Parameters
    ----------
    label : str
        What the form is called by those who can't see it.
    on_set : callable
        ``on_set(name, text)`` when a person has changed a field; an empty text takes back what was said.

    Attributes
    ----------
    fields : dict of Field
        Those that are shown, by their names.
    """

    _esm = static(__file__, "form.js")
    _css = static(__file__, "form.css")

    label = traitlets.Unicode().tag(sync=True)
    groups: Any = traitlets.List().tag(sync=True)

    def __init__(self, label: str, on_set: Callable[[str, str], Any]):
        super().__init__(label=label)
        self.fields: dict[str, Field] = {}
        self._on_set = on_set
        self.add_class("efe-form-box")
        self.on_msg(self._told)

    def show(self, groups: Sequence[tuple[str, Sequence[Field]]]) -> None:
        """Show these fields; what a person is typing stays."""
        self.fields = {field.name: field for _, fields in groups for field in fields}
        packed = [{"title": title, "fields": [asdict(field) for field in fields]} for title, fields in groups]
        if packed != self.groups:
            self.groups = packed

    def set(self, name: str, text: str) -> None:
        """Do what changing a field does."""
        if name in self.fields:
            self._on_set(name, text)

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("set"), str):
            self.set(content["set"], str(content.get("text", "")))
            self.send({"kind": "done", "name": content["set"]})

    def close(self) -> None:
        """Leave the page."""
        if self.comm is not None:
            self.layout.close()
        super().close()
