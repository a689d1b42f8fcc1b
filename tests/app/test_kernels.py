"""Which Python runs what is on the page, and how little of it a kernel looks at when it starts."""

from __future__ import annotations

import ast
import json
import sys

import pytest
import zmq
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from efewidgets.app.address import Address
from efewidgets.app.configured import Hosting, configured
from efewidgets.app.kernels import OwnPython

#: What IPython keeps of all modules' files and names, and whether a person's own line was run
SEEN = "(getattr(get_ipython().kernel, '_kernel_modules', []), get_ipython().history_manager.enabled, 'mine' in dir())"


def test_kernels_are_of_our_own_python_whatever_a_person_has_installed(tmp_path, monkeypatch):
    theirs = tmp_path / "kernels" / "python3" / "kernel.json"
    theirs.parent.mkdir(parents=True)
    spec = {"argv": ["/anaconda/bin/python", "-m", "ipykernel_launcher"], "display_name": "Anaconda"}
    theirs.write_text(json.dumps(spec), encoding="utf-8", newline="\n")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == "/anaconda/bin/python"
    assert OwnPython().get_kernel_spec("python3").argv[0] == sys.executable
    assert list(OwnPython().get_all_specs()) == ["python3"]
    assert OwnPython().get_kernel_spec("python3").argv[1:3] == ["-m", "efewidgets.app.kernel"]
    assert (
        configured(Address(), Hosting(warm=0), False).VoilaConfiguration.kernel_spec_manager_class
        is OwnPython
    )


def test_a_page_is_the_same_whatever_a_person_has_ipython_begin_with(tmp_path, monkeypatch):
    begins = tmp_path / "profile_default" / "startup" / "00-mine.py"
    begins.parent.mkdir(parents=True)
    begins.write_text("mine = 1\n", encoding="utf-8", newline="\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    kernel = KernelManager(kernel_spec_manager=OwnPython())
    kernel.start_kernel()
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        answer = client.execute("", user_expressions={"seen": SEEN}, reply=True, timeout=120)
        seen = answer["content"]["user_expressions"]["seen"]["data"]["text/plain"]
        # to list all modules is to write to all that copies share: Python counts what is looked at
        assert ast.literal_eval(seen) == ([], False, False)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


@pytest.mark.skipif(not zmq.has("ipc"), reason="the system has ports only")
@pytest.mark.parametrize(("length", "carried"), [(40, "ipc"), (120, "tcp")])
def test_no_port_is_needed_that_another_may_take_meanwhile(monkeypatch, length, carried):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", "/" + "r" * (length - 1))
    served = configured(Address(), Hosting(), False)
    assert KernelManager(config=served).transport == carried
