"""Targets: which feature is wanted of which protocol, at which amplitude; checked, converted, chosen automatically."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

from ..averages import mean_and_std
from ..features.efel_settings import given_settings
from ..features.store import settings_key
from ..kinds import COUNT, NAME, NUMBER, SETTINGS, TEXT, Kind, shown, wrong_entries
from ..problems import EfeError, Problem, misspelt, nearest
from ..roles import ROLES

#: What a target may say, and of which kind
TARGET: dict[str, Kind] = {
    "efeature": NAME,
    "protocol": NAME,
    "amplitude": NUMBER,
    "tolerance": NUMBER,
    "efel_settings": SETTINGS,
    "efeature_name": TEXT,
    "location": NAME,
    "weight": NUMBER,
    "min_values": COUNT,
    "role": Kind(lambda value: value in ROLES, f"one of {', '.join(ROLES)}, in quotes"),
}
KNOWN_KEYS = tuple(TARGET)
NEEDED_KEYS = ("efeature", "protocol", "amplitude", "tolerance")
PRESET_PROTOCOLS_RHEOBASE = [
    "IV",
    "Step",
    "FirePattern",
    "IDrest",
    "IDRest",
    "IDthresh",
    "IDThresh",
    "IDThres",
    "IDthres",
]


def check_targets(targets: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the targets that can be used, as copies with ``efel_settings`` filled in, and what is wrong with the rest.

    A target that stands in the list twice is used once.
    """
    good: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for i, target in enumerate(targets):
        try:
            checked, passed_over = _checked(target)
        except EfeError as error:
            problems.append(Problem(str(error), kind="target", target=_title(i, target)))
            continue
        for key in passed_over:
            message = f"a target has no entry {key!r}; it is passed over.{nearest(key, KNOWN_KEYS)}"
            problems.append(Problem(message, "warning", "target", target=_title(i, target)))
        if checked in good:
            message = "this target stands in the list more than once; it is used once."
            problems.append(Problem(message, "warning", "target", target=_title(i, target)))
            continue
        good.append(checked)
    return good, problems


def _title(i: int, target: Any) -> str:
    if not isinstance(target, Mapping):
        return f"{i + 1}"
    return f"{i + 1}: {target.get('efeature')} of {target.get('protocol')} at {target.get('amplitude')}"


