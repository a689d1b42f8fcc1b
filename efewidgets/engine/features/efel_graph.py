"""Which of eFEL's features needs which other, and which settings they read, directly or through others.

Taken from the installed eFEL: its dependency file for the features in C++, the code of its functions for those in
Python. What a C++ function reads isn't to be had from a compiled library, so that is written down here.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Iterable, Iterator

from .efel_import import dependency_file, efel

WINDOW = ("stim_start", "stim_end")
INTERPOLATE = "interpolate"

#: Features that eFEL computes from two traces
TWO_TRACES = {
    "bpap_attenuation": "it compares the traces of soma and dendrite",
    "check_ais_initiation": "it compares the traces of soma and axon initial segment",
}

#: What eFEL's C++ functions read besides other features and the potential (from the sources of eFEL 5.7);
#: "I" is the current.
CPP_READS: dict[str, tuple[str, ...]] = {
    "interpolate": ("interp_step",),
    "current": ("I",),
    "peak_indices": ("Threshold", "strict_stiminterval", *WINDOW),
    "time_to_first_spike": ("stim_start",),
    "time_to_second_spike": ("stim_start",),
    "time_to_last_spike": ("stim_start",),
    "number_initial_spikes": ("initial_perc", *WINDOW),
    "mean_frequency": WINDOW,
    "adaptation_index": ("spike_skipf", "max_spike_skip", "offset", *WINDOW),
    "adaptation_index2": ("offset", *WINDOW),
    "burst_begin_indices": ("ignore_first_ISI", "strict_burst_factor"),
    "postburst_min_indices": ("stim_end",),
    "postburst_slow_ahp_indices": ("sahp_start", "stim_end"),
    "postburst_fast_ahp_indices": ("stim_end",),
    "is_not_stuck": WINDOW,
    "AP_amplitude": WINDOW,
    "min_AHP_indices": ("strict_stiminterval", *WINDOW),
    "AHP_depth_abs_slow": ("sahp_start",),
    "depolarized_base": WINDOW,
    "min_between_peaks_indices": ("strict_stiminterval", *WINDOW),
    "AP_width": ("Threshold", "strict_stiminterval", *WINDOW),
    "AP_width_between_threshold": ("Threshold", "stim_start"),
    "spike_half_width": ("stim_start",),
    "AP_begin_width": ("stim_start",),
    "AP_begin_indices": ("DerivativeThreshold", "DerivativeWindow", *WINDOW),
    "AP_end_indices": ("DownDerivativeThreshold", "stim_start"),
    "AP_rise_time": ("rise_start_perc", "rise_end_perc"),
    "AP_fall_time": ("stim_start",),
    "AP_fall_rate": ("stim_start",),
    "AP_phaseslope": ("AP_phaseslope_range", *WINDOW),
    "steady_state_voltage_stimend": WINDOW,
    "steady_state_current_stimend": ("I", *WINDOW),
    "steady_state_hyper": ("stim_end",),
    "steady_state_voltage": ("stim_end",),
    "voltage_base": (
        "voltage_base_start_perc",
        "voltage_base_end_perc",
        "voltage_base_mode",
        "precision_threshold",
        "stim_start",
    ),
    "current_base": (
        "I",
        "current_base_start_perc",
        "current_base_end_perc",
        "current_base_mode",
        "precision_threshold",
        "stim_start",
    ),
    "time_constant": WINDOW,
    "decay_time_constant_after_stim": ("decay_start_after_stim", "decay_end_after_stim", *WINDOW),
    "multiple_decay_time_constant_after_stim": (
        "decay_start_after_stim",
        "decay_end_after_stim",
        "multi_stim_start",
        "multi_stim_end",
    ),
    "sag_time_constant": WINDOW,
    "ohmic_input_resistance": ("stimulus_current",),
    "ohmic_input_resistance_vb_ssse": ("stimulus_current",),
    "voltage_deflection": WINDOW,
    "voltage_deflection_begin": WINDOW,
    "voltage_after_stim": ("stim_end",),
    "maximum_voltage": WINDOW,
    "minimum_voltage": WINDOW,
}


#: C++ functions that read nothing else, by the same sources. One that is in neither list is of a newer eFEL, and may
#: read anything.
CPP_READS_NO_MORE = frozenset(
    """
    ADP_peak_amplitude ADP_peak_indices ADP_peak_values AHP1_depth_from_peak AHP2_depth_from_peak
    AHP_depth AHP_depth_abs AHP_depth_diff AHP_depth_from_peak AHP_depth_slow AHP_slow_time
    AHP_time_from_peak AP1_amp AP1_begin_voltage AP1_begin_width AP1_peak AP1_width
    AP2_AP1_begin_width_diff AP2_AP1_diff AP2_AP1_peak_diff AP2_amp AP2_begin_voltage AP2_begin_width
    AP2_peak AP2_width AP_amplitude_change AP_amplitude_diff AP_amplitude_from_voltagebase AP_begin_time
    AP_begin_voltage AP_duration AP_duration_change AP_duration_half_width AP_duration_half_width_change
    AP_fall_indices AP_fall_rate_change AP_height AP_peak_downstroke AP_peak_upstroke AP_rise_indices
    AP_rise_rate AP_rise_rate_change APlast_amp APlast_width all_ISI_values amp_drop_first_last
    amp_drop_first_second amp_drop_second_last burst_end_indices doublet_ISI fast_AHP fast_AHP_change
    interburst_15percent_indices interburst_15percent_values interburst_20percent_indices
    interburst_20percent_values interburst_25percent_indices interburst_25percent_values
    interburst_30percent_indices interburst_30percent_values interburst_40percent_indices
    interburst_40percent_values interburst_60percent_indices interburst_60percent_values
    interburst_duration interburst_min_indices interburst_min_values inv_time_to_first_spike
    max_amp_difference maximum_voltage_from_voltagebase mean_AP_amplitude min_AHP_values
    min_between_peaks_values min_voltage_between_spikes peak_time peak_voltage postburst_adp_peak_indices
    postburst_adp_peak_values postburst_fast_ahp_values postburst_min_values postburst_slow_ahp_values
    sag_amplitude sag_ratio1 sag_ratio2 spike_width2 strict_burst_mean_freq strict_interburst_voltage time
    time_to_interburst_min time_to_postburst_adp_peak time_to_postburst_fast_ahp
    time_to_postburst_slow_ahp voltage voltage_deflection_vb_ssse
    """.split()
)


@functools.cache
def cpp_features() -> tuple[str, ...]:
    """Names of the features that eFEL computes in C++."""
    names: list[str] = []
    # not efel.get_feature_names(), which parses the dependency file again and opens a log
    efel().cppcore.getFeatureNames(names)
    return tuple(names)


def python_features() -> tuple[str, ...]:
    """Names of the features that eFEL computes in Python, those that a person registered included."""
    return tuple(dict.fromkeys(sys.modules["efel.pyfeatures"].all_pyfeatures)) if efel() else ()


def is_efels_own(name: str) -> bool:
    """Whether the feature is as eFEL brought it, and not one that a person registered or replaced."""
    if name not in python_features():
        return name in cpp_features()
    return str(getattr(getattr(sys.modules["efel.pyfeatures"], name), "__module__", "")).startswith("efel.")


def feature_names() -> tuple[str, ...]:
    """Every feature of the installed eFEL that takes one trace, sorted."""
    return tuple(sorted({*cpp_features(), *python_features()}))


@functools.cache
def cpp_lines() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Library of each C++ feature, and the features it needs directly, as eFEL's dependency file has them."""
    found = {}
    for line in dependency_file().read_text(encoding="utf-8").splitlines():
        library_and_name, *needs = ["".join(part.split()) for part in line.split("#")]
        if library_and_name:
            library, _, name = library_and_name.partition(":")
            found[name] = (library, tuple(need.partition(":")[2] for need in needs))
    return found


