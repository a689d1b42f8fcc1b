"""The session as a file: saved by itself, saved under a name, opened, downloaded."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from ..engine.config.document import config_as_dict
from ..engine.problems import EfeError
from ..state import ExtractionState
from ..state.convert import as_options, as_run_settings
from ..state.sessions.looking import view_as_data
from ..state.sessions.saving import state_as_data
from ..widgets.parts.base import StateWidget
from ..widgets.parts.download import Download
from ..widgets.parts.html import plain
from ..widgets.parts.message import Message
from ..widgets.parts.style import row
from .comparing import ComparePanel
from .fence import Fence
from .recent import Recents
from .recent_list import RecentList

#: Stands for the file that is named in the panel
_FILE = "."


def _called(one: Mapping[str, Any]) -> str:
    """Return a session in one line: what it is called, and when it was saved."""
    return f"{one['title']}, {time.strftime('%Y-%m-%d %H:%M', time.localtime(one['when']))}"


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
    cache : callable, optional
        Returns where results are kept on disk, for a session that this one is compared with.

    Attributes
    ----------
    path : ipywidgets.Text
    opens, saves : ipywidgets.Button
    download : Download
    told : Message
        Where it was saved.
    recent : RecentList or None
        Other sessions to go on with.
    comparing : ComparePanel
        Says what differs between this session and another one.
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
        cache: Callable[[], Any] = lambda: False,
    ):
        self.fence = fence
        self._open_path = open_path
        self.read_only = read_only
        self.recent = None if recents is None else RecentList(recents, recents.whole)
        self._recents, self._cache = recents, cache
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
        self.comparing = ComparePanel(self.state, self._other)
        self.on(self.path, lambda _: self._offer())
        if self.recent is not None:
            self.recent.observe(lambda _: self._offer(), "sessions")
        self._offer()
        return [row(*parts), self.told, *([] if self.recent is None else [self.recent]), self.comparing]

    def _offer(self) -> None:
        """Offer for a comparison the sessions that are listed, and the file that is named above."""
        typed, listed = self.path.value.strip(), [] if self.recent is None else self.recent.sessions
        options = [(f"the file {plain(typed)}", _FILE)] if typed else []
        self.comparing.offer([*options, *((_called(one), one["name"]) for one in listed)])

    def _other(self, name: str) -> ExtractionState:
        """Return the state of a session that was offered."""
        if name == _FILE:
            path = self.fence.readable_text(self.path.value.strip())
        else:
            known = {one["name"] for one in self.recent.sessions} if self.recent is not None else set()
            if self._recents is None or name not in known:
                raise EfeError("this session isn't there any more.")
            path = self._recents.path_of(name)
        return ExtractionState.load(path, check=self.fence.check_config, cache=self._cache())

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
