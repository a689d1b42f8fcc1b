"""The token, kept out of logs: whoever reads one could come in."""

from __future__ import annotations

import logging
import pathlib
import re
import urllib.parse

HIDDEN = "[token]"
_IN_ADDRESS = re.compile(r"(token(?:=|%3D))[^&\s'\"<>]+?(?=%26|[&\s'\"<>)]|$)", re.IGNORECASE)
_LEAST = 4  # characters of a token that is no ordinary part of words

FILE = "address.txt"


class Hide(logging.Filter):
    """Takes the token, and whatever an address gives as one, out of a record before it is written.

    Parameters
    ----------
    token : str
    """

    def __init__(self, token: str):
        super().__init__()
        written = {token, urllib.parse.quote(token, safe=""), urllib.parse.quote_plus(token)}
        self._written = sorted((text for text in written if len(text) >= _LEAST), key=len, reverse=True)
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without the token."""
        record.msg, record.args = self.hidden(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self.hidden(self._formatter.formatException(record.exc_info))
        return True

    def hidden(self, text: str) -> str:
        """Return a text without the token."""
        text = _IN_ADDRESS.sub(rf"\1{HIDDEN}", text)
        for written in self._written:
            text = text.replace(written, HIDDEN)
        return text


def hide_in_logs(token: str, logger: logging.Logger) -> None:
    """Keep the token out of what a server's logger writes, and out of what libraries write by themselves."""
    hide = Hide(token)
    written = {*logger.handlers, *logging.getLogger().handlers, logging.lastResort}
    for name in ("tornado", "tornado.access", "tornado.application", "tornado.general", "asyncio"):
        written.update(logging.getLogger(name).handlers)
    for handler in written - {None}:
        handler.addFilter(hide)  # type: ignore[union-attr]


def leave(address: str, folder: pathlib.Path, name: str = FILE) -> pathlib.Path:
    """Write an address with its token to a file that only its owner can read; return its path."""
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(f"{address}\n", encoding="utf-8", newline="\n")
    return path
