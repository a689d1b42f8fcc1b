"""A tour of the page in five stops, and what can be read about each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from ..widgets.parts.html import escape, tag
from ..widgets.parts.style import static


@dataclass(frozen=True)
class Stop:
    """One stop of the tour.

    Parameters
    ----------
    step : str
        Name of the step that is open there.
    at : str
        CSS selectors of what it is about, the best first.
    title, text : str
    """

    step: str
    at: tuple[str, ...]
    title: str
    text: str


STOPS = (
    Stop(
        "recordings",
        (".efe-step-row",),
        "Six steps",
        "From files to what models are fitted to. A green edge is done, orange is to be looked at, red waits for you. "
        "Go to any step at any time: what you change is computed anew by itself, and can be undone.",
    ),
    Stop(
        "recordings",
        (".efe-file-selector",),
        "Recordings",
        "Choose files or folders here, or drop them on the page. Cell and protocol are guessed from names and headers; "
        "you see the guess before anything is added, and correct it in the table. A file's details hold its units, "
        "channels and timings.",
    ),
    Stop(
        "stimuli",
        (".efe-plots", ".efe-trace-viewer"),
        "Every sweep can be questioned",
        "The upright lines are where the stimulus was found: drag one that is wrong. → goes to the next sweep, X "
        "excludes this one, Space says that it is right. Press ? to see all keys.",
    ),
    Stop(
        "features",
        (".efe-feature-grid", ".efe-feature-plots"),
        "What stands out?",
        "A point is one sweep, a box mean ± std of a target. A click on a point shows its trace; with the lasso you "
        "choose several and leave them out, and all numbers follow.",
    ),
    Stop(
        "export",
        (".efe-results-panel",),
        "Files for the model",
        "The files that BluePyOpt, BluePyEModel and others read. Click a number to see which sweeps made it. What was "
        "excluded, and why, goes along as a table.",
    ),
)

#: What can be read at each step
HELP: Mapping[str, tuple[str, ...]] = {
    "recordings": (
        "A cell is what was recorded from one neuron: its rheobase is found once, over all of its files. Give two "
        "files the same cell to put them together.",
        "A protocol is a stimulus at several amplitudes, such as IDrest. Its name decides where the stimulus is looked "
        "for; “stimulus is a” says it where the name doesn't.",
        "Problems say what can't be read and what to do; units and channels are corrected in the details of a file.",
    ),
    "stimuli": (
        "The onset and the end of the stimulus are found in the current. What isn't sure is marked “!”: drag the "
        "lines, or say that it is right.",
        "Spikes are the peaks above the dotted line, eFEL's setting Threshold.",
        "An excluded sweep is used for nothing. It stays in the list, with the reason, and can be taken back.",
    ),
    "rheobase": (
        "The rheobase is the smallest current that makes the cell fire. Amplitudes of targets are in % of it.",
        "The rules differ where a cell fires now and then: compare what each gives. Drag the line to set it by hand.",
        "A cell without a rheobase gives no values: the reason stands beside it.",
    ),
    "targets": (
        "A target is a feature of a protocol at an amplitude. All sweeps within its tolerance count, from all cells.",
        "“Choose automatically” takes amplitudes at which there are sweeps, and features that suit the protocol.",
        "Settings of eFEL change how features are computed; each says which of the chosen features read it.",
    ),
    "features": (
        "Each point is a sweep's value at its amplitude; a box is a target's mean ± std, as wide as its tolerance.",
        "“distribution” compares cells, “I–V” and “f–I” draw curves from the same values.",
        "“time course” shows each cell from its first sweep to its last: whether it rested where it did.",
        "A cross is a sweep that was left out; choose it to take it back.",
    ),
    "export": (
        "Mean and std of each target as they are written; n counts the sweeps.",
        "“Export for” writes files as one fitter wants them, and says before what it would refuse.",
        "“Exclusions” lists what was left out with its reason, for those who check the work.",
    ),
}


def help_on(step: str) -> str:
    """Return what can be read about a step, as HTML that opens with a click."""
    told = (tag("p", escape(text)) for text in HELP[step])
    return tag("details", tag("summary", "Help"), *told, class_="efe-dashboard-help")


class Tour(anywidget.AnyWidget):
    """A button that leads through the page; beside each stop stands what it is about.

    Who hasn't taken it sees it offered; the browser remembers who has.

    Parameters
    ----------
    go : callable
        Opens the step of a name.
    """

    _esm = static(__file__, "tour.js")

    stops = traitlets.List(traitlets.Dict()).tag(sync=True)
    wanted = traitlets.Int(0).tag(sync=True)

    def __init__(self, go: Callable[[str], Any]):
        super().__init__(stops=[asdict(stop) for stop in STOPS])
        self._go = go
        self.on_msg(self._told)

    def begin(self) -> None:
        """Begin the tour, as its button does."""
        self.wanted += 1

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        step = content.get("step") if isinstance(content, Mapping) else None
        if isinstance(step, str) and step in {stop.step for stop in STOPS}:
            self._go(step)
