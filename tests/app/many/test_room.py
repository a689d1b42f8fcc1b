"""Who comes in, who waits, and in which order."""

from __future__ import annotations

import contextvars

import pytest

from efewidgets.app.many.entrance import in_words
from efewidgets.app.many.room import FORGOTTEN, PASSED, Room, Turn


class Clock:
    """Tells the time that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kernels():
    return set()


def come(room, kernels, kernel, *given):
    """Come in and get a kernel, as a request of one's own."""

    def ask():
        guest = room.come_in(*given)
        if guest is not None:
            kernels.add(kernel)
            room.settle(kernel)
            room.done(guest)
        return guest

    return contextvars.copy_context().run(ask)


def test_as_many_come_in_as_there_are_places_and_the_next_when_one_leaves(kernels, clock):
    room = Room(2, kernels, clock=clock)
    assert come(room, kernels, "a")
    assert come(room, kernels, "b")
    assert not come(room, kernels, "c")
    kernels.remove("a")
    assert come(room, kernels, "c")
    assert room.left == 0


def test_any_number_comes_in_where_nothing_limits_them(kernels, clock):
    room = Room(0, kernels, clock=clock)
    assert all(come(room, kernels, str(k)) for k in range(50))
    assert room.left is None


def test_those_who_wait_come_in_the_order_in_which_they_came(kernels, clock):
    room = Room(1, kernels, clock=clock)
    come(room, kernels, "a")
    first, second, third = (room.wait() for _ in range(3))
    assert [room.look(one) for one in (first, second, third)] == [
        Turn(0, 3, False),
        Turn(1, 3, False),
        Turn(2, 3, False),
    ]
    kernels.clear()
    assert [room.look(one).come for one in (first, second, third)] == [True, False, False]
    assert not come(room, kernels, "late"), "nobody passes those who wait"
    assert not come(room, kernels, "b", second)
    assert come(room, kernels, "b", first)
    assert room.look(first) is None
    assert room.look(third) == Turn(1, 2, False)


def test_who_looks_no_more_is_passed_over_and_then_forgotten(kernels, clock):
    room = Room(1, kernels, clock=clock)
    come(room, kernels, "a")
    gone, stays = room.wait(), room.wait()
    kernels.clear()
    clock.now = PASSED - 1
    assert room.look(stays) == Turn(1, 2, False)
    clock.now = PASSED + 1
    assert room.look(stays) == Turn(0, 1, True)
    assert room.look(gone) == Turn(0, 2, True), "a browser that looks seldom keeps its place in the order"
    clock.now += FORGOTTEN + 1
    assert room.look(gone) is None


def test_who_reloads_keeps_the_place_though_others_wait(kernels, clock):
    room = Room(1, kernels, clock=clock)
    come(room, kernels, "a")
    waits = room.wait()
    assert not come(room, kernels, "x", "", "somebody else's kernel")
    assert come(room, kernels, "b", "", "a")
    assert not come(room, kernels, "c", "", "a"), "a place is handed on once"
    kernels.remove("a")
    assert room.look(waits) == Turn(0, 1, False)


def test_a_page_that_came_to_nothing_leaves_its_place(kernels, clock):
    room = Room(1, kernels, clock=clock)

    def ask():
        guest = room.come_in()
        assert room.left == 0
        room.done(guest)

    contextvars.copy_context().run(ask)
    assert room.left == 1


@pytest.mark.parametrize(
    ("turn", "places", "words"),
    [
        (Turn(12, 20, False), 20, "12 of 20 before you. There are 20 places; this page opens by itself."),
        (Turn(0, 1, False), 1200, "You are the next. There are 1,200 places; this page opens by itself."),
        (Turn(0, 1, True), 2, "There is a place for you."),
    ],
)
def test_it_is_said_in_words(turn, places, words):
    assert in_words(turn, places) == words