@functools.cache
def cpp_chain(name: str) -> tuple[str, ...]:
    """C++ features that eFEL computes for this one, in its order, itself last."""
    _, needs = cpp_lines().get(name, ("", ()))
    return tuple(dict.fromkeys([*(step for need in needs for step in cpp_chain(need)), name]))


@functools.cache
def reads(name: str) -> frozenset[str]:
    """Settings that a feature depends on, directly or through others, and "I" if it needs the current.

    One that a person registered may depend on anything.
    """
    known = set(vars(efel().Settings())) | {what for readings in CPP_READS.values() for what in readings}
    if not is_efels_own(name):
        return frozenset(known)
    found: set[str] = set()
    for word in _mentioned(name) if name in python_features() else {name}:
        if word in cpp_features():
            found.update(*(_cpp_reads(step, known) for step in cpp_chain(word)))
        elif word in known:
            found.add(word)
    return frozenset(found)


def _cpp_reads(name: str, everything: Iterable[str]) -> Iterable[str]:
    return () if name in CPP_READS_NO_MORE else CPP_READS.get(name, everything)


@functools.cache
def needs(name: str) -> frozenset[str]:
    """Other features of eFEL that a feature is made of, directly or through others."""
    words = _mentioned(name) if name in python_features() else {name}
    found = {step for word in words for step in cpp_chain(word)}
    return frozenset(found & {*cpp_features(), *python_features()} - {name})


def needs_current(name: str) -> bool:
    """Whether the feature can only be computed when the current is known."""
    return "I" in reads(name)


def _mentioned(name: str) -> set[str]:
    """Texts in the code of a Python feature, the functions of its module that it calls, texts in these, and so on."""
    package = sys.modules["efel.pyfeatures"]
    texts: set[str] = set()
    seen: set[types.CodeType] = set()

    def visit(function: types.FunctionType) -> None:
        function = inspect.unwrap(function)
        for code in _codes(function.__code__):
            if code in seen:
                continue
            seen.add(code)
            texts.update(text for text in code.co_consts if isinstance(text, str))
            for called in code.co_names:
                other = function.__globals__.get(called)
                if isinstance(other, types.FunctionType):
                    texts.add(called)
                    visit(other)

    visit(getattr(package, name))
    return texts


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)
