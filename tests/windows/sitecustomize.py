"""Python imports this by itself where this folder comes first on its path: the pretence holds in each process."""

import importlib.util
import os
import pathlib
import sys

if os.environ.get("EFEWIDGETS_PRETEND") and sys.platform != "win32":
    _place = pathlib.Path(__file__).with_name("pretended.py")
    _spec = importlib.util.spec_from_file_location("efewidgets_pretended_windows", _place)
    assert _spec is not None
    assert _spec.loader is not None
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_spec.name] = _module
    _spec.loader.exec_module(_module)
    _module.begin(os.environ["EFEWIDGETS_PRETEND"].split(","), os.environ.get("EFEWIDGETS_PRETEND_LOG"))
