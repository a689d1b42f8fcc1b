"""What the page's notebook does: all that can be done before somebody comes, and the rest when they do."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import urllib.parse
from typing import Any

import comm

from ..engine.problems import EfeError
from ..engine.systems.shares import end_sooner
from ..state import ExtractionState
from . import keeper, visitor
from .begin import (
    SESSION_FILE,
    fence_of,
    first_state,
    is_name,
    log_to_server,
    new_name,
    open_session,
    options_of,
    scratch_of,
    with_reader,
)
from .classroom.questions import questions_in
from .dashboard import Dashboard
from .fence import Fence
from .lifeline import WITH_A_SESSION, WITHOUT_A_SESSION
from .recent import Recents
from .settings import Settings

#: s that a visitor may wait for results before there is a page; with few recordings they are there in this time
PATIENCE = 1.0

#: s that a config's results may take which visitors find made; of more they see a part, and the rest as it comes
BEFOREHAND = 30.0

#: Stands in the place of a session's name where a teacher sees it
_YOUR_NAME = "Your name, for your teacher"

#: A page, how it is served, and the name of its visit
Ready = tuple[Settings, str, Dashboard]

_READY: list[Ready] = []
#: What a process has made whose copies are kernels, and the bytes of the config that it was made of
_PREPARED: dict[Settings, tuple[bytes | None, Ready]] = {}


def prepare(settings: Settings) -> None:
    """Make the page that new visitors see, for copies of this process to take over.

    That of a folder isn't: it has nothing to compute. Nor is one whose results take long, nor one with trouble:
    visitors see them come, and what is wrong.
    """
    if os.path.isdir(settings.start):
        return
    config = _bytes_of(settings.start)
    with contextlib.suppress(EfeError):
        state = first_state(settings)
        if state.wait(BEFOREHAND if settings.start else None):
            _PREPARED[settings] = config, _page_on(state, settings, new_name())
        else:
            state.close()


def warm() -> None:
    """Make the page that a new visitor sees; it may wait for them in a kernel that is kept warm."""
    log_to_server()
    settings = Settings.from_environment()
    os.chdir(settings.folder or os.getcwd())
    if settings.root is not None:
        end_sooner()  # than the server, which others need
    _READY.append(_taken_over(settings) or _made(settings, new_name()))


def _taken_over(settings: Settings) -> Ready | None:
    """Return a page that was made before this process was copied, for a visit of its own."""
    config, found = _PREPARED.pop(settings, (None, None))
    if found is None:
        return None
    served, _, dashboard = found
    if config != _bytes_of(settings.start):
        dashboard.close()
        return None
    _be_heard()
    name = new_name()
    scratch = scratch_of(settings, name)
    if scratch is not None:
        dashboard.move(scratch, name)
    if settings.start:  # recordings may have changed since
        dashboard.state.refresh_files()
    return served, name, dashboard


def _bytes_of(config: str) -> bytes | None:
    """Return what a config says at present; None where there is none, or it can't be read."""
    with contextlib.suppress(OSError, ValueError):
        return pathlib.Path(config).read_bytes()
    return None


def _be_heard() -> None:
    """Have widgets that were made without a kernel speak through this one; ipywidgets says nothing for them else."""
    from IPython import get_ipython

    lines: dict[str, Any] = comm.get_comm_manager().comms
    for line in lines.values():
        line.kernel = getattr(get_ipython(), "kernel", None)


def _made(settings: Settings, name: str) -> Ready:
    trouble = ""
    try:
        state = first_state(settings)
    except EfeError as error:  # the command has looked at it, but files change
        state, trouble = first_state(dataclasses.replace(settings, start=settings.folder)), str(error)
    state.wait(None if visitor.is_awaited() else PATIENCE)
    ready = _page_on(state, settings, name)
    if trouble:
        ready[2].message.say(trouble)
    return ready


def _page_on(state: ExtractionState, settings: Settings, name: str) -> Ready:
    settings = with_reader(settings, state)
    if state.inputs.cells and not state.view.tab:  # there is something to look at
        state.view.tab = "stimuli"
    return settings, name, _dashboard(settings, name, state)


def show() -> None:
    """Show the page to a visitor, or the session that their address names."""
    from IPython.display import display

    settings, name, dashboard = _READY.pop()
    wanted, number = keeper.named(_asked_for())
    session = _session_file(fence_of(settings, wanted), number) if is_name(wanted) else None
    if session is not None and session.is_file():
        try:
            keeper.take(session)
            fence_of(settings, wanted).enclose()
            state = open_session(session, fence_of(settings, wanted), **options_of(settings))
        except (EfeError, OSError) as error:
            dashboard.fence.enclose()
            dashboard.message.say(f"the session can't be opened: {error}")
        else:
            dashboard.close()
            dashboard = _dashboard(settings, wanted, state, number)
            name = keeper.name_of(wanted, number)
    dashboard.announce(name)
    if settings.taught:
        dashboard.keep()
    dashboard.lifeline.advise(WITHOUT_A_SESSION if settings.scratch is None else WITH_A_SESSION)
    display(dashboard)


def _dashboard(settings: Settings, name: str, state: ExtractionState, number: int = 1) -> Dashboard:
    fence = fence_of(settings, name)
    fence.enclose()
    return Dashboard(
        state,
        root=settings.folders or None,
        scratch=fence.scratch,
        read_only=settings.read_only,
        autosave=_session_file(fence, number),
        fence=fence,
        options=lambda: options_of(settings),
        recents=_recents(settings, name, number),
        questions=questions_in(settings.questions) if settings.questions else (),
        name_asked=_YOUR_NAME if settings.taught else "",
    )


def _recents(settings: Settings, name: str, number: int) -> Recents | None:
    """Return the sessions that this visitor may be told of: all on one's own machine."""
    if settings.scratch is None:
        return None
    return Recents(pathlib.Path(settings.scratch), settings.root is None, keeper.name_of(name, number))


def _session_file(fence: Fence, number: int) -> pathlib.Path | None:
    return None if fence.scratch is None else keeper.beside(fence.scratch / SESSION_FILE, number)


def _asked_for() -> str:
    """Return the name of the visit that stands in the address."""
    return urllib.parse.parse_qs(visitor.query()).get("session", [""])[0]
