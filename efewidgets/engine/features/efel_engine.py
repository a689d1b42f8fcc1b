"""eFEL's C++ part on its own, run so that nothing is computed twice.

Stock eFEL runs the whole chain of dependencies for each feature, the interpolation of the trace included, and
copies the trace into and out of Python lists on the way. Here a second copy of the C++ library, private to this
module, is told that no feature needs another; the chains are walked in Python, in eFEL's own order, and each
feature runs once. Since the library is a copy, the eFEL that a person uses beside it is never touched.

This relies on eFEL's insides, so it is used only for features that came out as stock eFEL's in a trial (`efel_proof`).
"""

from __future__ import annotations

import importlib.util
import logging
import pathlib
import re
import tempfile
import types
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..systems.libraries import copy_to_load, plain_path
from ..traces.interpolation import Interpolated
from .efel_graph import INTERPOLATE, cpp_chain, cpp_features, cpp_lines, is_efels_own
from .efel_import import efel
from .efel_quick import depol_block

#: Asked for first, always: the one feature that interpolates. It fails at once, copying nothing, when no current
#: was handed over.
FIRST = "current"

#: Times of more samples than this aren't kept for the next trace
KEPT = 250_000

_MISSING = re.compile(r"Parameter \[.*?\] is missing in (the map\..*?function|string map)\n", re.DOTALL)


class PrivateEngine:
    """A copy of eFEL that holds one trace at a time. Not safe for several threads.

    Parameters
    ----------
    without : collection of str
        Features that it isn't to compute.

    Raises
    ------
    OSError, ImportError
        If there is no place for temporary files, or one from which no code may be run.
    """

    def __init__(self, without: Collection[str] = ()) -> None:
        with tempfile.TemporaryDirectory(prefix="efewidgets-", ignore_cleanup_errors=True) as folder:
            self._core = _copied_library(pathlib.Path(folder))
            dependencies = pathlib.Path(folder, "dependencies.txt")
            dependencies.write_text(_flat_dependencies(), encoding="utf-8", newline="\n")
            self._core.Initialize(plain_path(dependencies), "")
        self._python = _python_features(self._feature, self._setting)
        self._features = {*cpp_features(), *self._python} - set(without)
        self._times: deque[tuple[np.ndarray, list[float]]] = deque(maxlen=6)
        self._done: dict[str, np.ndarray | Exception | None] = {}
        self._interpolated: Interpolated | None = None
        self._exact_in_numpy = self._agrees_with_numpy()

    def knows(self, feature: str) -> bool:
        """Whether it computes the feature: one of eFEL's own, and not one that a person registered, or replaced."""
        return feature in self._features and is_efels_own(feature)

    def values(
        self,
        t: np.ndarray,
        v: np.ndarray,
        i: np.ndarray | None,
        features: Sequence[str],
        settings: Mapping[str, Any],
    ) -> dict[str, np.ndarray | None]:
        """Compute features of a trace; `settings` holds all that eFEL reads, ``stim_start`` and the like too."""
        self._load(np.asarray(t), np.asarray(v), None if i is None else np.asarray(i), settings)
        try:
            return {name: self._value(name) for name in features}
        finally:
            self._core.Clear()
            self._done, self._interpolated = {}, None

    def _load(self, t: np.ndarray, v: np.ndarray, i: np.ndarray | None, settings: Mapping[str, Any]) -> None:
        core = self._core
        core.Clear()
        for name, value in settings.items():
            if isinstance(value, int):  # and bool
                core.setFeatureInt(name, [int(value)])
            elif isinstance(value, str):
                core.setFeatureString(name, value)
            else:
                core.setFeatureDouble(name, value if isinstance(value, list) else [value])
        core.setFeatureDouble("T", self._listed(t))
        core.setFeatureDouble("V", v.tolist())
        if i is not None:
            core.setFeatureDouble("I", i.tolist())
        self._interpolated = Interpolated(t, v, settings["interp_step"]) if self._exact_in_numpy else None
        self._done = {}
        self._done[FIRST] = self._run(FIRST)

    def _listed(self, t: np.ndarray) -> list[float]:
        """The times as a list; most recordings of a cell share theirs with others."""
        if len(t) > KEPT:
            return t.tolist()
        for known, listed in self._times:
            if known is t or np.array_equal(known, t):
                return listed
        self._times.appendleft((t.copy() if t.flags.writeable else t, t.tolist()))
        return self._times[0][1]

    def _agrees_with_numpy(self) -> bool:
        """Whether numpy and eFEL interpolate alike on this machine; where products and sums fuse they don't."""
        self._exact_in_numpy = False
        t = np.arange(200) / 7.0
        v = 90.0 * np.sin(t) - 30.0
        times, potentials = self.values(t, v, None, ("time", "voltage"), {"interp_step": 0.03}).values()
        ours = Interpolated(t, v, 0.03)
        return (
            times is not None
            and potentials is not None
            and np.array_equal(times, ours.grid)
            and np.array_equal(potentials, ours.potential())
        )

    def _value(self, name: str) -> np.ndarray | None:
        """Value of any feature; None also where stock eFEL would raise."""
        try:
            return self._python[name]() if name in self._python else self._feature(name)
        except Exception:
            return None

    def _feature(self, name: str, raise_warnings: bool = False) -> np.ndarray | None:
        """Value of a C++ feature, in place of eFEL's get_cpp_feature."""
        outcome = self._outcome(name)
        if isinstance(outcome, Exception) and not isinstance(outcome, _Thrown):
            raise outcome
        # a copy: eFEL's Python code works in place
        return outcome.copy() if isinstance(outcome, np.ndarray) else None

    def _outcome(self, name: str) -> np.ndarray | Exception | None:
        if name not in self._done:
            for need in cpp_chain(name)[:-1]:
                if need != INTERPOLATE and isinstance(failed := self._outcome(need), Exception):
                    self._done[name] = failed  # eFEL gives up a chain at the first exception
                    break
            else:
                self._done[name] = self._run(name)
        return self._done[name]

    def _run(self, name: str) -> np.ndarray | Exception | None:
        """Run one C++ function: its values, None if it has none, an exception if it threw."""
        if name in ("time", "voltage") and self._interpolated is not None:
            # the whole trace by way of a Python list takes as long as all the rest
            return self._interpolated.grid if name == "time" else self._interpolated.potential()
        values: list[float] = []
        self._core.getgError()
        try:
            code = self._core.getFeature(name, values)
        except Exception as error:
            return error
        if code >= 0:
            return np.array(values)
        message = _MISSING.sub("", self._core.getgError())
        return _Thrown(message) if message and not message.startswith(f"Feature [{name}]") else None

    def _setting(self, name: str) -> float | int:
        """Return a setting, in place of eFEL's _get_cpp_data."""
        found = self._core.getMapDoubleData(name) or self._core.getMapIntData(name)
        return found[0]


