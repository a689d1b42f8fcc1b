"""How often the kind of a stimulus is told from its current alone: a confusion table.

    python -m tests.benchmarks.kinds [--seeds N]

On the lab's recordings whose kind is known, by laboratories apart; on the simulated sample cells; and on simulated
stimuli under what a rig does to them. A row is what it is, a column what is said; "unsure" stands for an answer with
less than half of the confidence, which is not offered to anybody.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from efewidgets.datasets import sample_cells, sample_files_metadata
from efewidgets.engine.detection.kind import ECODES, Guess, kinds_of, kinds_of_protocol
from efewidgets.extract import read_recordings
from tests.benchmarks.detection import SHARED
from tests.engine.detection.stimuli import KINDS, recorded
from tests.engine.detection.truth import Protocol, protocols

UNSURE = "unsure"
NOTHING = 0.002  # nA; a step of less is none
BY_ANOTHER_NAME = "ibw_hyperdepol_from_idhyperpol"  # a step between two small ones, as its file says
KIND_OF = {
    "Step": "step",
    "SAHP": "sAHP",
    "Ramp": "ramp",
    "HyperDePol": "hyper-depolarising",
    "DeHyperPol": "de-hyperpolarising",
    "PosCheops": "cheops",
    "NegCheops": "negative cheops",
    "SpikeRec": "pulse train",
    "SineSpec": "sine sweep",
    "PinkNoise": "noise",
    "CapCheck": "capacitance check",
    "Brief": "short pulse",
}
#: laboratories, by how the cases that hold their recordings are called
LABS = {
    "ibw_": "Blue Brain, Igor",
    "nwb_bbp": "Blue Brain, NWB",
    "nwb_hyperdepol": "Blue Brain, NWB",
    "nwb_aibs": "Allen Institute",
    "nwb_vu": "Vrije Universiteit",
    "nwb_scala": "Scala, Lantyer, Ferguson",
    "nwb_trt": "Toronto",
    "abf": "Axon files of several",
    "mat": "PatchMaster, MATLAB",
    "txt": "LCCR, text",
    "syn": "simulated files",
}
#: what a rig does, and how strongly
HARMS = (
    ("white", 0.05),
    ("drift", 0.1),
    ("test_pulse", 0.3),
    ("spikes", 0.1),
    ("hum", 0.1),
    ("quantised", 0.1),
)

Table = dict[str, Counter[str]]


def laboratory(case: str) -> str:
    """Whose recordings a case holds."""
    return next((lab for start, lab in LABS.items() if case.startswith(start)), "others")


def truth(protocol: Protocol, number: int) -> str:
    """What a sweep is: by its family, but as its timings say where a name has another stimulus."""
    sweep = protocol.sweeps[number]
    if len(sweep.times) == 4 or protocol.case == BY_ANOTHER_NAME or sweep.times[:1] == (521,):
        return "sAHP"
    if protocol.family == "Step":
        a, b = (round(t / sweep.dt) for t in sweep.times)
        outside = np.concatenate((sweep.current[:a], sweep.current[b:]))
        return "nothing" if abs(np.median(sweep.current[a:b]) - np.median(outside)) < NOTHING else "step"
    if protocol.family == "SpikeRec" and len(protocol.sweeps[number].pulses) == 1:
        return "short pulse"
    current = protocol.sweeps[number].current
    return "nothing" if not np.ptp(current) else KIND_OF[protocol.family]


def said(guesses: list[Guess]) -> str:
    """What is offered to a person."""
    return guesses[0].kind if guesses and guesses[0].sure else UNSURE


def labs() -> tuple[dict[str, Table], dict[str, Table], list[str]]:
    """Judge the lab's recordings: tables of sweeps and of protocols by laboratory, and what was told wrong."""
    sweeps: dict[str, Table] = defaultdict(lambda: defaultdict(Counter))
    whole: dict[str, Table] = defaultdict(lambda: defaultdict(Counter))
    wrong: list[str] = []
    for protocol in protocols(SHARED):
        lab = laboratory(protocol.case)
        right = Counter(truth(protocol, k) for k in range(len(protocol.sweeps))).most_common(1)[0][0]
        for k, sweep in enumerate(protocol.sweeps):
            sweeps[lab][truth(protocol, k)][said(kinds_of(sweep.current, sweep.dt))] += 1
        few = protocol.sweeps[:: max(1, len(protocol.sweeps) // 5)][:5]
        guesses = kinds_of_protocol([(s.current, s.dt) for s in few])
        whole[lab][right][said(guesses)] += 1
        if said(guesses) not in (right, UNSURE):
            wrong.append(f"{protocol.case} {protocol.cell} {protocol.name}: {right}, but {guesses[0]}")
    return sweeps, whole, wrong


def samples() -> Table:
    """Judge the protocols of the simulated sample cells."""
    found: Table = defaultdict(Counter)
    for cell in read_recordings(sample_files_metadata(sample_cells())):
        named: dict[str, list] = defaultdict(list)
        for recording in cell.recordings:
            named[type(recording).__name__].append((np.asarray(recording.current), recording.dt))
        for family, sweeps in named.items():
            found[KIND_OF[family]][said(kinds_of_protocol(sweeps[:5]))] += 1
    return found


def drawn(seeds: int) -> Iterator[tuple[str, str]]:
    """Yield what simulated stimuli on bad rigs are, and what is said of them."""
    for rig, size in HARMS:
        for family in KINDS:
            for seed in range(1000, 1000 + seeds):
                stimulus, current = recorded(family, rig, size, seed)
                right = (
                    "short pulse" if family == "SpikeRec" and len(stimulus.pulses) == 1 else KIND_OF[family]
                )
                yield right, said(kinds_of(current, stimulus.dt))


def show(title: str, table: Table) -> None:
    """Print a confusion table."""
    kinds = [k for k in (*ECODES, UNSURE) if any(k in row for row in table.values())]
    print(f"\n{title}:\n{'':20}" + "".join(f"{k[:12]:>13}" for k in kinds))
    for kind in (k for k in ECODES if k in table):
        print(f"{kind:20}" + "".join(f"{table[kind][k] or '':>13}" for k in kinds))
    total = Counter(
        {"right": sum(row[k] for k, row in table.items()), UNSURE: sum(r[UNSURE] for r in table.values())}
    )
    n = sum(row.total() for row in table.values())
    print(f"{total['right']} right, {total[UNSURE]} unsure, {n - total.total()} wrong of {n}")


def merged(tables: dict[str, Table]) -> Table:
    """Add tables up."""
    out: Table = defaultdict(Counter)
    for table in tables.values():
        for kind, row in table.items():
            out[kind] += row
    return out


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="simulated stimuli of each kind and rig")
    options = parser.parse_args()
    if SHARED.is_dir():
        sweeps, whole, wrong = labs()
        show("Recordings of all laboratories, sweeps", merged(sweeps))
        show("Recordings of all laboratories, protocols", merged(whole))
        for lab, table in sweeps.items():
            show(f"{lab}, sweeps", table)
        print("\nProtocols that are told wrong:", *(wrong or ["none"]), sep="\n  ")
    else:
        print("The folder of real recordings is not at hand.")
    show("Sample cells, protocols", samples())
    found: Table = defaultdict(Counter)
    for right, answer in drawn(options.seeds):
        found[right][answer] += 1
    show(f"Simulated stimuli on bad rigs, {options.seeds} of each", found)


if __name__ == "__main__":
    main()
