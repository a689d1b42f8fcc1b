"""The state holds its parts: each works alone, and what it does is there under the state's own names."""

from __future__ import annotations

import inspect

import pytest

from efewidgets import EfeError, ExtractionState
from efewidgets.engine.stages.inputs import Inputs
from efewidgets.state.actions.files import FileActions
from efewidgets.state.actions.models import ModelActions
from efewidgets.state.actions.settings import SettingActions
from efewidgets.state.actions.targets import TargetActions
from efewidgets.state.decisions import Decisions
from efewidgets.state.held import of
from efewidgets.state.history import History
from efewidgets.state.results.runs import Runs
from efewidgets.state.running.observers import Observed
from efewidgets.state.running.telling import Telling
from efewidgets.state.sessions.sessions import Sessions

PARTS = (FileActions, TargetActions, SettingActions, ModelActions, Sessions, Runs)
NOT_THE_STATES_OWN = {"inputs", "results", "report", "find_out"}


@pytest.mark.parametrize("part", PARTS)
def test_all_that_a_part_does_has_a_name_of_the_state(part):
    for name, method in inspect.getmembers(part, inspect.isfunction):
        if not name.startswith("_") and name not in NOT_THE_STATES_OWN:
            own = getattr(ExtractionState, name)
            assert own.__doc__ == method.__doc__
            assert inspect.signature(own) == inspect.signature(method), name


def test_the_state_inherits_its_traits_and_nothing_else():
    assert ExtractionState.__bases__ == (Observed,)


class Whole:
    """Holds a part."""

    def __init__(self, part):
        self.part = part


class Part:
    """Does something."""

    def add(self, one: int, *, other: int = 2) -> int:
        """Add two numbers."""
        return one + other + id(self) * 0


class Adds(Whole):
    """Adds under its own name."""

    add = of("part", Part.add)
    plus = add


def test_a_part_is_called_with_what_the_whole_was_called_with():
    whole = Adds(Part())
    assert whole.add(1) == 3
    assert whole.plus(1, other=4) == 5
    assert str(inspect.signature(whole.add)) == "(one: 'int', *, other: 'int' = 2) -> 'int'"
    assert inspect.getdoc(Adds.add) == "Add two numbers."
    with pytest.raises(TypeError, match="unexpected keyword"):
        whole.add(1, another=1)


@pytest.fixture
def alone():
    """Decisions without a state, and what was told of them."""
    told: list = []
    telling = Telling(lambda name, value: told.append((name, value)), lambda callback: callback())
    taken: list = []
    decisions = Decisions(
        telling,
        History(10),
        lambda old, new: taken.append((old, new)),
        lambda label: telling.put(label=label),
    )
    return decisions, taken, told


def test_decisions_alone(alone):
    decisions, taken, told = alone
    assert decisions.commit("less", threshold_nvalue_save=3)
    assert not decisions.commit("the same", threshold_nvalue_save=3)
    with pytest.raises(EfeError, match="threshold_nvalue_save"):
        decisions.commit("none", threshold_nvalue_save=0)
    assert decisions.inputs.threshold_nvalue_save == 3
    assert [decisions.undo(), decisions.undo()] == ["less", ""]
    assert decisions.inputs == Inputs()
    assert decisions.redo() == "less"
    assert told == [("label", "less")] * 3
    assert [(old.threshold_nvalue_save, new.threshold_nvalue_save) for old, new in taken] == [
        (1, 3),
        (3, 1),
        (1, 3),
    ]


def test_actions_alone(alone, tmp_path):
    decisions, _, told = alone
    (tmp_path / "a.csv").write_text("", encoding="utf-8", newline="\n")
    files, targets = FileActions(decisions), TargetActions(decisions)
    (identity,) = files.add_files("A", "IDrest", tmp_path / "a.csv")
    assert files.files(cell="A") == [identity]
    targets.add_target("mean_frequency", "IDrest", 150)
    SettingActions(decisions).set_rheobase("A", 0.1)
    assert [cell.name for cell in decisions.inputs.cells] == ["A"]
    assert decisions.inputs.targets[0].amplitude == 150
    assert decisions.inputs.rheobase_values == {"A": 0.1}
    files.remove_files(identity)
    assert decisions.inputs.rheobase_values == {}
    assert [label for _, label in told] == [
        "add 1 file",
        "add 1 target",
        "set rheobase of A",
        "remove 1 file",
    ]


def test_observers_are_told_after_the_edit(alone):
    """However many edits are nested, nobody is told while the lock is held."""
    decisions, _, told = alone
    with decisions.lock:
        decisions.commit("one", threshold_nvalue_save=2)
        decisions.commit("other", threshold_nvalue_save=3)
        assert told == []
    assert told == [("label", "one"), ("label", "other")]
