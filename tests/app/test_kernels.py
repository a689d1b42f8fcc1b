"""Which Python runs what is on the page."""

from __future__ import annotations

import json
import sys

from jupyter_client.kernelspec import KernelSpecManager

from efewidgets.app.server import Address, Server, _config


def test_kernels_are_of_our_own_python_whatever_a_person_has_installed(tmp_path, monkeypatch):
    theirs = tmp_path / "kernels" / "python3" / "kernel.json"
    theirs.parent.mkdir(parents=True)
    spec = {"argv": ["/anaconda/bin/python", "-m", "ipykernel_launcher"], "display_name": "Anaconda"}
    theirs.write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == "/anaconda/bin/python"
    server = Server(config=_config(Address(), 0, 900, False))
    assert KernelSpecManager(parent=server).get_kernel_spec("python3").argv[0] == sys.executable
