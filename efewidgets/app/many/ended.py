"""Why the server has ended a kernel, in the words that its page says then."""

from __future__ import annotations

from dataclasses import dataclass

#: Kernels of which it is remembered why they were ended
REMEMBERED = 500


@dataclass(frozen=True)
class Ended:
    """Why a kernel was ended.

    Parameters
    ----------
    words : str
        What the page says; what to do then it knows.
    wakes : bool
        Whether the page opens its session again as soon as the person is back.
    """

    words: str
    wakes: bool = False


ASLEEP = Ended(
    "This page sleeps, because nobody touched it for long. It wakes at a click or a key.", wakes=True
)


def over_share(taken: int) -> Ended:
    """Return why a kernel was ended that took so many bytes."""
    return Ended(
        f"This page took {taken / (1 << 20):,.0f} MB of memory, more than its share, when others needed it: "
        "its computation was ended."
    )


class Endings(dict[str, Ended]):
    """Why kernels were ended, the last ones."""

    def __setitem__(self, kernel: str, why: Ended) -> None:
        super().__setitem__(kernel, why)
        while len(self) > REMEMBERED:
            del self[next(iter(self))]
