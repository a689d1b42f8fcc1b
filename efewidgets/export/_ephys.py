"""BluePyOpt's protocols and features as a fit to results needs them. Imported late: it needs BluePyOpt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from bluepyopt import ephys
from bluepyopt.ephys.responses import TimeVoltageResponse

from ..engine.export.pieces import draw, held_by, level, scale_of
from ..engine.export.responses import HOLDING, RHEOBASE
from ..engine.export.scoring import model_value
from ..engine.export.search import find_holding, find_rheobase
from ..engine.problems import EfeError

Run = Callable[["Sweep"], Mapping[str, Any]]

_SOMA = ephys.locations.NrnSeclistCompLocation(name="soma", seclist_name="somatic", sec_index=0, comp_x=0.5)


def location(name: str, said: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return a place in a morphology.

    Raises
    ------
    EfeError
        If it isn't said where that is, or in words that aren't known.
    """
    if name == "soma":
        return _SOMA
    if name == "ais":
        return ephys.locations.NrnSeclistCompLocation(
            name="ais", seclist_name="axonal", sec_index=0, comp_x=0.5
        )
    where = said.get(name, {})
    kind = where.get("type")
    if kind == "somadistance":
        return ephys.locations.NrnSomaDistanceCompLocation(
            name=name, soma_distance=where["somadistance"], seclist_name=where["seclist_name"]
        )
    if kind == "somadistanceapic":
        return ephys.locations.NrnSecSomaDistanceCompLocation(
            name=name,
            soma_distance=where["somadistance"],
            sec_index=where.get("sec_index"),
            sec_name=where.get("seclist_name", "apic"),
        )
    if kind == "nrnseclistcomp":
        return ephys.locations.NrnSeclistCompLocation(
            name=name,
            comp_x=where["comp_x"],
            sec_index=where["sec_index"],
            seclist_name=where["seclist_name"],
        )
    raise EfeError(
        f'where {name!r} is in a morphology must be said as {{"type": "somadistance", …}} (or somadistanceapic, '
        f"nrnseclistcomp), but is {dict(where)!r}."
    )


def square(delay: float, duration: float, amp: float, total: float) -> Any:
    """Return a square pulse into the soma."""
    return ephys.stimuli.NrnSquarePulse(
        step_amplitude=amp, step_delay=delay, step_duration=duration, total_duration=total, location=_SOMA
    )


def stimulus(piece: Mapping[str, Any], rheobase: float | None, before: float, total: float) -> Any:
    """Return a piece of a stimulus.

    Parameters
    ----------
    piece : dict
        As `engine.export.pieces` makes them.
    rheobase : float or None
        The model's (nA), to which the piece is relative; None for the amplitudes of the recordings.
    before : float
        ms before the sweep.
    total : float
        ms, all in all.
    """
    delay = before + piece["delay"]
    if piece["shape"] == "square":
        return square(delay, piece["duration"], level(piece, "amp", rheobase), total)
    if piece["shape"] == "ramp":
        return ephys.stimuli.NrnRampPulse(
            ramp_amplitude_start=level(piece, "start", rheobase),
            ramp_amplitude_end=level(piece, "end", rheobase),
            ramp_delay=delay,
            ramp_duration=piece["duration"],
            total_duration=total,
            location=_SOMA,
        )
    current = scale_of(piece, rheobase) * np.asarray(piece["current"], dtype=float)
    times = delay + piece["dt"] * np.arange(len(current))
    end = times[-1] + piece["dt"]
    return ephys.stimuli.NrnCurrentPlayStimulus(
        time_points=np.concatenate(([0.0, times[0]], times, [end, end, max(end, total)])),
        current_points=np.concatenate(([0.0, 0.0], current, [current[-1], 0.0, 0.0])),
        location=_SOMA,
    )


