"""Protocols that are called nearly the same."""

from __future__ import annotations

from efewidgets.engine.files.alike import Alike, alike


def test_names_that_differ_by_writing_only_are_alike():
    found = alike(
        {"IDrest": 3, "IDRest": 12, "id_rest": 1, "IV": 4, "IDthresh": 2, "IDThresh": 2, "IDrest2": 1}
    )
    assert found == [Alike("IDRest", ("IDrest", "id_rest"), 4), Alike("IDthresh", ("IDThresh",), 2)]
    assert alike({"IDrest": 3, "IV": 1}) == alike({}) == []
