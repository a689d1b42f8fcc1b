"""Names of files and folders: harmless everywhere, and still telling cells apart."""

from __future__ import annotations

import pathlib
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efewidgets.engine.names import safe_name

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
NASTY = st.lists(
    st.sampled_from(["..", "/", "\\", ".", " ", "%", "a", "A", "é", "e\u0301", "\n", "con", "%2F"])
)


@pytest.mark.parametrize(
    "name",
    [
        "C060109A1-SR-C1",
        "cell 01 (L5)",
        "150216_A1+2",
        "ASC__161021_1-3",
        "细胞",
        "naïve",
        "x.y",
        "C:".rstrip(":"),
    ],
)
def test_ordinary_names_stay(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../x", "%2E.%2Fx"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("", "%"),
        ("a/b\\c", "a%2Fb%5Cc"),
        ("50%", "50%25"),
        ("line\nbreak", "line%0Abreak"),
        ("NUL", "%4EUL"),
        ("con.txt", "%63on.txt"),
        ("end. ", "end.%20"),
        ("e\u0301", "e%CC%81"),
        (17, "17"),
    ],
)
def test_what_becomes_of_others(name, safe):
    assert safe_name(name) == safe


@given(ANY_TEXT | NASTY.map("".join))
def test_is_one_harmless_part_of_a_path(text):
    safe = safe_name(text)
    assert 0 < len(safe.encode()) <= 180
    assert pathlib.PurePosixPath(safe).parts == (safe,)
    assert pathlib.PureWindowsPath(safe).parts == (safe,)
    assert safe not in {".", ".."}
    assert (pathlib.Path("/out") / safe).resolve().parent == pathlib.Path("/out")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30) | NASTY.map("".join).filter(bool))
def test_the_name_can_be_had_back_so_that_no_two_share_a_file(text):
    assert urllib.parse.unquote(safe_name(text), errors="strict") == text


def test_long_names_are_cut_but_stay_different():
    one, other = "x" * 500 + "1", "x" * 500 + "2"
    assert safe_name(one) != safe_name(other)
    assert len(safe_name(one)) <= 180
    assert len(safe_name("细" * 200).encode()) <= 180


def test_can_really_be_a_file(tmp_path):
    for text in ("../x", "a/b", "nul", "\x00", "细胞", "\udc80", "e\u0301"):
        path = tmp_path / safe_name(text)
        path.write_text("here")
        assert path.parent == tmp_path
    assert len(list(tmp_path.iterdir())) == 7
