"""All that a person can do, each one edit that can be undone: with files, with targets, with settings."""

from __future__ import annotations

from .models import ModelActions
from .settings import SettingActions
from .stimuli import StimulusActions
from .targets import TargetActions


class Actions(StimulusActions, TargetActions, SettingActions, ModelActions):
    """The actions of a state."""
