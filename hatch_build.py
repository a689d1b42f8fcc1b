"""The README as the package index shows it: its links to files of the project lead to the repository."""

import pathlib
import re

from hatchling.metadata.plugin.interface import MetadataHookInterface

# A link to another place ("https:", "mailto:") or within the page ("#") stays as it is.
_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^][]*)\]\((?!\w+:|#)(?P<path>[^)]+)\)")


class CustomMetadataHook(MetadataHookInterface):
    """Make the project's description of README.md."""

    def update(self, metadata: dict) -> None:
        """Add `readme` to what pyproject.toml says."""
        home = metadata["urls"]["Repository"]

        def absolute(link: re.Match) -> str:
            shown = "raw" if link["picture"] else "blob"
            return f"{link['picture']}[{link['text']}]({home}/{shown}/HEAD/{link['path']})"

        text = (pathlib.Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": _LINK.sub(absolute, text)}
