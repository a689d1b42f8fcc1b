"""``efewidgets dashboard``: all widgets on one page in the browser, for one person or for a lab."""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import secrets
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from ..engine.problems import EfeError
from .console import Console
from .report import Report

_DESCRIPTION = """\
Open the dashboard in the browser: from recordings over stimuli, rheobase, targets and features to the files that
models are fitted to. FOLDER is one with recordings to choose from, and there may be several; CONFIG a saved session,
or any config of `efewidgets extract`. Without either it opens on five sample cells.

For a lab, --root shows a folder (or more) to any number of visitors, who can't leave it: each has a session of their
own, kept in the --scratch folder, or nowhere with --read-only. See docs/sharing.md.
"""
_EXAMPLE = """\
example:
  efewidgets dashboard
  efewidgets dashboard recordings/
  efewidgets dashboard C:\\data D:\\rig2
  efewidgets dashboard --root /data --scratch /scratch/efewidgets --token secret --no-browser
"""
#: s that a trial of eFEL may take before the page opens without it
_PROOF = 60
_LOCAL = ("localhost", "127.0.0.1", "::1")


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "dashboard",
        help="open all widgets on one page in the browser",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "start",
        nargs="*",
        metavar="FOLDER|CONFIG",
        help="what to open: a config, or one or several folders (default: the sample cells)",
    )
    parser.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="DIR",
        help="show visitors this folder, and nothing outside; may be repeated",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="let those visitors read recordings by addresses of this host (*.example.org: all below); may be repeated",
    )
    writing = parser.add_mutually_exclusive_group()
    writing.add_argument("--read-only", action="store_true", help="write nothing; results are downloaded")
    writing.add_argument(
        "--scratch", metavar="DIR", help="where each visit has a folder for sessions and uploads"
    )
    parser.add_argument(
        "--ip", default="localhost", metavar="IP", help="where to listen (default: this machine only)"
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="port to listen on (default: a free one from 8866)"
    )
    parser.add_argument(
        "--token", metavar="T", help="let in only who knows it (default beyond this machine: a random one)"
    )
    parser.add_argument(
        "--base-url", default="/", metavar="U", help="path of the page, behind a proxy (default: /)"
    )
    parser.add_argument(
        "--warm", type=int, default=1, metavar="N", help="kernels kept ready for visitors (default: 1)"
    )
    parser.add_argument(
        "--idle",
        type=float,
        default=15,
        metavar="MIN",
        help="minutes until a kernel ends whose browser vanished (default: 15)",
    )
    parser.add_argument("--no-browser", action="store_true", help="don't open the browser")
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Serve the page until it is told to end."""
    settings = settings_of(chosen)
    from ..app.server import Address, free_port, serve

    token = chosen.token or ("" if chosen.ip in _LOCAL else secrets.token_urlsafe(12))
    address = Address(chosen.ip, free_port(chosen.ip, chosen.port), _base_url(chosen.base_url), token)

    def say(own: pathlib.Path) -> None:
        print(_where(address, not chosen.token, own), file=sys.stderr, flush=True)

    if not chosen.idle > 0:
        raise EfeError("--idle must be more than 0 minutes.")
    console.interrupt.check()
    idle = 60 * chosen.idle
    if settings.read_only:
        _prove_efel()
    serve(settings, address, max(chosen.warm, 0), say, not chosen.no_browser, idle, console.interrupt.heed)
    return Report({"url": address.place})


def _prove_efel() -> None:
    """Have it known how features can be computed (`efel_proof`) before visitors come, who may write nothing."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            [sys.executable, "-c", "from efewidgets.engine.features.efel_proof import proof; proof()"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=_PROOF,
        )


def _where(address: Any, made: bool, own: pathlib.Path) -> str:
    """Return what is said of where the page is: a token only to a person, never to a log.

    Parameters
    ----------
    address : Address
    made : bool
        Whether nobody knows the token yet.
    own : pathlib.Path
        A folder that only the owner of this process can read.
    """
    if not address.token or sys.stderr.isatty():
        return f"The dashboard is at {address.url} (Ctrl-C ends it)"
    text = f"The dashboard is at {address.place} (Ctrl-C ends it)"
    if made:
        from ..app.secret import leave

        text += f"\nThe address with its token is in {leave(address.url, own)}, which only you can read."
    return text


def settings_of(chosen: argparse.Namespace) -> Any:
    """Return the page's settings, with absolute paths.

    Raises
    ------
    EfeError
        If a folder or config isn't there, or they don't go together.
    """
    from ..app.settings import Settings, own_scratch

    roots = [_folder(given, "--root") for given in chosen.root]
    starts = _starts(chosen.start)
    for start in starts if roots else ():
        if not any(pathlib.Path(start).is_relative_to(root) for root in roots):
            raise EfeError(
                f"{start} is not in the folder of --root, {', '.join(roots)}: visitors can't leave that one."
            )
    scratch = None
    if chosen.scratch:
        os.makedirs(chosen.scratch, exist_ok=True)
        scratch = _folder(chosen.scratch, "--scratch")
    elif not chosen.read_only:
        scratch = str(own_scratch())
    real = None if scratch is None else pathlib.Path(os.path.realpath(scratch))
    if real is not None and any(real.is_relative_to(root) for root in roots):
        raise EfeError(
            f"the scratch folder, {scratch}, is in the folder of --root: each visitor would see the others' sessions. "
            "Name another one with --scratch, or none with --read-only."
        )
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
    )


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


def _base_url(given: str) -> str:
    inner = given.strip("/")
    return f"/{inner}/" if inner else "/"
