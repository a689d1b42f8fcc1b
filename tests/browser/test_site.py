"""The documentation site: every page opens without a complaint, and every link leads to what is there."""

from __future__ import annotations

import html.parser
import pathlib
import re
import subprocess
import sys
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as `make docs` builds it, elsewhere."""
    pytest.importorskip("sphinx", reason="needs Sphinx (efewidgets[docs])")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "-b", "html"]
    done = subprocess.run(
        [*command, "-d", str(folder / "doctrees"), str(ROOT / "docs"), str(folder / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Page(html.parser.HTMLParser):
    """What a page leads to, and the places in it that are led to."""

    def __init__(self, path: pathlib.Path):
        super().__init__()
        self.targets: set[str] = set()
        self.places = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}
        self.targets |= {found[name] for name in ("href", "src") if found.get(name)}


def test_every_link_leads_to_what_is_there(site):
    pages = {path: Page(path) for path in site.rglob("*.html")}
    names = {path.relative_to(site).as_posix() for path in pages}
    assert {
        "index.html",
        "differences.html",
        "architecture.html",
        "api/extract.html",
        "guide/widgets.html",
    } <= names
    lost, followed = [], 0
    for path, page in pages.items():
        for target in page.targets:
            parts = urllib.parse.urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            followed += 1
            aim = path if not parts.path else (path.parent / urllib.parse.unquote(parts.path)).resolve()
            aim = aim / "index.html" if aim.is_dir() else aim
            place = urllib.parse.unquote(parts.fragment)
            if not aim.is_file() or (aim in pages and place not in pages[aim].places):
                lost.append(f"{path.relative_to(site)}: {target}")
    assert followed > 500
    assert lost == []


def test_links_of_what_is_read_on_the_repository_lead_to_what_is_there():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "notebooks/README.md", "binder/README.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            home, _, path = target.partition("/blob/HEAD/")
            if ":" in target and not path:
                continue
            aim = ROOT / path if path else (ROOT / name).parent / home
            assert aim.exists(), f"{name}: {target}"


@pytest.mark.browser
def test_every_page_opens_without_a_complaint(site, browser):
    page = browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"not loaded: {request.url}"))
    opened = sorted(site.rglob("*.html"))
    complaints = {}
    for path in opened:
        page.goto(path.as_uri())
        assert page.locator("h1, input[name=q]").count() >= 1, (
            path.name
        )  # a title, or what the search page has
        if wrong:
            complaints[path.relative_to(site).as_posix()] = wrong.copy()
            wrong.clear()
    page.close()
    assert len(opened) > 25
    assert complaints == {}
