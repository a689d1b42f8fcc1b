"""What a visitor might try to get out of ``--root``: typed, uploaded, sent to the kernel; and names that are HTML."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from efewidgets import datasets
from tests.app.traps import draw_on
from tests.browser.served import button, until

pytestmark = pytest.mark.browser

SECRET = "the-secret-of-another-lab"
NASTY = "<img src=x onerror=window.hurt=1>"


@pytest.fixture
def lab(tmp_path: Any) -> Any:
    """A folder with recordings whose names are HTML, one beside it that is nobody's business, and scratch."""
    for name in ("root", "scratch", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "root" / NASTY).mkdir()
    sample = datasets.sample_folder() / "RS1.nwb"
    shutil.copy(sample, tmp_path / "root" / NASTY / f"{NASTY}.nwb")
    shutil.copy(sample, tmp_path / "other" / "cell.nwb")
    (tmp_path / "other" / "session.json").write_text(
        json.dumps({"comment": SECRET}), encoding="utf-8", newline="\n"
    )
    return tmp_path


def test_a_visitor_gets_nowhere_else(serve, opened, lab):
    server = serve(f"--root={lab / 'root'}", f"--scratch={lab / 'scratch'}", "--warm=0", "--token=secret")
    trap = draw_on(lab / "other" / "cell.nwb", lab / "trap.nwb", "external link")
    before = tree(lab)
    page = opened(f"{server.url}?token=secret")
    paths_are_refused(page, lab)
    page.get_by_role("tab", name="Upload").click()
    page.get_by_label("Files to upload").set_input_files(trap)
    until(lambda: f"refused to read '{lab}/other/cell.nwb'" in server.log.read_text(encoding="utf-8"))
    the_kernel_runs_no_code(server, page, lab)
    text = page.locator("body").inner_text()
    assert SECRET not in text
    assert "root:x:0" not in text
    assert tree(lab) == before
    log = server.log.read_text(encoding="utf-8")
    for words in ("open '../other'", "read '/etc/passwd'", "write '/etc/passwd'", "save in"):
        assert f"refused to {words}" in log


def paths_are_refused(page, lab):
    said = page.locator(".efe-says:visible")
    page.locator(".efe-dashboard-toggles button", has_text="Session").click()
    panel = page.locator(".efe-session-panel")
    for path in (f"{lab}/other/session.json", "/etc/passwd", "../other/session.json"):
        page.get_by_label("Session file").fill(path)
        for name in ("Open", "Save"):
            panel.get_by_role("button", name=name, exact=True).click()
            said.filter(has_text=path).filter(has_text="out of reach").first.wait_for()
    button(page, "Export").click()
    page.get_by_label("Save to").fill(f"{lab}/other")
    page.locator(".efe-results-panel").get_by_role("button", name="Save", exact=True).click()
    said.filter(has_text="name a folder inside").first.wait_for()
    button(page, "Recordings").click()
    page.get_by_label("Folder", exact=True).fill("../other")
    page.keyboard.press("Enter")
    said.filter(has_text="refused").first.wait_for()


def the_kernel_runs_no_code(server, page, lab):
    kernel = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    code = f"open({str(lab / 'other' / 'mark')!r}, 'w')"
    with ThreadPoolExecutor() as elsewhere:  # playwright has an event loop of its own here
        asked = elsewhere.submit(lambda: asyncio.run(ask(server.url, kernel, cookies, code)))
        assert asked.result() == {"kernel_info_request"}
    for kind in ("execute_request", "debug_request", "input_reply"):
        assert f'"{kind}", which is not allowed' in server.log.read_text(encoding="utf-8")
    for path in (
        "api/kernels",
        "api/contents",
        "voila/files/session.json",
        "voila/files/%2e%2e/x",
        "files/x",
    ):
        assert page.request.get(server.url + path).status in (403, 404)
    assert page.request.post(server.url + "api/kernels", data="{}").status in (403, 404)


