"""Names of files and folders: harmless everywhere, and still telling cells apart."""

from __future__ import annotations

import pathlib
import unicodedata
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efewidgets.engine.names import folder_names, safe_name

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
        path.write_text("here", encoding="utf-8", newline="\n")
        assert path.parent == tmp_path
    assert len(list(tmp_path.iterdir())) == 7


# --- what Windows takes for a device, and what it holds for the same

_DEVICES = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
_DEVICES += [f"{port}{n}" for port in ("COM", "LPT") for n in "123456789¹²³"]


def is_device(name: str) -> bool:
    """Whether Windows takes a name for a device, as `ntpath.isreserved` of Python 3.13 says."""
    return name.partition(".")[0].rstrip(" ").upper() in _DEVICES


@pytest.mark.parametrize("device", [*_DEVICES, *map(str.lower, _DEVICES)])
@pytest.mark.parametrize("behind", ["", ".txt", " .txt", "  .a.b", " . ", "..", ".nwb ", "\u3000"])
def test_no_name_is_a_device_whatever_stands_behind_it(device, behind):
    safe = safe_name(device + behind)
    for ending in ("", ".pdf", "_recordings.pdf", ".json"):
        assert not is_device(safe + ending)


def test_names_that_only_begin_like_devices_stay():
    for name in ("console", "com0", "com10", "nulls", "aux1", "lpt", "CONIN", "prn_1"):
        assert safe_name(name) == name


def test_cells_that_differ_in_case_only_have_folders_of_their_own():
    found = folder_names(["a1", "A1", "b", "É", "é", "straße", "STRASSE"])
    assert found["A1"] == "A1"  # the first, sorted, and what is alone, as ever
    assert found["b"] == "b"
    assert found["a1"] == "a1%f55ff16f"  # sha256sum of "a1" begins so
    assert len({name.casefold() for name in found.values()}) == len(found)
    assert found == folder_names(["straße", "é", "b", "a1", "É", "STRASSE", "A1"])


@given(st.lists(ANY_TEXT | NASTY.map("".join), max_size=12))
def test_no_two_folders_are_the_same_on_any_system(names):
    found = folder_names(names)
    assert set(found) == set(names)
    alike = [unicodedata.normalize("NFC", unicodedata.normalize("NFD", n).casefold()) for n in found.values()]
    assert len(set(alike)) == len(found)
