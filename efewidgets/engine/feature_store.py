"""The feature values of one recording: asked for by name and settings, computed together and only when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .problems import Problem

Settings = Mapping[str, Any]
Compute = Callable[[Sequence[str], Settings], Mapping[str, float]]


def settings_key(settings: Settings | None) -> tuple:
    """Return a hashable key that is the same for the same settings, in whatever order."""
    return tuple(sorted((name, repr(value)) for name, value in (settings or {}).items()))


class FeatureStore:
    """Values by (feature, settings), and what is shown under the labels by which a person asked for them.

    The same feature under other settings is another value; a label shows the one that was asked for last.
    """

    def __init__(self) -> None:
        self._labels: dict[str, tuple[str, tuple]] = {}
        self._settings: dict[tuple, dict] = {}
        self._wanted: dict[tuple, dict[str, None]] = {}
        self._values: dict[tuple, dict[str, float]] = {}
        self._failures: dict[tuple, list[Problem]] = {}
        self._shown: dict[str, float] = {}

    def request(
        self, features: Sequence[str], labels: Sequence[str | None] | None, settings: Settings | None
    ) -> None:
        """Ask for features under the given settings; nothing is computed yet."""
        key = settings_key(settings)
        self._settings[key] = dict(settings or {})
        wanted = self._wanted.setdefault(key, {})
        for feature, label in zip(features, labels or [None] * len(features), strict=True):
            name = label or feature
            if self._labels.get(name) != (feature, key):
                self._shown.pop(name, None)
            self._labels[name] = (feature, key)
            if feature not in self.known(key):
                wanted[feature] = None

    def pending(self) -> list[tuple[list[str], dict]]:
        """Return what was asked for and not computed yet: features and their settings."""
        return [(list(wanted), self._settings[key]) for key, wanted in self._wanted.items() if wanted]

    def fill(self, settings: Settings, values: Mapping[str, float]) -> None:
        """Take over values that were computed under the given settings."""
        key = settings_key(settings)
        self._settings.setdefault(key, dict(settings))
        self._values[key] = {**self.known(key), **values}
        for feature in values:
            self._wanted.get(key, {}).pop(feature, None)

    def value(self, label: str, feature: str, settings: Settings, compute: Compute) -> float | None:
        """Return what was asked for under these settings, else what the label shows, else None."""
        key = settings_key(settings)
        if self._labels.get(label) == (feature, key) and label in self._shown:
            return self._shown[label]
        if feature in self._wanted.get(key, {}):
            self._compute(key, compute)
        if feature in self.known(key):
            return self.known(key)[feature]
        return self.shown(compute).get(label)

    def shown(self, compute: Compute) -> dict[str, float]:
        """Return the values by their labels, computing what is pending; a script may change them by hand."""
        for key, wanted in list(self._wanted.items()):
            if wanted:
                self._compute(key, compute)
        missing = {label: found for label, found in self._labels.items() if label not in self._shown}
        if missing:
            by_hand = {label: value for label, value in self._shown.items() if label not in self._labels}
            kept = {
                label: self._shown[label] if label in self._shown else self._values[key][feature]
                for label, (feature, key) in self._labels.items()
            }
            self._shown.clear()
            self._shown.update(kept | by_hand)
        return self._shown

    def replace_shown(self, values: Mapping[str, float]) -> None:
        """Replace all labels by values that a script sets itself."""
        self._labels, self._wanted = {}, {}
        self._shown = dict(values)

    def clear(self) -> None:
        """Forget the values, since the recording has changed; what was asked for is wanted anew."""
        self._values, self._failures = {}, {}
        for label, (feature, key) in self._labels.items():
            self._shown.pop(label, None)
            self._wanted.setdefault(key, {})[feature] = None

    def known(self, key: tuple) -> Mapping[str, float]:
        """Return the values that were computed under the settings with this key, by their features."""
        return self._values.get(key, {})

    def all_known(self) -> dict[tuple, dict[str, float]]:
        """Return all values that were computed, by the keys of their settings."""
        return self._values

    def failures(self, key: tuple) -> list[Problem]:
        """Return what went wrong with features under the settings with this key."""
        return self._failures.get(key, [])

    def restore(
        self, values: Mapping[tuple, Mapping[str, float]], failures: Mapping[tuple, Sequence[Problem]]
    ) -> None:
        """Take over all values and failures of another store, by the keys of their settings."""
        self._values = {key: dict(found) for key, found in values.items()}
        self._failures = {key: list(problems) for key, problems in failures.items()}

    @property
    def failed(self) -> bool:
        """Whether anything went wrong with any feature."""
        return bool(self._failures)

    def fail(self, key: tuple, problems: Sequence[Problem]) -> None:
        """Note what went wrong with features under the settings with this key."""
        self._failures[key] = [*self.failures(key), *problems]

    def _compute(self, key: tuple, compute: Compute) -> None:
        self.fill(self._settings[key], compute(list(self._wanted[key]), self._settings[key]))
