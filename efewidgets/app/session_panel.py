"""The session as a file: saved by itself, saved under a name, opened, downloaded."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ..engine.config.document import config_as_dict
from ..state import ExtractionState
from ..state.convert import as_options, as_run_settings
from ..state.sessions.looking import view_as_data
from ..state.sessions.saving import state_as_data
from ..widgets.parts.base import StateWidget
from ..widgets.parts.download import Download
from ..widgets.parts.message import Message
from ..widgets.parts.style import row
from .fence import Fence
from .recent import Recents
from .recent_list import RecentList


class SessionPanel(StateWidget):
    """Opens another session or config, saves this one, and says where it is kept.

    The same by hand: ``state.save(path)``, ``ExtractionState.load(path)``.

    Parameters
    ----------
    state : ExtractionState
    fence : Fence
        Where files may be read and written.
    open_path : callable
        Is given the path of the session to open.
    read_only : bool
        Whether nothing can be saved on the server.
    recents : Recents, optional
        The sessions that a visitor may be told of.

    Attributes
    ----------
    path : ipywidgets.Text
    opens, saves : ipywidgets.Button
    download : Download
    told : Message
        Where it was saved.
    recent : RecentList or None
        Other sessions to go on with.
    """

    watches = ()

    def __init__(
        self,
        state: ExtractionState,
        *,
        fence: Fence,
        open_path: Callable[[str], Any],
        read_only: bool = False,
        recents: Recents | None = None,
    ):
        self.fence = fence
        self._open_path = open_path
        self.read_only = read_only
        self.recent = None if recents is None else RecentList(recents, recents.whole)
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the field for the path and the buttons."""
        self.path = ipywidgets.Text(
            description="Session file",
            placeholder="path of a .json file",
            style={"description_width": "initial"},
            layout={"flex": "1 1 320px", "width": "auto"},
        )
        self.opens = ipywidgets.Button(description="Open", tooltip="go on with this file instead")
        self.saves = ipywidgets.Button(description="Save", tooltip="write all decisions to this file")
        self.download = Download(
            "Download session",
            "efewidgets-session.json",
            self.text,
            kind="application/json",
            tooltip="all decisions as a config for efewidgets extract",
        )
        self.told = Message()
        self.on_click(self.opens, self._open_typed)
        self.on_click(self.saves, self.save)
        self.on_enter(self.path, self._open_typed)
        parts = [self.path, self.opens, *([] if self.read_only else [self.saves]), self.download]
        if self.read_only:
            self.saves.close()
        return [row(*parts), self.told, *([] if self.recent is None else [self.recent])]

    def view_data(self) -> None:
        """Return nothing: all that is shown is what a person types."""

    def render(self, data: None) -> None:
        """Draw nothing."""

    def text(self) -> str:
        """Return the session as a config with absolute paths."""
        inputs = self.state.inputs
        about = state_as_data(view_as_data(self.state.view, inputs), inputs)
        data = config_as_dict(as_options(inputs), as_run_settings(inputs), state=about)
        return json.dumps(data, indent=1) + "\n"

    def _open_typed(self) -> None:
        self._open_path(self.path.value.strip())

    def save(self) -> pathlib.Path:
        """Save the session under the name that was typed, or a usual one; return where.

        Raises
        ------
        EfeError
            If it can't be written there.
        """
        self.told.clear()
        path = self.fence.writable(self.path.value.strip() or "efewidgets-session.json")
        self.state.save(path)
        self.told.say(f"Saved as {path}.", "note")
        return path
