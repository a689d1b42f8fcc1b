"""Which recordings fall into which target, and the stimulus that stands for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .ecodes import ecode_of
from .problems import EfeError, Problem, nearest
from .targets import EFeatureTarget

if TYPE_CHECKING:
    from .cell import Cell
    from .recording import Recording

OPERATORS: dict[str, Callable] = {
    "mean": np.nanmean,
    "median": np.nanmedian,
    "min": np.nanmin,
    "max": np.nanmax,
}
MODES = (*OPERATORS, "lnmc")


def check_mode(mode: str) -> None:
    """Raise EfeError if there is no such protocol mode."""
    if mode not in MODES:
        raise EfeError(
            f"there is no protocol_mode {mode!r}.{nearest(mode, MODES)} Use one of {', '.join(MODES)}."
        )


class Protocol:
    """A protocol at one amplitude: its targets, the recordings that fall into them, and a stimulus for models.

    Parameters
    ----------
    name : str
    amplitude, tolerance : float
        % of rheobase, or nA.
    feature_targets : list of EFeatureTarget
    global_rheobase : float or None
        Mean rheobase of the cells, nA; the stimulus is given at this many % of it.
    mode : {"mean", "median", "min", "max", "lnmc"}
        How the stimulus is had from the recordings. "lnmc" is the nominal protocol: the target's own amplitude (its %
        of the global rheobase, or its nA), each timing the most frequent value rounded to the sampling step; what a
        target does not name (holding current, a second amplitude) is the mean.
    """

    def __init__(
        self,
        name: str,
        amplitude: float,
        tolerance: float,
        feature_targets: Sequence[EFeatureTarget] | None = None,
        global_rheobase: float | None = None,
        mode: str = "mean",
    ):
        check_mode(mode)
        self.name = name
        self.amplitude = amplitude
        self.tolerance = tolerance
        self.feature_targets = list(feature_targets or [])
        self.global_rheobase = global_rheobase
        self.mode = mode
        self.recordings: list[Recording] = []

    @property
    def stimulus_name(self) -> str:
        """Name of the protocol in the output files."""
        return f"{self.name}_{self.amplitude}"

    @property
    def n_match(self) -> int:
        """Number of values, over all targets."""
        return sum(target.sample_size for target in self.feature_targets)

    def append(self, recording: Recording, targets: Sequence[EFeatureTarget] | None = None) -> None:
        """Add a recording to the targets it falls into (all of them, if not said)."""
        for target in self.feature_targets if targets is None else targets:
            value = recording.feature_value(
                target.efeature_name, target.efel_feature_name, target.efel_settings
            )
            target.append(value, recording.files)
            if "Threshold" not in target.efel_settings:
                target.append_auto_threshold(recording.auto_threshold)
        self.recordings.append(recording)

    @property
    def ecode(self) -> Recording | None:
        """The stimulus that stands for all recordings; None without any."""
        if not self.recordings:
            return None
        stimulus = type(self.recordings[0])({}, {}, self.name)
        params = [recording.get_params() for recording in self.recordings]
        for name in params[0]:
            setattr(stimulus, name, self._reduced(name, [p.get(name) for p in params], params))
        if self.mode == "lnmc":
            self._set_nominal(stimulus)
        return stimulus

    def _reduced(self, name: str, values: Sequence[Any], params: Sequence[Mapping[str, Any]]) -> Any:
        if isinstance(values[0], (list, np.ndarray)):
            return values[0]
        if self.mode == "lnmc" and name in (*type(self.recordings[0]).timings, "tend", "dt"):
            return _most_frequent(values, params[0]["dt"])
        operator = OPERATORS.get(self.mode, np.nanmean)
        if name in ("amp", "amp2") and self.global_rheobase:
            relative = _reduce(operator, [p.get(f"{name}_rel") for p in params])
            return None if relative is None else float(relative) * self.global_rheobase / 100.0
        return _reduce(operator, values)

    def _set_nominal(self, stimulus: Recording) -> None:
        name = stimulus.target_amplitude
        if name not in ("amp", "amp2"):
            setattr(stimulus, name, self.amplitude)
        elif self.global_rheobase:
            setattr(stimulus, name, self.amplitude * self.global_rheobase / 100.0)
            setattr(stimulus, f"{name}_rel", self.amplitude)
        else:
            setattr(stimulus, name, self.amplitude)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Return the protocol as it stands in protocols.json (ms, nA)."""
        stimulus = self.ecode
        if stimulus is None:
            raise EfeError(f"no recording falls into {self.stimulus_name}, so that it has no stimulus.")
        holding = {
            "delay": 0.0,
            "amp": stimulus.hypamp,
            "duration": stimulus.tend,
            "totduration": stimulus.tend,
        }
        return {"holding": holding, "step": stimulus.get_stimulus_parameters()}

    def __repr__(self) -> str:
        return f"Protocol({self.stimulus_name}: {len(self.recordings)} recordings, {self.n_match} values)"


