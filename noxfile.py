"""The suite on each Python that is found, with the newest, the lowest and the coming versions of all packages.

    uvx nox                              every session that can be run on this machine
    uvx nox -s newest-3.14               one of them; `uvx nox --list` names them
    uvx nox -s lowest-3.11 -- -x tests/engine   with pytest's own arguments

A Python that isn't there is skipped. The versions tried are those of pyproject.toml: the Pythons of its classifiers,
and of each package the lowest that it allows and that there is a wheel of for that Python.
"""

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["newest", "lowest", "types", "coming"]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
LOWEST = ["--resolution", "lowest-direct", "--only-binary", ":all:"]
#: It asks for a newer scipy than we do: the tests that compare with it skip beside the lowest of ours
PEER = "bluepyefe"
#: The lowest versions warn of what has gone since
OLD = ["-W", "default"]
#: What of the suite tells most about other versions in two minutes: run by ``.ci/run`` beside the whole with the newest
PART = [
    "tests/engine/features/test_against_efel.py",
    "tests/engine/features/test_catalogue.py",
    "tests/engine/features/test_efel_proof.py",
    "tests/engine/recordings/test_ecodes.py",
    "tests/engine/recordings/test_metadata.py",
    "tests/engine/recordings/test_recording.py",
    "tests/engine/recordings/test_repeats.py",
    "tests/engine/targets/test_rheobase.py",
    "tests/engine/test_versions.py",
    "tests/cli/test_config.py",
    "tests/state/test_actions.py",
    "tests/state/cache",
    "tests/widgets/test_all_widgets.py",
    "tests/widgets/traces/test_viewer.py",
]


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """Style, types and tests, with the newest of each package."""
    session.install("--editable", ".[dev]")
    session.run("python", "-m", "tests", *session.posargs)


@nox.session(python=PYTHONS)
def lowest(session: nox.Session) -> None:
    """The tests, with the lowest of each package that pyproject.toml allows."""
    _install_lowest(session)
    session.run("python", "-m", "pytest", *OLD, *(session.posargs or ["-n", "auto", "-m", "not slow"]))


@nox.session
def part(session: nox.Session) -> None:
    """A part of the tests with the lowest of each package, on the Python that runs this; for ``.ci/run``."""
    _install_lowest(session)
    session.run(
        *("python", "-m", "pytest", "-n", "auto", "-m", "not slow", "-p", "no:cacheprovider"),
        *OLD,
        *session.posargs,
        *PART,
    )


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """The type checks, with the stubs of the lowest numpy; `newest` has the other end."""
    session.install("--editable", ".[dev]")
    numpy = [one for one in PROJECT["project"]["dependencies"] if one.startswith("numpy")]
    session.install(*LOWEST, *numpy)
    session.run("python", "-m", "mypy")


@nox.session(python=PYTHONS[-1])
def coming(session: nox.Session) -> None:
    """The tests, with what is published of each package before its release."""
    session.install("--prerelease", "allow", "--upgrade", "--editable", ".[dev]")
    session.run("python", "-m", "pytest", *(session.posargs or ["-n", "auto", "-m", "not slow"]))


def _install_lowest(session: nox.Session) -> None:
    asked = [*PROJECT["project"]["dependencies"], *_extra("test"), *_extra("browser")]
    # not in nox's temporary folder, which would then be everybody's: Chromium's sockets can't have names so long
    file = session.cache_dir / "lowest.in"
    file.write_text(
        "\n".join(one for one in asked if not one.startswith(PEER)), encoding="utf-8", newline="\n"
    )
    session.install(*LOWEST, "--requirement", str(file))
    session.install("--no-deps", "--editable", ".")


def _extra(name: str) -> list[str]:
    """Return what an extra asks for, without other extras of ours."""
    found = PROJECT["project"]["optional-dependencies"][name]
    return [one for one in found if not one.startswith("efewidgets")]
