"""All that a person can decide, as one tree of values that never change: the single source of truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..recordings.source import files_of
from ..recordings.sweeps import EXCLUDE, SWEEPS, split_metadata
from ..targets.automatic import AutoTarget
from .values import Frozen, Value, freeze, thaw

#: Keys under which metadata name files
PATHS = ("filepath", "v_file", "i_file", "stimulus_file")


@dataclass(frozen=True)
class Recipe(Value):
    """What decides how a file is read.

    Parameters
    ----------
    protocol : str
    metadata : Frozen
        What a person wrote about the file.
    sweeps : Frozen
        What they wrote about single sweeps, by the sweeps' names.
    """

    protocol: str
    metadata: Frozen
    sweeps: Frozen = field(default_factory=Frozen)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths of the file, or of the two that belong together."""
        return tuple(str(self.metadata[key]) for key in PATHS if self.metadata.get(key) is not None)

    def as_metadata(self) -> dict[str, Any]:
        """Return the metadata of the file and of its sweeps, as `read_file` takes them."""
        found: dict[str, Any] = thaw(self.metadata)
        return found | {SWEEPS: thaw(self.sweeps)} if self.sweeps else found


@dataclass(frozen=True)
class AsGiven(Recipe):
    """What a script said of a file, as it said it: a lab's own reader may be given what no config can hold."""

    metadata: Any

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths of the file, or of the two that belong together."""
        return tuple(files_of(self.metadata)) if isinstance(self.metadata, Mapping) else ()

    def as_metadata(self) -> Any:
        """Return what the script said."""
        return self.metadata


@dataclass(frozen=True)
class FileInputs(Value):
    """One file under one protocol of one cell.

    Parameters
    ----------
    id : str
        Names the file in this state; stays when its cell, protocol or metadata change.
    recipe : Recipe
    excluded : Frozen
        Why recordings are left out, by the names of their sweeps.
    """

    id: str = field(compare=False)
    recipe: Recipe
    excluded: Frozen = field(default_factory=Frozen)

    @property
    def protocol(self) -> str:
        """Name of the protocol."""
        return self.recipe.protocol

    @property
    def metadata(self) -> Frozen:
        """What a person wrote about the file."""
        return self.recipe.metadata

    @property
    def path(self) -> str:
        """Path of the file, the voltage's if there are two; "" if the metadata name none."""
        return next((str(self.metadata[key]) for key in PATHS if self.metadata.get(key) is not None), "")

    def as_metadata(self) -> dict[str, Any]:
        """Return all that a person decided about the file, in the form of a config."""
        sweeps = {label: dict(own) for label, own in self.recipe.sweeps.items()}
        for label, reason in self.excluded.items():
            sweeps.setdefault(label, {})[EXCLUDE] = reason
        found: dict[str, Any] = thaw(self.metadata)
        return found | {SWEEPS: thaw(Frozen(sweeps))} if sweeps else found


def file_inputs(identity: str, protocol: str, metadata: Mapping[str, Any]) -> FileInputs:
    """Return a file as a config has it.

    Raises
    ------
    EfeError
        If what is said about single sweeps isn't of its form.
    """
    whole, of_sweeps = split_metadata(metadata)
    reasons = {label: own.pop(EXCLUDE, None) for label, own in of_sweeps.items()}
    excluded = {label: reason for label, reason in reasons.items() if reason is not None}
    sweeps = {label: own for label, own in of_sweeps.items() if own}
    return FileInputs(identity, Recipe(str(protocol), Frozen(whole), Frozen(sweeps)), Frozen(excluded))


def files_in_words(files: Iterable[FileInputs]) -> str:
    """Return how many files a person would count: "5 files", whatever protocols are read from each.

    Where voltage and current are in files of their own, "163 recordings", as each is of two files.
    """
    paths = {file.recipe.paths for file in files}
    noun = "recording" if any(len(one) > 1 for one in paths) else "file"
    return f"{len(paths):,} {noun}" if len(paths) == 1 else f"{len(paths):,} {noun}s"


@dataclass(frozen=True)
class Paths(Value):
    """Paths of some files."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Recipes(Value):
    """Recipes of some files."""

    listed: tuple[Recipe, ...]


@dataclass(frozen=True)
class Group(Value):
    """The files of one protocol of one cell."""

    cell: str
    files: tuple[FileInputs, ...]

    @cached_property
    def recipes(self) -> Recipes:
        """What decides how the files are read, the exclusions left aside."""
        return Recipes(tuple(file.recipe for file in self.files))

    @cached_property
    def paths(self) -> Paths:
        """Paths of all files."""
        return Paths(tuple(path for file in self.files for path in file.recipe.paths))


@dataclass(frozen=True)
class CellInputs(Value):
    """A cell and its files.

    Parameters
    ----------
    name : str
    files : tuple of FileInputs
    model : bool
        Whether it is a model, looked at beside the cells: its recordings go into no target and no average.
    """

    name: str
    files: tuple[FileInputs, ...] = ()
    model: bool = False

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The files protocol by protocol."""
        found: dict[str, list[FileInputs]] = {}
        for file in self.files:
            found.setdefault(file.protocol, []).append(file)
        return {protocol: Group(self.name, tuple(files)) for protocol, files in found.items()}

    @cached_property
    def by_id(self) -> dict[str, FileInputs]:
        """The files by their ids."""
        return {file.id: file for file in self.files}

    @cached_property
    def paths(self) -> Paths:
        """Paths of all files."""
        return Paths(tuple(path for file in self.files for path in file.recipe.paths))


