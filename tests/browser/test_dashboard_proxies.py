"""The dashboard behind nginx, as docs/sharing.md says; over HTTPS too."""

from __future__ import annotations

import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from efewidgets import ExtractionState, datasets
from tests.browser.complaints import watched
from tests.browser.served import PATIENCE, ROOT, button, until
from tests.browser.test_dashboard_visits import decide, kept, session_file

pytestmark = pytest.mark.browser

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{secure} ssl;
        ssl_certificate {folder}/own.pem;
        ssl_certificate_key {folder}/own.key;
{location}
    }}
}}
"""


@dataclass
class Nginx:
    """Where a proxy is reached."""

    plain: str
    secure: str


def example(port: str) -> str:
    """Return the example of docs/sharing.md, for a dashboard on another port."""
    text = (ROOT / "docs" / "sharing.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    assert found.count("http://localhost:8866") == 1
    return found.replace("localhost:8866", f"localhost:{port}")


@pytest.fixture
def nginx(tmp_path: pathlib.Path) -> Iterator[Callable[[str], Nginx]]:
    """``nginx(port)`` starts a proxy for the dashboard on that port."""
    if NGINX is None or OPENSSL is None:
        pytest.skip("needs nginx and openssl")
    folder = tmp_path / "nginx"
    folder.mkdir()
    subject = ["-subj", "/CN=localhost", "-days", "1", "-newkey", "rsa:2048", "-nodes", "-x509"]
    files = ["-keyout", str(folder / "own.key"), "-out", str(folder / "own.pem")]
    subprocess.run([OPENSSL, "req", *subject, *files], check=True, capture_output=True)
    started: list[subprocess.Popen] = []

    def start(port: str) -> Nginx:
        plain, secure = free_port(), free_port()
        config = folder / "nginx.conf"
        config.write_text(
            CONFIG.format(folder=folder, plain=plain, secure=secure, location=example(port)),
            encoding="utf-8",
            newline="\n",
        )
        started.append(
            subprocess.Popen([NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)])
        )
        until(lambda: answers(plain), 10)
        return Nginx(f"http://localhost:{plain}", f"https://localhost:{secure}")

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def behind(browser: Any) -> Iterator[Callable[[str], Any]]:
    """``behind(url)`` opens a page that need not be the dashboard yet."""
    pages: list[tuple[Any, list[str]]] = []

    def open_page(url: str) -> Any:
        context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
        page = context.new_page()
        pages.append((context, watched(page, "/".join(url.split("/")[:3]))))
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(url)
        return page

    yield open_page
    for context, wrong in pages:
        context.close()
        assert not [said for said in wrong if "401" not in said]  # a wrong token


def walk(page: Any, scratch: pathlib.Path, data: pathlib.Path) -> None:
    """See figures, edit, upload, reload."""
    button(page, "Features").click()
    page.locator(".efe-feature-plots:visible .bqplot").first.wait_for()
    decide(page, 123, scratch)
    button(page, "Recordings").click()
    page.get_by_role("tab", name="Upload").click()
    page.get_by_label("Files to upload").set_input_files(data)
    page.get_by_text("received").wait_for()
    received = session_file(scratch, page).with_name(data.name)
    assert received.read_bytes() == data.read_bytes()
    page.reload()
    button(page, "Rheobase").click()
    assert page.get_by_label("Rheobase by hand (pA)").input_value() == "123"
    assert kept(session_file(scratch, page)) == 123


def test_the_example_of_the_docs_with_a_token_over_https(serve, nginx, behind, tmp_path):
    root, scratch = tmp_path / "lab", tmp_path / "scratch"
    root.mkdir()
    server = serve(
        f"--root={root}", f"--scratch={scratch}", "--token=secret", "--warm=0", base_url="/efewidgets/"
    )
    proxy = nginx(server.url.split(":")[2].split("/")[0])
    page = behind(f"{proxy.secure}/efewidgets/")
    assert "login" in page.url
    for typed in ("wrong", "secret"):
        page.get_by_label("token").fill(typed)
        page.get_by_role("button", name="Log in").click()
        if typed == "wrong":
            page.get_by_text("This is not the token").wait_for()
    button(page, "Export").wait_for()
    walk(page, scratch, next(datasets.sample_folder().rglob("*.nwb")))


@pytest.mark.slow
def test_the_example_of_the_docs_with_a_token_in_the_address(serve, nginx, behind, tmp_path):
    scratch = tmp_path / "scratch"
    server = serve(f"--scratch={scratch}", "--token=secret", "--warm=0", base_url="/efewidgets/")
    proxy = nginx(server.url.split(":")[2].split("/")[0])
    page = behind(f"{proxy.plain}/efewidgets/?token=secret")
    button(page, "Export").wait_for()
    walk(page, scratch, next(datasets.sample_folder().rglob("*.nwb")))
    assert "token" not in page.url
    page.close(run_before_unload=True)
    until(lambda: not server.kernels())  # the message of the closed page comes through too


def test_who_has_no_token_gets_nothing(serve):
    server = serve("--token=secret", "--warm=1")
    kernel = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    for path in (
        "",
        f"api/kernels/{kernel}",
        f"api/kernels/{kernel}/channels",
        "voila/files/efewidgets.ipynb",
    ):
        assert status(server.url + path) in (302, 403, 404), path
    assert status(server.url) == 302
    assert (
        status(f"{server.url}api/kernels/{kernel}/channels", Upgrade="websocket", Connection="Upgrade") == 403
    )
    assert status(f"{server.url}?token=wrong") == 302
    assert status(f"{server.url}voila/static/voila.js") == 200


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


def status(url: str, **headers: str) -> int:
    """Return how a server answers who brings nothing along."""
    if headers:
        headers |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    try:
        opener = urllib.request.build_opener(_Stay)
        with opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            answer.read()  # the page is made while it is sent
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def taken(process: int) -> int:
    """Return the processor time of a process, in hundredths of a second."""
    words = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def at_rest(process: int) -> bool:
    """Whether a process takes next to no time for two seconds."""
    before = taken(process)
    time.sleep(2)
    return taken(process) - before < 5


@pytest.mark.slow
def test_a_kernel_that_waits_learns_the_session_wherever_the_server_listens(serve, tmp_path, monkeypatch):
    monkeypatch.setenv(
        "http_proxy", "http://127.0.0.1:9"
    )  # a lab's proxy, which knows nothing of this machine
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    visit = tmp_path / "scratch" / ("a" * 16)
    visit.mkdir(parents=True)
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        state.save(visit / "session.json")
    server = serve(f"--scratch={visit.parent}", "--token=secret", ip="127.0.0.2")
    until(lambda: len(server.kernels()) == 1)
    (waits,) = server.kernels()
    until(lambda: at_rest(waits), PATIENCE)
    monkeypatch.delenv("http_proxy")
    before = taken(waits)
    assert status(f"{server.url}?token=secret&session={visit.name}") == 200
    assert (visit / "session.page").is_file(), server.log.read_text(encoding="utf-8")
    assert taken(waits) - before > 10  # it was that one which opened the session
