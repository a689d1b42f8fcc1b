"""Pieces of HTML in which other people's text can do no harm."""

from __future__ import annotations

import html
import unicodedata
from typing import Any

#: Shown in the place of characters that can't be seen: "␊" for a newline
_CONTROL_PICTURES = 0x2400


def plain(text: Any) -> str:
    """Return a name in one line: what can't be seen is shown by a picture of it."""
    text = str(text)
    if text.isprintable():  # nearly all are, and all characters that have a picture are not
        return text
    return "".join(_visible(character) for character in text)


def escape(text: Any) -> str:
    """Return a name in one line, for use in HTML: in text and in attributes."""
    return html.escape(plain(text))


def tag(name: str, *content: str, **attributes: Any) -> str:
    """Return an element; `content` is HTML, attributes are escaped. ``class_`` stands for ``class``.

    >>> tag("td", escape("<b>"), class_="efe-number")
    '<td class="efe-number">&lt;b&gt;</td>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{given}>{''.join(content)}</{name}>"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 32:
        return chr(_CONTROL_PICTURES + code)
    if code == 127:
        return "␡"
    if unicodedata.category(character) in {"Cf", "Cc", "Cs", "Zl", "Zp"}:
        return "\N{REPLACEMENT CHARACTER}"
    return character
