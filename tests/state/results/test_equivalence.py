"""Whatever is done and undone in whatever order: results are those of `extract_efeatures` on the same inputs."""

from __future__ import annotations

import pathlib
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from efewidgets import EfeError, ExtractionState

from .. import lab
from ..conftest import from_scratch

CELLS = ("A", "B", "C")
PROTOCOLS = ("IDthresh", "IDrest", "IV")
FEATURES = ("mean_frequency", "AP_amplitude", "voltage_base", "Spikecount")
numbers = st.integers(0, 10_000)


class Session(RuleBasedStateMachine):
    """A person at work."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        place = pathlib.Path(self.folder.name)
        self.metadata = lab.write_cells(place, {"A": 0.1, "B": 0.2})
        self.more = lab.write_cells(place, {"C": 0.15})
        self.state = ExtractionState.from_arguments(lab.arguments(self.metadata))
        self.first = self.state.results.texts

    def one(self, number, of):
        """Return one of several things, or None."""
        listed = list(of)
        return listed[number % len(listed)] if listed else None

    def file(self, number):
        return self.one(number, self.state.files())

    def recording(self, number):
        return self.one(number, self.state.results.members)

    def target(self, number):
        return self.one(number, (target.id for target in self.state.inputs.targets or ()))

    # --- files and recordings

    @rule(protocol=st.sampled_from(PROTOCOLS), cell=st.sampled_from(CELLS))
    def add(self, protocol, cell):
        self.state.add_files(cell, protocol, self.more["C"][protocol])

    @precondition(lambda self: len(self.state.files()) > 2)
    @rule(number=numbers)
    def remove(self, number):
        self.state.remove_files(self.file(number))

    @rule(
        number=numbers,
        cell=st.sampled_from(CELLS) | st.none(),
        protocol=st.sampled_from(PROTOCOLS) | st.none(),
    )
    def regroup(self, number, cell, protocol):
        self.state.regroup_files(self.file(number), cell=cell, protocol=protocol)

    @rule(number=numbers, ljp=st.sampled_from((None, 0.0, 5.0)))
    def set_ljp(self, number, ljp):
        self.state.set_metadata(self.file(number), ljp=ljp)

    @rule(number=numbers, toff=st.sampled_from((None, 200.0, 240.0)))
    def set_timing(self, number, toff):
        if (recording := self.recording(number)) is not None:
            self.state.set_sweep(recording, toff=toff)

    @rule(number=numbers, reason=st.sampled_from(("leak", "drift")))
    def exclude(self, number, reason):
        if (recording := self.recording(number)) is not None:
            self.state.exclude(recording, reason)

    @rule(number=numbers)
    def include(self, number):
        if (recording := self.recording(number)) is not None:
            self.state.include(recording)

    # --- targets

    @rule(
        efeature=st.sampled_from(FEATURES),
        protocol=st.sampled_from(PROTOCOLS),
        amplitude=st.sampled_from((-100, 100, 150, 150.0)),
        tolerance=st.sampled_from((5, 30)),
    )
    def add_target(self, efeature, protocol, amplitude, tolerance):
        self.state.add_target(efeature, protocol, amplitude, tolerance)

    @rule(number=numbers, tolerance=st.sampled_from((0.5, 10, 60)))
    def set_tolerance(self, number, tolerance):
        if (target := self.target(number)) is not None:
            self.state.edit_target(target, tolerance=tolerance)

    @rule(number=numbers, threshold=st.sampled_from((None, -30.0, 0.0)))
    def set_own_threshold(self, number, threshold):
        if (target := self.target(number)) is not None:
            own = None if threshold is None else {"Threshold": threshold}
            self.state.edit_target(target, efel_settings=own)

    @rule(number=numbers)
    def remove_target(self, number):
        if (target := self.target(number)) is not None:
            self.state.remove_targets(target)

    @rule(number=numbers)
    def duplicate_target(self, number):
        if (target := self.target(number)) is not None:
            self.state.duplicate_targets(target, efeature_name="own")

    @rule()
    def choose_targets(self):
        self.state.use_absolute_amplitude(False)
        self.state.use_auto_targets()

    # --- rules and settings

    @rule(
        strategy=st.sampled_from(("absolute", "flush", "majority", "interpolation")),
        protocols=st.sampled_from((None, ["IDthresh"], ["IDrest"], [])),
    )
    def set_rule(self, strategy, protocols):
        self.state.set_rheobase_rule(strategy, protocols=protocols)

    @rule(number=numbers, value=st.sampled_from((0.05, 0.12)))
    def set_rheobase(self, number, value):
        self.state.set_rheobase(self.one(number, self.state.inputs.by_name), value)

    @rule(number=numbers)
    def clear_rheobase(self, number):
        self.state.clear_rheobase(self.one(number, self.state.inputs.by_name))

    @rule(threshold=st.sampled_from((None, -20.0, -40.0)))
    def set_threshold(self, threshold):
        self.state.set_efel_settings(Threshold=threshold)

    @rule(mode=st.sampled_from(("mean", "median", "min", "max", "lnmc")), least=st.integers(1, 3))
    def set_averaging(self, mode, least):
        self.state.set_averaging(protocol_mode=mode, threshold_nvalue_save=least)

    @rule(files=st.booleans())
    def list_files(self, files):
        self.state.set_averaging(save_files_used=files)

    @precondition(lambda self: self.state.inputs.targets)
    @rule(absolute=st.booleans())
    def use_absolute(self, absolute):
        self.state.use_absolute_amplitude(absolute)

    # --- back and forth

    @rule()
    def undo(self):
        self.state.undo()

    @rule()
    def redo(self):
        self.state.redo()

    @rule(edit=st.sampled_from(("tolerance", "feature", "strategy", "file")))
    def refused(self, edit):
        before = self.state.inputs
        edits = {
            "tolerance": lambda: self.state.add_target("voltage_base", "IV", -100, 0),
            "feature": lambda: self.state.add_target("no such feature", "IV", -100, 10),
            "strategy": lambda: self.state.set_rheobase_rule("guess"),
            "file": lambda: self.state.set_metadata("f999", ljp=1.0),
        }
        with pytest.raises(EfeError):
            edits[edit]()
        assert self.state.inputs is before

    @rule()
    def compare(self):
        self.check()

    def check(self):
        try:
            expected = from_scratch(self.state.inputs)
        except EfeError:  # extract_efeatures refuses what leaves nothing to compute
            expected = None
        if expected is None:
            assert self.state.blockers
        else:
            assert self.state.results.texts == expected

    def teardown(self):
        if not hasattr(self, "state"):
            return
        self.check()
        while self.state.can_undo:
            self.state.undo()
        assert self.state.results.texts == self.first
        self.state.close()
        self.folder.cleanup()


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_any_session_gives_what_extract_gives():
    run_state_machine_as_test(
        Session,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=QUIET
        ),
    )


@pytest.mark.slow
def test_many_sessions_give_what_extract_gives():
    run_state_machine_as_test(
        Session,
        settings=settings(
            max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=QUIET
        ),
    )
