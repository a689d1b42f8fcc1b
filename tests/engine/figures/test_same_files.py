"""The same figures under the same names as BluePyEfe, drawn from real recordings read by either."""

from __future__ import annotations

import copy
import logging

import pytest

from efewidgets.datasets import sample_files_metadata
from efewidgets.extract import extract_efeatures, plot_recordings

TARGETS = [
    {"efeature": "AP1_amp", "protocol": "IDthresh", "amplitude": 110.0, "tolerance": 15.0},
    {"efeature": "voltage_base", "protocol": "SineSpec", "amplitude": 40.0, "tolerance": 30.0},
]


@pytest.fixture(scope="module")
def metadata():
    """Two sample cells with a few recordings."""
    every = sample_files_metadata(["RS1", "FS1"], timings=True)
    return {
        cell: {name: protocols[name] for name in ("IDthresh", "SineSpec")}
        for cell, protocols in every.items()
    }


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_every_figure_of_bluepyefe_is_among_ours(metadata, tmp_path):
    """BluePyEfe is given a map that works at once, since with the built-in one it leaves some figures out."""
    bluepyefe = pytest.importorskip("bluepyefe.extract")
    import matplotlib

    matplotlib.use("Agg")
    logging.disable(logging.CRITICAL)
    arguments = {"targets": TARGETS, "protocols_rheobase": ["IDthresh"], "plot": True}
    arguments["map_function"] = lambda function, items: list(map(function, items))
    try:
        bluepyefe.extract_efeatures(
            str(tmp_path / "peer"), copy.deepcopy(metadata), **copy.deepcopy(arguments)
        )
    finally:
        logging.disable(logging.NOTSET)
    extract_efeatures(tmp_path / "ours", metadata, **arguments)
    theirs, ours = files(tmp_path / "peer"), files(tmp_path / "ours")
    assert len(theirs) > 15
    assert theirs - ours == set()
    assert ours - theirs == {f"{cell}/{cell}_rheobase.pdf" for cell in metadata}


def test_recordings_alone(metadata, tmp_path):
    paths = plot_recordings(metadata, tmp_path)
    expected = {f"{cell}/{cell}_{name}_recordings.pdf" for cell in metadata for name in metadata[cell]}
    assert {path.relative_to(tmp_path).as_posix() for path in paths} == expected == files(tmp_path)