@pytest.mark.slow
def test_names_that_are_html_do_no_harm(serve, opened, lab):
    server = serve(f"--root={lab / 'root'}", "--read-only", "--warm=0")
    session = lab / "root" / "session.json"
    target = {"efeature": "AP_amplitude", "protocol": NASTY, "amplitude": 150, "tolerance": 50}
    files = {
        NASTY: {NASTY: [{"filepath": f"{NASTY}/{NASTY}.nwb", "protocol_name": "IDrest", "ecode": "step"}]}
    }
    rule = {"protocols_rheobase": [NASTY], "targets": [target | {"efeature_name": NASTY}]}
    session.write_text(
        json.dumps({"files_metadata": files, "rheobase_values": {NASTY: 0.1}} | rule),
        encoding="utf-8",
        newline="\n",
    )
    page = opened(f'{server.url}?theme="><img src=x onerror=window.hurt=1>')
    page.locator(".efe-dashboard-toggles button", has_text="Session").click()
    page.get_by_label("Session file").fill("session.json")
    page.locator(".efe-session-panel").get_by_role("button", name="Open", exact=True).click()
    button(page, "Recordings").click()
    page.get_by_text(NASTY).first.wait_for()
    for step in ("Stimuli & spikes", "Rheobase", "Targets", "Features", "Export"):
        button(page, step).click()
        page.locator(".efe-dashboard-step", has_text=NASTY).wait_for()
        page.wait_for_timeout(300)  # for what a picture that isn't there would do
        if step == "Features":
            page.locator(".efe-feature-panel path.dot:visible").last.hover()  # nothing lies over it
            page.locator("text=recording: >> visible=true").first.wait_for()
    for name in ("Summary", "Problems"):
        page.locator(".efe-dashboard-toggles button", has_text=name).click()
        page.wait_for_timeout(300)
    assert page.evaluate("window.hurt === undefined && !document.querySelector('img[src=x]')")
    assert not page.get_by_role("tab", name="Upload").count()


def test_a_page_of_one_s_own_is_had_by_this_machine_s_names_only(serve):
    server = serve("--warm=0")
    port = server.url.rstrip("/").rpartition(":")[2]
    for host, wanted in (
        ("elsewhere.example", 403),
        (f"elsewhere.example:{port}", 403),
        (f"127.0.0.1:{port}", 404),
    ):
        asked = urllib.request.Request(f"{server.url}api/kernels/{uuid.uuid4()}", headers={"Host": host})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=30)
        refused.value.close()
        assert refused.value.code == wanted
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            urllib.request.Request(server.url, headers={"Host": "elsewhere.example"}), timeout=30
        )
    refused.value.close()
    assert refused.value.code == 403
    assert not server.kernels()


async def ask(url: str, kernel: str, cookies: str, code: str) -> set[str]:
    """Send what notebooks send to a kernel; return the kinds of messages that it has answered."""
    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect

    address = f"{url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id=x"
    socket = await websocket_connect(HTTPRequest(address, headers={"Cookie": cookies}))
    run = {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    contents: dict[str, Any] = {
        "execute_request": run,
        "complete_request": {"code": "o", "cursor_pos": 1},
        "inspect_request": {"code": "open", "cursor_pos": 4, "detail_level": 1},
        "debug_request": {"seq": 1, "type": "request", "command": "initialize", "arguments": {}},
        "create_subshell_request": {},
        "input_reply": {"value": "x"},
        "kernel_info_request": {},
    }
    sent = {}
    for kind, content in contents.items():
        for channel in ("shell", "control", "stdin"):
            header = {
                "msg_id": uuid.uuid4().hex,
                "msg_type": kind,
                "session": "x",
                "username": "",
                "version": "5.3",
            }
            sent[header["msg_id"]] = kind
            message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
            await socket.write_message(json.dumps(message | {"channel": channel, "buffers": []}))
    answered: set[str] = set()
    end = time.monotonic() + 30
    while "kernel_info_request" not in answered and time.monotonic() < end:
        told = json.loads(await socket.read_message())
        if told["msg_type"].endswith("_reply"):
            answered.add(sent.get(told["parent_header"].get("msg_id"), ""))
    socket.close()
    return answered - {""}


def tree(lab: Any) -> dict[str, bytes]:
    """Return what there is outside of the scratch folder, and what stands in it."""
    found = [path for name in ("root", "other") for path in (lab / name).rglob("*")]
    return {str(path): path.read_bytes() for path in found if path.is_file()}
