"""All that can be said of files, beside a trace of them: a form made from what their reader declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ...engine.kinds import Kind, as_text
from ...engine.problems import EfeError, Problem
from ...engine.readers import FileSummary, SweepInfo
from ...engine.recordings.metadata import entries, together
from ...engine.recordings.peek import Peek, entries_in, in_titles, peek
from ...engine.stages.values import thaw
from ..actions.record import Action
from ..parts.base import StateWidget
from ..parts.beside import Beside, NotYetError
from ..parts.form import Field, Form
from ..parts.html import escape, plain
from ..parts.message import Message, failure
from ..parts.style import row
from .live_trace import LiveTrace

_HEADINGS = {"file": "In the file", "samples": "Units and corrections", "stimulus": "Stimulus"}


@dataclass(frozen=True)
class Described:
    """A file, or a pair of files, as a person has described it so far.

    Parameters
    ----------
    name : str
    metadata : dict
    protocol : str
        "" if it isn't known yet.
    summary : FileSummary or None
        What was seen in it.
    """

    name: str
    metadata: Mapping[str, Any]
    protocol: str
    summary: FileSummary | None = None


#: ``say(values)`` says this of all files that are described; None takes an entry back. Raises EfeError.
Say = Callable[[dict[str, Any]], Any]


def describe(files: Sequence[str], values: Mapping[str, Any]) -> Action:
    """Return what says something of files of a state, as an action."""
    said = ", ".join(f"{key}={value!r}" for key, value in values.items())
    return Action(
        "describe-files",
        "Say it of these files",
        "what is said in the details holds for all selected files",
        lambda state: state.set_metadata(files, **values),
        f"state.set_metadata({list(files)!r}, {said})",
    )


def details_button() -> ipywidgets.Button:
    """Return a button that opens the drawer."""
    return ipywidgets.Button(
        description="Details", icon="sliders", layout={"width": "auto"},
        tooltip="Channels, columns, units and timings of the selected files, over their trace",
    )  # fmt: skip


class Details:
    """A drawer with the form, the trace and what is wrong.

    Parameters
    ----------
    owner : StateWidget
    reader : callable
        Returns a lab's own reader of the state, or None.
    closed : callable
        Called when it is closed.

    Attributes
    ----------
    form : Form
    trace : LiveTrace
    message : Message
        What is wrong and belongs to no field.
    """

    def __init__(
        self,
        owner: StateWidget,
        reader: Callable[[], Callable[..., Any] | None],
        closed: Callable[[], Any] = lambda: None,
    ):
        self.owner, self._reader, self._closed = owner, reader, closed
        self.files: tuple[Described, ...] = ()
        self._say: Say = lambda values: None
        self._wrong: dict[str, tuple[str, str]] = {}
        self._sweep = 0
        self._beside = Beside(self._news)
        self.heading = ipywidgets.HTML()
        self.line = ipywidgets.HTML()
        self.message = Message()
        self.form = Form("Details of the selected files", self._set)
        self.trace = LiveTrace(owner.put)
        self.hide = ipywidgets.Button(icon="times", tooltip="Close the details", layout={"width": "34px"})
        side = ipywidgets.VBox([self.message, self.trace.box])
        side.add_class("efe-details-side")
        body = ipywidgets.HBox([self.form, side])
        body.add_class("efe-details-body")
        self.box = ipywidgets.VBox([row(self.heading, self.hide), body, self.line])
        self.box.add_class("efe-details")
        self.box.layout.display = "none"
        owner.on(self.trace.sweep, self._flip)
        owner.on_click(self.hide, self.close)

    @property
    def is_open(self) -> bool:
        """Whether it is seen."""
        return bool(self.box.layout.display != "none")

    def open(self) -> None:
        """Show the drawer."""
        self.box.layout.display = ""
        self.show(self.files, self._say)

    def close(self) -> None:
        """Hide the drawer; nothing is read for it any more."""
        self.box.layout.display = "none"
        self._beside.keep(())
        self._closed()

    def leave(self) -> None:
        """Read no more."""
        self._beside.close()

    # --- what is shown

    def show(self, files: Sequence[Described], say: Say) -> None:
        """Show these files, if the drawer is open."""
        if [one.name for one in files] != [one.name for one in self.files]:
            self._wrong.clear()
            self._sweep = 0
            self.owner.put(self.line, value="")
        self.files, self._say = tuple(files), say
        if self.is_open:
            self._draw()

    def _news(self) -> None:
        if self.is_open and self.box.comm is not None:
            with self.owner._guard:
                self._draw()

    def _draw(self) -> None:
        names = [plain(one.name) for one in self.files]
        some = ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
        words = f"Details of {some}" if names else "Details: select files in the table"
        self.owner.put(self.heading, value=f'<span class="efe-heading">{escape(words)}</span>')
        found, told = self._peek()
        known = self.known()
        self.form.show(self._groups(known, found))
        self._tell(found, known, told)
        self.trace.draw(found)

    def _peek(self) -> tuple[Peek, str]:
        """Return the sweep that is shown of the first file, and why there is none yet."""
        if not self.files:
            self._beside.keep(())
            return Peek(), ""
        one, reader, sweep = self.files[0], self._reader(), self._sweep
        metadata = thaw(one.metadata)
        self._beside.keep(("peek",))
        try:
            made = self._beside.get(
                "peek",
                (metadata, one.protocol, sweep, reader),
                lambda: peek(metadata, one.protocol, sweep, reader),
                plain(one.name),
            )
        except NotYetError as wait:
            return Peek(), str(wait)
        except Exception as error:  # whatever a file or a lab's reader does, the form stays
            return Peek(problems=(Problem(failure(error), kind="file"),)), ""
        return made, ""

    def known(self) -> dict[str, dict[str, Kind]]:
        """Return the entries that all files have in common, by what they are about."""
        common: dict[str, dict[str, Kind]] = {}
        for k, one in enumerate(self.files):
            found = entries(one.metadata, one.protocol, self._reader())
            if k == 0:
                common = found
            elif found.keys() == common.keys():
                common = {
                    group: {key: kind for key, kind in kinds.items() if key in found[group]}
                    for group, kinds in common.items()
                }
        return common

    def _groups(self, known: Mapping[str, Mapping[str, Kind]], found: Peek) -> list[tuple[str, list[Field]]]:
        errors, asked = self._errors(known, found)
        groups = []
        for group, kinds in known.items():
            fields = []
            for name, kind in _flat(kinds).items():
                text, hint = self._value(name)
                wrong = self._wrong.get(name)
                fields.append(
                    Field(
                        name,
                        kind.title,
                        wrong[0] if wrong else text,
                        kind.unit,
                        kind.meaning,
                        hint or self._hint(name, found),
                        *self._choices(name, kind),
                        wrong[1] if wrong else errors.get(name, ""),
                        name in asked,
                    )
                )
            groups.append((_HEADINGS[group], fields))
        return groups

    def _value(self, name: str) -> tuple[str, str]:
        """Return what is said under a name, and what stands in its place where the files differ."""
        values = {as_text(_said(one.metadata, name)) for one in self.files}
        return (values.pop(), "") if len(values) == 1 else ("", "several")

    def _there(self, name: str, kind: Kind) -> list[Any]:
        """Return what can be chosen under a name: what is usual, and what all files have."""
        key = name.partition(".")[0]
        there = [one.summary.choices_of(key) for one in self.files if one.summary is not None]
        common = [one for one in there[0] if all(one in each for each in there)] if there else []
        return list(dict.fromkeys([*kind.choices, *common]))

    def _choices(self, name: str, kind: Kind) -> tuple[tuple[tuple[str, str], ...], bool]:
        """Return what can be chosen under a name, with words for it, and whether other values can be typed."""
        there = self._there(name, kind)
        several = kind.accepts(["", ""]) or kind.accepts([0, 0])
        return tuple((as_text(one), plain(as_text(one))) for one in there), several or not there

    def _hint(self, name: str, found: Peek) -> str:
        """Return what holds where nothing is said."""
        if name in found.timings:
            return f"found: {found.timings[name]:.6g}"
        summary = self.files[0].summary
        if summary is None or not summary.sweeps:
            return ""
        info = _sweep_of(self.files[0])
        about = {"v_unit": info.v_unit, "i_unit": info.i_unit}
        about |= {"v_channel": info.v_channel, "i_channel": info.i_channel, "cell_name": info.cell}
        about["protocol_name"] = info.protocol
        if name == "dt" and info.dt_ms:
            return f"in the file: {info.dt_ms:.6g} ms"
        return f"in the file: {plain(str(about[name]))}" if about.get(name) else ""

    def _errors(
        self, known: Mapping[str, Mapping[str, Kind]], found: Peek
    ) -> tuple[dict[str, str], set[str]]:
        """Return what is wrong by the fields that it names first, and the others that it names."""
        kinds = together(known)
        errors: dict[str, str] = {}
        asked: set[str] = set()
        for problem in found.problems:
            if problem.severity == "note":
                continue
            names = [_first_field(name, kinds) for name in entries_in(problem.message, kinds)]
            if names:
                errors.setdefault(names[0], in_titles(problem.message, kinds))
                asked |= {name for name in names[1:] if problem.severity == "error"}
        return errors, asked

    def _tell(self, found: Peek, known: Mapping[str, Mapping[str, Kind]], told: str) -> None:
        """Say what belongs to no field."""
        kinds = together(known)
        words = [
            (problem.severity, in_titles(problem.message, kinds))
            for problem in found.problems
            if problem.severity != "note" and not entries_in(problem.message, kinds)
        ]
        if told:
            self.message.say(told, "note")
        elif words:
            self.message.say(" ".join(dict.fromkeys(text for _, text in words)), words[0][0])
        else:
            self.message.clear()

    # --- what a person does

    def _set(self, name: str, text: str) -> None:
        with self.owner._guard:
            self._wrong.pop(name, None)
            self.message.clear()
            try:
                self.say(name, text)
            except EfeError as error:
                self._wrong[name] = text, in_titles(self._placeless(str(error)), together(self.known()))
            except Exception as error:
                self._wrong[name] = text, failure(error)
            if self.is_open:
                self._draw()

    def say(self, name: str, text: str) -> None:
        """Say something of all files that are shown, as a person types it; nothing takes it back.

        Raises
        ------
        EfeError
            If it can't be; nothing is changed then.
        """
        flat = _flat(together(self.known()))
        if not self.files or name not in flat:
            raise EfeError("select files that have this entry.")
        kind = flat[name]
        value = kind.from_text(text, [one for one in self._there(name, kind) if isinstance(one, str)])
        key, _, part = name.partition(".")
        values = {key: self._with_part(key, part, value) if part else value}
        if value is not None:
            taken = (
                other
                for other in kind.instead_of
                if any(_said(one.metadata, other) is not None for one in self.files)
            )
            values |= dict.fromkeys(taken)
        line = self._say(values)
        code = f"<code>{escape(str(line))}</code>" if line else ""
        self.owner.put(self.line, value=f'<div class="efe-faint">{code}</div>')

    def _with_part(self, key: str, part: str, value: Any) -> dict[str, Any] | None:
        """Return settings in braces in which one is another."""
        there = [thaw(one.metadata).get(key) or {} for one in self.files]
        if any(one != there[0] for one in there):
            raise EfeError("the selected files differ here: select those that are alike.")
        changed = {**there[0], part: value}
        return {name: one for name, one in changed.items() if one is not None} or None

    def _placeless(self, message: str) -> str:
        """Leave out of which file a message is: it stands in the heading."""
        for one in self.files:
            for path in (one.metadata.get(key) for key in ("filepath", "v_file", "i_file")):
                message = message.removeprefix(f"{path}: ") if path else message
        return message

    def _flip(self, number: int | None) -> None:
        if number is not None and number != self._sweep:
            self._sweep = number
            self._draw()


def _flat(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return entries with those of settings in braces by themselves, as "columns.time"."""
    found: dict[str, Kind] = {}
    for key, kind in kinds.items():
        found |= {f"{key}.{part}": one for part, one in kind.parts.items()} or {key: kind}
    return found


def _sweep_of(one: Described) -> SweepInfo:
    """Return what a file says of a sweep of the cell that is meant, of the first one where it has none."""
    assert one.summary is not None
    cell = one.metadata.get("cell_name")
    return next((info for info in one.summary.sweeps if info.cell == cell), one.summary.sweeps[0])


def _first_field(name: str, kinds: Mapping[str, Kind]) -> str:
    parts = list(kinds[name].parts)
    return f"{name}.{parts[1] if 'voltage' in parts else parts[0]}" if parts else name


def _said(metadata: Mapping[str, Any], name: str) -> Any:
    key, _, part = name.partition(".")
    value = metadata.get(key)
    return (value or {}).get(part) if part else value