class _Thrown(Exception):  # noqa: N818
    """What a C++ function threw, and eFEL answers with None."""


def _copied_library(folder: pathlib.Path) -> types.ModuleType:
    """Load a second copy of eFEL's C++ library; it has globals of its own only under a file name of its own."""
    original = efel().cppcore
    copy = copy_to_load(original.__file__, folder)
    spec = importlib.util.spec_from_file_location(f"{__name__}.cppcore", copy)
    if spec is None or spec.loader is None:
        raise ImportError(f"{copy} is no extension module")
    core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    core.Initialize(plain_path(efel().Settings().dependencyfile_path), "")
    core.setFeatureDouble("efewidgets", [1.0])
    if original.getMapDoubleData("efewidgets"):  # libraries loaded with RTLD_GLOBAL share their globals
        original.Clear()
        raise ImportError("the copy shares its state with the original")
    return core


def _flat_dependencies() -> str:
    """Rewrite eFEL's dependency file without dependencies, but that the first feature interpolates."""
    lines = [f"{library}:{name}" for name, (library, _) in cpp_lines().items() if name != FIRST]
    library, interpolate = cpp_lines()[FIRST][0], cpp_lines()[INTERPOLATE][0]
    return "\n".join([*lines, f"{library}:{FIRST} #{interpolate}:{INTERPOLATE}", ""])


def _python_features(
    get_cpp_feature: Callable[..., Any], get_cpp_data: Callable[..., Any]
) -> dict[str, Callable[..., Any]]:
    """Return eFEL's Python features on an engine of ours: its modules run once more, private to us."""
    isi, features = (_second_copy(f"efel.pyfeatures.{name}") for name in ("isi", "pyfeatures"))
    for name, value in vars(isi).items():
        if isinstance(value, types.FunctionType) and not name.startswith("_"):
            setattr(features, name, value)
    silent = logging.Logger(
        "efewidgets.efel"
    )  # "4 or more spikes are needed": nothing to tell for each sweep
    silent.disabled = True
    for module in (isi, features):
        module.get_cpp_feature = get_cpp_feature  # type: ignore[attr-defined]
        module._get_cpp_data = get_cpp_data  # type: ignore[attr-defined]
        module.logger = silent  # type: ignore[attr-defined]
    features.depol_block = depol_block(get_cpp_feature, get_cpp_data)  # type: ignore[attr-defined]
    isi._isi_log_slope_core = _without_lapack_prints(isi._isi_log_slope_core)  # type: ignore[attr-defined]
    return {name: getattr(features, name) for name in features.all_pyfeatures}


def _without_lapack_prints(slope: Callable[..., Any]) -> Callable[..., Any]:
    """Answer None, as eFEL does in the end, for a line through one point; on the way LAPACK prints an error."""

    def guarded(
        isis: Any, skip: bool = False, fraction: float = 0.0, most: int = 0, semilog: bool = False
    ) -> Any:
        left = 0 if isis is None else len(isis) - skip * min(most, int((len(isis) + 1) * fraction + 0.5))
        return None if left == 1 and not semilog else slope(isis, skip, fraction, most, semilog)

    return guarded


def _second_copy(name: str) -> types.ModuleType:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
