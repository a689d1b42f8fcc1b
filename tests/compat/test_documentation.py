"""The code of the page on fitting that needs BluePyEModel, BluePyOpt and NEURON runs, too."""

from __future__ import annotations

import re

from tests.compat.programs import ROOT, needs, program

pytestmark = needs("bluepyemodel", "bluepyopt", "neuron")

#: A soma of 12 micrometres, as a morphology that the page leaves to the reader
SOMA = "1 1 0 -6 0 6 -1\n2 1 0 0 0 6 1\n3 1 0 6 0 6 2\n"


def test_a_folder_is_loaded_and_a_model_is_scored(tmp_path):
    text = (ROOT / "docs" / "fitting.md").read_text(encoding="utf-8")
    code = re.findall(r"^```(?:python|\{code-block\} python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert sum("ephys" in part for part in code) == 1
    (tmp_path / "soma.swc").write_text(SOMA, encoding="utf-8", newline="\n")
    script = tmp_path / "page.py"
    more = "\nassert len(responses) > 10, list(responses)\n"
    script.write_text("\n".join(code) + more, encoding="utf-8", newline="\n")
    program("-W", "ignore", str(script), cwd=tmp_path, seconds=600)
