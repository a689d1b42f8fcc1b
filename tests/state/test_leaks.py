"""Nothing is left behind: memory and observers stay as they are over many edits and many states."""

from __future__ import annotations

import gc
import itertools
import threading
import time
import tracemalloc
import weakref

import pytest

from efewidgets import ExtractionState
from efewidgets.state import BackgroundRunner


def used() -> float:
    """Memory that Python holds, MB."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1e6


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def edits(state):
    """Edit without end, each time to something new, with undos in between."""
    targets = [target.id for target in state.inputs.targets]
    members = list(state.results.members)
    for k in itertools.count():
        yield state.edit_target(targets[k % len(targets)], tolerance=10 + k / 1000)
        yield state.exclude(members[k % len(members)], f"reason {k}")
        yield state.set_rheobase("A", 0.1 + k / 1e5)
        yield state.include(members[k % len(members)])
        yield state.set_averaging(default_std_value=1e-3 + k / 1e6)
        yield state.undo()


@pytest.mark.slow
def test_a_thousand_edits(arguments, traced):
    state = ExtractionState.from_arguments(arguments, history=50)
    state._present.graph.most = 1_000_000
    doing = edits(state)
    held, results = [], []
    for _ in range(4):
        for _ in itertools.islice(doing, 250):
            assert state.results.texts
        held.append(used())
        results.append(len(state._present.graph))
    assert held[-1] - held[1] < 0.5, held
    assert max(results) < 3000
    assert len(state._trait_notifiers) <= 1
    state.close()


def test_the_history_of_a_thousand_edits_is_small(arguments, traced):
    """All of a thousand edits can be undone; what they hold beside each other is what differs."""
    state = ExtractionState.from_arguments(arguments)
    first = state.results.texts
    doing = edits(state)
    before = used()
    for _ in itertools.islice(doing, 999):
        pass
    assert used() - before < 15.0
    while state.can_undo:
        state.undo()
    assert state.results.texts == first
    state.close()


@pytest.mark.slow
def test_many_states(arguments, traced):
    states = 100

    class Watcher:
        def look(self, change):
            pass

    def cycle():
        state = ExtractionState.from_arguments(arguments, runner=BackgroundRunner())
        watcher = Watcher()
        state.observe(watcher.look, "revision")
        state.view.observe(watcher.look, "recordings")
        assert state.wait(30.0)
        assert state.results.features
        state.close()
        return weakref.ref(state), weakref.ref(watcher)

    gone, held = [], []
    for k in range(states):
        gone += cycle()
        if k in (20, states - 1):
            held.append(used())
    end = time.monotonic() + 10.0  # a busy machine may let the last worker thread go a moment later
    while any(ref() is not None for ref in gone) and time.monotonic() < end:
        time.sleep(0.01)
        gc.collect()
    assert all(ref() is None for ref in gone)
    assert held[-1] - held[0] < 0.5, held
    assert "efewidgets" not in {thread.name for thread in threading.enumerate()}


def test_a_state_that_is_not_closed_dies_too(arguments):
    state = ExtractionState.from_arguments(arguments)
    state.observe(lambda change: None, "revision")
    assert state.results.features
    gone = weakref.ref(state)
    del state
    gc.collect()
    assert gone() is None


def test_views_that_come_and_go_leave_no_observer(state):
    class View:
        def __init__(self):
            state.observe(self.look, ["revision", "status"])

        def look(self, change):
            pass

    for _ in range(200):
        View()
    gc.collect()
    assert sum(len(found) for kinds in state._trait_notifiers.values() for found in kinds.values()) == 0
