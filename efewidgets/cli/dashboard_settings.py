"""What the arguments of ``efewidgets dashboard`` say: what the page opens on, and what its visitors are given."""

from __future__ import annotations

import argparse
import os
import pathlib
from collections.abc import Sequence
from typing import Any

from ..engine.problems import EfeError

#: Minutes without a sign of the person, after which a page sleeps that visitors share
_SLEEP = 60.0


def settings_of(chosen: argparse.Namespace) -> Any:
    """Return the page's settings, with absolute paths.

    Raises
    ------
    EfeError
        If a folder or config isn't there, or they don't go together.
    """
    from ..app.settings import Settings

    roots, starts = [_folder(given, "--root") for given in chosen.root], _starts(chosen.start)
    if chosen.taught:
        roots = roots or _root_of_class(chosen)
    elif chosen.questions:
        raise EfeError("--questions are those of a class: add --class.")
    for start in starts if roots else ():
        if not any(pathlib.Path(start).is_relative_to(root) for root in roots):
            raise EfeError(
                f"{start} is not in the folder of --root, {', '.join(roots)}: visitors can't leave that one."
            )
    scratch, questions = _scratch(chosen, roots), ""
    if chosen.questions:
        from ..app.classroom.questions import questions_in

        questions = os.path.realpath(chosen.questions)
        questions_in(questions)
    start = starts[0] if starts else ""
    folder = roots[0] if roots else os.getcwd()
    if start:
        folder = start if os.path.isdir(start) else os.path.dirname(start)
    return Settings(
        start,
        folder,
        roots[0] if roots else None,
        scratch,
        chosen.read_only,
        hosts=tuple(chosen.allow_host),
        more=tuple(roots[1:] if roots else starts[1:]),
        taught=chosen.taught,
        questions=questions,
    )


def _root_of_class(chosen: argparse.Namespace) -> list[str]:
    """Return the folder of a class for which none was named: that of the sample cells, if it begins with these."""
    from ..datasets import sample_folder

    if chosen.start:
        raise EfeError(
            "--class needs --root DIR, the folder that students see: they could read all of this machine otherwise."
        )
    return [str(sample_folder())]


def _scratch(chosen: argparse.Namespace, roots: Sequence[str]) -> str | None:
    """Return where sessions are kept."""
    from ..app.settings import class_scratch, own_scratch

    if chosen.taught and chosen.read_only:
        raise EfeError(
            "--class keeps the students' answers, and --read-only nothing: leave one of them away."
        )
    scratch = None
    if chosen.scratch:
        os.makedirs(chosen.scratch, exist_ok=True)
        scratch = _folder(chosen.scratch, "--scratch")
    elif not chosen.read_only:
        scratch = str(class_scratch() if chosen.taught else own_scratch())
    real = None if scratch is None else pathlib.Path(os.path.realpath(scratch))
    if real is not None and any(real.is_relative_to(root) for root in roots):
        raise EfeError(
            f"the scratch folder, {scratch}, is in the folder of --root: each visitor would see the others' sessions. "
            "Name another one with --scratch, or none with --read-only."
        )
    return scratch


def hosting_of(chosen: argparse.Namespace, settings: Any) -> Any:
    """Return what visitors are given. Who is alone on their own machine is given all of it, unless they say otherwise.

    Raises
    ------
    EfeError
        If that can't be.
    """
    from ..app.configured import Hosting
    from ..app.forked import are_copied
    from ..app.many.share import Share, shared
    from ..engine.long.memory import size_of

    for name, least in (("visitors", 1), ("idle", 0), ("sleep", 0)):
        given = getattr(chosen, name)
        if given is not None and (given < least or (name == "idle" and not given > 0)):
            raise EfeError(
                f"--{name} must be {'more than 0 minutes' if name == 'idle' else f'{least} or more'}."
            )
    memory = None if chosen.memory is None else size_of(chosen.memory, "--memory")
    alone = settings.root is None and chosen.visitors is None and memory is None
    copies = are_copied(many=not alone)
    share = Share() if alone else shared(chosen.visitors, memory, copies)
    sleep = (0.0 if settings.root is None else _SLEEP) if chosen.sleep is None else chosen.sleep
    if sleep and settings.scratch is None:  # it would forget all
        if chosen.sleep:
            raise EfeError("--sleep needs sessions to wake up with, and --read-only keeps none.")
        sleep = 0.0
    return Hosting(max(chosen.warm, 0), 60 * chosen.idle, 60 * sleep, share, copies)


def classroom_of(settings: Any, address: Any) -> Any:
    """Return what a teacher sees; None where there is no class."""
    from ..app.classroom.questions import questions_in
    from ..app.classroom.teacher import Classroom

    if not settings.taught:
        return None
    questions = questions_in(settings.questions) if settings.questions else ()
    return Classroom(pathlib.Path(settings.scratch), address.url, tuple(one.text for one in questions))


def _starts(given: Sequence[str]) -> list[str]:
    """Return the paths of folders, or of one config that can be used."""
    found = list(dict.fromkeys(map(_start, given)))
    if len(found) > 1 and not all(map(os.path.isdir, found)):
        raise EfeError("give one config, or folders: a page opens on one session.")
    return found


def _start(given: str) -> str:
    """Return the path of a folder, or of a config that can be used."""
    path = os.path.realpath(given)
    if not os.path.exists(path):
        raise EfeError(f"{given}: there is no such folder or config.")
    if not os.path.isdir(path):
        from ..engine.config.document import load_config

        load_config(path)
    return path


def _folder(given: str, option: str) -> str:
    if not os.path.isdir(given):
        raise EfeError(f"{option} {given}: there is no such folder.")
    return os.path.realpath(given)