def _reduce(operator: Callable, values: Sequence[Any]) -> Any:
    known = [np.nan if value is None else value for value in values]
    if np.all(np.isnan(known)):
        return None
    return operator(known)


def _most_frequent(values: Sequence[float], dt: float) -> float:
    steps = Counter(round(float(value / dt)) for value in values)
    return max(steps, key=lambda step: (steps[step], -step)) * float(dt)


def build_protocols(
    targets: Sequence[Mapping[str, Any]],
    global_rheobase: float | None,
    protocol_mode: str,
    efel_settings: Mapping[str, Any] | None = None,
) -> list[Protocol]:
    """Gather targets of the same protocol and amplitude, in the order of their first appearance."""
    protocols: dict[tuple[str, float], Protocol] = {}
    for target in targets:
        key = (target["protocol"], target["amplitude"])
        if key not in protocols:
            protocols[key] = Protocol(
                *key, target["tolerance"], global_rheobase=global_rheobase, mode=protocol_mode
            )
        protocols[key].feature_targets.append(
            EFeatureTarget(
                target.get("efeature_name") or target["efeature"],
                target["efeature"],
                target["protocol"],
                target["amplitude"],
                target["tolerance"],
                {**(efel_settings or {}), **(target.get("efel_settings") or {})},
                target.get("location") or "soma",
            )
        )
    return list(protocols.values())


def match(
    cells: Sequence[Cell], protocols: Sequence[Protocol], absolute_amplitude: bool = False
) -> list[tuple[Protocol, Recording, list[EFeatureTarget]]]:
    """Return which recordings fall into which targets of which protocol, cell by cell.

    Each target has its own tolerance; the amplitude must be less than that away.
    """
    by_protocol: dict[str, list[Recording]] = {}
    for cell in cells:
        if cell.rheobase is not None or absolute_amplitude:
            for recording in cell.recordings:
                by_protocol.setdefault(recording.protocol_name, []).append(recording)
    matches = []
    for protocol in protocols:
        tolerances = {target.tolerance for target in protocol.feature_targets}
        for recording in by_protocol.get(protocol.name, ()):
            near = {t for t in tolerances if recording.in_target(protocol.amplitude, t, absolute_amplitude)}
            if near:
                chosen = [target for target in protocol.feature_targets if target.tolerance in near]
                matches.append((protocol, recording, chosen))
    return matches


def unmatched_problems(cells: Sequence[Cell], protocols: Sequence[Protocol]) -> list[Problem]:
    """Say which protocols of the targets no cell has, and which amplitudes no recording falls into."""
    names = {name: None for cell in cells for name in cell.get_protocol_names()}
    problems = []
    for name in dict.fromkeys(protocol.name for protocol in protocols if protocol.name not in names):
        message = f"no cell has recordings of this protocol.{nearest(name, names)} There are: {', '.join(names) or 'none'}."
        problems.append(Problem(message, "warning", "target", protocol=name))
    for protocol in protocols:
        if protocol.name in names and not protocol.recordings:
            message = "no recording falls into this target; see its amplitude and tolerance, and the cells' rheobases."
            problems.append(
                Problem(message, "warning", "target", protocol=protocol.name, target=protocol.stimulus_name)
            )
    return problems
