"""All that a person can do, each one edit that can be undone: with files, with targets, with settings."""

from __future__ import annotations

from .files import FileActions
from .models import ModelActions
from .settings import SettingActions
from .targets import TargetActions


class Actions(FileActions, TargetActions, SettingActions, ModelActions):
    """The actions of a state."""
