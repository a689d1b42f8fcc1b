"""Words on a page: other people's names letter by letter, never as mathematics, nor wider than their room."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .style import INK

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

# DejaVu comes with matplotlib: figures are the same everywhere. Others lend the letters that it lacks.
FONT = "DejaVu Sans"
_FALLBACKS = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Heiti TC", "Yu Gothic"),
    *("Malgun Gothic", "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans Devanagari", "Nirmala UI"),
)
_ALONG = {"left": 0.0, "center": 0.5, "right": 1.0}  # part of the width
_ACROSS = {"baseline": 0.0, "center": 0.365, "top": 0.73}  # part of the size: DejaVu's digits are 0.73 high


@lru_cache(maxsize=1)
def _artist_class() -> Any:
    """Make the class of the artist; here, because matplotlib is imported only when something is drawn."""
    from matplotlib.artist import Artist
    from matplotlib.colors import to_rgba

    class Words(Artist):
        """One line of text; a fraction of matplotlib's Text, which is laid out again on every page."""

        def __init__(
            self, place: tuple[float, float], string: str, size: float, look: tuple[str, str, float, str]
        ):
            super().__init__()
            self.place, self.size = place, size
            self.string, self.fonts = literal(string)
            self.along, self.across, self.rotation, self.colour = look
            self.set_zorder(3)

        def draw(self, renderer: Any) -> None:
            if not (self.string and self.get_visible()):
                return
            scale = renderer.points_to_pixels(1.0)
            back = _ALONG[self.along] * _width(self.string, self.fonts, self.size) * scale
            down = _ACROSS[self.across] * self.size * scale
            x, y = self.get_transform().transform(self.place)
            x, y = (x - back, y - down) if not self.rotation else (x + down, y - back)
            if renderer.flipy():
                y = renderer.get_canvas_width_height()[1] - y
            gc = renderer.new_gc()
            gc.set_foreground(to_rgba(self.colour), isRGBA=True)
            renderer.draw_text(gc, x, y, self.string, _font(self.fonts, self.size), self.rotation)
            gc.restore()

    return Words


def words(
    x: float,
    y: float,
    string: object,
    size: float,
    *,
    along: str = "left",
    across: str = "baseline",
    rotation: float = 0.0,
    color: str = INK,
    transform: Any,
) -> Artist:
    r"""Return an artist that writes one line of text.

    Parameters
    ----------
    x, y : float
        Place, in the coordinates of `transform`.
    string : object
        What to write; what no font can draw is written as an escape, such as ``\n``.
    size : float
        Points.
    along : {"left", "center", "right"}
        Which part of the line is at the place, in the direction of reading.
    across : {"baseline", "center", "top"}
        Which part of the letters is there.
    rotation : {0, 90}
        Degrees; 90 reads upwards.
    color : str
        Of the letters.
    transform : matplotlib transform
        From the coordinates of the place to the page.
    """
    if rotation not in (0, 90):
        raise ValueError(f"Text is written level or upwards, not at {rotation} degrees.")
    artist = _artist_class()((x, y), str(string), size, (along, across, rotation, color))
    artist.set_transform(transform)
    return artist


def write(page: Figure, x: float, y: float, string: object, size: float, **look: Any) -> None:
    """Write on a page, at a place in inches; `look` as for `words`."""
    page.add_artist(words(x, y, string, size, transform=page.dpi_scale_trans, **look))


def width(string: object, size: float) -> float:
    """Width of a text in inches."""
    return _width(*literal(str(string)), size) / 72


def fitted(string: object, size: float, room: float) -> str:
    """Return `string`, its middle left out if it is wider than `room` inches: both ends tell names apart."""
    whole = literal(str(string))[0]
    kept = len(whole)
    shorter = whole
    while kept > 3 and width(shorter, size) > room:
        kept = max(3, min(kept - 1, int(kept * room / width(shorter, size)) + 1))
        head = (kept - 1) // 2
        shorter = f"{whole[:head]}…{whole[len(whole) - (kept - 1 - head) :]}"
    return shorter


@lru_cache(maxsize=4096)
def _width(string: str, fonts: tuple[str, ...], size: float) -> float:
    """Width of a text in points, the same for every way of drawing."""
    from matplotlib.textpath import TextToPath

    return float(TextToPath().get_text_width_height_descent(string, _font(fonts, size), ismath=False)[0])


@lru_cache(maxsize=256)
def _font(families: tuple[str, ...], size: float) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=list(families), style="normal", variant="normal", weight="normal", size=size)


@lru_cache(maxsize=4096)
def literal(string: str) -> tuple[str, tuple[str, ...]]:
    """Return `string` on one line as it can be drawn, and the fonts that it needs."""
    if string.isascii() and string.isprintable():
        return string, (FONT,)
    fonts = [FONT]
    return "".join(_drawable(character, fonts) for character in string), tuple(fonts)


def _drawable(character: str, fonts: list[str]) -> str:
    """Return the character, with a font for it added to `fonts` if needed, or its escape."""
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if not category.startswith("C"):
        for family in (*fonts, *_other_fonts()):
            if ord(character) in _letters_of(family):
                if family not in fonts:
                    fonts.append(family)
                return character
    return character.encode("unicode_escape").decode()


@lru_cache(maxsize=1)
def _other_fonts() -> tuple[str, ...]:
    """Fonts of this machine that may draw what DejaVu can't: those of matplotlib's settings first."""
    from matplotlib import rcParams
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    wanted = dict.fromkeys((*rcParams["font.sans-serif"], *_FALLBACKS))
    return tuple(name for name in wanted if name in installed and name != FONT)


@lru_cache(maxsize=64)
def _letters_of(family: str) -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(family)).get_charmap())
