"""How many visitors there may be, and how much memory all of them and each may take."""

from __future__ import annotations

from dataclasses import dataclass

from ...engine.long.memory import allowance
from ...engine.problems import EfeError

MB = 1 << 20
#: Bytes of the server and what it keeps ready, and of one page after its first figures, started by itself or copied
SERVER, STARTED, COPIED = 250 * MB, 150 * MB, 80 * MB
#: Part of what the system leaves that is taken where nobody says how much
_PART = 0.9


@dataclass(frozen=True)
class Share:
    """What is shared among visitors.

    Parameters
    ----------
    visitors : int
        How many have a page at the same time; 0 for any number.
    memory : int
        Bytes that the server and all pages take together; 0 if nothing limits it.
    """

    visitors: int = 0
    memory: int = 0

    @property
    def each(self) -> int:
        """Bytes that a page has for sure; more where others leave it."""
        return (self.memory - SERVER) // self.visitors if self.memory and self.visitors else 0

    def one_too_many(self, taken: dict[str, int], everything: int) -> str | None:
        """Return which page is to end, so that the others have room: the one that takes most beyond its share.

        Parameters
        ----------
        taken : dict of (str, int)
            Bytes of each page.
        everything : int
            Bytes of all pages and the server.
        """
        if not self.memory or everything <= self.memory or not taken:
            return None
        most = max(taken, key=lambda name: taken[name])
        return most if taken[most] > self.each else None


def shared(visitors: int | None, memory: int | None, copies: bool) -> Share:
    """Return the share of what somebody has said, and for the rest of what the system leaves.

    Parameters
    ----------
    visitors, memory : int, optional
        As in `Share`; as many as have room, and what the container or the machine leaves.
    copies : bool
        Whether pages are copies of one process, and take less.

    Raises
    ------
    EfeError
        If that isn't enough.
    """
    page = COPIED if copies else STARTED
    if memory is None:
        left = allowance()
        memory = 0 if left is None else max(int(_PART * left.left), SERVER + page * (visitors or 1))
    if not memory:
        return Share(visitors or 0)
    room = max((memory - SERVER) // page, 0)
    if room < (visitors or 1):
        raise EfeError(
            f"--memory {memory / MB:.0f}M suffices for {room} visitors: the server takes about {SERVER // MB} MB and "
            f"each page {page // MB} MB, so that {visitors or 1} need {(SERVER + page * (visitors or 1)) // MB}M."
        )
    return Share(visitors or room, memory)
