"""A real browser on real pages: Voila, JupyterLab and Notebook as processes of their own, and no network."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser.complaints import listen, ours, watched
from tests.browser.served import Served, button

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-features=OptimizationHints"
).split()
PATIENCE = 90  # s, for a page to come up on a busy machine

#: anywidget gives each widget 2 s to begin, however busy the machine is; the dashboard's own page gives it longer, too
UNHURRIED = f"""
const patience = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => patience(Math.max(ms, {1000 * PATIENCE}));
"""

PROBE = """
import html as _html, ipywidgets as _w, json as _json
_ask, _answer = _w.Text(description="probe", continuous_update=False), _w.HTML()
def _told(change):
    number, _, code = change.new.partition(" ")
    try:
        found = eval(code, globals())
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    _answer.value = number + " " + _html.escape(_json.dumps(found, default=str))
_ask.observe(_told, "value")
_ask.add_class("probe-ask"); _answer.add_class("probe-answer")
display(_w.HBox([_ask, _answer]))
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium, or whatever `CHROMIUM` names."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (efewidgets[browser])")
    if not CHROMIUM:
        pytest.skip("needs chromium: install it, or set CHROMIUM to where it is")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield found
        found.close()


@dataclass
class Server:
    """A server of notebooks.

    Parameters
    ----------
    kind : {"voila", "lab", "notebook"}
    url : str
    folder : pathlib.Path
        The notebooks that it serves.
    """

    kind: str
    url: str
    folder: pathlib.Path
    process: subprocess.Popen

    def address(self, code: str, more: str = "") -> str:
        """Write a notebook that holds this code; return where it is opened."""
        import nbformat

        cells = [nbformat.v4.new_code_cell(part) for part in (code, PROBE)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        name = f"{uuid.uuid4().hex}.ipynb"
        nbformat.write(notebook, self.folder / name)
        path = {
            "voila": f"voila/render/{name}",
            "lab": f"lab/tree/{name}?reset",
            "notebook": f"notebooks/{name}",
        }
        return f"{self.url}/{path[self.kind]}{more}"

    def stop(self) -> None:
        """End the server and its kernels."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


COMMANDS = {
    "voila": ["voila", "{folder}", "--no-browser", "--Voila.ip=127.0.0.1", "--port={port}", "--Voila.port_retries=0",
              "--show_tracebacks=True", "--Voila.tornado_settings={{'disable_check_xsrf': True}}",
              "--VoilaConfiguration.extension_denylist=['@jupyter-notebook/lab-extension',"
              "'@voila-dashboards/jupyterlab-preview','jupyterlab_pygments','ipyparallel-labextension']"],
    "lab": ["jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port={port}", "--ServerApp.port_retries=0",
            "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True", "--ServerApp.root_dir={folder}",
            "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--allow-root"],
    "notebook": ["notebook", "--no-browser", "--ip=127.0.0.1", "--port={port}", "--ServerApp.port_retries=0",
                 "--IdentityProvider.token=", "--ServerApp.root_dir={folder}", "--allow-root"],
}  # fmt: skip


def start_server(kind: str, folder: pathlib.Path) -> Server:
    """Start a server on a free port and wait until it listens; asking for a page would start a kernel."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [part.format(folder=folder, port=port) for part in COMMANDS[kind]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_PLATFORM_DIRS": "1"}
    environment["XDG_DATA_HOME"] = str(folder / "data")  # where a person's own reasons are remembered
    log = folder / "server.log"
    with log.open("w", encoding="utf-8", newline="\n") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            cwd=folder,
        )
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{url}/{kind}/static/x", timeout=2).close()
            return Server(kind, url, folder, process)
        except urllib.error.HTTPError as refused:
            refused.close()
            return Server(kind, url, folder, process)
        except OSError:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.1)
    raise TimeoutError(log.read_text(encoding="utf-8"))


def _serving(kind: str) -> Any:
    @pytest.fixture(scope="session", name=kind)
    def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
        server = start_server(kind, tmp_path_factory.mktemp(kind))
        yield server
        server.stop()

    return serving


voila, lab, notebook = _serving("voila"), _serving("lab"), _serving("notebook")


