"""What the server answers at addresses that nobody should ask for, and what of it stands in its log."""

from __future__ import annotations

import http.client
import pathlib
import re
import urllib.parse

import pytest

from tests.browser.served import Served

TOKEN = "hemlig/ord+7"
ODD = (
    "voila/static/",
    "voila/static/%2e%2e/%2e%2e/etc/passwd",
    "voila/static/%00",
    "voila/static/%ff",
    "voila/static//etc/passwd",
    "voila/static/" + 5000 * "a",
    "voila/templates/",
    "voila/templates/lab",
    "voila/templates/lab/static",
    "voila/templates/lab/static/",
    "voila/templates/lab/static/%00",
    "voila/templates/lab/static/%2e%2e/x",
    "voila/templates/%00/static/x",
    "voila/templates/there/isn't/such/a/one",
    "voila/templates/%ff/static/x",
    "voila/labextensions/%00",
    "logout",
    "logout?x=1",
)


@pytest.fixture(scope="module", params=["/", pytest.param("/lab/", marks=pytest.mark.slow)])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    found = Served(folder, "--read-only", f"--token={TOKEN}", "--warm=0", base_url=request.param)
    yield found
    found.stop()


def asked(server: Served, path: str, method: str = "GET", **headers: str) -> int:
    """Return how a server answers."""
    place = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    try:
        connection.request(method, place.path + path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("path", ODD)
def test_odd_addresses_are_not_found(server, path):
    known = f"{path}{'&' if '?' in path else '?'}token={urllib.parse.quote(TOKEN, safe='')}"
    assert {asked(server, known), asked(server, path)} == {404}
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_the_files_of_the_page_are_found(server):
    assert asked(server, "voila/static/voila.js") == 200
    assert asked(server, "voila/templates/lab/static/voila.js") == 200


def test_the_token_never_stands_in_the_log(server):
    given = urllib.parse.quote(TOKEN, safe="")
    kernel = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    for path in (
        f"x/y?token={given}",
        f"voila/static/x?token={given}",
        f"api/kernels/{kernel}?token={given}",
        f"api/kernels/{kernel}/channels?token={given}&session_id=x",
        f"login?next=%2F%3Ftoken%3D{given}",
        f"?x=1&token={given}",
    ):
        for method in ("GET", "POST", "ODD"):
            asked(server, path, method)
            asked(server, path, method, Authorization=f"token {TOKEN}", Referer=f"{server.url}?token={given}")
    log = server.log.read_text(encoding="utf-8")
    assert "token=[token]" in log  # what went wrong is told
    assert server.url in log
    for written in (TOKEN, given, "hemlig"):
        assert written not in log


@pytest.mark.slow
def test_a_token_that_was_made_is_in_a_file_for_its_owner_only(tmp_path):
    server = Served(tmp_path, "--read-only", "--warm=0", ip="127.0.0.2")
    try:
        (name,) = re.findall(
            r"The address with its token is in (.*), which only you", server.log.read_text(encoding="utf-8")
        )
        path = pathlib.Path(name)
        address, _, token = path.read_text(encoding="utf-8").strip().partition("?token=")
        assert (path.stat().st_mode & 0o077, path.parent.stat().st_mode & 0o077) == (0, 0)
        assert address == server.url
        assert (asked(server, ""), asked(server, f"?token={token}")) == (302, 200)
        assert token not in server.log.read_text(encoding="utf-8")
    finally:
        server.stop()
    assert not path.exists()
