"""Targets chosen by what the data offer: for each goal, the first protocols and amplitudes with enough recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..problems import EfeError, nearest

if TYPE_CHECKING:
    from ..recordings.recording import Recording


class AutoTarget:
    """A goal that several protocols and amplitudes can serve.

    Parameters
    ----------
    protocols : list of str
        Names of protocols, the preferred first.
    amplitudes : list of float
        % of rheobase, the preferred first.
    efeatures : list of str
        Names of features in eFEL.
    min_recordings_per_amplitude : int
        How many recordings an amplitude must have.
    preferred_number_protocols : int
        How many pairs of protocol and amplitude are taken.
    tolerance : float
        % of rheobase.
    """

    def __init__(
        self,
        protocols: Sequence[str],
        amplitudes: Sequence[float],
        efeatures: Sequence[str],
        min_recordings_per_amplitude: int = 10,
        preferred_number_protocols: int = 1,
        tolerance: float = 10,
    ):
        self.protocols = list(protocols)
        self.amplitudes = list(amplitudes)
        self.efeatures = list(efeatures)
        self.min_recordings_per_amplitude = min_recordings_per_amplitude
        self.preferred_number_protocols = preferred_number_protocols
        self.tolerance = tolerance
        self.active_ecode: list[str] = []
        self.active_amplitudes: list[float] = []

    def select_ecode_and_amplitude(self, recordings: Sequence[Recording]) -> None:
        """Choose protocols and amplitudes by the recordings there are; an earlier choice is forgotten."""
        levels: dict[str, list[float]] = {}
        for recording in recordings:
            if recording.amp_rel is not None:
                levels.setdefault(recording.protocol_name, []).append(recording.amp_rel)
        self.select(levels)

    def select(self, levels: Mapping[str, Sequence[float]]) -> None:
        """As `select_ecode_and_amplitude`, by the amplitudes (% of rheobase) there are of each protocol."""
        found = [
            (protocol, amplitude)
            for protocol in self.protocols
            for amplitude in self.amplitudes
            if self._count(levels.get(protocol, ()), amplitude) >= self.min_recordings_per_amplitude
        ][: self.preferred_number_protocols]
        self.active_ecode = [protocol for protocol, _ in found]
        self.active_amplitudes = [amplitude for _, amplitude in found]

    def _count(self, levels: Sequence[float], amplitude: float) -> int:
        return int(np.count_nonzero(np.abs(np.asarray(levels, dtype=float) - amplitude) < self.tolerance))

    def is_valid(self) -> bool:
        """Whether recordings were found for the goal."""
        return bool(self.active_ecode)

    def generate_targets(self) -> list[dict[str, Any]]:
        """Return the targets of the present choice, as `extract_efeatures` takes them."""
        return [
            {"efeature": efeature, "protocol": protocol, "amplitude": amplitude, "tolerance": self.tolerance}
            for protocol, amplitude in zip(self.active_ecode, self.active_amplitudes, strict=True)
            for efeature in self.efeatures
        ]


_FIRING = (
    "voltage_base adaptation_index2 mean_frequency time_to_first_spike time_to_last_spike inv_first_ISI"
    " inv_second_ISI inv_third_ISI inv_fourth_ISI inv_fifth_ISI inv_last_ISI ISI_CV ISI_log_slope doublet_ISI"
    " AP_amplitude AP1_amp APlast_amp AHP_depth AHP_time_from_peak"
)
_WAVEFORM = (
    "AP_amplitude AP1_amp AP2_amp AP_width AP_duration_half_width AP_rise_time AP_fall_time AHP_depth_abs"
    " AHP_time_from_peak AHP_depth"
)
_PASSIVE = (
    "voltage_base steady_state_voltage_stimend ohmic_input_resistance_vb_ssse voltage_deflection"
    " voltage_deflection_begin decay_time_constant_after_stim Spikecount sag_ratio1 sag_ratio2 sag_amplitude"
    " sag_time_constant"
)
_STEPS = "Step FirePattern IDrest IDRest IDthresh IDThresh IDThres IDthres IV"


#: BluePyEModel's presets: their protocols, amplitudes, features, numbers and tolerances
_PRESETS: dict[str, tuple[str, list[float], str, int, float]] = {
    "firing_pattern": (
        _STEPS,
        [200, 150, 250, 300],
        "Spikecount depol_block_bool voltage_base voltage_after_stim mean_frequency time_to_first_spike"
        " time_to_last_spike inv_time_to_first_spike inv_first_ISI inv_second_ISI inv_third_ISI inv_last_ISI ISI_CV"
        " ISI_log_slope doublet_ISI AHP_depth AHP_time_from_peak strict_burst_number strict_burst_mean_freq"
        " number_initial_spikes irregularity_index adaptation_index",
        2,
        20.0,
    ),
    "ap_waveform": (
        f"APWaveform APwaveform {_STEPS}",
        [300, 350, 250, 400, 200],
        "AP_amplitude AP1_amp AP_duration_half_width AHP_depth",
        1,
        20.0,
    ),
    "iv": ("IV Step", [0, -40, -100], "voltage_base ohmic_input_resistance_vb_ssse", 2, 10.0),
    "validation": (
        "IDhyperpol IDHyperpol",
        [150, 200],
        "mean_frequency voltage_base depol_block_bool",
        2,
        20.0,
    ),
}


def bluepyemodel_auto_targets(presets: Sequence[str] = tuple(_PRESETS)) -> list[AutoTarget]:
    """Return BluePyEModel's goals: firing pattern, spike waveform, IV (at 0 and -40 %), validation.

    Of the IV those of a threshold-based fit follow: resting potential, input resistance, holding voltage.

    Raises
    ------
    EfeError
        If there is no such preset.
    """
    for name in presets:
        if name not in _PRESETS:
            raise EfeError(f"BluePyEModel has no preset {name!r}.{nearest(name, _PRESETS)}")
    return [
        AutoTarget(protocols.split(), amplitudes, efeatures.split(), 1, number, tolerance)
        for protocols, amplitudes, efeatures, number, tolerance in map(_PRESETS.__getitem__, presets)
    ]


def default_auto_targets() -> list[AutoTarget]:
    """Return BluePyEfe's three goals: firing pattern, spike waveform, response to hyperpolarising steps."""
    return [
        AutoTarget(_STEPS.split(), [200, 150, 250, 300], _FIRING.split(), 1, 2, 25.0),
        AutoTarget(
            ["APWaveform", "APwaveform", *_STEPS.split()],
            [300, 350, 250, 400, 200],
            _WAVEFORM.split(),
            1,
            1,
            25.0,
        ),
        AutoTarget(["IV", "Step"], [-50, -100], _PASSIVE.split(), 1, 1, 10.0),
    ]
