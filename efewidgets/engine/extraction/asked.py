"""What a script asks for, as inputs of the stages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from ..stages.context import Context, Reading
from ..stages.inputs import AsGiven, CellInputs, FileInputs, Goal, Inputs, Reader, Target
from ..stages.options import Options, rheobase_protocols
from ..stages.values import Frozen, freeze


class Asked(Context):
    """The decisions of a script. Its files are looked at once.

    Parameters
    ----------
    inputs : Inputs
    settings : dict, optional
        eFEL settings that the recordings keep; by default those for all features.
    counted : collection of str, optional
        Protocols whose spikes are counted at once (all, if None); elsewhere when somebody asks for them.
    """

    def __init__(
        self,
        inputs: Inputs,
        settings: Mapping[str, Any] | None = None,
        counted: Collection[str] | None = None,
    ):
        super().__init__(inputs)
        self._settings, self._counted = settings, counted

    @cached_property
    def reading(self) -> Reading:
        """What decides how all files are read."""
        settings = self.efel_settings if self._settings is None else self._settings
        counted = None if self._counted is None else tuple(self._counted)
        return Reading(self.inputs.recording_reader, Frozen(settings), counted)


def asked(options: Options, targets: Sequence[Mapping[str, Any]] | None) -> Asked:
    """Return the decisions that options stand for.

    Parameters
    ----------
    options : Options
        Checked, and without models.
    targets : list of dict or None
        Those that can be used, as `check_targets` returns them; None if they are to be chosen.
    """
    names, goals = tuple(rheobase_protocols(options)), options.auto_targets
    inputs = Inputs(
        cells=cells_of(options.files_metadata),
        targets=None if targets is None else tuple(_target(k, target) for k, target in enumerate(targets)),
        auto_targets=None if goals is None else tuple(map(Goal.of, goals)),
        protocols_rheobase=names,
        rheobase_strategy=options.rheobase_strategy,
        rheobase_settings=freeze(options.rheobase_settings),
        rheobase_values=Frozen(options.rheobase_values),
        efel_settings=freeze(options.efel_settings),
        absolute_amplitude=bool(options.absolute_amplitude),
        protocol_mode=options.protocol_mode,
        threshold_nvalue_save=options.threshold_nvalue_save,
        default_std_value=options.default_std_value,
        save_files_used=bool(options.save_files_used),
        recording_reader=reader_of(options.recording_reader),
    )
    return Asked(inputs, counted=() if options.absolute_amplitude else names)


def cells_of(files_metadata: Mapping[str, Mapping[str, Sequence[Any]]]) -> tuple[CellInputs, ...]:
    """Return the cells of a script and their files."""
    found: dict[str, list[FileInputs]] = {}
    for cell, protocols in files_metadata.items():
        files = found.setdefault(str(cell), [])
        for protocol, listed in protocols.items():
            for metadata in listed:
                files.append(FileInputs(str(len(files)), AsGiven(str(protocol), metadata)))
    return tuple(CellInputs(name, tuple(files)) for name, files in found.items())


def reader_of(function: Callable[..., Any] | None) -> Reader | None:
    """Return a lab's own reader, as the stages take it."""
    return None if function is None else Reader("", 0, function)


def _target(number: int, target: Mapping[str, Any]) -> Target:
    return Target(str(number), **{**target, "efel_settings": Frozen(target["efel_settings"])})
