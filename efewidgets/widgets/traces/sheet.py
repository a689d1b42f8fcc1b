"""The contact sheet: all sweeps of a protocol, small, with one scale for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets

from ...engine.traces.decimate import min_max_of
from ..parts.style import static
from .samples import Samples

#: Bins across one small picture
BINS = 110


class ContactSheet(anywidget.AnyWidget):
    """Small pictures of sweeps, of which each can be pressed.

    Attributes
    ----------
    sweeps : list of dict
        ``id``, ``label``, ``hint``, ``mark``, ``faint`` (bool), ``x`` and ``y``: places (0 to 1) of its points.
    chosen : list of str
        Ids of those that are chosen.
    pressed : callable
        Is given the id of the one that was pressed, and whether it is chosen with the others.
    """

    _esm = static(__file__, "sheet.js")

    sweeps = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.pressed: Callable[[str, bool], Any] = lambda identity, more: None
        self.on_msg(self._told)

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        identity = content.get("id") if isinstance(content, Mapping) else None
        if isinstance(identity, str) and identity in {sweep["id"] for sweep in self.sweeps}:
            self.pressed(identity, content.get("more") is True)


def pictures(found: Sequence[tuple[Mapping[str, Any], Samples]]) -> list[dict[str, Any]]:
    """Return sweeps as the sheet takes them: thinned out, on one scale of time and voltage.

    Parameters
    ----------
    found : list of tuple
        What is said of each (``id``, ``label``, ``hint``, ``mark``, ``faint``), and its samples.
    """
    if not found:
        return []
    end = max(samples.trace.tend for _, samples in found) or 1.0
    low = min(samples.voltages[0] for _, samples in found)
    high = max(samples.voltages[1] for _, samples in found)
    return [dict(about) | _points(samples, end, low, high) for about, samples in found]


def _points(samples: Samples, end: float, low: float, high: float) -> dict[str, list[float]]:
    voltage = samples.trace.voltage
    at = min_max_of(voltage, 0, len(voltage), BINS)
    y = (np.asarray(voltage[at], dtype=float) - low) / max(high - low, 1e-9)
    x = at * samples.trace.dt / end
    kept = np.isfinite(y)
    return {"x": np.round(x[kept], 4).tolist(), "y": np.round(np.clip(y[kept], 0, 1), 4).tolist()}
