"""BluePyEfe's modules by their names, as efewidgets has them."""

from . import (
    auto_targets,
    cell,
    ecode,
    extract,
    nwbreader,
    plotting,
    protocol,
    reader,
    recording,
    rheobase,
    target,
    tools,
    translate_legacy_config,
)

__all__ = [
    "auto_targets",
    "cell",
    "ecode",
    "extract",
    "nwbreader",
    "plotting",
    "protocol",
    "reader",
    "recording",
    "rheobase",
    "target",
    "tools",
    "translate_legacy_config",
]
