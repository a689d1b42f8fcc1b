"""Files that aren't on this disk: addresses (https://, s3://, dandi://), read in pieces or fetched whole.

Formats that are read here and there (NWB) are read in ranges; others are fetched whole first. What is fetched is kept
on disk under the address and the version that the server tells, so that no old version is taken for the new one.
Who reads files on disk loads no more of this room than which paths are addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import handing_out
from .urls import absolute, is_url, name_of

if TYPE_CHECKING:
    from .blocks import open_in_ranges
    from .stamps import stamp
    from .whole import local_copy, watch

__all__ = ["absolute", "is_url", "local_copy", "name_of", "open_in_ranges", "stamp", "watch"]

__getattr__ = handing_out(
    __name__, {"open_in_ranges": "blocks", "stamp": "stamps", "local_copy": "whole", "watch": "whole"}
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
