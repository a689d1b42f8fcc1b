"""What a cache keeps of a recording: plain data, from which the recording can be had again without its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .recording import Recording, new_serial
from .samples import Samples
from .source import Source, files_of

#: What is had anew: what a person wrote, and the parts
_NOT_KEPT = {"config_data", "files", "serial", "excluded", "_samples", "_stimulus", "_spikes", "_features"}


def kept(recording: Recording) -> dict[str, dict[str, Any]]:
    """Return, as plain data, all but what a person wrote, the samples and the features."""
    stimulus = recording.stimulus
    return {
        "own": {name: value for name, value in vars(recording).items() if name not in _NOT_KEPT},
        "samples": recording.samples.kept(),
        "stimulus": stimulus.kept(),
        "finding": stimulus.finding.kept(),
        "spikes": recording.spikes.kept(),
    }


def restored(
    ecode: type[Recording],
    data: Mapping[str, Mapping[str, Any]],
    config_data: Mapping[str, Any],
    source: Source,
    efel_settings: Mapping[str, Any],
) -> Recording:
    """Return the recording of which that was kept.

    Parameters
    ----------
    ecode : type
        Its class.
    data : dict
        As `kept` returned it.
    config_data : dict
        What a person writes about it now.
    source : Source
        Where its samples can be read.
    efel_settings : dict
        Settings that decide what a spike is.
    """
    recording = ecode.__new__(ecode)
    vars(recording).update(data["own"])
    recording.config_data, recording.files = dict(config_data), files_of(config_data)
    recording.serial, recording.excluded = new_serial(), None
    recording._samples = Samples(source=source, whose=recording.name)
    stimulus = recording.stimulus
    parts = {"samples": recording.samples, "stimulus": stimulus, "finding": stimulus.finding}
    for name, held in (parts | {"spikes": recording.spikes}).items():
        vars(held).update(data[name])
    recording.efel_settings = dict(efel_settings)
    return recording
