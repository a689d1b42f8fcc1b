"""What the package's own text must keep to, so that it does the same on every system."""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Iterator

import pytest

import efewidgets

PACKAGE = pathlib.Path(efewidgets.__file__).parent
SYSTEMS = PACKAGE / "engine" / "systems"
TESTS = pathlib.Path(__file__).resolve().parents[1]

#: What asks for the system, or does what systems do otherwise; `engine.systems` has the same for all of them
ASKS = {
    *(
        "os.name",
        "sys.platform",
        "platform.system",
        "os.uname",
        "os.access",
        "os.replace",
        "os.rename",
        "os.kill",
    ),
    *(
        "os.path.expanduser",
        "os.symlink",
        "os.link",
        "signal.SIGKILL",
        "ctypes.windll",
        "ctypes.CDLL",
        "os.chown",
    ),
    *(
        "os.mkfifo",
        "os.fork",
        "os.geteuid",
        "os.getuid",
        "os.killpg",
        "os.getpgid",
        "os.sysconf",
        "os.wait4",
    ),
}
ASKS_BY_METHOD = {"expanduser", "symlink_to", "hardlink_to", "rename"}
MODULES = {"fcntl", "grp", "platformdirs", "pty", "pwd", "resource", "termios", "winreg", "msvcrt"}
#: How processes are copied and end, and what is printed last, has places of its own
KNOW_TOO = {"app/forked.py", "app/kernel.py", "app/nursery.py", "cli/junk.py"}
TEXT_METHODS = {"read_text": 0, "write_text": 1}
ONLY_POSIX = {
    *(
        f"os.{name}"
        for name in ("mkfifo", "fork", "killpg", "getuid", "geteuid", "getpgid", "wait4", "sysconf")
    ),
    *(f"signal.{name}" for name in ("SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM", "SIGPROF", "setitimer")),
}


@functools.cache
def modules(folder: pathlib.Path) -> list[tuple[pathlib.Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.py"))]


def dotted(node: ast.AST) -> str:
    """Return what an expression names, as "os.path.realpath"; "" if it is no name."""
    if isinstance(node, ast.Name):
        return node.id
    before = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{before}.{node.attr}" if before and isinstance(node, ast.Attribute) else ""


def asks(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what asks for the system in a module, and where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and dotted(node) in ASKS:
            yield dotted(node), node.lineno
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in ASKS_BY_METHOD and dotted(called) not in ASKS:
            yield called.attr, called.lineno
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        yield from ((name, node.lineno) for name in names if name in MODULES)  # type: ignore[attr-defined]


def text_without_encoding(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield where text is read or written in a form that depends on the system."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
        given = {keyword.arg for keyword in node.keywords}
        if name in TEXT_METHODS and isinstance(node.func, ast.Attribute):
            wanted = {"encoding"} | ({"newline"} if TEXT_METHODS[name] else set())
        elif name in ("open", "fdopen"):
            mode = _mode(node)
            if mode is None or "b" in mode or dotted(node.func) == "os.open" or _goes_nowhere(node):
                continue
            wanted = {"encoding"} | ({"newline"} if set(mode) & set("wax+") else set())
        elif name == "to_csv":
            wanted = {"lineterminator"}
        elif name in ("run", "Popen", "check_output") and given & {"text", "universal_newlines"}:
            wanted = {"encoding"}
        else:
            continue
        if wanted - given:
            yield f"{name} without {', '.join(sorted(wanted - given))}", node.lineno


def _goes_nowhere(call: ast.Call) -> bool:
    return bool(call.args) and dotted(call.args[0]) == "os.devnull"


def _mode(call: ast.Call) -> str | None:
    """Return the mode in which a file is opened; None if this opens no file by its name."""
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), None)
    method = isinstance(call.func, ast.Attribute) and dotted(call.func) not in ("io.open", "os.fdopen")
    place = call.args[(0 if method else 1) :][:1]
    mode = named or (place[0] if place else None)
    if mode is None:
        return None if method else "r"
    return mode.value if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else None


def test_one_room_knows_about_systems_and_the_rest_asks_it():
    found = [
        f"{path.relative_to(PACKAGE)}:{line} {what}"
        for path, tree in modules(PACKAGE)
        if not path.is_relative_to(SYSTEMS) and path.relative_to(PACKAGE).as_posix() not in KNOW_TOO
        for what, line in asks(tree)
    ]
    assert found == []


def test_text_is_the_same_on_every_system():
    found = [
        f"{path.relative_to(PACKAGE)}:{line} {what}"
        for path, tree in modules(PACKAGE)
        for what, line in text_without_encoding(tree)
    ]
    assert found == []


def test_every_module_of_the_tests_can_be_imported_anywhere():
    found = []
    for path, tree in modules(TESTS):
        for node in _at_import(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [
                f"{path.name}:{node.lineno} {name}" for name in names if name in MODULES - {"platformdirs"}
            ]
            if isinstance(node, ast.Attribute) and dotted(node) in ONLY_POSIX:
                found.append(f"{path.name}:{node.lineno} {dotted(node)}")
    assert found == []


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is looked at when a module is imported: not the insides of functions, nor what is asked for first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in child.decorator_list:
                yield from _at_import(decorator)
            continue
        if isinstance(child, (ast.Lambda, ast.BoolOp, ast.If)):  # "not hasattr(os, …) or …"
            continue
        yield child
        yield from _at_import(child)


def test_text_of_the_tests_is_the_same_on_every_system():
    """Else a test tells of the system on which it runs, rather than of the package."""
    found = [
        f"{path.relative_to(TESTS)}:{line} {what}"
        for path, tree in modules(TESTS)
        for what, line in text_without_encoding(tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("path.read_text()", 1),
        ("path.write_text(x, encoding='utf-8')", 1),
        ("open(path)", 1),
        ("open(path, 'w', encoding='utf-8')", 1),
        ("path.open('a')", 1),
        ("frame.to_csv(path)", 1),
        ("subprocess.run(x, text=True)", 1),
        ("open(path, 'rb'); path.open('wb'); path.read_text(encoding='utf-8'); os.open(path, 1)", 0),
        ("webbrowser.open(url); h5py.h5d.open(group, name); known.open(metadata)", 0),
        ("write_text(path, text)", 0),
    ],
)
def test_the_rule_for_text_finds_what_it_is_for(text, found):
    assert len(list(text_without_encoding(ast.parse(text)))) == found


@pytest.mark.parametrize(
    "text",
    ["os.replace(a, b)", "if os.name == 'nt': pass", "import fcntl", "path.expanduser()", "sys.platform"],
)
def test_the_rule_for_systems_finds_what_it_is_for(text):
    assert list(asks(ast.parse(text)))
