"""What is drawn, as files: SVG and PNG as the page shows it, and the data behind it as CSV."""

from __future__ import annotations

from collections.abc import Callable

import traitlets

from .download import Download
from .style import static

#: The files, and what they are
KINDS = {
    "svg": "the figures as vectors, for a paper",
    "png": "the figures as pixels, twice as fine as on the screen",
    "csv": "the numbers behind the figures, not thinned out",
}


class Pictures(Download):
    """Buttons that save the figures of a widget, and the data behind them.

    Parameters
    ----------
    stem : str
        Name of the files, without an ending.
    within : str
        CSS selector of what holds the figures, inside the widget.
    make : callable
        Returns the CSV; asked only when it is wanted.
    """

    _esm = static(__file__, "saving.js", "pictures.js")

    stem = traitlets.Unicode().tag(sync=True)
    within = traitlets.Unicode().tag(sync=True)
    hints = traitlets.Dict().tag(sync=True)
    wanted = traitlets.Unicode("").tag(sync=True)

    def __init__(self, stem: str, within: str, make: Callable[[], str]):
        super().__init__("CSV", f"{stem}.csv", make, kind="text/csv")
        self.stem, self.within, self.hints = stem, within, dict(KINDS)

    def save(self, kind: str) -> None:
        """Have the browser save a file, as if its button had been pressed: "svg", "png" or "csv".

        Raises
        ------
        ValueError
            If there is no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"figures are saved as {', '.join(KINDS)}, not as {kind!r}.")
        self.wanted = kind
