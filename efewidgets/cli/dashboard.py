"""``efewidgets dashboard``: all widgets on one page in the browser, for one person or for a lab."""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import secrets
import subprocess
import sys
from typing import Any

from .console import Console
from .dashboard_settings import classroom_of, hosting_of, settings_of
from .report import Report

_DESCRIPTION = """\
Open the dashboard in the browser: from recordings over stimuli, rheobase, targets and features to the files that
models are fitted to. FOLDER is one with recordings to choose from, and there may be several; CONFIG a saved session,
or any config of `efewidgets extract`. Without either it opens on five sample cells.

For a lab, --root shows a folder (or more) to any number of visitors, who can't leave it: each has a session of their
own, kept in the --scratch folder, or nowhere with --read-only. With --class a teacher has a page that shows who is
where, and the answers to --questions. See docs/sharing.md.
"""
_EXAMPLE = """\
example:
  efewidgets dashboard
  efewidgets dashboard recordings/
  efewidgets dashboard C:\\data D:\\rig2
  efewidgets dashboard --root /data --scratch /scratch/efewidgets --token secret --no-browser
  efewidgets dashboard --class --questions questions.json --ip 0.0.0.0 --visitors 30
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
    parser.add_argument("--no-browser", action="store_true", help="don't open the browser")
    _add_sharing(parser)
    parser.set_defaults(run=run)
    return parser


def _add_sharing(parser: argparse.ArgumentParser) -> None:
    """Add what concerns several visitors at the same time."""
    group = parser.add_argument_group("many visitors")
    group.add_argument(
        "--visitors",
        type=int,
        metavar="N",
        help="pages at the same time; who comes then waits (default: as memory allows)",
    )
    group.add_argument(
        "--memory", metavar="SIZE", help="of the server and all pages, as 4G (default: what is left)"
    )
    group.add_argument(
        "--warm", type=int, default=1, metavar="N", help="kernels kept ready when few come (default: 1)"
    )
    group.add_argument(
        "--idle",
        type=float,
        default=15,
        metavar="MIN",
        help="minutes until a kernel ends whose browser vanished (default: 15)",
    )
    group.add_argument(
        "--sleep",
        type=float,
        metavar="MIN",
        help="minutes until a page sleeps that nobody touches, 0: never (default: 60 with --root, else never)",
    )
    group.add_argument(
        "--class",
        action="store_true",
        dest="taught",
        help="a page for the teacher: who is where, all answers",
    )
    group.add_argument("--questions", metavar="FILE", help="questions of the class, as JSON")


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Serve the page until it is told to end."""
    settings = settings_of(chosen)
    hosting = hosting_of(chosen, settings)
    from ..app.address import Address, free_port
    from ..app.server import serve

    token = chosen.token or ("" if chosen.ip in _LOCAL else secrets.token_urlsafe(12))
    address = Address(chosen.ip, free_port(chosen.ip, chosen.port), _base_url(chosen.base_url), token)

    classroom = classroom_of(settings, address)

    def say(own: pathlib.Path) -> None:
        for line in (_where(address, not chosen.token, own), *_for_teacher(address, classroom, own)):
            print(line, file=sys.stderr, flush=True)

    console.interrupt.check()
    if settings.read_only:
        _prove_efel()
    serve(settings, address, hosting, say, not chosen.no_browser, console.interrupt.heed, classroom)
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


def _for_teacher(address: Any, classroom: Any, own: pathlib.Path) -> list[str]:
    """Return what is said of where the teacher's page is: its key only to a person, never to a log."""
    if classroom is None:
        return []
    from ..app.classroom.teacher import PLACE

    link = f"{address.place}{PLACE}/?key={classroom.key}"
    if sys.stderr.isatty():
        return [f"The teacher's page, for nobody else, is at {link}"]
    from ..app.secret import leave

    return [
        f"The address of the teacher's page is in {leave(link, own, 'teacher.txt')}, which only you can read."
    ]


def _base_url(given: str) -> str:
    inner = given.strip("/")
    return f"/{inner}/" if inner else "/"
