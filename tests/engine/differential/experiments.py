"""Random experiments for BluePyEfe and us: cells, targets, settings, as `extract_efeatures` takes them.

What is left out are the zones in which BluePyEfe is wrong; `test_listed_defects` goes there. The rheobase by
majority is in, with BluePyEfe's rule replaced by a correct one (`majority_rheobase`).
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.engine.differential.cells import UNITS, metadata_of, step, sweep_of

FEATURES = [
    "mean_frequency",
    "Spikecount",
    "ISI_CV",
    "AP1_amp",
    "AP_amplitude",
    "AP_width",
    "AP_duration_half_width",
    "AP_rise_time",
    "AHP_depth",
    "AHP_time_from_peak",
    "voltage_base",
    "steady_state_voltage_stimend",
    "time_to_first_spike",
    "inv_first_ISI",
    "doublet_ISI",
    "adaptation_index2",
    "sag_amplitude",
    "decay_time_constant_after_stim",
    "ohmic_input_resistance_vb_ssse",
    "maximum_voltage",
    "voltage_deflection",
    "time_to_last_spike",
    "peak_time",
]
SETTINGS: list[dict[str, Any] | None] = [
    None,
    {"strict_stiminterval": True, "Threshold": -30.0, "interp_step": 0.05},
    {"Threshold": -20.0},
    {"strict_stiminterval": False, "Threshold": -10, "interp_step": 0.1},
    {"strict_stiminterval": True, "interp_step": 0.025},  # a threshold for each recording
    {},
    {"Threshold": -20.0, "DerivativeThreshold": 5.0, "voltage_base_mode": "median", "sahp_start": 3.0},
]
TARGET_SETTINGS: list[dict[str, Any]] = [
    {},
    {"Threshold": -15.0},
    {"strict_stiminterval": False},
    {"stim_start": 60.0, "stim_end": 150.0},
    {"interp_step": 0.1, "Threshold": -25.0},
]
MULTIPLES = (0.3, 0.5, 0.7, 0.85, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
GIVEN = {
    "sAHP": {"ton": 30.0, "tmid": 90.0, "tmid2": 130.0, "toff": 190.0},
    "APThresh": {"ton": 40.0, "toff": 190.0},
    "HyperDePol": {"ton": 40.0, "tmid": 110.0, "toff": 190.0},
    "DeHyperPol": {"ton": 40.0, "tmid": 110.0, "toff": 190.0},
    "PosCheops": {"ton": 20.0, "t1": 80.0, "t2": 90.0, "t3": 140.0, "t4": 150.0, "toff": 210.0},
    "NegCheops": {"ton": 20.0, "t1": 80.0, "t2": 90.0, "t3": 140.0, "t4": 150.0, "toff": 210.0},
    "SpikeRec": {},
    "SineSpec": {"ton": 30.0, "toff": 200.0},
    "PinkNoise": {"ton": 30.0, "toff": 200.0},
    "CapCheck": {"ton": 30.0, "toff": 200.0},
}
STEPS = ("IDrest", "IDRest", "APWaveform", "FirePattern_2", "IV_-100")
OTHERS = (*STEPS, *GIVEN)


def family_sweep(protocol: str, amplitude: float, spikes: int, **more: Any) -> dict[str, Any]:
    """Describe a sweep of a protocol; `amplitude` (nA) is what is varied in it."""
    a = amplitude
    match protocol:
        case "sAHP":
            pieces = [(30.0, 90.0, 0.04, 0.04), (90.0, 130.0, a, a), (130.0, 190.0, 0.04, 0.04)]
            return sweep_of(pieces, (92.0, 128.0), min(spikes, 4), **more)
        case "APThresh":
            return sweep_of([(40.0, 190.0, 0.0, a)], (100.0, 188.0), spikes, **more)
        case "HyperDePol":
            pieces = [(40.0, 110.0, -a, -a), (110.0, 190.0, 0.1, 0.1)]
            return sweep_of(pieces, (115.0, 188.0), spikes, **more)
        case "DeHyperPol":
            pieces = [(40.0, 110.0, 0.1, 0.1), (110.0, 190.0, -a, -a)]
            return sweep_of(pieces, (45.0, 108.0), spikes, **more)
        case "PosCheops" | "NegCheops":
            s = a if protocol == "PosCheops" else -a
            edges = [(20.0, 80.0), (90.0, 140.0), (150.0, 210.0)]
            pieces = [p for x, y in edges for p in ((x, (x + y) / 2, 0, s), ((x + y) / 2, y, s, 0))]
            return sweep_of(pieces, (40.0, 60.0), min(spikes, 2) if s > 0 else 0, **more)
        case "SpikeRec":
            gap = 10.0 + 5.0 * (spikes % 3)
            starts = [50.0 + k * (5.0 + gap) for k in range(2 + spikes % 4)]
            sweep = sweep_of([(x, x + 5.0, 1.0 + a, 1.0 + a) for x in starts], **more)
            return sweep | {"spikes": [x + 4.0 for x in starts]}
        case "SineSpec":
            sweep = sweep_of([], (100.0, 190.0), min(spikes, 3), **more)
            return sweep | {"sines": [(30.0, 200.0, a)]}
        case "PinkNoise" | "CapCheck":
            sweep = sweep_of([], (60.0, 190.0), min(spikes, 3), **more)
            return sweep | {"noises": [(30.0, 200.0, a, spikes)]}
        case "IV_-100":
            return step(-a, 0, **more)
        case _:
            return step(a, spikes, **more)


@st.composite
def cell_files(draw: st.DrawFn, number: int, others: tuple[str, ...], clean_top: int) -> dict[str, Any]:
    """Draw the files of one cell; at least its `clean_top` largest threshold steps fire."""
    rheobase = draw(st.integers(50, 250)) / 1000.0
    gain = draw(st.integers(2, 9))
    more = {
        "hypamp_nA": draw(st.sampled_from((0.0, -0.02, -0.05, 0.013))),
        "rest": draw(st.sampled_from((-75.0, -68.3, -80.0))),
        "i_noise": draw(st.sampled_from((0.0, 0.0005))),
        "v_noise": 0.02,
    }
    units = {
        "i_unit": draw(st.sampled_from(("nA", "pA", "A"))),
        "v_unit": draw(st.sampled_from(("mV", "V"))),
        "t_unit": draw(st.sampled_from(("ms", "s"))),
        "dtype": draw(st.sampled_from(("float32", "float64"))),
    }
    units |= draw(st.sampled_from(({}, {"ljp": 14.0}, {"v_corr": -70.0}, {"ljp": 9.7, "v_corr": -71.5})))

    def counted(multiple: float) -> int:
        return 0 if multiple < 1 else 1 + int(gain * (multiple - 1))

    def files(protocol: str, pairs: list[tuple[float, int]]) -> list[dict[str, Any]]:
        given = GIVEN.get(protocol, {"ton": 40.0, "toff": 190.0})
        sweeps = [
            family_sweep(protocol, round(m * rheobase, 4), n, seed=100 * number + k, **more)
            for k, (m, n) in enumerate(pairs)
        ]
        if draw(st.booleans()):
            return [metadata_of(sweeps, f"{number}_{protocol}", **units, **given)]
        named = {"amp": 0.2 * UNITS[units["i_unit"]]} if protocol in STEPS and draw(st.booleans()) else {}
        singles = [
            metadata_of([s], f"{number}_{protocol}_{k}", **units, **given) for k, s in enumerate(sweeps)
        ]
        return [{**singles[0], **named}, *singles[1:]]

    multiples = sorted(draw(st.sets(st.sampled_from(MULTIPLES[:-3]), min_size=3, max_size=5)))
    multiples += [2.0, 2.5, 3.0][-clean_top:]
    counts = [counted(m) for m in multiples]
    odd = draw(st.integers(0, 2 * len(counts)))
    if odd < len(counts) - clean_top:  # a failure, or a stray spike
        counts[odd] = 0 if counts[odd] else 1
    found = {"IDthresh": files("IDthresh", list(zip(multiples, counts, strict=True)))}
    for protocol in others:
        some = draw(st.lists(st.sampled_from(MULTIPLES), min_size=1, max_size=3))
        found[protocol] = files(protocol, [(m, counted(m)) for m in some])
    return found


@st.composite
def targets_for(draw: st.DrawFn, protocols: list[str], absolute: bool) -> list[dict[str, Any]]:
    """Draw targets; one tolerance an amplitude, and one meaning a label."""
    targets = []
    for protocol in protocols:
        meanings = {
            f"{feature}{suffix}": (feature, draw(st.sampled_from(TARGET_SETTINGS)))
            for feature, suffix in draw(
                st.lists(
                    st.tuples(st.sampled_from(FEATURES), st.sampled_from(("", "", ".own"))),
                    min_size=1,
                    max_size=4,
                    unique=True,
                )
            )
        }
        if protocol == "SpikeRec":
            amplitudes = [10, 15.0, 20.0]
        elif absolute:
            amplitudes = [0.1, 0.15, 0.2, 0.3]
        else:
            amplitudes = [50, 100, 110.0, 150, 200.0, 300]
        sign = -1 if protocol in ("IV_-100", "HyperDePol", "DeHyperPol", "NegCheops") else 1
        for amplitude in draw(st.lists(st.sampled_from(amplitudes), min_size=1, max_size=3, unique=True)):
            tolerance = draw(
                st.sampled_from((0.04, 0.1) if absolute and protocol != "SpikeRec" else (12.0, 30, 60.0))
            )
            for label, (feature, settings) in meanings.items():
                target = {"efeature": feature, "protocol": protocol}
                target |= {"amplitude": sign * amplitude, "tolerance": tolerance}
                target |= {"efel_settings": dict(settings)} if settings or draw(st.booleans()) else {}
                target |= {"efeature_name": label} if label != feature else {}
                targets.append(target)
    return targets


RHEOBASES: list[tuple[str, dict[str, Any] | None]] = [
    ("absolute", None),
    ("absolute", {"spike_threshold": 2}),
    ("absolute", {"spike_threshold": 3}),
    ("flush", None),
    ("flush", {"flush_length": 2}),
    ("flush", {"upper_bound_spikecount": 4}),
    ("flush", {"flush_length": 2, "upper_bound_spikecount": 9}),
    ("interpolation", None),
    ("majority", {"min_step": 0.0213}),
    ("majority", {"min_step": 0.0371, "majority": 0.7}),
]
KINDS = ("relative", "relative", "absolute", "auto")
GOAL = {
    "protocols": ["IDrest", "IDthresh"],
    "amplitudes": [200, 150, 100],
    "efeatures": ["mean_frequency", "AP_amplitude", "voltage_base"],
    "min_recordings_per_amplitude": 2,
    "preferred_number_protocols": 2,
    "tolerance": 25.0,
}


@st.composite
def experiments(
    draw: st.DrawFn, rule: int | None = None, kind: str | None = None, others: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Draw the arguments of `extract_efeatures`, with the rheobase rule, the kind and the protocols that are named."""
    strategy, rheobase_settings = RHEOBASES[
        draw(st.integers(0, len(RHEOBASES) - 1)) if rule is None else rule
    ]
    kind = kind or draw(st.sampled_from(KINDS))
    settings = draw(st.sampled_from(SETTINGS))
    if others is None:
        others = tuple(draw(st.lists(st.sampled_from(OTHERS), max_size=3, unique=True)))
    if settings is not None and "Threshold" not in settings:
        others = tuple(name for name in others if name != "SpikeRec")
    arguments: dict[str, Any] = {
        "protocols_rheobase": draw(st.sampled_from((["IDthresh"], None, ["IDthresh", "IDrest"]))),
        "efel_settings": settings,
        "protocol_mode": draw(st.sampled_from(("mean", "median", "min", "max"))),
        "rheobase_strategy": strategy,
        "rheobase_settings": rheobase_settings,
        "threshold_nvalue_save": draw(st.sampled_from((1, 1, 2))),
        "default_std_value": draw(st.sampled_from((1e-3, 0.25))),
        "low_memory_mode": False,
    }
    names = draw(st.sampled_from((["a"], ["a", "b"], ["b", "a"], ["c2", "c1", "c3"])))
    arguments["files_metadata"] = {
        name: draw(cell_files(number, others, clean_top=3)) for number, name in enumerate(names)
    }
    if kind == "auto":
        arguments["auto_targets"] = draw(st.sampled_from(("default", [GOAL])))
    else:
        arguments["absolute_amplitude"] = kind == "absolute"
        arguments["low_memory_mode"] = draw(st.booleans())
        arguments["targets"] = draw(targets_for(["IDthresh", *others], kind == "absolute"))
    return arguments


def majority_rheobase(cell: Any, protocols: list[str], min_step: float = 0.01, majority: float = 0.5) -> None:
    """Set the rheobase to the centre of the lowest bin in which at least `majority` of the sweeps fire."""
    sweeps = [(r.amp, r.spikecount) for r in cell.recordings if r.protocol_name in protocols]
    lowest = min(amp for amp, _ in sweeps)
    bins: dict[int, list[bool]] = {}
    for amp, count in sweeps:
        bins.setdefault(int((amp - lowest) / min_step), []).append(count > 0)
    firing = [k for k, fired in bins.items() if any(fired) and sum(fired) / len(fired) >= majority]
    if firing:
        cell.rheobase = lowest + (min(firing) + 0.5) * min_step
