"""What problems have in common: the same said of many places is one sentence."""

from __future__ import annotations

import os
import re

from ...engine.problems import Problem
from ..files.words import for_people

#: Numbers outside of quotes, in which the same sentence differs from place to place
_NUMBER = re.compile(r"('[^']*')|(?<![\w.])[-\u2212]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def sentence(problem: Problem) -> str:
    """Return what a problem has in common with those that say the same of other places."""
    return _NUMBER.sub(lambda found: found[1] or "#", _of_this_file(problem))


def in_page_words(problem: Problem) -> str:
    """Return what a problem says for who reads it beside its place, and can open the details of its file."""
    said = for_people(_of_this_file(problem), problem.file or "", problem.protocol or "")
    return said[:1].upper() + said[1:]


def _of_this_file(problem: Problem) -> str:
    """Return the message without the name of its file, which stands beside it."""
    if not problem.file:
        return problem.message
    message, name = problem.message, os.path.basename(problem.file)
    for named in (problem.file, name):
        message = message.removeprefix(f"{named}: ")
    return message.replace(name, "this file") if name else message
