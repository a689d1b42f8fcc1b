"""BluePyEfe and us, run on the same input."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import pathlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from tests.engine.differential.cells import synthetic_reader

pytest.importorskip("bluepyefe", reason="needs BluePyEfe to compare with (efewidgets[test])")

DEFAULT_STD = 0.001
NAMES = ("features", "protocols", "holding_threshold_currents")


@contextlib.contextmanager
def quiet(silent_repaired: bool = True) -> Iterator[None]:
    """Run BluePyEfe without its log and its warnings, and leave eFEL as it was found.

    With `silent_repaired` a sweep without spikes counts 0 spikes, as it did with the eFEL for which BluePyEfe's
    rheobase rules were written; since eFEL 5.4 it counts None and is left out. The amplitude of a SpikeRec is
    always repaired: above the holding current, as every other amplitude.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import bluepyefe.extract
        import bluepyefe.recording
        import efel
        from bluepyefe.ecode.SpikeRec import SpikeRec

    interpreted = SpikeRec.interpret

    def above_holding(self: Any, t: Any, current: Any, config: Mapping, reader: Mapping) -> None:
        interpreted(self, t, current, config, reader)
        if config.get("amp") is None and reader.get("amp") is None:
            self.amp = self.amp - self.hypamp

    counted = bluepyefe.recording.Recording.compute_spikecount

    def repaired(self: Any, efel_settings: Mapping[str, Any] | None = None) -> None:
        counted(self, efel_settings)
        self.peak_time = [] if self.peak_time is None else self.peak_time

    logger = logging.getLogger("bluepyefe")
    before = logger.disabled, logger.level
    logger.setLevel(logging.CRITICAL + 1)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(SpikeRec, "interpret", above_holding)
        if silent_repaired:
            patch.setattr(bluepyefe.recording.Recording, "compute_spikecount", repaired)
        try:
            yield
        finally:
            efel.reset()
            logger.disabled, _ = before
            logger.setLevel(before[1])


def _goals(module: Any, goals: Any) -> Any:
    if goals is None:
        return None
    return (
        module.default_auto_targets() if goals == "default" else [module.AutoTarget(**goal) for goal in goals]
    )


def peer_outputs(folder: pathlib.Path, arguments: Mapping[str, Any], silent_repaired: bool = True) -> dict:
    """Return what BluePyEfe writes for these arguments of `extract_efeatures`."""
    given = copy.deepcopy(dict(arguments))
    with quiet(silent_repaired):
        import bluepyefe.auto_targets
        import bluepyefe.extract

        given["auto_targets"] = _goals(bluepyefe.auto_targets, given.get("auto_targets"))
        bluepyefe.extract.extract_efeatures(
            str(folder), recording_reader=synthetic_reader, write_files=True, **given
        )
    return _written(folder)


def our_outputs(folder: pathlib.Path, arguments: Mapping[str, Any]) -> dict:
    """Return what we write for these arguments of `extract_efeatures`."""
    from efewidgets import extract

    given = copy.deepcopy(dict(arguments))
    given["auto_targets"] = _goals(extract, given.get("auto_targets"))
    extract.extract_efeatures(str(folder), recording_reader=synthetic_reader, write_files=True, **given)
    return _written(folder)


def _written(folder: pathlib.Path) -> dict:
    return {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}


def peer_cells(
    files: Mapping[str, Any], settings: Mapping[str, Any] | None, silent_repaired: bool = True
) -> list:
    """Return BluePyEfe's cells, read."""
    with quiet(silent_repaired):
        import bluepyefe.extract

        return bluepyefe.extract.read_recordings(
            copy.deepcopy(dict(files)), synthetic_reader, efel_settings=settings
        )


def tidied(outputs: dict, default_std: float = DEFAULT_STD) -> dict:
    """Put null where BluePyEfe's JSON says NaN, which is no JSON, and the cells in the order of their names.

    Equal values have a standard deviation of 0, which is replaced by the default; BluePyEfe's may be 2e-18 instead,
    from rounding their mean, and then isn't.
    """
    outputs = _without_rounding(_without_nan(outputs), default_std)
    currents = outputs["holding_threshold_currents"]
    for name in ("all_holding_current", "all_threshold_current"):
        currents[name] = dict(sorted(currents[name].items()))
    return outputs


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def _without_rounding(value: Any, default_std: float) -> Any:
    if isinstance(value, dict):
        return {key: _without_rounding(item, default_std) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    pair = len(value) == 2 and all(isinstance(item, float) for item in value)
    if pair and 0 < value[1] < 1e-14 * max(abs(value[0]), 1e-3):
        return [value[0], default_std]
    return [_without_rounding(item, default_std) for item in value]
