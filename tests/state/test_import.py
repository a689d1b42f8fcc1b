"""The state is had without a notebook, and without what only files or figures need."""

from __future__ import annotations

import json
import subprocess
import sys


def test_the_state_imports_no_notebook():
    code = (
        "import json, sys; from efewidgets import ExtractionState; state = ExtractionState();"
        "state.blockers; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    modules = set(json.loads(done.stdout))
    assert "traitlets" in modules
    assert not modules & {
        "ipywidgets",
        "IPython",
        "ipykernel",
        "matplotlib",
        "neo",
        "efel",
        "pandas",
        "voila",
    }
