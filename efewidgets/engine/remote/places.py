"""Where the bytes of an address are: s3:// and dandi:// as https://.

Buckets are read without an account. ``AWS_ENDPOINT_URL_S3`` (``AWS_ENDPOINT_URL``) names another store than Amazon's,
``EFEWIDGETS_DANDI_API`` another archive of DANDI's kind.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ..problems import MissingFileError, ReadError
from . import transport
from .urls import scheme_of

DANDI_VARIABLE = "EFEWIDGETS_DANDI_API"
_DANDI = "https://api.dandiarchive.org/api"
_ASSET_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DANDISET = re.compile(r"(?P<number>\d{6})(?:@(?P<version>[\w.]+))?/(?P<path>.+)")

#: s for which the place of an asset is remembered: a draft may change
_KEPT = 600.0
_known: dict[str, tuple[float, str]] = {}


def first_place(url: str) -> str:
    """Return the first https:// address that will be asked for a file, without asking it."""
    scheme = scheme_of(url)
    if scheme == "s3":
        return _bucket(url)
    return _api() if scheme == "dandi" else url


def place_of(url: str) -> str:
    """Return the https:// address of a file.

    Raises
    ------
    ReadError
        If there is none.
    """
    if scheme_of(url) != "dandi":
        return first_place(url)
    found = _known.get(url)
    if found is None or time.monotonic() - found[0] > _KEPT:
        found = _known[url] = time.monotonic(), _asset(url)
    return found[1]


def _bucket(url: str) -> str:
    parts = urlsplit(url)
    key = parts.path.lstrip("/")
    if not parts.netloc or not key:
        raise ReadError(f"{url} must be s3://BUCKET/KEY.")
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint or "." in parts.netloc:  # a certificate doesn't hold for names with points
        return f"{(endpoint or 'https://s3.amazonaws.com').rstrip('/')}/{parts.netloc}/{quote(key)}"
    return f"https://{parts.netloc}.s3.amazonaws.com/{quote(key)}"


def _api() -> str:
    return os.environ.get(DANDI_VARIABLE, _DANDI).rstrip("/")


def _asset(url: str) -> str:
    """Return where DANDI keeps an asset, as it says itself."""
    said = _DANDISET.fullmatch(url.partition("://")[2])
    if said is None:
        raise ReadError(
            f"{url} must be dandi://DANDISET/ASSET, e.g. dandi://000293/sub-a/sub-a_ses-1_icephys.nwb."
        )
    number, version, path = said["number"], said["version"] or "draft", said["path"]
    base = f"{_api()}/dandisets/{number}/versions/{version}/assets"
    identity = path if _ASSET_ID.fullmatch(path) else _identity(base, path, f"dandiset {number} ({version})")
    about = _json(f"{base}/{identity}/")
    urls = [one for one in about.get("contentUrl") or () if isinstance(one, str)]
    own = [one for one in urls if not one.startswith(_api())]
    if not urls:
        raise ReadError(f"DANDI doesn't say where {path} is kept.")
    return (own or urls)[-1]


def _identity(base: str, path: str, where: str) -> str:
    found = _json(f"{base}/?{urlencode({'path': path, 'page_size': 100})}").get("results") or []
    for one in found:
        if one.get("path") == path:
            if one.get("zarr"):
                raise ReadError(f"{path} is a Zarr folder, which can't be read from afar: download it first.")
            return str(one["asset_id"])
    near = ", ".join(str(one.get("path")) for one in found[:3])
    raise MissingFileError(f"{where} has no asset {path}.{f' There are: {near}.' if near else ''}")


def _json(url: str) -> dict[str, Any]:
    try:
        found = json.loads(transport.get(url))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ReadError(f"{url} answered with something else than DANDI does.")
    return found
