"""Other people's names: drawn as they are, on one line, within their room."""

from __future__ import annotations

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import fontManager
from matplotlib.textpath import TextPath

from efewidgets.engine.figures import words
from efewidgets.engine.figures.panel import figure
from efewidgets.engine.figures.words import fitted, literal, width, write
from tests.engine.figures.fakes import written_on


@pytest.mark.parametrize("name", ["$x_1$", "a_b^c", "50 %", '<b>"q"</b>', "\\alpha", "µV", "Zürich", "ϕ→∞"])
def test_what_the_font_has_is_drawn_as_it_is(name):
    assert literal(name) == (name, ("DejaVu Sans",))


@pytest.mark.parametrize(
    ("name", "drawn"), [("a\nb", r"a\nb"), ("\t", r"\t"), ("\x00", r"\x00"), ("\udc80", r"\udc80")]
)
def test_what_has_no_shape_is_drawn_as_an_escape(name, drawn):
    assert literal(name)[0] == drawn


def test_letters_that_no_font_has_are_drawn_as_escapes(fresh_fonts, monkeypatch):
    monkeypatch.setattr(words, "_FALLBACKS", ())
    with matplotlib.rc_context({"font.sans-serif": ["DejaVu Sans"]}):
        assert literal("细胞 1") == (r"\u7ec6\u80de 1", ("DejaVu Sans",))


def test_other_fonts_lend_their_letters(fresh_fonts):
    """A letter that DejaVu lacks is taken from a font that has it, and drawn without a complaint."""
    lender = "STIXGeneral"
    assert lender in {entry.name for entry in fontManager.ttflist}
    missing = sorted(words._letters_of(lender) - words._letters_of(words.FONT))
    letter = next(chr(code) for code in missing if chr(code).isprintable() and chr(code).isalpha())
    with matplotlib.rc_context({"font.sans-serif": ["no such font", lender]}):
        assert literal(f"cell {letter}") == (f"cell {letter}", ("DejaVu Sans", lender))
        page = figure(2, 1)
        write(page, 0.2, 0.4, f"cell {letter}", 10)
        from efewidgets.engine.figures.jobs import _pdf, _png

        assert _pdf([page]).startswith(b"%PDF")
        assert _png(page).startswith(b"\x89PNG")


@pytest.fixture
def fresh_fonts():
    """Forget which fonts there are, before and after."""

    def forget():
        for remembered in (words._other_fonts, words.literal, words._width):
            remembered.cache_clear()

    forget()
    yield
    forget()


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.sampled_from([6.0, 7.5, 11.0]))
def test_fits_into_its_room(text, size):
    room = 1.2
    assert width(fitted(text, size, room), size) <= room


def test_what_fits_stays_and_what_does_not_keeps_both_ends():
    assert fitted("C060109A1-SR-C1", 8, 3) == "C060109A1-SR-C1"
    short = fitted("C060109A1-SR-C1_IDrest_ch1_371", 8, 1.0)
    assert short.startswith("C06")
    assert short.endswith("371")
    assert "…" in short


def test_width_is_that_of_the_drawn_letters():
    """Against the outline of the letters: they fill the width but for their side bearings."""
    outline = (
        TextPath((0, 0), "0.215 nA · 120 %", size=8, prop={"family": "DejaVu Sans"}).get_extents().width / 72
    )
    assert width("0.215 nA · 120 %", 8) == pytest.approx(outline, abs=0.02)


def test_text_stands_where_it_is_put():
    """Drawn dark pixels lie in the box that the text was given, level and upright."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for look in ({"along": "right", "across": "top"}, {"along": "center", "rotation": 90}, {}):
        page = figure(3, 3)
        write(page, 1.5, 1.5, "HELLO", 12, **look)
        canvas = FigureCanvasAgg(page)
        canvas.draw()
        dark = np.asarray(canvas.buffer_rgba())[..., 0] < 128
        rows, columns = np.nonzero(dark)
        drawn = (columns.min(), 450 - rows.max() - 1, columns.max() + 1, 450 - rows.min())
        expected = np.array(written_on(page)[0].box) * 150
        assert np.allclose(drawn, expected, atol=7)  # pixels: 0.05 inches; letters are hinted
