"""What a student turns, types and presses at a virtual cell."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

from ...datasets.experiments import Injection
from ..parts.style import row
from .slider import Slider

#: What the protocols are for
PURPOSES = {
    "IDthresh": "short steps, to look for the rheobase",
    "IDrest": "long steps, to see how the cell fires",
    "IV": "steps down, for the input resistance and the sag",
    "APWaveform": "brief steps, sampled finely, for the shape of a spike",
    "APThreshold": "a ramp, to see from which voltage a spike rises",
}


class Controls:
    """The controls of a virtual cell.

    Attributes
    ----------
    protocol : Dropdown
    purpose : HTML
        What the protocol is for.
    amplitude, holding : Slider
        pA.
    onset, duration : Slider
        ms.
    threshold : Slider
        What a spike must exceed, mV.
    noise : Checkbox
    keep, keep_series, remove : Button
    first, last, step : Text
        Of a series of amplitudes, pA.
    """

    def __init__(self, protocols: Sequence[str], high: float, detection: bool):
        options = [(name, name) for name in protocols]
        self.protocol = ipywidgets.Dropdown(
            options=options, description="Protocol", layout={"width": "230px"}
        )
        self.purpose = ipywidgets.HTML()
        self.purpose.add_class("efe-faint")
        on_top = "Injected current on top of the holding current"
        self.amplitude = Slider("Amplitude", "pA", -high / 2, high, 1.0, on_top)
        self.amplitude.add_class("efe-slider-main")
        self.holding = Slider("Holding current", "pA", -high / 2, high / 2, 1.0, "Injected all the time")
        self.onset = Slider("Onset", "ms", 20.0, 500.0, 10.0, "When the stimulus begins")
        self.duration = Slider("Duration", "ms", 1.0, 2000.0, 1.0, "How long the stimulus lasts")
        self.noise = ipywidgets.Checkbox(
            description="noise of the rig",
            indent=False,
            tooltip="Noise of the synapses, the pipette and the mains",
        )
        self.keep = _button("Keep this sweep", "Write it to a file and add it to the recordings", "plus")
        self.keep.button_style = "primary"
        self.first, self.last, self.step = (_current(name) for name in ("from", "to", "in steps of"))
        self.keep_series = _button("Keep a series", "Give one stimulus after the other and keep all sweeps")
        self.remove = _button(
            "Remove the kept sweeps", "Take this cell's sweeps out of the recordings", "trash"
        )
        self.choice_row = row(self.protocol, self.purpose)
        self.protocol.layout.display = None if len(options) > 1 else "none"
        self.threshold = Slider("Detection threshold", "mV", -70.0, 60.0, 1.0, "What counts as a spike")
        self.threshold.layout.display = None if detection else "none"
        self.sliders = ipywidgets.Box(
            [self.amplitude, self.duration, self.holding, self.onset, self.threshold]
        )
        self.sliders.add_class("efe-sliders")
        self.keep_row = row(self.keep, self.noise)
        self.series_row = row(
            self.keep_series, self.first, self.last, self.step, ipywidgets.HTML("pA"), self.remove
        )

    def place(self, injection: Injection) -> dict[str, tuple[Slider, float]]:
        """Return the sliders by the fields of an injection, with the values that they show."""
        return {
            "amp": (self.amplitude, round(injection.amp * 1e3, 6)),
            "holding": (self.holding, round(injection.holding * 1e3, 6)),
            "ton": (self.onset, injection.ton),
            "duration": (self.duration, injection.duration),
        }


def _button(words: str, hint: str, icon: str = "") -> ipywidgets.Button:
    return ipywidgets.Button(description=words, tooltip=hint, icon=icon, layout={"width": "auto"})


def _current(words: str) -> ipywidgets.Text:
    found = ipywidgets.Text(description=words, continuous_update=False, tooltip=f"Amplitudes {words} (pA)")
    found.add_class("efe-amp")
    return found
