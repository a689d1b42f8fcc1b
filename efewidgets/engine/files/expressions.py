"""Regular expressions with a limit of time: some of a few characters would search for years."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Sequence

from ..problems import EfeError

#: s that a search in all texts may take
LIMIT = 3.0

_SEARCH = """
import json, re, sys
expression, texts = json.load(sys.stdin)
search = re.compile(expression).search
json.dump([found.groupdict() if (found := search(text)) else None for text in texts], sys.stdout)
"""

Groups = dict[str, str | None] | None


def search_all(expression: str, texts: Sequence[str]) -> list[Groups]:
    """Look for a regular expression in each text; return what its named groups hold, None where it isn't found.

    Python can't stop a search that has begun, so that another process does it.

    Raises
    ------
    EfeError
        If it takes too long.
    """
    found = _searched(expression, tuple(texts))
    if found is None:
        raise EfeError(
            f"the regular expression takes more than {LIMIT:g} s on these names. Write it without repeats in repeats, "
            "such as (a+)+, and with fewer .*"
        )
    return list(found)


@functools.lru_cache(maxsize=8)  # the same names are looked at again after each edit beside them
def _searched(expression: str, texts: tuple[str, ...]) -> tuple[Groups, ...] | None:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SEARCH],
            input=json.dumps([expression, texts]),
            capture_output=True,
            timeout=LIMIT,
            check=True,
            encoding="utf-8",
        )
    except subprocess.TimeoutExpired:
        return None
    return tuple(json.loads(done.stdout))
