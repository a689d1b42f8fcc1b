"""What is read beside the page: waited for shortly, told when it comes, forgotten when nobody wants it."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.widgets.parts import beside
from efewidgets.widgets.parts.beside import Beside, NotYetError


def test_without_a_loop_it_is_made_where_it_is_asked_for():
    found = Beside(lambda: None)
    assert found.get("a", 1, threading.get_ident, "a") == threading.get_ident()
    found.close()


def test_made_without_a_loop_it_has_that_in_which_it_is_asked():
    told = []
    found = Beside(lambda: told.append(threading.get_ident()))

    async def ask():
        assert found.get("a", 1, threading.get_ident, "a") != threading.get_ident()

    found.keep(["a"])
    asyncio.run(ask())
    found.close()


def in_a_loop(work):
    """Run ``work(beside, told)``."""

    async def both():
        told = []
        found = Beside(lambda: told.append(threading.get_ident()))
        await work(found, told)
        found.close()

    asyncio.run(both())


def test_what_comes_in_time_is_returned_and_made_once():
    async def work(found, told):
        made = []
        for version in (1, 1, 2):
            found.keep(["a"])
            assert found.get("a", version, lambda: made.append(0) or len(made), "a") == version
        assert (len(made), told) == (2, [])

    in_a_loop(work)


def test_what_takes_longer_is_told_in_the_loop(monkeypatch):
    monkeypatch.setattr(beside, "PATIENCE", 0.02)

    async def work(found, told):
        go_on = threading.Event()

        def slow():
            return go_on.wait(30) and "there"

        for _ in range(3):  # drawn three times meanwhile
            found.keep(["a"])
            with pytest.raises(NotYetError, match="sweep 1 is being read"):
                found.get("a", 1, slow, "sweep 1")
        go_on.set()
        until = time.monotonic() + 10
        while not told and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert told == [threading.get_ident()]  # once, and in the loop's thread
        assert found.get("a", 1, slow, "sweep 1") == "there"

    in_a_loop(work)


def test_what_goes_wrong_is_raised_again_until_it_is_asked_for_anew():
    async def work(found, told):
        made = []

        def broken():
            made.append(0)
            raise EfeError("the server hung.")

        for _ in range(2):
            found.keep(["a"])
            with pytest.raises(EfeError, match=r"the server hung\."):
                found.get("a", 1, broken, "a")
        assert len(made) == 1
        found.keep([])
        found.keep(["a"])
        with pytest.raises(EfeError):
            found.get("a", 1, broken, "a")
        assert len(made) == 2

    in_a_loop(work)


def test_what_nobody_wants_any_more_is_told_to_nobody(monkeypatch):
    monkeypatch.setattr(beside, "PATIENCE", 0.02)

    async def work(found, told):
        go_on = threading.Event()
        found.keep(["a"])
        with pytest.raises(NotYetError):
            found.get("a", 1, lambda: go_on.wait(30), "a")
        found.keep(["b"])
        go_on.set()
        await asyncio.sleep(0.2)
        assert told == []

    in_a_loop(work)
