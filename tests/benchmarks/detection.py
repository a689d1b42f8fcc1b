"""How often the stimulus is found within 1 ms, and how often a wrong answer is given for a sure one.

    python -m tests.benchmarks.detection [--seeds N] [--real] [--rigs] [--protocols N [--first SEED]]

On the lab's recordings whose stimulus is known, sweep by sweep and with the sweeps of a protocol together, against
BluePyEfe's own rules; then on simulated stimuli of every family under what a rig does to a current, against
BluePyEfe for steps; and whole protocols of four other generators (`rig_protocols`, `other_rigs`, `amplifier_rigs`,
`acquisition_rigs`), through all that reading does. Four outcomes: "hit" (right and sure), "unsure" (right, but it
wouldn't say so), "miss" (wrong or not found, and it says so), "silent" (wrong and sure of it: there should be none).
"""

from __future__ import annotations

import argparse
import importlib
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from efewidgets.engine.detection import Window, detect, reconcile
from tests.engine.detection.acquisition_rigs import protocol as acquisition_protocol
from tests.engine.detection.amplifier_rigs import protocol as amplifier_protocol
from tests.engine.detection.other_rigs import protocol as other_protocol
from tests.engine.detection.rig_protocols import OUTCOMES as ANSWERS
from tests.engine.detection.rig_protocols import outcomes
from tests.engine.detection.rig_protocols import protocol as rig_protocol
from tests.engine.detection.stimuli import KINDS, RIGS, TIMINGS, recorded
from tests.engine.detection.truth import protocols, verdict

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
OUTCOMES = ("hit", "unsure", "miss", "silent")
GENERATORS = {
    "the second": rig_protocol,
    "the third": other_protocol,
    "the fourth": amplifier_protocol,
    "the fifth": acquisition_protocol,
}
MODULES = {
    "Step": "step",
    "SAHP": "sAHP",
    "Ramp": "ramp",
    "PosCheops": "posCheops",
    "NegCheops": "negCheops",
    "SineSpec": "sineSpec",
    "PinkNoise": "pinkNoise",
    "CapCheck": "capCheck",
}


class Heard(logging.Handler):
    """Notes whether anything was logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


@contextmanager
def listening() -> Iterator[Heard]:
    """BluePyEfe's warnings, counted instead of printed."""
    heard, logger = Heard(), logging.getLogger("bluepyefe")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(heard)
    try:
        yield heard
    finally:
        logger.removeHandler(heard)
        logger.propagate = propagate


def peer(family: str, current: np.ndarray, dt: float) -> Window:
    """BluePyEfe's answer without timings in the metadata; sure unless it logs a warning or raises."""
    from bluepyefe.recording import Recording

    ecode = getattr(importlib.import_module(f"bluepyefe.ecode.{MODULES.get(family, family)}"), family)
    config = {"dt": dt, "t_unit": "ms", "i_unit": "nA", "v_unit": "mV", "ljp": 0.0}
    sweep = {"voltage": np.full(len(current), -70.0), "current": current}
    idle: dict[str, Any] = {"set_autothreshold": mock.DEFAULT, "compute_spikecount": mock.DEFAULT}
    with listening() as heard, mock.patch.multiple(Recording, **idle):
        try:
            made = ecode(config, sweep, protocol_name=family)
        except (AttributeError, ValueError, IndexError, TypeError) as error:
            return Window(reason=str(error), n=len(current), dt=dt)
        if family == "SpikeRec":
            starts = [round(t / dt) for t in made.tspike]
            pulses = tuple((a, a + round(made.spike_duration / dt)) for a in starts)
            edges = {"ton": pulses[0][0], "toff": pulses[-1][1]} if pulses else {}
        else:
            pulses, edges = (), {name: round(getattr(made, name) / dt) for name in TIMINGS[family]}
    return Window(edges, 0.0 if heard.count else 1.0, n=len(current), dt=dt, pulses=pulses)


