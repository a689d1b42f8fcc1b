"""A trial of the private engine: all features of a few made-up traces, compared with eFEL's own functions.

It is made where the engine is to run, in a process apart (see `efel_proof`), since nobody knows what an eFEL of
tomorrow does to an engine that relies on its insides.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .efel_engine import PrivateEngine
from .efel_graph import TWO_TRACES, feature_names, needs, needs_current
from .efel_settings import DEFAULT_EFEL_SETTINGS
from .efel_stock import Values, default_settings, each_stock_value

#: Step and length of the traces, start and end of the stimulus, ms
STEP, LENGTH, START, END = 0.1, 250.0, 40.0, 200.0
REST = -71.0  # mV

#: With which settings the traces are tried, in turn: BluePyEfe's, eFEL's own, and two that change what they can
SETTINGS: tuple[dict[str, Any], ...] = (
    DEFAULT_EFEL_SETTINGS,
    {},
    {
        "strict_stiminterval": True,
        "interp_step": 0.05,
        "Threshold": -10.0,
        "DerivativeThreshold": 5.0,
        "voltage_base_mode": "median",
        "current_base_mode": "median",
    },
    {"interp_step": 0.07, "ignore_first_ISI": False, "DownDerivativeThreshold": -8.0, "sahp_start": 3.0},
)


@dataclass(frozen=True)
class Trial:
    """A trace (ms, mV, nA) and its stimulus."""

    name: str
    v: np.ndarray
    i: np.ndarray | None = None
    start: float = START
    end: float = END
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def t(self) -> np.ndarray:
        """Times, ms."""
        return np.arange(len(self.v)) * STEP


def trials() -> list[Trial]:
    """Return the traces: trains, bursts, one spike, none, block, clipped, a chirp, pulses, windows at the edges."""
    t = np.arange(round(LENGTH / STEP)) * STEP
    on = (t >= START) & (t < END)
    noise = np.random.default_rng(20).normal(REST, 0.1, len(t))
    step = np.where(on, 0.3, 0.01)
    up = noise + _charging(t, START, END, 15.0, 12.0)
    train = up + _spikes(t, START + 8 + 6 * np.arange(13) ** 1.25)
    late = [*(START + np.arange(20.0, 150.0, 32.0)), 20.0, 225.0]
    bursts = up + _spikes(t, [START + 7 + 50 * k + 4.5 * j for k in range(3) for j in range(4)], 80.0)
    block = noise + _charging(t, START, END, 42.0, 3.0) + _spikes(t, [START + 6, START + 13], 55.0)
    sag = noise + _charging(t, START, END, -24.0, 11.0) + _charging(t, START + 25, END, 7.0, 30.0)
    wave = np.where(on, np.sin(0.002 * (t - START) ** 2), 0.0)
    starts = START + np.array([0.0, 50.0, 100.0])
    pulses = REST + sum((_charging(t, one, one + 5, 35.0, 7.0) for one in starts), np.zeros(len(t)))
    together = {"multi_stim_start": starts.tolist(), "multi_stim_end": (starts + 5).tolist()}
    return [
        Trial("train", train, step),
        Trial("bursts", bursts, step),
        Trial("one spike", up + _spikes(t, [START + 30]), step),
        Trial("spikes outside", (up + _spikes(t, late)).astype(np.float32), step.astype(np.float32)),
        Trial("sag", sag, -step),
        Trial("block", block, step),
        Trial("clipped", np.clip(np.round(train * 2) / 2, -70, 0), step),
        Trial("chirp", noise + 5 * wave, 0.1 * wave),
        Trial("pulses", pulses, None, settings=together),
        Trial("from the start", train, step, start=0.0),
        Trial("to the end", bursts, step, end=LENGTH),
        Trial("flat", np.full(len(t), REST), np.zeros(len(t))),
    ]


def _charging(t: np.ndarray, start: float, end: float, depth: float, tau: float) -> np.ndarray:
    """Potential (mV) of a membrane of time constant `tau` (ms) that a current displaces by `depth`."""
    charged = 1 - np.exp(-np.clip(t - start, 0, end - start) / tau)
    return depth * charged * np.exp(-np.clip(t - end, 0, None) / tau)


def _spikes(t: np.ndarray, peaks: Any, height: float = 92.0) -> np.ndarray:
    """Action potentials, each a rise, a slower fall and two afterhyperpolarisations with a hump between them."""
    total = np.zeros(len(t))
    for peak in peaks:
        since = t - peak
        past = np.clip(since, 0, None)
        total += height / (1 + (since / np.where(since < 0, 0.3, 0.5)) ** 4)
        total -= 14 * past / 0.8 * np.exp(1 - past / 0.8) + 5 * past / 9 * np.exp(1 - past / 9)
    return total


def runs() -> Iterator[tuple[Trial, dict[str, Any]]]:
    """Yield each trace with the settings for it: all with the first ones, every third with further ones too."""
    for k, trial in enumerate(trials()):
        for chosen in SETTINGS[:1] if k % 3 else (SETTINGS[0], SETTINGS[1 + k // 3 % 3]):
            window = {"stim_start": trial.start, "stim_end": trial.end, "stimulus_current": 0.3}
            yield trial, {**chosen, **window, **trial.settings}


def features_that_differ() -> list[str]:
    """Return the features for which the private engine isn't eFEL, sorted: those, and those that need one of them.

    One that has no value on any of the traces, with either, isn't known to be the same.

    Raises
    ------
    OSError, ImportError
        If there is no engine here.
    """
    engine = PrivateEngine()
    names = [name for name in feature_names() if name not in TWO_TRACES]
    differing, seen = set(), set()
    for trial, settings in runs():
        stock = each_stock_value(trial.t, trial.v, trial.i, names, settings)
        ours = _ours(engine, trial, names, settings)
        differing |= {name for name in names if not same(ours[name], stock[name])}
        seen |= {name for name, value in stock.items() if value is not None and len(value)}
    differing |= set(names) - seen
    return [name for name in names if name in differing or needs(name) & differing]


def _ours(engine: PrivateEngine, trial: Trial, names: list[str], settings: dict[str, Any]) -> Values:
    """Compute features as `efel_features` does: those without need of a current together, without it."""
    found: Values = {}
    for with_current in (False, True):
        alike = [name for name in names if needs_current(name) is with_current]
        current = trial.i if with_current else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found |= engine.values(trial.t, trial.v, current, alike, default_settings() | settings)
    return found


def same(ours: np.ndarray | None, stock: np.ndarray | None) -> bool:
    """Whether two values are the same to the last bit."""
    if ours is None or stock is None:
        return ours is stock
    ours, stock = np.asarray(ours), np.asarray(stock)
    return ours.dtype == stock.dtype and np.array_equal(ours, stock, equal_nan=ours.dtype.kind == "f")
