"""What the stages read: the inputs, and what is seen of the files on disk."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..recordings.recording import SPIKE_SETTINGS
from .inputs import CellInputs, Group, Inputs, Reader, Recipe
from .options import Options, rheobase_protocols, rheobase_settings, settings_used
from .values import Frozen, Value, freeze, thaw
from .world import Stamp, World


@dataclass(frozen=True)
class Rule(Value):
    """How rheobases are found."""

    protocols: tuple[str, ...]
    strategy: str
    settings: Frozen | None


@dataclass(frozen=True)
class Reading(Value):
    """How files are read: a lab's own reader, and the eFEL settings that decide what a spike is.

    Spikes are counted in the protocols that `counted` names (all, if None); elsewhere when somebody asks for them.
    """

    reader: Reader | None
    spike_settings: Frozen
    counted: tuple[str, ...] | None = None

    def counts(self, protocol: str) -> bool:
        """Whether the spikes of a protocol are counted at once."""
        return self.counted is None or protocol in self.counted


class Context:
    """One set of inputs, and the files as they were seen.

    Parameters
    ----------
    inputs : Inputs
    world : World, optional
        Without, the files are looked at once, so that nothing needs to know whether they have changed.
    """

    def __init__(self, inputs: Inputs, world: World | None = None):
        self.inputs = inputs
        self.world = world

    @cached_property
    def _rules(self) -> Options:
        """What the engine's own rules for defaults look at."""
        chosen = self.inputs
        return Options(
            {},
            None if chosen.targets is None else [],
            thaw(chosen.protocols_rheobase),
            efel_settings=thaw(chosen.efel_settings),
            rheobase_strategy=chosen.rheobase_strategy,
            rheobase_settings=thaw(chosen.rheobase_settings),
        )

    @cached_property
    def efel_settings(self) -> dict[str, Any]:
        """The eFEL settings for all features."""
        return settings_used(self._rules)

    @cached_property
    def spike_settings(self) -> dict[str, Any]:
        """Those that decide what a spike is."""
        return {name: self.efel_settings[name] for name in SPIKE_SETTINGS if name in self.efel_settings}

    @cached_property
    def reading(self) -> Reading:
        """What decides how all files are read."""
        return Reading(self.inputs.recording_reader, Frozen(self.spike_settings))

    @cached_property
    def rule(self) -> Rule:
        """The rheobase rule in force."""
        settings: Mapping[str, Any] | None = rheobase_settings(self._rules)
        protocols = tuple(rheobase_protocols(self._rules))
        return Rule(protocols, self.inputs.rheobase_strategy, freeze(settings))

    def cell(self, name: str) -> CellInputs:
        """Return a cell by its name."""
        return self.inputs.by_name[name]

    def seen(self, part: CellInputs | Group) -> bytes:
        """Return a digest of how the files of a cell, or of a protocol of it, were seen on disk."""
        return self.world.digest_of(part.paths) if self.world is not None else b""

    def stamps(self, recipe: Recipe) -> tuple[Stamp, ...]:
        """Return how the files of a recipe were seen on disk."""
        return tuple(self.world[path] for path in recipe.paths) if self.world is not None else ()

    def of(self, cell: CellInputs) -> Context:
        """Return the same decisions about one cell alone."""
        other = copy.copy(self)
        other.inputs = dataclasses.replace(self.inputs, cells=(cell,))
        return other