class Sweep(ephys.protocols.SweepProtocol):
    """A sweep that a model has settled for: what comes before isn't part of the response."""

    def __init__(
        self, name: str, stimuli: Sequence[Any], recordings: Sequence[Any], before: float, cvode: bool | None
    ):
        super().__init__(name, list(stimuli), list(recordings), cvode)
        self.before = before

    def run(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Play the sweep; times count from its own beginning."""
        found = super().run(*args, **kwargs)
        return {name: self._own(name, response) for name, response in found.items()}

    def _own(self, name: str, response: Any) -> Any:
        if response is None:
            return None
        time = np.asarray(response["time"], dtype=float) - self.before
        voltage = np.asarray(response["voltage"], dtype=float)
        first = int(np.searchsorted(time, -1e-9))
        return TimeVoltageResponse(name, time[first:], voltage[first:])


class Experiment(ephys.protocols.Protocol):
    """All that is done with a model: its holding current and rheobase are found, then the protocols are played."""

    def __init__(self, data: Mapping[str, Any], settle: float, cvode: bool | None):
        super().__init__("main")
        self.data = data
        self.settle = settle
        self.cvode = cvode
        places = {feature["location"] for feature in data["features"]} | {"soma"}
        self.places = {place: location(place, data["locations"]) for place in sorted(places)}

    def subprotocols(self) -> dict[str, Any]:
        """Return this protocol, as BluePyOpt asks for it; the sweeps depend on the model."""
        return {self.name: self}

    def run(
        self, cell_model: Any, param_values: Any, sim: Any = None, isolate: Any = None, timeout: Any = None
    ) -> dict[str, Any]:
        """Return a model's responses.

        Of a model whose holding current or rheobase isn't found they are None, which has the worst score.
        """

        def run(sweep: Sweep) -> Mapping[str, Any]:
            return sweep.run(cell_model, param_values, sim=sim, isolate=isolate, timeout=timeout)

        holding, rheobase, found = None, None, {}
        if self.data["threshold_based"]:

            def play(step: Mapping[str, float], amp: float, held: float) -> Any:
                return self._search(run, step, amp, held)

            holding = find_holding(play, self.data["holding"])
            rheobase = None if holding is None else find_rheobase(play, self.data["rheobase"], holding)
            found = {HOLDING: holding, RHEOBASE: rheobase}
        for name, protocol in self.data["protocols"].items():
            if self.data["threshold_based"] and rheobase is None:
                found |= {f"{name}.{place}.v": None for place in self.places}
            else:
                found |= self._play(run, name, protocol, holding, rheobase)
        return found

    def sweep(
        self, name: str, stimuli: Callable[[float, float], Sequence[Any]], holding: float, length: float
    ) -> Sweep:
        """Return a sweep; `stimuli` makes those on top of the holding current, given ms before it and in all."""
        total = self.settle + length
        recordings = [
            ephys.recordings.CompRecording(name=f"{name}.{place}.v", location=where, variable="v")
            for place, where in self.places.items()
        ]
        held = square(0.0, total, holding, total)
        return Sweep(name, [*stimuli(self.settle, total), held], recordings, self.settle, self.cvode)

    def _search(self, run: Run, step: Mapping[str, float], amp: float, holding: float) -> Any:
        """Return a model's time (ms) and voltage (mV) under a square pulse; None if it fails."""

        def pulse(before: float, total: float) -> list[Any]:
            return [square(before + step["delay"], step["duration"], amp, total)] if step["duration"] else []

        response = run(self.sweep("search", pulse, holding, step["totduration"]))["search.soma.v"]
        if response is None:
            return None
        return tuple(np.asarray(response[key], dtype=float) for key in ("time", "voltage"))

    def _play(
        self, run: Run, name: str, protocol: Mapping[str, Any], holding: float | None, rheobase: float | None
    ) -> dict[str, Any]:
        own = held_by(protocol, holding)
        parts = protocol["pieces"]

        def stimuli(before: float, total: float) -> list[Any]:
            return [stimulus(piece, rheobase, before, total) for piece in parts]

        found = dict(run(self.sweep(name, stimuli, own, protocol["totduration"])))
        response = found.get(f"{name}.soma.v")
        if response is not None:
            time = np.asarray(response["time"])
            current = draw(parts, time, own, rheobase)
            found[f"{name}.iclamp.i"] = TimeVoltageResponse(f"{name}.iclamp.i", time, current)
        return found


class Feature(ephys.efeatures.eFELFeature):
    """A feature, computed on a model's response as it was on the recordings."""

    def __init__(self, said: Mapping[str, Any], data: Mapping[str, Any]):
        recording = f"{said['protocol']}.{said['location']}.v"
        super().__init__(
            said["name"],
            efel_feature_name=said["efel_feature_name"],
            recording_names={"": recording},
            stim_start=said["stim_start"],
            stim_end=said["stim_end"],
            exp_mean=said["mean"],
            exp_std=said["std"],
            threshold=said["threshold"],
            stimulus_current=said["stimulus_current"],
            interp_step=said["interp_step"],
            double_settings=said["double_settings"],
            int_settings=said["int_settings"],
            string_settings=said["string_settings"],
        )
        self.said, self.threshold_based = said, data["threshold_based"]

    def calculate_feature(self, responses: Mapping[str, Any], raise_warnings: bool = False) -> float | None:
        """Return the mean of the feature's values; None where there is none."""
        return model_value(self.said, responses, self.threshold_based)

    def calculate_score(self, responses: Mapping[str, Any], trace_check: bool = False) -> float:
        """Return how many standard deviations a model is off; the worst score where it has no value."""
        value = self.calculate_feature(responses)
        if value is None:
            return float(self.max_score)
        return min(abs(value - self.exp_mean) / self.exp_std, float(self.max_score))


class CurrentFeature(ephys.efeatures.EFeature):
    """A model's own holding current or rheobase (nA) beside the cells'."""

    def __init__(self, name: str, mean: float, std: float, max_score: float = 250.0):
        super().__init__(name)
        self.exp_mean, self.exp_std, self.max_score = mean, std, max_score

    def calculate_feature(self, responses: Mapping[str, Any], raise_warnings: bool = False) -> float | None:
        """Return the current; None where it wasn't found."""
        value: float | None = responses.get(self.name)
        return value

    def calculate_score(self, responses: Mapping[str, Any], trace_check: bool = False) -> float:
        """Return how many standard deviations a model is off; the worst score where it has no value."""
        value = responses.get(self.name)
        if value is None:
            return self.max_score
        return min(abs(value - self.exp_mean) / self.exp_std, self.max_score)
