"""The one object that widgets, scripts and the command line share: decisions go in, results come out."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import traitlets

from ..engine.problems import Problem
from ..engine.stages.inputs import Inputs, Target
from ..engine.stages.work import Work
from .actions.files import FileActions
from .actions.models import ModelActions
from .actions.notes import NoteActions
from .actions.settings import SettingActions
from .actions.stimuli import StimulusActions
from .actions.targets import TargetActions
from .cache.disk import DiskCache
from .cache.stored import Store
from .decisions import Decisions
from .held import of
from .history import History
from .results.present import Present
from .results.results import Results
from .results.runs import Runs
from .running.observers import Observed
from .running.runner import InlineRunner, Runner
from .running.telling import Telling
from .sessions.looking import look
from .sessions.saving import load_inputs
from .sessions.sessions import Sessions, inputs_of_call
from .view import View

if TYPE_CHECKING:
    import pandas as pd


class ExtractionState(Observed):
    """All decisions of an extraction, their history, and all results.

    Every edit is one commit: checked first, then taken over at once. Results follow from the decisions by
    themselves, and only what depends on an edit is computed again.

    Parameters
    ----------
    inputs : Inputs, optional
        What to start with.
    runner : Runner, optional
        Where results are computed; by default here, when they are asked for.
    cache : bool, path or DiskCache
        Whether, and where, recordings and features are kept on disk, so that they need not be extracted again.
    history : int
        How many edits can be undone.

    Attributes
    ----------
    revision : int
        Goes up by one after each edit and after each run that brings new results. The trait to observe.
    status : {"ready", "running", "stale", "failed"}
        Whether `results` are those of the present decisions.
    activity, progress : str, float
        What a run is doing, and how much of that is done (0 to 1).
    can_undo, can_redo : bool
    undo_label, redo_label : str
        What `undo` and `redo` would do, in words.
    """

    revision = traitlets.Int(0, read_only=True)
    status = traitlets.Enum(("ready", "running", "stale", "failed"), "ready", read_only=True)
    activity = traitlets.Unicode("", read_only=True)
    progress = traitlets.Float(0.0, read_only=True)
    can_undo = traitlets.Bool(False, read_only=True)
    can_redo = traitlets.Bool(False, read_only=True)
    undo_label = traitlets.Unicode("", read_only=True)
    redo_label = traitlets.Unicode("", read_only=True)

    def __init__(
        self,
        inputs: Inputs | None = None,
        *,
        runner: Runner | None = None,
        cache: bool | str | os.PathLike[str] | DiskCache = False,
        history: int = 1000,
    ):
        super().__init__()
        self._runner: Runner = runner or InlineRunner()
        self._told = 0
        self._telling = Telling(self.set_trait, self._runner.tell)
        self._present = Present(Inputs(), _store(cache), self._runner.eager)
        self._runs = Runs(self._runner, self._present, self._telling, self._announce)
        self._decisions = Decisions(self._telling, History(history), self._present.take, self._announce)
        self._files = FileActions(self._decisions)
        self._stimuli = StimulusActions(self._decisions)
        self._targets = TargetActions(self._decisions, lambda: self.results)
        self._settings = SettingActions(self._decisions)
        self._models = ModelActions(self._decisions, lambda: self.results)
        self._notes = NoteActions(self._decisions)
        self.view = View(self._fault)
        self._sessions = Sessions(self._decisions, self._present, self.view, self._runner)
        if inputs is not None:
            self._begin(inputs, [])

    # --- decisions

    @property
    def inputs(self) -> Inputs:
        """All decisions, as one value that never changes."""
        return self._decisions.inputs

    commit = of("_decisions", Decisions.commit)
    undo = of("_decisions", Decisions.undo)
    redo = of("_decisions", Decisions.redo)

    files = of("_files", FileActions.files)
    add_files = of("_files", FileActions.add_files)
    add_files_metadata = of("_files", FileActions.add_files_metadata)
    remove_files = of("_files", FileActions.remove_files)
    regroup_files = of("_files", FileActions.regroup_files)
    rename_cell = of("_files", FileActions.rename_cell)
    set_metadata = of("_files", FileActions.set_metadata)
    set_sweep = of("_files", FileActions.set_sweep)
    exclude = of("_files", FileActions.exclude)
    include = of("_files", FileActions.include)
    accept = of("_files", FileActions.accept)
    take_back = of("_files", FileActions.take_back)

    stimuli_by_current = of("_stimuli", StimulusActions.stimuli_by_current)
    take_by_current = of("_stimuli", StimulusActions.take_by_current)

    add_target = of("_targets", TargetActions.add_target)
    add_targets = of("_targets", TargetActions.add_targets)
    set_targets = of("_targets", TargetActions.set_targets)
    edit_targets = of("_targets", TargetActions.edit_targets)
    edit_target = of("_targets", TargetActions.edit_target)
    remove_targets = of("_targets", TargetActions.remove_targets)
    duplicate_targets = of("_targets", TargetActions.duplicate_targets)
    apply_preset = of("_targets", TargetActions.apply_preset)
    import_legacy_targets = of("_targets", TargetActions.import_legacy_targets)
    propose_roles = of("_targets", TargetActions.propose_roles)
    use_auto_targets = of("_targets", TargetActions.use_auto_targets)
    keep_auto_targets = of("_targets", TargetActions.keep_auto_targets)

    set_rheobase_rule = of("_settings", SettingActions.set_rheobase_rule)
    set_rheobase = of("_settings", SettingActions.set_rheobase)
    clear_rheobase = of("_settings", SettingActions.clear_rheobase)
    set_efel_settings = of("_settings", SettingActions.set_efel_settings)
    reset_efel_settings = of("_settings", SettingActions.reset_efel_settings)
    use_absolute_amplitude = of("_settings", SettingActions.use_absolute_amplitude)
    set_averaging = of("_settings", SettingActions.set_averaging)
    set_output = of("_settings", SettingActions.set_output)
    set_export = of("_settings", SettingActions.set_export)
    set_reader = of("_settings", SettingActions.set_reader)

    add_model = of("_models", ModelActions.add_model)
    remove_model = of("_models", ModelActions.remove_model)
    use_as_model = of("_models", ModelActions.use_as_model)

    describe_cells = of("_notes", NoteActions.describe_cells)
    describe = of("_notes", NoteActions.describe)

    # --- sessions

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        check: Callable[[Any, pathlib.Path], Any] | None = None,
        **options: Any,
    ) -> Self:
        """Return a state with the decisions of a saved session, or of any config of `efewidgets extract`.

        What was selected when a session was saved is selected again.
        Files that are missing or have changed are told of in `problems`.

        Parameters
        ----------
        path : path
        check : callable, optional
            ``check(contents, folder)`` before anything is done with them; raises EfeError if they must not be used.
        **options
            ``runner``, ``cache``, ``history``.

        Raises
        ------
        EfeError
            If it isn't a config.
        """
        state = cls(**options)
        inputs, problems, view, elsewhere = load_inputs(path, state._decisions.new_id, check)
        state._begin(inputs, problems)
        state._runs.find_out(elsewhere)
        look(state.view, view, inputs)
        return state

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any], **options: Any) -> Self:
        """Return a state with the decisions of a call of `extract_efeatures`, such as `datasets.sample_config()`.

        Parameters
        ----------
        arguments : dict
            Arguments of `extract_efeatures`; those that say how the work is done don't matter here.
        **options
            ``runner``, ``cache``, ``history``.

        Raises
        ------
        EfeError
            If something can't be.
        """
        state = cls(**options)
        state._begin(*inputs_of_call(arguments, state._decisions.new_id))
        return state

    def _begin(self, inputs: Inputs, problems: list[Problem]) -> None:
        """Start with these decisions, of which some could not be used."""
        with self._telling.lock:
            self._decisions.begin(inputs)
            self._telling.faults += problems

    save = of("_sessions", Sessions.save)
    write = of("_sessions", Sessions.write)
    undo_as_data = of("_sessions", Sessions.undo_as_data)
    undo_from_data = of("_sessions", Sessions.undo_from_data)

    # --- results

    @property
    def results(self) -> Results:
        """The results; with a runner in the background those of its last complete run."""
        return self._present.results

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a person should know: about data and results, and about what went wrong in the state itself."""
        return (*self._telling.faults, *self._present.problems)

    @property
    def blockers(self) -> list[str]:
        """What is missing before there can be results, in words."""
        return self.results.blockers

    def explain(self, target: Target | str) -> pd.DataFrame:
        """Say of each recording whether it went into a target, and why not; see `Results.explain`."""
        return self.results.explain(target)

    def refresh_files(self) -> list[str]:
        """Look at all files again; return those that have changed since they were looked at, and use them anew.

        Files whose worker failed are tried again.
        """
        failed = self._present.failed
        with self._telling.lock:
            new, changed = self._present.look_again(failed)
            if new:
                self._announce("look at the files again")
        return changed

    @property
    def needs_run(self) -> bool:
        """Whether `run` would do anything: there are recordings, and no run works, or has just ended, by itself."""
        idle = self.status != "running" and not (self.status == "ready" and self._runner.eager)
        return idle and bool(self.inputs.cells)

    run = of("_runs", Runs.run)
    wait = of("_runs", Runs.wait)
    cancel = of("_runs", Runs.cancel)

    # --- telling observers

    forget_faults = of("_telling", Telling.forget_faults)

    def _announce(self, label: str, **traits: Any) -> None:
        """Have observers told that something has changed; an edit has a label."""
        history, again = self._decisions.history, bool(label) and self._runner.eager
        with self._telling.lock:
            self._told += 1
            traits |= {
                "can_undo": bool(history.undo_label),
                "can_redo": bool(history.redo_label),
                "undo_label": history.undo_label,
                "redo_label": history.redo_label,
                "revision": self._told,
            }
            self._telling.put(**traits, **({"status": "stale"} if again else {}))
            if again:
                self.run()

    def _fault(self, handler: Any, error: Exception) -> None:
        self._telling.fault(handler, error)

    # --- the end

    def close(self) -> None:
        """Stop what is running, keep what is to be kept on disk, and forget all results."""
        self._runner.close()
        self._present.keep(self.results, Work())
        self.unobserve_all()
        self.view.unobserve_all()
        self._present.graph.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        files = sum(len(cell.files) for cell in self.inputs.cells)
        return f"<ExtractionState: {len(self.inputs.cells)} cells, {files} files, {self.status}>"


def _store(cache: bool | str | os.PathLike[str] | DiskCache) -> Store | None:
    if cache is False or cache is None:
        return None
    if isinstance(cache, DiskCache):
        return Store(cache)
    return Store(DiskCache(None if cache is True else cache))
