"""BluePyEfe's own tests, run with efewidgets in its place.

They are in its source distribution, which is had from the package index, or from where the environment variable
``EFEWIDGETS_BLUEPYEFE_SDIST`` says (the archive, or a folder in which it is unpacked).
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

import pytest

VERSION = "2.3.63"

#: Tests that wait for what is listed as wrong (docs/differences.md), and the row there
NOISY = "Detection on a running median of 85 samples"
DIFFERENT = {
    "tests/ecode/test_sahp.py::SAHPTest::test_extract_sahp": NOISY,
    "tests/ecode/test_apthresh.py::APThreshTest::test_extract_apthresh": NOISY,
    "tests/test_recording.py::RecordingTestNWB::test_compute_spikecount": "A jump at the onset of a",
}
#: Tests that fetch recordings, which of them, and where these are among the shared data
FETCHED = {
    "tests/ecode/test_sahp.py": ("sAHP", "IDthresh"),
    "tests/ecode/test_apthresh.py": ("APThreshold", "IDthresh"),
}
RECORDINGS = "recordings/ibw_sscx/C060109A1-SR-C1"

CONFTEST = """
import collections, json
import efewidgets.compat
efewidgets.compat.install()
outcomes = collections.defaultdict(set)

def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        outcomes[report.nodeid].add(report.outcome)

def pytest_sessionfinish():
    with open("outcomes.json", "w", encoding="utf-8") as file:
        json.dump({name: sorted(found) for name, found in outcomes.items()}, file)
"""


@pytest.fixture(scope="module")
def peers_tests(tmp_path_factory):
    """A folder with BluePyEfe's tests and a conftest that puts efewidgets in its place."""
    folder = tmp_path_factory.mktemp("peer")
    source = pathlib.Path(os.environ.get("EFEWIDGETS_BLUEPYEFE_SDIST") or _fetched(folder / "sdist"))
    if source.is_file():
        with tarfile.open(source) as archive:
            archive.extractall(folder / "unpacked", filter="data")
        source = folder / "unpacked"
    tests = next((place.parent for place in sorted(source.rglob("test_extractor.py"))), None)
    if tests is None:
        pytest.skip(f"there are no tests of BluePyEfe in {source}")
    shutil.copytree(tests, folder / "run" / "tests")
    (folder / "run" / "conftest.py").write_text(CONFTEST, encoding="utf-8", newline="\n")
    return folder / "run"


def _fetched(folder: pathlib.Path) -> pathlib.Path:
    wanted = ["--no-binary", ":all:", "--no-deps", f"bluepyefe=={VERSION}", "--dest", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", *wanted],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        encoding="utf-8",
    )
    found = next(iter(folder.glob("*.tar.gz")), None) if folder.is_dir() else None
    if done.returncode or found is None:
        reason = (done.stderr.strip().splitlines() or ["no archive"])[-1]
        pytest.skip(f"the source distribution of BluePyEfe {VERSION} can't be had: {reason}")
    return found


def _with_recordings(run: pathlib.Path, shared: pathlib.Path | None) -> list[str]:
    """Lay the recordings that some tests fetch where they are looked for; return the tests that lack theirs."""
    lacking = []
    for test, protocols in FETCHED.items():
        for protocol in protocols:
            found = sorted(shared.glob(f"{RECORDINGS}/X_{protocol}_*.ibw")) if shared else []
            for path in found:
                (run / "tests/exp_data/X").mkdir(exist_ok=True)
                shutil.copy(path, run / "tests/exp_data/X")
            if not found:
                lacking.append(test)
    return sorted(set(lacking))


@pytest.mark.slow
def test_bluepyefes_own_tests_pass(peers_tests, request):
    try:
        shared = request.getfixturevalue("shared_data")
    except pytest.skip.Exception:
        shared = None
    lacking = _with_recordings(peers_tests, shared)
    here = pathlib.Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
        + [f"--ignore={test}" for test in lacking],
        cwd=peers_tests,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(here), str(peers_tests)]), "MPLBACKEND": "agg"},
        capture_output=True,
        timeout=900,
        check=False,
    )
    outcomes = json.loads((peers_tests / "outcomes.json").read_text(encoding="utf-8"))
    failed = {name for name, found in outcomes.items() if found != ["passed"]}
    expected = {name for name in DIFFERENT if name.split("::")[0] not in lacking}
    assert failed == expected
    assert len(outcomes) == 64 - len(lacking)


def test_the_differences_are_listed():
    page = (pathlib.Path(__file__).parents[2] / "docs" / "differences.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for row in DIFFERENT.values():
        assert any(line.startswith(f"| {row}") for line in rows)
