"""Who has a page, and who waits for one, in the order in which they came."""

from __future__ import annotations

import contextvars
import secrets
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

#: s without a look after which somebody who waits is passed over, and after which they are forgotten: a browser lets
#: a page that isn't seen look once a minute
PASSED, FORGOTTEN = 10.0, 150.0


@dataclass(eq=False)
class Guest:
    """Somebody who has come in.

    Attributes
    ----------
    kernel : str
        The kernel of their page; "" until there is one.
    """

    kernel: str = ""


@dataclass(frozen=True)
class Turn:
    """Where somebody stands who waits.

    Parameters
    ----------
    before, waiting : int
        How many come in first, and how many wait in all.
    come : bool
        Whether they may come in now.
    """

    before: int
    waiting: int
    come: bool


_guest: contextvars.ContextVar[Guest | None] = contextvars.ContextVar("guest", default=None)


class Room:
    """Places for pages, and the queue before the door.

    Parameters
    ----------
    places : int
        For so many pages; 0 for any number.
    kernels : container of str
        The kernels that there are; a page whose kernel isn't among them any more has left.
    clock : callable
        Returns s.
    """

    def __init__(
        self,
        places: int,
        kernels: Container[Any],
        clock: Callable[[], float] = time.monotonic,
    ):
        self.places, self._kernels, self._clock = places, kernels, clock
        self._inside: list[Guest] = []
        self._waiting: dict[str, float] = {}  # when each has looked last

    # --- the door

    def come_in(self, ticket: str = "", leaves: str = "") -> Guest | None:
        """Let somebody in, if there is a place and nobody who waits comes first; their kernel is then `settle`d.

        Parameters
        ----------
        ticket : str
            What they are called by in the queue.
        leaves : str
            The kernel of the page that they have just left, as by a reload: its place is theirs.
        """
        turn, left = (
            self.look(ticket),
            next((one for one in self._inside if leaves and one.kernel == leaves), None),
        )
        if left is not None:
            self._inside.remove(left)
        elif not (turn.come if turn else self.free > len(self._present())):
            return None
        self._waiting.pop(ticket, None)
        guest = Guest()
        self._inside.append(guest)
        _guest.set(guest)
        return guest

    @staticmethod
    def settle(kernel: str) -> None:
        """Know the kernel of who has just come in: this is called where they are served."""
        guest = _guest.get()
        if guest is not None:
            guest.kernel = kernel

    def done(self, guest: Guest) -> None:
        """Take note that a page has been sent; who got none has left."""
        if not guest.kernel:
            self._inside.remove(guest)

    # --- the queue

    def wait(self) -> str:
        """Put somebody at the end of the queue; return what they are called by."""
        ticket = secrets.token_urlsafe(12)
        self._waiting[ticket] = self._clock()
        return ticket

    def look(self, ticket: str) -> Turn | None:
        """Return where somebody stands, who looks just now; None if they don't wait, or for so long that it is over."""
        present = self._present()
        if ticket not in self._waiting:
            return None
        order = list(self._waiting)
        before = [one for one in order[: order.index(ticket)] if one in present]
        self._waiting[ticket] = self._clock()
        return Turn(len(before), len({*present, ticket}), self.free > len(before))

    @property
    def left(self) -> int | None:
        """How many places are left; None for any number."""
        self._inside = [one for one in self._inside if not one.kernel or one.kernel in self._kernels]
        return max(self.places - len(self._inside), 0) if self.places else None

    @property
    def free(self) -> int:
        """How many may come in now."""
        return 1 + len(self._waiting) if self.left is None else self.left

    def _present(self) -> set[str]:
        """Return who looks again and again; forget who hasn't for long."""
        now = self._clock()
        self._waiting = {one: when for one, when in self._waiting.items() if now - when < FORGOTTEN}
        return {one for one, when in self._waiting.items() if now - when < PASSED}
