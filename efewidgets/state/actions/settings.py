"""Actions on rules and settings: rheobase, eFEL, averaging, outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...engine.export.choices import choices_of
from ...engine.problems import EfeError, nearest
from ...engine.stages.values import Frozen, thaw
from ..convert import RUN, reader_of, settings_in_force
from .base import Editing

AVERAGING = ("protocol_mode", "threshold_nvalue_save", "default_std_value", "save_files_used")


class SettingActions(Editing):
    """Actions on rules and settings."""

    def set_rheobase_rule(
        self,
        strategy: str | None = None,
        *,
        protocols: Iterable[str] | str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Choose how rheobases are found; what is not said stays, but another strategy has its own settings.

        Parameters
        ----------
        strategy : {"absolute", "flush", "majority", "interpolation"}, optional
        protocols : list of str, optional
            Protocols whose sweeps decide; an empty list stands for the usual ones.
        settings : dict, optional
            Settings of the strategy; see `efewidgets.extract.compute_rheobase`.
        """
        with self._lock:
            changes: dict[str, Any] = {}
            if strategy is not None:
                changes["rheobase_strategy"] = strategy
                if strategy != self.inputs.rheobase_strategy:
                    changes["rheobase_settings"] = None
            if settings is not None:
                changes["rheobase_settings"] = Frozen(settings) if settings else None
            if protocols is not None:
                names = (protocols,) if isinstance(protocols, str) else tuple(protocols)
                changes["protocols_rheobase"] = names or None
            words = [name.replace("_", " ") for name in changes]
            self.commit(f"set {', '.join(words) or 'rheobase rule'}", **changes)

    def set_rheobase(self, cell: str, value: float, *, merge: str | None = None) -> None:
        """Set a cell's rheobase (nA) by hand; it beats the rule."""
        with self._lock:
            if cell not in self.inputs.by_name:
                raise EfeError(f"there is no cell {cell!r}.{nearest(cell, self.inputs.by_name)}")
            new = self.inputs.rheobase_values.changed({cell: value})
            self.commit(f"set rheobase of {cell}", merge=merge, rheobase_values=new)

    def clear_rheobase(self, cell: str) -> None:
        """Let the rule find a cell's rheobase again."""
        with self._lock:
            new = self.inputs.rheobase_values.changed({cell: None})
            self.commit(f"clear rheobase of {cell}", rheobase_values=new)

    def set_efel_settings(self, **settings: Any) -> None:
        """Change eFEL settings for all targets; None takes one away, so that eFEL's own default holds."""
        with self._lock:
            new = Frozen(settings_in_force(self.inputs)).changed(settings)
            self.commit(f"set {', '.join(settings)}", efel_settings=new)

    def reset_efel_settings(self) -> None:
        """Use the usual eFEL settings."""
        self.commit("use the usual eFEL settings", efel_settings=None)

    def use_absolute_amplitude(self, absolute: bool = True) -> None:
        """Say whether the amplitudes of targets are in nA, or in % of rheobase."""
        unit = "nA" if absolute else "% of rheobase"
        self.commit(f"amplitudes in {unit}", absolute_amplitude=absolute)

    def set_averaging(self, **values: Any) -> None:
        """Set ``protocol_mode``, ``threshold_nvalue_save``, ``default_std_value`` or ``save_files_used``."""
        self._set(AVERAGING, values)

    def set_output(self, **values: Any) -> None:
        """Set what a run writes: ``output_directory``, ``write_files``, ``plot``, ``extract_per_cell`` and the like."""
        self._set(RUN, values)

    def set_export(self, **choices: Any) -> None:
        """Make choices for files of model fitting, see `engine.export.Choices`; None takes the usual one."""
        with self._lock:
            new = (self.inputs.export or Frozen()).changed(choices)
            usual = choices_of(thaw(new)).as_dict()
            self.commit(f"set {', '.join(choices)} of the export", export=Frozen(usual) if usual else None)

    def set_reader(self, reader: Callable[..., Any] | None) -> None:
        """Read all files by a lab's own reader; None for the readers that fit the files."""
        if reader is not None and not callable(reader):
            raise EfeError(f"a reader must be a function of a file's metadata, but is {reader!r}.")
        name = getattr(reader, "__name__", "a reader") if reader is not None else "the usual readers"
        self.commit(f"read with {name}", recording_reader=reader_of(reader))

    def _set(self, known: Iterable[str], values: Mapping[str, Any]) -> None:
        names = tuple(known)
        for name in values:
            if name not in names:
                raise EfeError(
                    f"there is no setting {name!r} here.{nearest(name, names)} There are {', '.join(names)}."
                )
        self.commit(f"set {', '.join(values)}", **values)
