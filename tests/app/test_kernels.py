"""Which Python runs what is on the page."""

from __future__ import annotations

import json
import sys

from jupyter_client.kernelspec import KernelSpecManager

from efewidgets.app.address import Address
from efewidgets.app.configured import Hosting, configured
from efewidgets.app.kernels import OwnPython


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