def real() -> None:
    """Print the table of the lab's recordings."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    cells: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for protocol in protocols(SHARED):
        family = protocol.family
        windows = [detect(family, sweep.current, sweep.dt) for sweep in protocol.sweeps]
        answers = {
            "alone": windows,
            "together": reconcile(family, windows),
            "BluePyEfe": [peer(family, sweep.current, sweep.dt) for sweep in protocol.sweeps],
        }
        for who, given in answers.items():
            judged = [
                verdict(family, w, s.times, s.pulses) for w, s in zip(given, protocol.sweeps, strict=True)
            ]
            counts[family, who].update(judged)
            cells[f"{protocol.cell} {protocol.name}", who].update(judged)
    print("Real recordings and simulated files, sweeps:")
    table(counts)
    print("\nProtocols on which BluePyEfe is wrong without a word, or we are not all right:")
    odd = {
        name
        for (name, who), seen in cells.items()
        if (who == "BluePyEfe" and seen["silent"]) or (who == "together" and set(seen) != {"hit"})
    }
    table({key: seen for key, seen in cells.items() if key[0] in odd})


def table(counts: dict[tuple[str, str], Counter[str]]) -> None:
    """Print outcomes by name and by who gave them."""
    print(f"{'':34}{'n':>5}" + "".join(f"{who:>27}" for who in ("alone", "together", "BluePyEfe")))
    print(f"{'':39}" + "  hit/unsure/miss/silent   " * 3)
    for name in dict.fromkeys(key[0] for key in counts):
        row = [counts[name, who] for who in ("alone", "together", "BluePyEfe")]
        cells = "".join("{:>27}".format("/".join(str(seen[o]) for o in OUTCOMES)) for seen in row)
        print(f"{name:34}{row[0].total():5}{cells}")


def rigs(seeds: int) -> None:
    """Print the table of simulated stimuli on bad rigs."""
    print(f"\nSimulated stimuli, {seeds} of each; size relative to the stimulus; hit/unsure/miss/silent:")
    print(f"{'':16}" + "".join(f"{family:>12}" for family in KINDS) + f"{'Step, BluePyEfe':>18}")
    spent: dict[str, list[float]] = defaultdict(list)
    total: Counter[str] = Counter()
    for rig, sizes in RIGS.items():
        for size in sizes:
            row = []
            for family in KINDS:
                seen: Counter[str] = Counter()
                for seed in range(seeds):
                    stimulus, current = recorded(family, rig, size, seed)
                    start = time.perf_counter()
                    window = detect(stimulus.family, current, stimulus.dt)
                    spent[family].append(time.perf_counter() - start)
                    seen[outcome(stimulus, window)] += 1
                row.append("/".join(str(seen[o]) for o in OUTCOMES))
                total += seen
            theirs: Counter[str] = Counter()
            for seed in range(seeds):
                stimulus, current = recorded("Step", rig, size, seed)
                theirs[outcome(stimulus, peer("Step", current, stimulus.dt))] += 1
            row.append("/".join(str(theirs[o]) for o in OUTCOMES))
            print(f"{rig:11}{size:5}" + "".join(f"{cell:>12}" for cell in row[:-1]) + f"{row[-1]:>18}")
    print(f"{'ms, median':16}" + "".join(f"{1e3 * float(np.median(spent[f])):12.2f}" for f in KINDS))
    print("all:", ", ".join(f"{total[o]} {o}" for o in OUTCOMES))


def whole(seeds: range, draw: Callable[[int, int], Any], which: str) -> None:
    """Print how right whole protocols are, 100 a seed, and the first sweep of each that is wrong without a word."""
    print(
        f"\nWhole protocols of {which} generator, seeds {seeds.start} to {seeds.stop - 1}, 100 of each; sweeps:"
    )
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: dict[tuple[int, int], str] = {}
    for seed in seeds:
        for number in range(100):
            drawn = draw(seed, number)
            for answer, mistake, _ in outcomes(drawn):
                seen[drawn.family][answer] += 1
                if answer == "silent":
                    wrong.setdefault((seed, number), f"{drawn.family}: {mistake}")
    print(f"{'':12}" + "".join(f"{name:>16}" for name in ANSWERS))
    for family, counts in [*sorted(seen.items()), ("all", sum(seen.values(), Counter()))]:
        print(f"{family:12}" + "".join(f"{counts[name]:16}" for name in ANSWERS))
    for (seed, number), words in wrong.items():
        print(f"silent: protocol {number} of seed {seed}, {words}")


def outcome(stimulus: Any, window: Window) -> str:
    """Judge an answer on a simulated stimulus."""
    dt = stimulus.dt
    pulses = [(a * dt, b * dt) for a, b in stimulus.pulses]
    return verdict(stimulus.family, window, tuple(v * dt for v in stimulus.edges.values()), pulses)


def speed() -> None:
    """Print how long a step of 50,000 samples takes."""
    rng = np.random.default_rng(0)
    current = rng.normal(0, 0.004, 50_000)
    current[10_000:40_000] += 0.2
    spent = []
    for _ in range(100):
        start = time.perf_counter()
        detect("Step", current, 0.05)
        spent.append(time.perf_counter() - start)
    print(f"\nA step of 50,000 samples: {1e3 * float(np.median(spent)):.2f} ms")


def main() -> None:
    """Run the study from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="simulated stimuli of each kind")
    parser.add_argument("--real", action="store_true", help="real recordings only")
    parser.add_argument("--rigs", action="store_true", help="simulated stimuli only")
    parser.add_argument(
        "--protocols", type=int, help="whole protocols only: so many seeds, 100 protocols of each"
    )
    parser.add_argument("--first", type=int, default=1, help="the first of these seeds")
    options = parser.parse_args()
    if options.protocols:
        for which, draw in GENERATORS.items():
            whole(range(options.first, options.first + options.protocols), draw, which)
        return
    if not options.rigs:
        if SHARED.is_dir():
            real()
        else:
            print("The folder of real recordings is not at hand; simulated stimuli only.")
    if not options.real:
        rigs(options.seeds)
        for which, draw in GENERATORS.items():
            whole(range(1, 1 + max(1, options.seeds // 4)), draw, which)
    speed()


if __name__ == "__main__":
    main()
