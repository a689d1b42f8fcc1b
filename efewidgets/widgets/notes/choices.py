"""Which tags a lab gives: remembered from session to session, and proposed where a tag is typed."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from typing import Any

from ...engine.stages.inputs import Inputs
from ...engine.stages.notes import NOTE, PLAIN, in_order, parse_tag, tag_in_words
from ...engine.systems.places import data_folder
from ..parts.remembered import Remembered, texts

#: Names of tags, and values of each, that are remembered: those that were given last
MOST = 30


def place() -> pathlib.Path:
    """Return the file in which tags are remembered."""
    return data_folder() / "tags.json"


class TagChoices(Remembered):
    """The tags that were given, with their values; those that were given last come last.

    Parameters
    ----------
    path : path, optional
        File in which they are remembered; without one they are forgotten with this object.
    """

    def __init__(self, path: pathlib.Path | None = None):
        super().__init__(path)
        self._tags: dict[str, list[str]] = {}

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """Names of tags, and the values of each."""
        self.read()
        return {key: tuple(values) for key, values in self._tags.items()}

    def used(self, key: str, value: str) -> None:
        """Remember a tag that was given."""
        self.read()
        values = [one for one in self._tags.pop(key, []) if one != value]
        self._tags[key] = [*values, value][-MOST:]
        self._tags = dict(list(self._tags.items())[-MOST:])
        self.write()

    def give(self, text: str, tell: Callable[..., Any]) -> bool:
        """Give a tag as a person types it, and remember it; return whether anything was typed. Raises EfeError."""
        if not text.strip():
            return False
        key, value = parse_tag(text)
        tell(**{key: value})
        self.used(key, value)
        return True

    def take(self, told: Mapping[str, Any]) -> None:
        """Take over what others have remembered."""
        tags = told.get("tags")
        listed = list(tags.items())[-MOST:] if isinstance(tags, dict) else []
        self._tags = {key: found for key, values in listed if key and (found := texts(values)[-MOST:])}

    def told(self) -> dict[str, Any]:
        """Return what is remembered."""
        return {"tags": self._tags}

    def proposals(self, inputs: Inputs, but: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Return tags as they are typed, those of the session and those that are remembered; without some."""
        tags = {key: dict.fromkeys(values) for key, values in self.tags.items()}
        for told in (*inputs.cell_notes.values(), *inputs.recording_notes.values()):
            for key, value in told.items():
                if key != NOTE:
                    tags.setdefault(key, {})[value] = None
        known = but or {}
        return tuple(
            tag_in_words(key, value)
            for key in sorted(tags, key=str.casefold)
            for value in in_order(tags[key])
            if known.get(key) != value
        )

    def values(self, inputs: Inputs, key: str) -> tuple[str, ...]:
        """Return the values of one tag, in the session and remembered; none for one that is there or not."""
        mine = {value for told in inputs.cell_notes.values() for name, value in told.items() if name == key}
        return tuple(in_order({*self.tags.get(key, ()), *mine} - {PLAIN}))
