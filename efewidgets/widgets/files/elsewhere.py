"""The part of `FileSelector` for recordings on other computers: their addresses, and how far one is that is fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ...engine.files.receiving import in_words
from ...engine.problems import EfeError
from ...engine.readers.registry import format_of
from ...engine.remote import is_url, name_of
from ...engine.remote.hosts import check_among
from ...engine.remote.places import first_place
from ..parts.base import StateWidget
from ..parts.html import escape
from ..parts.progress import Progress
from ..parts.style import row

NOT_ALLOWED = (
    "Recordings on other computers can't be read on this page: "
    "whoever runs it must allow their hosts (--allow-host)."
)
_FROM = "May be read from: {}."


class Elsewhere:
    """An address that is typed, and what is fetched whole.

    Parameters
    ----------
    owner : StateWidget
    hosts : sequence of str or None
        From which recordings may be read; None: from any.
    choose : callable
        Proposes the recordings of a list of addresses.
    stop : callable
        Gives up what is being fetched; returns its address, "" if that is nothing.

    Attributes
    ----------
    address : ipywidgets.Text
    look : ipywidgets.Button
        Looks into the address, as Enter does.
    box : ipywidgets.Box
        What stands in the tab.
    progress : Progress
        How far a recording is that is fetched whole; it may be one that was added before.
    """

    def __init__(
        self,
        owner: StateWidget,
        hosts: Sequence[str] | None,
        choose: Callable[[Sequence[str]], Any],
        stop: Callable[[], Any],
    ):
        self._hosts, self._choose = hosts, choose
        self.address = ipywidgets.Text(
            description="Address", placeholder="https://…, s3://BUCKET/KEY or dandi://DANDISET/ASSET",
            continuous_update=False, layout={"width": "auto", "flex": "1 1 320px"},
            tooltip="of a recording on another computer; Enter adds it",
        )  # fmt: skip
        self.look = ipywidgets.Button(
            description="Add …", icon="plus", layout={"width": "auto"},
            tooltip="Add the recording at this address, once you have seen what it holds",
        )  # fmt: skip
        self.progress = Progress(stop)
        line, self.hint = row(self.address, self.look), ipywidgets.HTML()
        if hosts is None:
            self.hint.layout.display = "none"
        else:
            words = _FROM.format(", ".join(hosts)) if hosts else NOT_ALLOWED
            self.hint.value = f'<div class="efe-hint">{escape(words)}</div>'
            line.layout.display = "" if hosts else "none"
        self.box = ipywidgets.VBox([line, self.hint])
        owner.on(self.address, self.go_to)
        owner.on_click(self.look, lambda: self.go_to(self.address.value))

    def go_to(self, address: str) -> None:
        """Propose the recording of an address. Raises EfeError if it is none."""
        text = address.strip()
        if not text:
            return
        if not is_url(text):
            raise EfeError(
                f"{text!r} is no address of a recording: it must begin with https://, s3:// or dandi://."
            )
        format_of(text)  # says which suffixes there are
        self._choose([text])

    def check(self, address: str) -> None:
        """Raise EfeError if nothing may be read from the host of an address."""
        if self._hosts is not None:
            check_among(first_place(address), self._hosts)

    def show(self, told: tuple[str, int, int | None] | None) -> None:
        """Show how far a file is that is fetched whole: its name, bytes and of how many; None: it is done."""
        if told is None:
            self.progress.hide()
            return
        name, done, of = told
        words = in_words(done) + (f" of {in_words(of)}" if of else "")
        self.progress.show(f"fetching {name}", words, done, of)


def stopped(address: str) -> str:
    """Say that nothing of a file was kept."""
    return f"stopped: nothing of {name_of(address)} is kept."
