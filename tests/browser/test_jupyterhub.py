"""The dashboard on a JupyterHub, as docs/sharing.md and its examples say: as a page of its own, and in a notebook."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.browser.served import ROOT, button, until
from tests.browser.test_dashboard_proxies import answers, free_port, status
from tests.browser.test_dashboard_visits import kept, rheobase_field, session_file

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PLACE = "127.0.0.1:8000"

#: What stands in the place of Kubernetes, and of systemd
ON_ONE_MACHINE = f"""
c.JupyterHub.bind_url = "http://{PLACE}"
c.JupyterHub.spawner_class = "simple"
"""

#: What a test needs beyond the example: ports and homes of its own, and this Python
OURS = """
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = {arguments}
"""


@dataclass
class Hub:
    """Where a hub is reached, and where its users are at home."""

    url: str
    homes: pathlib.Path


def smallest() -> str:
    """Return the example of docs/sharing.md for one machine."""
    text = (ROOT / "docs" / "sharing.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```python\n(c = get_config.*?)```", text, re.DOTALL)
    assert found.count(PLACE) == 1
    return found


def kubernetes() -> str:
    """Return what the chart makes of the hub's settings in docs/examples, with processes for containers."""
    values = yaml.safe_load((ROOT / "docs/examples/kubernetes.yaml").read_text(encoding="utf-8"))
    single = values["singleuser"]
    lines = [f"c.{kind}.{name} = {value!r}" for kind, given in values["hub"]["config"].items()
             for name, value in given.items()]  # fmt: skip
    lines += [
        f"c.Spawner.default_url = {single['defaultUrl']!r}",
        f"c.Spawner.start_timeout = {single['startTimeout']}",
        f"c.Spawner.mem_limit = {single['memory']['limit']!r}",
        f"c.Spawner.cpu_limit = {single['cpu']['limit']}",
    ]
    return "\n".join(["c = get_config()", *lines, ON_ONE_MACHINE])


def littlest() -> str:
    """Return what The Littlest JupyterHub loads from docs/examples, with its way of giving out passwords replaced."""
    ours = ROOT / "docs/examples/littlest.py"
    password = (
        'c.SharedPasswordAuthenticator.user_password = "a long password"\nc.Authenticator.allow_all = True'
    )
    before = f'c = get_config()\nc.Spawner.default_url = "/lab"\n{ON_ONE_MACHINE}'
    return f'{before}c.JupyterHub.authenticator_class = "shared-password"\n{password}\nload_subconfig({str(ours)!r})\n'


@pytest.fixture
def hub(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    missing = [
        name
        for name in ("jupyterhub", "jupyterlab", "jupyter_server_proxy")
        if not importlib.util.find_spec(name)
    ]
    if missing or not shutil.which("configurable-http-proxy"):
        pytest.skip("needs jupyterhub, jupyterlab, jupyter-server-proxy, and npm's configurable-http-proxy")
    port, homes = free_port(), tmp_path / "home"
    homes.mkdir()
    ours = OURS.format(
        hub=free_port(),
        proxy=free_port(),
        homes=f"{homes}/{{username}}",
        python=sys.executable,
        arguments=["--allow-root"] if os.getuid() == 0 else [],
    )
    config = tmp_path / "jupyterhub_config.py"
    example = request.param().replace(PLACE, f"127.0.0.1:{port}")
    config.write_text(example + ours, encoding="utf-8", newline="\n")
    with (tmp_path / "hub.log").open("w", encoding="utf-8", newline="\n") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: answers(port) and status(f"{url}/hub/login") == 200, 60)  # its proxy is there before it
        yield Hub(url, homes)
    finally:
        process.send_signal(signal.SIGTERM)  # it ends its proxy and the servers of its users
        process.wait(30)


def log_in(page: Any, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    button(page, "Export").wait_for()


def features_of_ann(hub: Hub, opened: Any) -> Any:
    """Return the page to which who logs in comes, with the plots of features."""
    page = opened(hub.url, at_once=False)
    log_in(page, "ann")
    assert urllib.parse.urlparse(page.url).path == "/user/ann/efewidgets/"
    button(page, "Features").click()
    return page


@pytest.mark.parametrize("hub", [kubernetes, littlest], indirect=True)
def test_who_logs_in_comes_to_the_dashboard_and_draws(hub, opened):
    page = features_of_ann(hub, opened)
    page.locator(".efe-feature-plots:visible path.dot").first.wait_for()


@pytest.mark.parametrize("hub", [smallest], indirect=True)
def test_the_example_of_the_docs(hub, opened):
    page = features_of_ann(hub, opened)
    page.locator(".efe-feature-plots:visible path.dot").last.click()
    page.get_by_role("button", name="exclude 1 recording").wait_for()
    page.get_by_placeholder("why they are left out").fill("seal lost")
    page.get_by_role("button", name="exclude 1 recording").click()
    page.locator(".efe-step-button", has_text="1 excluded").wait_for()
    field = rheobase_field(page)
    field.fill("123")
    field.press("Enter")
    sessions = hub.homes / "ann/.local/share/efewidgets/sessions"
    until(lambda: kept(session_file(sessions, page)) == 123)
    page.reload()
    assert rheobase_field(page).input_value() == "123"
    in_a_notebook(page, hub)


def in_a_notebook(page: Any, hub: Hub) -> None:
    import nbformat

    cell = nbformat.v4.new_code_cell("from efewidgets import Dashboard\nDashboard()")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata=metadata)
    nbformat.write(notebook, hub.homes / "ann/own.ipynb")
    page.goto(f"{hub.url}/user/ann/lab/tree/own.ipynb")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.locator(".jp-Cell-inputWrapper .cm-content").first.click()
    for _ in range(4):  # the kernel may not be there yet
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(5000)
        if page.locator(".efe-step-button").count():
            break
    page.get_by_role("button", name="Add sample cells").click()
    page.locator(".efe-step-done", has_text="Features").wait_for()
    button(page, "Features").click()
    page.locator(".efe-feature-plots:visible .bqplot").first.wait_for()
