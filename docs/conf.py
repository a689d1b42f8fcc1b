"""The documentation site: `make docs`. Tables that the code knows by itself are written by `tables.py` beside this."""

from __future__ import annotations

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from tables import write_tables  # noqa: E402

import efewidgets  # noqa: E402

project = "efewidgets"
author = copyright = "The efewidgets authors"
version = release = efewidgets.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # pages that include a part of another begin with its second heading

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say them, in words
numpydoc_show_class_members = False

html_theme = "furo"
html_title = "efewidgets"
html_static_path: list[str] = []
html_copy_source = False

write_tables(HERE / "generated")
