"""Build the image's environment without Docker, and open each link to Binder in a real browser.

::

    python -m pip install jupyter-repo2docker
    python -m tests.binder.visit [PYTHON]

PYTHON is the one of binder/runtime.txt; by default it is looked for. See binder/README.md.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from tests.binder.links import ROOT, links
from tests.binder.steps import base_pins, buildpack
from tests.browser.complaints import ours, watched

BASE_URL = "/user/somebody-efewidgets-abc/"
TOKEN = "anything"
PATIENCE = 90_000  # ms
LABS_OWN = "Window name candidate"  # a second page of JupyterLab says so
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update".split()
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def build(folder: pathlib.Path, python: str) -> dict[str, str]:
    """Do what repo2docker does with a copy of the last commit; return the environment of the image's processes."""
    image, home = folder / "image", folder / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "repository")], check=True)
    os.chdir(folder / "repository")
    found = buildpack()
    print(f"{type(found).__name__}, Python {found.python_version}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
    prefix = {"KERNEL_PYTHON_PREFIX": str(image), "NB_PYTHON_PREFIX": str(image), "VIRTUAL_ENV": str(image)}
    environment = kept | prefix | {"HOME": str(home), "PATH": f"{image / 'bin'}:{os.environ['PATH']}"}
    subprocess.run([python, "-m", "venv", str(image)], check=True)
    base = ["python", "-m", "pip", "install", "--quiet", *base_pins(found.python_version)]
    steps = [command for _, command in (*found.get_preassemble_scripts(), *found.get_assemble_scripts())]
    steps += [f"./{script}" for script in found.get_post_build_scripts()]
    for step in [" ".join(base), *steps, "python -m pip check"]:
        print(f"$ {step}")
        start = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", step], env=environment, capture_output=True, text=True, encoding="utf-8"
        )
        if done.returncode:
            raise SystemExit(f"{done.stdout}\n{done.stderr}")
        print(f"  {time.monotonic() - start:.0f} s")
    return environment


@contextlib.contextmanager
def serving(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Start JupyterLab as BinderHub does; give its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["jupyter-lab", "--ip=127.0.0.1", f"--port={port}", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.base_url={BASE_URL}", f"--IdentityProvider.token={TOKEN}"]
    log = pathlib.Path(environment["HOME"]) / "server.log"
    with log.open("w", encoding="utf-8", newline="\n") as output:
        server = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while f":{port}{BASE_URL}" not in log.read_text(encoding="utf-8"):
            if server.poll() is not None:
                raise SystemExit(log.read_text(encoding="utf-8"))
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(30)
        server.kill()


def memory(process: int) -> float:
    """Return the MB that a process and its children have, shared ones counted once."""
    about = pathlib.Path(f"/proc/{process}")
    try:
        own = (
            int(
                re.search(
                    r"^Pss:\s+(\d+)", (about / "smaps_rollup").read_text(encoding="utf-8"), re.MULTILINE
                )[1]
            )
            / 1024
        )
        children = " ".join(
            task.read_text(encoding="utf-8") for task in about.glob("task/*/children")
        ).split()
    except FileNotFoundError:  # it has just ended
        return 0.0
    return own + sum(memory(int(child)) for child in children)


def run_all(page: Any, figure: Any) -> None:
    """Run all cells from JupyterLab's menu; again if the kernel wasn't there yet."""
    from playwright.sync_api import TimeoutError

    page.locator(".jp-Notebook").wait_for()
    for _ in range(4):
        page.wait_for_timeout(3000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with contextlib.suppress(TimeoutError):
            figure.wait_for(timeout=PATIENCE / 4)
            return


def open_link(context: Any, origin: str, path: str, picture: pathlib.Path) -> tuple[float, list[str]]:
    """Open a path as BinderHub does; return the s until there was a figure, and what went wrong."""
    from playwright.sync_api import TimeoutError

    page = context.new_page()
    wrong = watched(page, origin)
    page.set_default_timeout(PATIENCE)
    start = time.monotonic()
    answer = page.goto(f"{origin}{BASE_URL}{path}?token={TOKEN}")
    if not answer or not answer.ok:
        return 0.0, [f"{path} isn't there"]
    figure = page.locator(".bqplot path.line:visible, .bqplot .dot:visible").first
    try:
        if path.startswith("lab/"):
            run_all(page, figure)
        figure.wait_for()
    except TimeoutError as error:
        wrong.append(f"no figure: {error}")
    seconds = time.monotonic() - start
    page.wait_for_timeout(2000)
    page.screenshot(path=picture)
    return seconds, [error for error in ours(wrong) if LABS_OWN not in error]


def main() -> None:
    """Build, serve, visit, and tell."""
    from playwright.sync_api import sync_playwright

    wanted = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().replace("-", "")
    python = sys.argv[1] if len(sys.argv) > 1 else shutil.which(wanted)
    if not python or not CHROMIUM:
        raise SystemExit(f"needs {wanted} and chromium")
    pictures = pathlib.Path(os.environ.get("SCREENSHOTS") or tempfile.mkdtemp()).resolve()
    pictures.mkdir(parents=True, exist_ok=True)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        environment = build(pathlib.Path(folder), python)
        with serving(environment) as (origin, server), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            print(f"server alone: {memory(server):.0f} MB")
            for number, link in enumerate(links()):
                seconds, wrong = open_link(context, origin, link.path, pictures / f"binder-{number}.png")
                failed = failed or bool(wrong)
                print(f"{link.path}: {seconds:.1f} s to a figure; {memory(server):.0f} MB with all so far")
                print(*wrong, sep="\n", end="\n" if wrong else "")
            browser.close()
    print(f"pictures: {pictures}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