@dataclass
class Visit:
    """A page in the browser, and what a test asks of the kernel behind it.

    Attributes
    ----------
    page : playwright.sync_api.Page
    errors : list of str
        What the page's console said was wrong.
    left : list of str
        Requests that wanted to leave the machine; they were stopped.
    """

    page: Any
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    asked: int = 0

    def ask(self, code: str) -> Any:
        """Return what an expression gives in the kernel."""
        self.asked += 1
        box = self.page.locator(".probe-ask input")
        box.fill(f"{self.asked} {code}")
        box.press("Enter")
        answer = self.page.locator(
            ".probe-answer .widget-html-content", has_text=re.compile(rf"^{self.asked} ")
        )
        answer.wait_for(state="attached")
        return json.loads(answer.text_content().partition(" ")[2])

    def until(self, code: str, wanted: Any = True, seconds: float = 15) -> Any:
        """Ask until the answer is as wanted; fail with the last one if that takes too long."""
        end = time.monotonic() + seconds
        while (found := self.ask(code)) != wanted and time.monotonic() < end:
            time.sleep(0.1)
        assert found == wanted, f"{code}: {found!r}, not {wanted!r}"
        return found

    def screenshot(self, name: str) -> None:
        """Keep a picture of the page if the environment's `SCREENSHOTS` names a folder for them."""
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """``visit(server, code, width=1280, theme="light")`` opens a page and waits until its code has run.

    When the test is over, nothing may have left the machine, and the console have said nothing of ours. What a test
    does on purpose, such as to end a kernel, may be told: ``visit(…, told=…)`` with a regular expression.
    """
    made: list[tuple[Any, Visit, str]] = []

    def open_page(
        server: Server,
        code: str,
        width: int = 1280,
        height: int = 900,
        theme: str = "light",
        told: str = "$.",
    ) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        context.add_init_script(UNHURRIED)
        found = Visit(context.new_page())
        made.append((context, found, told))
        page = found.page
        page.set_default_timeout(1000 * PATIENCE)
        listen(page, found.errors)

        def stop(route: Any) -> None:
            found.left.append(route.request.url)
            route.abort()

        page.route(lambda url: not url.startswith((server.url, "data:", "blob:")), stop)
        dark = "?theme=dark" if theme == "dark" and server.kind == "voila" else ""
        page.goto(server.address(code, dark))
        if server.kind != "voila":
            _run_all(page, server.kind)
        page.locator(".probe-ask input").wait_for()
        return found

    yield open_page
    for context, found, told in made:
        context.close()
        assert not [url for url in found.left if "fontawesome" not in url], found.left
        assert not [said for said in ours(found.errors) if not re.search(told, said)]


def _run_all(page: Any, kind: str) -> None:
    """Run all cells, as a person does from the menu; again if the kernel wasn't there yet."""
    from playwright.sync_api import TimeoutError as TooLate

    page.locator(".jp-Notebook").wait_for()
    for _ in range(4):
        page.wait_for_timeout(2000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.locator(".probe-ask input").wait_for(timeout=15000)
            return
        except TooLate:
            page.keyboard.press("Escape")


@pytest.fixture
def serve(tmp_path: pathlib.Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*arguments: str, **options: Any) -> Served:
        started.append(Served(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """``opened(url)`` opens a page; in the end nothing may have gone wrong on it, nor wanted to leave the machine.

    It waits for the dashboard, unless something comes before: ``opened(url, at_once=False)``. What a test does on
    purpose, such as to end a kernel, may be told: ``opened(url, told=…)`` with a regular expression; what it does to
    a page before it is opened, as a function of the page: ``opened(url, before=…)``.
    """
    pages: list[tuple[Any, list[str], str]] = []

    def open_page(
        url: str,
        width: int = 1280,
        at_once: bool = True,
        told: str = "$.",
        before: Callable[[Any], object] = lambda page: None,
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        pages.append((context, watched(page, "/".join(url.split("/")[:3])), told))
        page.set_default_timeout(1000 * PATIENCE)
        before(page)
        page.goto(url)
        if at_once:
            button(page, "Export").wait_for()
        return page

    yield open_page
    for context, wrong, told in pages:
        context.close()
        assert not [said for said in wrong if not re.search(told, said)]
