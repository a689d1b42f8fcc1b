"""The part of `FileSelector` that says which stimuli protocols are by their currents, where their names don't."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import ipywidgets

from ...engine.files.by_current import Offer
from ...engine.problems import EfeError
from ...engine.stages.inputs import Inputs
from ...state.actions.stimuli import files_of, look, unknown_protocols
from ..parts.base import StateWidget
from ..parts.html import plain
from ..parts.message import Message
from ..parts.style import row
from ..parts.table import Column, Table

logger = logging.getLogger(__name__)

_MOST = 30  # protocols whose name says nothing that are looked at unasked
METHOD = (
    "How well each kind of stimulus explains the currents of all sweeps of a protocol, a confidence from 0 to 1 "
    "(method and sources: efewidgets.engine.detection.kinds). Nothing is read so before you take it; undo "
    "takes it back."
)
COLUMNS = (
    Column("protocol", "Protocol"),
    Column("named", "By the name", hint="The family of stimuli as which it is read now"),
    Column("kind", "By the current", hint=METHOD),
    Column("confidence", "Confidence", kind="number", hint=METHOD),
    Column("take", "", kind="button"),
    Column("reason", "What is seen"),
)
Key = tuple[Any, ...]


class ByCurrent:
    """Offers of stimuli, by the currents: looked up in the background, taken by a click.

    Parameters
    ----------
    owner : StateWidget
    news : callable
        Called from another thread when more is known.

    Attributes
    ----------
    table : Table
        A row a protocol; its button reads the protocol as what the current shows.
    look : ipywidgets.Button
        Looks at the currents of all protocols, also of those whose name says their stimulus.
    """

    def __init__(self, owner: StateWidget, news: Any):
        self.owner, self._news = owner, news
        self._known: dict[str, tuple[Key, Offer]] = {}
        self._asked: set[str] = set()
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._closed = False
        self.message = Message()
        self.heading = ipywidgets.HTML('<span class="efe-heading">Which stimulus is it?</span>')
        self.hint = ipywidgets.HTML(f'<div class="efe-hint">{METHOD}</div>')
        self.table = Table(COLUMNS, label="Stimuli by the current", on_button=self._take, height="220px")
        self.box = ipywidgets.VBox(
            [row(self.heading), self.hint, self.table, self.message], layout={"display": "none"}
        )
        self.look = ipywidgets.Button(
            description="Look at currents", icon="search", layout={"width": "auto"},
            tooltip="Say which stimulus each protocol is by its current, and where that and its name differ",
        )  # fmt: skip
        owner.on_click(self.look, self.ask_all)

    # --- what is known

    def offers(self) -> list[Offer]:
        """Return what is known of the present protocols, and worth being shown."""
        inputs = self.owner.state.inputs
        found = []
        for protocol in inputs.protocols:
            key, one = self._known.get(protocol, ((), None))
            if one is not None and key == _key(inputs, protocol):
                found.append(one)
        return [one for one in found if not one.by_name or one.contradiction or one.protocol in self._asked]

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the table."""
        return [offer_row(one) for one in self.offers()]

    def show(self, rows: Sequence[dict[str, Any]]) -> None:
        """Show what is known, and look at what isn't."""
        self.owner.put(self.look, disabled=not self.owner.state.inputs.protocols)
        self.box.layout.display = "" if rows else "none"
        self.table.show(rows)
        self._ask()

    # --- looking

    def ask_all(self) -> None:
        """Look at the currents of all protocols."""
        if not self.owner.state.inputs.protocols:
            raise EfeError("there are no files yet.")
        self._asked |= set(self.owner.state.inputs.protocols)
        self._ask()
        self._news()

    def _wanted(self) -> tuple[Inputs, str, Key] | None:
        inputs = self.owner.state.inputs
        for protocol in [*self._asked, *unknown_protocols(inputs)[:_MOST]]:
            if protocol in inputs.protocols:
                key = _key(inputs, protocol)
                if self._known.get(protocol, ((), None))[0] != key:
                    return inputs, protocol, key
        return None

    def _ask(self) -> None:
        with self._lock:
            if self._closed or not self._idle.is_set() or self._wanted() is None:
                return
            self._idle.clear()
            threading.Thread(target=self._run, name="efewidgets-currents").start()

    def _run(self) -> None:
        while True:
            with self._lock:
                wanted = None if self._closed or not threading.main_thread().is_alive() else self._wanted()
                if wanted is None:
                    self._idle.set()
                    break
            inputs, protocol, key = wanted
            try:
                found = look(inputs, protocol)
            except Exception as error:
                logger.exception("currents can't be looked at")
                found = Offer.failed(protocol, f"{type(error).__name__}: {error}")
            self._known[protocol] = key, found
            if not self._closed:
                self._news()

    def _take(self, protocol: str, column: str) -> None:
        found = next((one for one in self.offers() if one.protocol == protocol), None)
        if found is not None:
            self.owner.act(self.owner.state.take_by_current, found, message=self.message)

    def wait(self, seconds: float = 60) -> bool:
        """Wait until all that is to be looked at is known; whether it is."""
        return self._idle.wait(seconds)

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        self._news = _nobody


def _nobody() -> None:
    """Tell nobody."""


def _key(inputs: Inputs, protocol: str) -> Key:
    """Return what an offer depends on."""
    return tuple(file.recipe for file in files_of(inputs, protocol)), inputs.recording_reader


def offer_row(one: Offer) -> dict[str, Any]:
    """Return the row of one protocol."""
    kind = one.kind
    differs = kind.sure and kind.ecode != one.by_name and not one.problem
    note = one.contradiction or (one.words if one.problem else kind.reason)
    return {
        "id": one.protocol,
        "protocol": plain(one.protocol),
        "named": one.by_name or "?",
        "kind": "?" if one.problem else kind.name + ("" if kind.sure or not kind.ecode else " (not sure)"),
        "confidence": None if one.problem else round(kind.confidence, 2),
        "take": f"Read as {kind.ecode}" if differs and (one.suggested or one.contradiction) else None,
        "reason": plain(note),
        "_class": {
            "named": "" if one.by_name else "efe-bad",
            "reason": "efe-bad" if one.contradiction or one.problem else "efe-faint",
        },
        "_hint": {"reason": plain(note)},
    }
