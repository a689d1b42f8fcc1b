"""What holds for every widget: it stands alone, refuses what it doesn't know, survives bad data and leaves nothing."""

from __future__ import annotations

import contextlib
import gc
import inspect
import threading
import time
import weakref

import ipywidgets
import pytest

import efewidgets.widgets as room
from efewidgets import ExtractionState, datasets
from efewidgets.widgets.parts.base import StateWidget
from tests.state import lab

NAMES = sorted(name for name in room.__all__ if issubclass(getattr(room, name), StateWidget))


def models() -> int:
    """Return how many models there are."""
    gc.collect()
    return len(ipywidgets.widgets.widget._instances)


@pytest.fixture(scope="module")
def sample_state():
    found = ExtractionState.from_arguments(datasets.sample_config())
    found.run()
    yield found
    found.close()


@pytest.fixture
def widget_of(request):
    """``widget_of(name, state)``: a widget that is closed when the test is over."""
    with contextlib.ExitStack() as stack:

        def make(name, state):
            found = getattr(room, name)(state)
            stack.callback(found.close)
            return found

        yield make


@pytest.mark.parametrize("name", NAMES)
def test_shows_the_samples_without_a_complaint(name, sample_state, widget_of):
    found = widget_of(name, sample_state)
    assert isinstance(found, StateWidget)
    assert found.message.text == ""
    assert found.view_data() is not None
    assert repr(found) == f"<{name} of {sample_state!r}>"  # and not of all widgets inside


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_state_is_no_error(name, widget_of):
    with ExtractionState() as state:
        assert widget_of(name, state).message.text == ""


@pytest.mark.parametrize("name", NAMES)
def test_unknown_options_are_refused(name, sample_state):
    before = models()
    with pytest.raises(TypeError):
        getattr(room, name)(sample_state, colour="red")
    with pytest.raises(TypeError):
        getattr(room, name)("state.json")
    assert models() == before


@pytest.mark.parametrize("name", NAMES)
def test_all_options_have_names(name):
    parameters = list(inspect.signature(getattr(room, name).__init__).parameters.values())[2:]
    options = [parameter for parameter in parameters if parameter.name != "cell"]  # VirtualCell(state, "RS1")
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in options)


@pytest.mark.parametrize("name", NAMES)
def test_close_leaves_no_model(name, sample_state):
    kind = getattr(room, name)
    kind(sample_state).close()
    before = models()
    for _ in range(3):
        found = kind(sample_state)
        sample_state.view.cell = "RS2"
        found.refresh()
        found.close()
        found.close()
        sample_state.view.cell = None
    del found
    assert models() == before


@pytest.mark.slow
def test_fifty_times_all(sample_state):
    """The count of models, of threads and of observers stays flat."""

    def once():
        widgets = [getattr(room, name)(sample_state) for name in NAMES]
        for widget in widgets:
            widget.close()

    def left():
        ours = [thread for thread in threading.enumerate() if thread.name.startswith("efewidgets")]
        return models(), len(ours), len(sample_state._trait_notifiers.get("revision", {}))

    once()
    before = left()
    for _ in range(50):
        once()
    end = time.monotonic() + 30  # threads may be at a last file
    while any(now > was for now, was in zip(left(), before, strict=True)) and time.monotonic() < end:
        time.sleep(0.05)
    for now, was in zip(left(), before, strict=True):
        assert now <= was


@pytest.mark.parametrize("name", NAMES)
def test_a_widget_that_is_forgotten_dies(name, sample_state):
    """The state doesn't keep it alive; only the front end's model does, until it is closed."""
    found = getattr(room, name)(sample_state)
    found.close()
    gone = weakref.ref(found)
    del found
    end = time.monotonic() + 10  # a thread may be at a last file
    while gone() is not None and time.monotonic() < end:
        gc.collect()
        time.sleep(0.01)
    assert gone() is None


@pytest.mark.parametrize("name", NAMES)
def test_follows_edits_only_while_it_is_seen(name, tmp_path, widget_of):
    state = ExtractionState.from_arguments(lab.arguments(lab.write_cells(tmp_path, {"A": 0.1})))
    found = widget_of(name, state)
    drawn = []
    render = found.render
    found.render = lambda data: (drawn.append(1), render(data))
    found.shown = False
    state.rename_cell("A", "another")  # which all of them show
    assert not drawn
    found.shown = True
    assert drawn or not found.watches
    state.remove_files(state.files())
    assert found.message.text == ""
    state.undo()
    assert found.message.text == ""
    state.close()


NASTY = {"<img src=x onerror=alert(1)>": 0.1, '"quoted"\nand on': 0.2}


@pytest.mark.parametrize("name", NAMES)
def test_other_peoples_names_are_text(name, tmp_path, widget_of):
    cells = lab.write_cells(tmp_path, {"A": 0.1, "B": 0.2})
    state = ExtractionState.from_arguments(lab.arguments(cells))
    for old, new in zip("AB", NASTY, strict=True):
        state.rename_cell(old, new)
    state.run()
    state.view.cell = next(iter(NASTY))
    found = widget_of(name, state)
    assert found.message.text == ""
    for part in _html(found):
        assert "<img" not in part.value, f"{name} shows a cell's name as HTML"
    state.close()


def _html(widget):
    from efewidgets.widgets.parts.owned import owned

    return [part for part in owned(widget) if isinstance(part, (ipywidgets.HTML, ipywidgets.HTMLMath))]