@dataclass(frozen=True)
class Target(Value):
    """A feature wanted at one amplitude of one protocol; fields as in `extract_efeatures`' targets.

    Parameters
    ----------
    id : str
        Names the target in this state.
    amplitude, tolerance : float
        % of rheobase, or nA.
    min_values : int or None
        How many values it must have to stand in the output; None for ``threshold_nvalue_save``.
    role : str or None
        What it is for in a model's fit, one of `engine.roles.ROLES`.
    """

    id: str = field(compare=False)
    efeature: str
    protocol: str
    amplitude: float
    tolerance: float
    efel_settings: Frozen = field(default_factory=Frozen)
    efeature_name: str | None = None
    location: str = "soma"
    weight: float | None = None
    min_values: int | None = None
    role: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the target as `extract_efeatures` takes it."""
        found = {f.name: thaw(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name != "id"}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def name(self) -> str:
        """The feature's own name, else eFEL's."""
        return self.efeature_name or self.efeature


@dataclass(frozen=True)
class Goal(Value):
    """A goal that targets are chosen for; see `efewidgets.extract.AutoTarget`."""

    protocols: tuple[str, ...]
    amplitudes: tuple[float, ...]
    efeatures: tuple[str, ...]
    min_recordings_per_amplitude: int = 10
    preferred_number_protocols: int = 1
    tolerance: float = 10

    @classmethod
    def of(cls, goal: AutoTarget) -> Goal:
        """Return a goal as it is kept."""
        return cls(**{f.name: freeze(getattr(goal, f.name)) for f in dataclasses.fields(cls)})

    def auto_target(self) -> AutoTarget:
        """Return the goal that chooses."""
        return AutoTarget(**{f.name: thaw(getattr(self, f.name)) for f in dataclasses.fields(self)})


@dataclass(frozen=True)
class Reader(Value):
    """A lab's own reader.

    Parameters
    ----------
    name : str
        ``module:function``, for people.
    number : int
        Tells apart functions of the same name.
    function : callable
    """

    name: str
    number: int
    function: Callable[..., Any] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Inputs(Value):
    """Every decision; `efewidgets.extract.extract_efeatures` says what those with its names mean.

    Parameters
    ----------
    cells : tuple of CellInputs
    targets : tuple of Target or None
        None if they are chosen automatically.
    auto_targets : tuple of Goal or None
        None for the default goals.
    export : Frozen or None
        Choices for files of model fitting that aren't the usual ones, see `engine.export.Choices`.
    accepted : tuple of str
        Ids of recordings (``file/sweep``) that a person looked at and found right; no result depends on it.
    cell_notes, recording_notes : Frozen
        What a person noted of cells, by name, and of recordings, by id: ``note``, and tags by their names; no result
        depends on it either. See `engine.stages.notes`.
    """

    cells: tuple[CellInputs, ...] = ()
    targets: tuple[Target, ...] | None = None
    auto_targets: tuple[Goal, ...] | None = None
    protocols_rheobase: tuple[str, ...] | None = None
    rheobase_strategy: str = "absolute"
    rheobase_settings: Frozen | None = None
    rheobase_values: Frozen = field(default_factory=Frozen)
    efel_settings: Frozen | None = None
    absolute_amplitude: bool = False
    protocol_mode: str = "mean"
    threshold_nvalue_save: int = 1
    default_std_value: float = 1e-3
    save_files_used: bool = False
    recording_reader: Reader | None = None
    output_directory: str | None = None
    write_files: bool = True
    plot: bool = False
    extract_per_cell: bool = False
    low_memory_mode: bool = False
    pickle_cells: bool = False
    export: Frozen | None = None
    accepted: tuple[str, ...] = ()
    cell_notes: Frozen = field(default_factory=Frozen)
    recording_notes: Frozen = field(default_factory=Frozen)

    @cached_property
    def by_name(self) -> dict[str, CellInputs]:
        """The cells by their names."""
        return {cell.name: cell for cell in self.cells}

    @cached_property
    def cell_of_file(self) -> dict[str, CellInputs]:
        """The cell of each file, by the file's id."""
        return {file.id: cell for cell in self.cells for file in cell.files}

    @cached_property
    def measured(self) -> tuple[CellInputs, ...]:
        """The cells that aren't models."""
        return tuple(cell for cell in self.cells if not cell.model)

    @cached_property
    def protocols(self) -> dict[str, tuple[CellInputs, ...]]:
        """The cells, no models, that have a protocol, by its name."""
        found: dict[str, list[CellInputs]] = {}
        for cell in self.measured:
            for protocol in cell.groups:
                found.setdefault(protocol, []).append(cell)
        return {protocol: tuple(cells) for protocol, cells in found.items()}

    def files(self) -> Iterable[tuple[CellInputs, FileInputs]]:
        """Yield all files with their cells."""
        return ((cell, file) for cell in self.cells for file in cell.files)