def _checked(target: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a target that can be used, and its entries that mean nothing here."""
    from ..features.efel_features import check_feature, check_settings

    if isinstance(target, Mapping):
        target = {key: _one(key, value) for key, value in target.items()}
    wrong = target_faults(target)
    if wrong:
        raise EfeError(" ".join(wrong))
    passed_over = [key for key in target if key not in KNOWN_KEYS]
    for key in passed_over:
        if misspelt(key, KNOWN_KEYS):
            raise EfeError(f"a target has no entry {key!r}.{nearest(key, KNOWN_KEYS)}")
    target = {key: value for key, value in target.items() if key in KNOWN_KEYS}
    check_feature(target["efeature"])
    if target["tolerance"] <= 0:
        raise EfeError(
            f"tolerance must be above zero (nothing lies within it), but is {target['tolerance']!r}."
        )
    check_settings(target.get("efel_settings"))
    checked = copy.deepcopy(dict(target))
    checked["efel_settings"] = given_settings(checked.get("efel_settings"))
    checked["location"] = checked.get("location") or "soma"
    return checked, passed_over


def _one(key: str, value: Any) -> Any:
    """Take the amplitude or tolerance out of a list of one, as scripts for BluePyEfe write it."""
    is_list = isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) == 1
    return value[0] if key in ("amplitude", "tolerance") and is_list and len(value) == 1 else value


def target_faults(target: Any) -> list[str]:
    """Return in words what a target lacks, and which of its entries are of another kind than they must be."""
    if not isinstance(target, Mapping):
        return [f'a target must be a dictionary, {{"efeature": …}}, but is {shown(target)}.']
    lacking = [key for key in NEEDED_KEYS if target.get(key) is None]
    told = [f"the target has no {key!r}; it needs {', '.join(NEEDED_KEYS)}." for key in lacking[:1]]
    return told + wrong_entries(target, TARGET)


def convert_legacy_targets(targets: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Convert targets of the old form, a dictionary of protocols, to a list with one entry a target.

    Parameters
    ----------
    targets : dict
        ``{protocol: {"amplitudes": [50, 100], "tolerances": [10, 10], "efeatures": {"Spikecount": {"Threshold":
        -10.0}}, "location": "soma"}}``; "tolerances" may hold one value for all amplitudes, "efeatures" may be
        a list.

    Returns
    -------
    list of dict
        Targets as `extract_efeatures` takes them, amplitude by amplitude.

    Raises
    ------
    EfeError
        If an entry is missing, or there are neither one nor as many tolerances as amplitudes.
    """
    converted = []
    for protocol, old in targets.items():
        if not isinstance(old, Mapping) or not all(
            isinstance(old.get(key), (list, tuple, dict)) for key in ("amplitudes", "tolerances", "efeatures")
        ):
            raise EfeError(
                f'protocol {protocol!r} must hold lists "amplitudes" and "tolerances", and "efeatures"; but is '
                f"{shown(old)}. (If these are meant to be targets of today's form, make them a list.)"
            )
        amplitudes, tolerances = list(old["amplitudes"]), list(old["tolerances"])
        if len(tolerances) == 1:
            tolerances *= len(amplitudes)
        if len(tolerances) != len(amplitudes):
            raise EfeError(
                f"protocol {protocol!r} has {len(amplitudes)} amplitudes and {len(tolerances)} tolerances; give one "
                "tolerance, or one for each amplitude."
            )
        settings = old["efeatures"] if isinstance(old["efeatures"], Mapping) else {}
        if not all(own is None or isinstance(own, Mapping) for own in settings.values()):
            raise EfeError(f'protocol {protocol!r}: "efeatures" must hold {{feature: {{setting: value}}}}.')
        for amplitude, tolerance in zip(amplitudes, tolerances, strict=True):
            for efeature in old["efeatures"]:
                target = {
                    "efeature": efeature,
                    "protocol": protocol,
                    "amplitude": amplitude,
                    "tolerance": tolerance,
                    "efel_settings": dict(settings.get(efeature) or {}) if settings else {},
                }
                if "location" in old:
                    target["location"] = old["location"]
                converted.append(target)
    return converted


class EFeatureTarget:
    """One feature at one amplitude of one protocol, and the values that recordings give for it.

    Parameters
    ----------
    efeature_name : str or None
        Own name of the feature; None for eFEL's.
    efel_feature_name : str
        Name of the feature in eFEL.
    protocol_name : str
    amplitude, tolerance : float
        % of rheobase, or nA.
    efel_settings : dict, optional
        eFEL settings under which the feature is computed.
    location : str
        Where the recording was made.
    min_values : int, optional
        How many values it must have to stand in the output; None for as many as any feature must.
    """

    def __init__(
        self,
        efeature_name: str | None,
        efel_feature_name: str,
        protocol_name: str,
        amplitude: float,
        tolerance: float,
        efel_settings: Mapping[str, Any] | None = None,
        location: str = "soma",
        min_values: int | None = None,
    ):
        self.efeature_name = efel_feature_name if efeature_name is None else efeature_name
        self.efel_feature_name = efel_feature_name
        self.protocol_name = protocol_name
        self.amplitude = amplitude
        self.tolerance = tolerance
        self.efel_settings = given_settings(efel_settings)
        self.location = location
        self.min_values = min_values
        self._values: list[float] = []
        self._files: list[Sequence[str]] = []
        self._auto_thresholds: list[float] = []

    @property
    def values(self) -> list[float]:
        """Value of each recording that matched, in their order."""
        return self._values

    @property
    def files(self) -> list[str]:
        """Files of the recordings that gave a value, each once."""
        return list(dict.fromkeys(file for files in self._files for file in files))

    @property
    def auto_thresholds(self) -> list[float]:
        """Automatic spike threshold (mV) of each recording that was judged by its own."""
        return self._auto_thresholds

    @property
    def sample_size(self) -> int:
        """Number of recordings that gave a value."""
        return len(self._values)

    def values_wanted(self, threshold_nvalue_save: int = 1) -> int:
        """Return how many values it must have to stand in the output: its own minimum, else that of all features."""
        return max(threshold_nvalue_save if self.min_values is None else self.min_values, 1)

    @property
    def mean(self) -> float:
        """Mean of the values; nan without any."""
        return mean_and_std(self._values)[0]

    @property
    def std(self) -> float:
        """Population standard deviation of the values; nan without any."""
        return mean_and_std(self._values)[1]

    def append(self, value: float | None, files: Sequence[str] | None = None) -> None:
        """Add the value of a recording; None and nan are left out.

        Raises
        ------
        TypeError
            If the value isn't a number.
        """
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise TypeError(f"Expected value of a feature must be a number, but is {value!r}.")
        if not np.isfinite(value):
            return
        self._values.append(float(value))
        self._files.append(files or ())

    def extend(self, values: Sequence[float | None], files: Sequence[Sequence[str]]) -> None:
        """Add the values of recordings, and the files of each; as `append` does one by one."""
        try:
            complete = isfinite(sum(values))  # type: ignore[arg-type]
        except TypeError:  # there is a None
            complete = False
        if complete:
            self._values += values  # type: ignore[arg-type]
            self._files += files
            return
        found = [(v, names) for v, names in zip(values, files, strict=True) if v is not None and isfinite(v)]
        self._values += [value for value, _ in found]
        self._files += [names for _, names in found]

    @cached_property
    def settings_key(self) -> tuple[Any, ...]:
        """Key of the eFEL settings in a recording's feature store."""
        return settings_key(self.efel_settings)

    def append_auto_threshold(self, threshold: float | None) -> None:
        """Note the automatic spike threshold (mV) of a recording that matched, unless the settings have one."""
        if threshold is not None and "Threshold" not in self.efel_settings:
            self._auto_thresholds.append(threshold)

    def clear(self) -> None:
        """Forget the values."""
        self._values, self._files, self._auto_thresholds = [], [], []

    def effective_settings(self) -> dict[str, Any]:
        """Return the eFEL settings, with the median of the automatic spike thresholds where those were used."""
        if not self._auto_thresholds or "Threshold" in self.efel_settings:
            return dict(self.efel_settings)
        return self.efel_settings | {"Threshold": np.median(self._auto_thresholds)}

    def add_effective_threshold(self) -> None:
        """Take the median of the automatic spike thresholds, where those were used, into the settings."""
        self.efel_settings = self.effective_settings()

    def as_dict(self, save_files_used: bool = False, default_std_value: float = 1e-3) -> dict[str, Any]:
        """Return the target as it stands in features.json; a standard deviation of 0 becomes `default_std_value`."""
        mean, std = mean_and_std(self._values)
        found: dict[str, Any] = {
            "feature": self.efel_feature_name,
            "val": [mean, default_std_value if std == 0.0 else std],
            "n": self.sample_size,
            "efel_settings": self.effective_settings(),
        }
        if self.efeature_name:
            found["efeature_name"] = self.efeature_name
        if save_files_used:
            found["files"] = sorted(self.files)
        return found

    def __repr__(self) -> str:
        return (
            f"EFeatureTarget({self.efeature_name} of {self.protocol_name} at {self.amplitude:g}: n = "
            f"{self.sample_size}, {self.mean:.5g} ± {self.std:.5g})"
        )
