"""The feature values of one recording: asked for by name and settings, computed together and only when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..problems import Problem

Settings = Mapping[str, Any]
Compute = Callable[[Sequence[str], Settings], Mapping[str, float]]


def settings_key(settings: Settings | None) -> tuple[Any, ...]:
    """Return a hashable key that is the same for the same settings, in whatever order."""
    return tuple(sorted((name, repr(value)) for name, value in (settings or {}).items()))


def _same(a: Any, b: Any) -> bool:
    if not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
        return a is b
    return a == b or (a != a and b != b)


class FeatureStore:
    """Values by (feature, settings), and what is shown under the labels by which a person asked for them.

    The same feature under other settings is another value; a label shows the one that was asked for last. What a
    script changes among the shown values, takes out or adds counts from then on.
    """

    def __init__(self) -> None:
        self._asked: dict[str, dict[tuple[str, tuple[Any, ...]], None]] = {}  # the last one is shown
        self._settings: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._wanted: dict[tuple[Any, ...], dict[str, None]] = {}
        self._values: dict[tuple[Any, ...], dict[str, float]] = {}
        self._failures: dict[tuple[Any, ...], list[Problem]] = {}
        self._shown: dict[str, float] = {}
        self._made: dict[str, float] = {}  # what was put among the shown values from here

    def request(
        self,
        features: Sequence[str],
        labels: Sequence[str | None] | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Ask for features under the given settings; nothing is computed yet."""
        key = settings_key(settings)
        self._settings[key] = dict(settings or {})
        wanted = self._wanted.setdefault(key, {})
        for feature, label in zip(features, labels or [None] * len(features), strict=True):
            name = label or feature
            asked = self._asked.setdefault(name, {})
            if not asked or next(reversed(asked)) != (feature, key):
                self._shown.pop(name, None)
                self._made.pop(name, None)
            asked.pop((feature, key), None)
            asked[feature, key] = None
            if feature not in self.known(key):
                wanted[feature] = None

    def pending(self) -> list[tuple[list[str], dict[str, Any]]]:
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
        if self._by_hand(label):
            return self._shown.get(label)
        key = settings_key(settings)
        asked = self._asked.get(label)
        if asked is None or (feature, key) in asked:
            if feature in self._wanted.get(key, {}):
                self._compute(key, compute)
            if feature in self.known(key):
                return self.known(key)[feature]
        return self.shown(compute).get(label)

    def _by_hand(self, label: str) -> bool:
        """Whether a script has set, changed or taken out the value that is shown under a label."""
        if label not in self._made:
            return label in self._shown
        return label not in self._shown or not _same(self._shown[label], self._made[label])

    def forget(
        self,
        features: Sequence[str],
        labels: Sequence[str | None] | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Forget what is to be computed anew, under these settings or, by the same labels, under others.

        What other labels show of it stays.
        """
        key = settings_key(settings)
        self._show_known()
        stale = {(feature, key) for feature in features}
        for asked in self._asked.values():
            for one in stale & asked.keys():
                del asked[one]
        for feature, label in zip(features, labels or [None] * len(features), strict=True):
            self._asked.pop(label or feature, None)
        wanted = self._wanted.get(key, {})
        for feature in features:
            wanted.pop(feature, None)
        self._values[key] = {name: value for name, value in self.known(key).items() if name not in features}

    def shown(self, compute: Compute) -> dict[str, float]:
        """Return the values by their labels, computing what is pending; a script may change them by hand."""
        for key, wanted in list(self._wanted.items()):
            if wanted:
                self._compute(key, compute)
        self._show_known()
        return self._shown

    def _show_known(self) -> None:
        for label, asked in self._asked.items():
            if asked and label not in self._made:
                feature, key = next(reversed(asked))
                if feature in self.known(key):
                    self._shown[label] = self._made[label] = self.known(key)[feature]

    def replace_shown(self, values: Mapping[str, float]) -> None:
        """Replace all labels by values that a script sets itself."""
        self._asked, self._wanted, self._made, self._values = {}, {}, {}, {}
        self._shown = values if isinstance(values, dict) else dict(values)

    def clear(self) -> None:
        """Forget the values, since the recording has changed; what was asked for is wanted anew."""
        self._values, self._failures = {}, {}
        for label, asked in self._asked.items():
            self._shown.pop(label, None)
            self._made.pop(label, None)
            for feature, key in asked:
                self._wanted.setdefault(key, {})[feature] = None

    def known(self, key: tuple[Any, ...]) -> Mapping[str, float]:
        """Return the values that were computed under the settings with this key, by their features."""
        return self._values.get(key, {})

    def all_known(self) -> dict[tuple[Any, ...], dict[str, float]]:
        """Return all values that were computed, by the keys of their settings."""
        return self._values

    def failures(self, key: tuple[Any, ...]) -> list[Problem]:
        """Return what went wrong with features under the settings with this key."""
        return self._failures.get(key, [])

    def restore(
        self,
        values: Mapping[tuple[Any, ...], Mapping[str, float]],
        failures: Mapping[tuple[Any, ...], Sequence[Problem]],
    ) -> None:
        """Take over all values and failures of another store, by the keys of their settings."""
        self._values = {key: dict(found) for key, found in values.items()}
        self._failures = {key: list(problems) for key, problems in failures.items()}

    @property
    def failed(self) -> bool:
        """Whether anything went wrong with any feature."""
        return bool(self._failures)

    def fail(self, key: tuple[Any, ...], problems: Sequence[Problem]) -> None:
        """Note what went wrong with features under the settings with this key."""
        self._failures[key] = [*self.failures(key), *problems]

    def _compute(self, key: tuple[Any, ...], compute: Compute) -> None:
        self.fill(self._settings[key], compute(list(self._wanted[key]), self._settings[key]))
