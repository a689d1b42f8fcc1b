"""Actions on targets: add, edit, remove, duplicate, presets, import, automatic choice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...engine.problems import EfeError, nearest
from ...engine.roles import role_faults, with_roles
from ...engine.stages.inputs import Target
from ...engine.stages.values import Frozen, freeze
from ...engine.targets.automatic import AutoTarget, bluepyemodel_auto_targets, default_auto_targets
from ...engine.targets.targets import KNOWN_KEYS, convert_legacy_targets
from ..convert import goals_of
from .base import Editing, count

Ids = str | Iterable[str]

#: Lists of features that belong together: BluePyEfe's three goals
PRESETS = ("firing pattern", "spike waveform", "passive properties")


#: Goals of an automatic choice, by name
GOALS: dict[str, Callable[[], list[AutoTarget]]] = {
    "BluePyEfe": default_auto_targets,
    "BluePyEModel": bluepyemodel_auto_targets,
}


class TargetActions(Editing):
    """Actions on targets; they are named by their ids. Before the first one is added they are chosen automatically."""

    def add_target(
        self, efeature: str, protocol: str, amplitude: float, tolerance: float = 10.0, **more: Any
    ) -> str:
        """Add a target and return its id.

        Parameters
        ----------
        efeature : str
            Name of the feature in eFEL.
        protocol : str
        amplitude, tolerance : float
            % of rheobase, or nA.
        **more
            ``efel_settings``, ``efeature_name``, ``location``, ``weight``, ``min_values``, ``role``.
        """
        target = {"efeature": efeature, "protocol": protocol, "amplitude": amplitude, "tolerance": tolerance}
        return self.add_targets([target | more])[0]

    def add_targets(self, targets: Iterable[Mapping[str, Any]], *, keep_auto: bool = False) -> list[str]:
        """Add targets as `extract_efeatures` takes them; return their ids.

        Parameters
        ----------
        targets : list of dict
        keep_auto : bool
            Whether targets that were chosen automatically are kept beside them; else these take their place.
        """
        new = [self._new_target(target) for target in targets]
        with self._lock:
            there = self._kept() if keep_auto else self.inputs.targets or ()
            self._commit(f"add {count(len(new), 'target')}", (*there, *new))
        return [target.id for target in new]

    def set_targets(self, targets: Iterable[Mapping[str, Any]]) -> list[str]:
        """Replace all targets; return the ids of the new ones."""
        new = tuple(self._new_target(target) for target in targets)
        self._commit(f"set {count(len(new), 'target')}", new)
        return [target.id for target in new]

    def edit_targets(self, targets: Ids, *, merge: str | None = None, **changes: Any) -> None:
        """Change fields of targets, e.g. ``tolerance=20``."""
        with self._lock:
            chosen, frozen = self._ids(targets), _fields(changes)
            new = tuple(
                dataclasses.replace(target, **frozen) if target.id in chosen else target
                for target in self.inputs.targets or ()
            )
            self._commit(f"set {', '.join(changes)} of {count(len(chosen), 'target')}", new, merge)

    edit_target = edit_targets

    def remove_targets(self, targets: Ids) -> None:
        """Remove targets."""
        with self._lock:
            chosen = self._ids(targets)
            left = tuple(target for target in self.inputs.targets or () if target.id not in chosen)
            self._commit(f"remove {count(len(chosen), 'target')}", left)

    def duplicate_targets(self, targets: Ids, **changes: Any) -> list[str]:
        """Add copies of targets behind them, perhaps with other fields; return the copies' ids."""
        with self._lock:
            chosen, frozen = self._ids(targets), _fields(changes)
            new: list[Target] = []
            copies = []
            for target in self.inputs.targets or ():
                new.append(target)
                if target.id in chosen:
                    copies.append(dataclasses.replace(target, id=self._new_id("t"), **frozen))
                    new.append(copies[-1])
            self._commit(f"duplicate {count(len(chosen), 'target')}", tuple(new))
        return [target.id for target in copies]

    def apply_preset(
        self,
        preset: str,
        protocol: str,
        amplitudes: Sequence[float],
        tolerance: float = 10.0,
        *,
        keep_auto: bool = False,
        **more: Any,
    ) -> list[str]:
        """Add the features of a preset at some amplitudes of a protocol; those that are there already stay as they are.

        Parameters
        ----------
        preset : {"firing pattern", "spike waveform", "passive properties"}
        protocol : str
        amplitudes : list of float
        tolerance : float
        keep_auto : bool
            Whether targets that were chosen automatically are kept beside them.
        **more
            As in `add_target`.

        Returns
        -------
        list of str
            Ids of the new targets.
        """
        features = preset_features(preset)
        with self._lock:
            before = self._kept() if keep_auto else self.inputs.targets or ()
            there = set(before)
            new = [
                self._new_target(
                    {
                        "efeature": efeature,
                        "protocol": protocol,
                        "amplitude": a,
                        "tolerance": tolerance,
                        **more,
                    }
                )
                for a in amplitudes
                for efeature in features
            ]
            new = [target for target in new if target not in there]
            self._commit(f"apply preset {preset} to {protocol}", (*before, *new))
        return [target.id for target in new]

    def import_legacy_targets(self, targets: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Add targets of the old form, a dictionary of protocols; return their ids."""
        return self.add_targets(convert_legacy_targets(targets))

    def propose_roles(self) -> list[str]:
        """Give the roles of a threshold-based fit to the targets that suit them best; return the ids of those."""
        with self._lock:
            there = self.inputs.targets or ()
            roles = [target.get("role") for target in with_roles([target.as_dict() for target in there])]
            new = tuple(
                target if target.role == role else dataclasses.replace(target, role=role)
                for target, role in zip(there, roles, strict=True)
            )
            self._commit("propose roles", new)
        return [target.id for target, old in zip(new, there, strict=True) if target is not old]

    def use_auto_targets(self, goals: Sequence[AutoTarget] | str | None = None) -> None:
        """Let the targets be chosen automatically, for the usual goals, others, or those of "BluePyEModel"."""
        if isinstance(goals, str):
            if goals not in GOALS:
                raise EfeError(f"there are no goals {goals!r}.{nearest(goals, GOALS)}")
            goals = GOALS[goals]()
        self.commit("choose targets automatically", targets=None, auto_targets=goals_of(goals))

    def keep_auto_targets(self) -> list[str]:
        """Make the targets that were chosen automatically a person's own, to be edited; return their ids.

        The roles that an export would have given them are kept, if they are all there.
        """
        with self._lock:
            new = self._kept()
            if self.inputs.targets is None:
                self._commit(f"keep {count(len(new), 'target')} chosen automatically", new)
        return [target.id for target in new]

    def _kept(self) -> tuple[Target, ...]:
        """Return a person's targets, or those chosen automatically as a person's own."""
        if self.inputs.targets is not None:
            return self.inputs.targets
        chosen = list(dict.fromkeys(self.results.targets))
        proposed = _with_roles(chosen)  # as an export of the choice has them
        whole = not role_faults(proposed, complete=True)
        return tuple(
            dataclasses.replace(target, id=self._new_id("t"), role=role.get("role") if whole else None)
            for target, role in zip(chosen, proposed, strict=True)
        )

    def _commit(self, label: str, targets: tuple[Target, ...], merge: str | None = None) -> None:
        self.commit(label, merge=merge, targets=targets, auto_targets=None)

    def _ids(self, targets: Ids) -> set[str]:
        chosen = {targets} if isinstance(targets, str) else set(targets)
        known = {target.id for target in self.inputs.targets or ()}
        for identity in sorted(chosen - known):
            raise EfeError(f"there is no target {identity!r}.{nearest(identity, known)}")
        if not chosen:
            raise EfeError("no target is chosen.")
        return chosen

    def _new_target(self, target: Mapping[str, Any]) -> Target:
        if not isinstance(target, Mapping):
            raise EfeError(f"a target must be a dictionary, but is {target!r}.")
        given = {name: value for name, value in target.items() if value is not None}
        fields = _fields(given)
        for name in ("efeature", "protocol", "amplitude", "tolerance"):
            if name not in given:
                raise EfeError(
                    f"the target has no {name!r}; it needs efeature, protocol, amplitude and tolerance."
                )
        return Target(self._new_id("t"), **fields)


def _with_roles(targets: Iterable[Target]) -> list[dict[str, Any]]:
    return with_roles([target.as_dict() for target in targets])


def _fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    for name in changes:
        if name not in KNOWN_KEYS:
            raise EfeError(f"a target has no entry {name!r}.{nearest(name, KNOWN_KEYS)}")
    found = {name: freeze(value) for name, value in changes.items()}
    for name, usual in (("efel_settings", Frozen()), ("location", "soma")):
        if name in found and found[name] is None:
            found[name] = usual
    return found


def preset_features(preset: str) -> list[str]:
    """Return the features of a preset.

    Raises
    ------
    EfeError
        If there is no such preset.
    """
    if preset not in PRESETS:
        raise EfeError(
            f"there is no preset {preset!r}.{nearest(preset, PRESETS)} Use one of {', '.join(PRESETS)}."
        )
    return list(default_auto_targets()[PRESETS.index(preset)].efeatures)
