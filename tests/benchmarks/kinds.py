"""Which stimulus protocols are by their currents: how often that is right, sure and wrong.

    python -m tests.benchmarks.kinds [--protocols N]

Confusion tables (rows: the family that it is; columns: what is answered, where the answer is sure; "unsure": none is
offered) of the lab's recordings whose family is known, by laboratories apart; of the sample cells; and of simulated
protocols whose timings, rigs and sizes are others than those on which anything was tuned.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from efewidgets import datasets
from efewidgets.engine.detection.kinds import Kind, kind_of, together
from efewidgets.engine.files.by_current import kinds_of_file
from efewidgets.engine.readers import inspect
from efewidgets.engine.recordings.ecodes import ecode_of
from tests.engine.detection.kind_currents import DRAWN, protocol
from tests.engine.detection.truth import CASES, protocols

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SEED = 1000  # of the first simulated protocol; nothing was tuned on those from here on
#: cases whose recordings are filed under the name of another family than theirs
MISFILED = ("ibw_hyperdepol_from_idhyperpol", "ibw_dehyperpol_from_sahp")
LABORATORIES = {
    "ibw_little_endian": "CA1 FirePattern (Igor)",
    "ibw_pA_mV": "BluePyEfe's tests (Igor)",
    "ibw": "SSCx (Igor)",
    "abf1_pulse_train": "pClamp demo (ABF 1)",
    "abf1_current": "Ferguson (ABF 1)",
    "abf2_steps": "Hippocampus (ABF 2)",
    "abf2_pclamp11": "DRG (ABF 2)",
    "mat": "Lantyer (MATLAB)",
    "nwb_aibs": "SSCx (in other containers)",
    "nwb_bbp_protocols": "SSCx (in other containers)",
    "nwb_bbp": "Hippocampus (NWB)",
    "nwb_hyperdepol": "pClamp demo (ABF 2)",
    "nwb_scala_ferguson": "Ferguson (NWB)",
    "nwb_scala_lantyer": "Lantyer (NWB)",
    "nwb_scala_repetition": "SSCx (in other containers)",
    "nwb_trt": "pyABF (in other containers)",
    "nwb_vu": "VU (in other containers)",
    "txt": "Hippocampus (text)",
    "syn": "simulated files",
}
Table = dict[str, Counter[str]]


def add(table: Table, family: str, kind: Kind) -> None:
    """Count an answer."""
    table[family][(kind.ecode if kind.sure else "unsure") or "unsure"] += 1


def lab_recordings() -> tuple[dict[str, Table], Table, list[float]]:
    """Return the tables by laboratories, protocol by protocol; that of single sweeps; ms spent on each sweep."""
    tables: dict[str, Table] = defaultdict(lambda: defaultdict(Counter))
    alone: Table = defaultdict(Counter)
    spent = []
    for one in protocols(SHARED, [case for case in CASES if case not in MISFILED]):
        kinds = []
        for sweep in one.sweeps:
            begin = time.process_time()
            kinds.append(kind_of(sweep.current, sweep.dt))
            spent.append(1e3 * (time.process_time() - begin))
            add(alone, one.family, kinds[-1])
        laboratory = next(name for start, name in LABORATORIES.items() if one.case.startswith(start))
        add(tables[laboratory], one.family, together(kinds))
    return tables, alone, spent


def sample_cells() -> Table:
    """Return the table of the sample cells."""
    table: Table = defaultdict(Counter)
    for name in datasets.sample_cells():
        path = datasets.sample_folder() / f"{name}.nwb"
        for protocol_name in inspect(path).protocols:
            kinds = kinds_of_file({"filepath": str(path)}, protocol_name)
            add(table, ecode_of(protocol_name).__name__, together(kinds))
    return table


def simulated(count: int) -> tuple[Table, Table]:
    """Return the tables of whole protocols and of their sweeps."""
    table: Table = defaultdict(Counter)
    alone: Table = defaultdict(Counter)
    for family in DRAWN:
        for seed in range(SEED, SEED + count):
            kinds = [kind_of(current, dt) for current, dt in protocol(family, seed)]
            add(table, family, together(kinds))
            for kind in kinds:
                add(alone, family, kind)
    return table, alone


def lines(table: Table) -> Iterator[str]:
    """Yield a confusion table as Markdown."""
    families = sorted({*table, *(name for row in table.values() for name in row)} - {"unsure"})
    columns = [*families, "unsure"]
    yield "| is | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for family in families:
        row = table.get(family, Counter())
        if row:
            cells = (f"**{row[name]}**" if name == family else str(row[name] or "·") for name in columns)
            yield f"| {family} | " + " | ".join(cells) + " |"


def summed(tables: dict[str, Table]) -> Table:
    """Add tables."""
    found: Table = defaultdict(Counter)
    for table in tables.values():
        for family, row in table.items():
            found[family].update(row)
    return found


def score(table: Table) -> str:
    """Return "70 right, 2 unsure, 0 wrong"."""
    right = sum(row[family] for family, row in table.items())
    unsure = sum(row["unsure"] for row in table.values())
    wrong = sum(row.total() for row in table.values()) - right - unsure
    return f"{right} right, {unsure} unsure, {wrong} wrong"


def show(title: str, table: Table, say: Callable[[str], None] = print) -> None:
    """Print a table with its title."""
    say(f"\n{title}: {score(table)}\n")
    for line in lines(table):
        say(line)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--protocols", type=int, default=40, help="simulated protocols of each family")
    options = parser.parse_args()
    if SHARED.is_dir():
        tables, alone, spent = lab_recordings()
        for laboratory, table in sorted(tables.items()):
            print(f"{laboratory}: {score(table)}")
        show("Lab recordings, protocols", summed(tables))
        show("Lab recordings, single sweeps", alone)
        middle, most = np.quantile(spent, (0.5, 0.95))
        print(f"\nms a sweep: median {middle:.1f}, 95 % below {most:.1f}, most {max(spent):.1f}")
    else:
        print("The folder of real recordings is not at hand; simulated stimuli only.")
    show("Sample cells, protocols", sample_cells())
    table, alone = simulated(options.protocols)
    show("Simulated protocols", table)
    show("Their sweeps, each alone", alone)


if __name__ == "__main__":
    main()
