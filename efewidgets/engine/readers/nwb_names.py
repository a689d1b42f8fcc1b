"""What the stimulus of an NWB sweep is called: by the file itself, and by BluePyEfe."""

from __future__ import annotations

from dataclasses import dataclass

from .hdf5_members import attribute, text
from .nwb_series import Series

# What programs write where a person has written nothing.
_NO_NAMES = {
    "", "-", "?", "na", "n/a", "n.a", "nan", "none", "null", "unknown", "undefined", "unspecified", "not described",
    "no description", "not available", "not specified", "not provided", "no stimulus description", "no stimulus type",
    "not recorded", "placeholder", "todo", "tbd",
}  # fmt: skip
#: How sweeps are called that say nothing of their stimulus
UNNAMED = "Step"


@dataclass(frozen=True)
class Names:
    """Names of one sweep's stimulus.

    Parameters
    ----------
    protocol : str
        The one that is shown.
    others : tuple of str
        Further names that the file gives.
    fallback : tuple of str
        Names under which BluePyEfe finds the sweep; they count where no sweep of the file is called so.
    is_named : bool
        Whether the file gives any name.
    """

    protocol: str
    others: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    is_named: bool = True


def real_name(words: str | None) -> str | None:
    """Return a name, None for words that say there is none ("N/A", "not described")."""
    bare = (words or "").strip(" .:;!<>()[]{}'\"\t\r\n").lower()
    return None if bare in _NO_NAMES else words


def described(series: Series | None) -> str | None:
    """Return the stimulus's name as the series has it, None if it has none."""
    return real_name(series.word("stimulus_description")) if series is not None else None


def step_name(raw: str | None) -> str:
    """Return "Step" for sweeps without a description and for every kind of step but GenericStep."""
    words = (raw or "na").lower()
    if words == "na" or ("step" in words and words != "genericstep"):
        return UNNAMED
    return str(raw)


def names_of(
    voltage: Series, current: Series | None, in_table: str | None = None, table_first: bool = False
) -> Names:
    """Return the names that two series and the tables' ``stimulus_type`` give; the first of them is shown.

    What a table says is shown as it stands there: only of descriptions does BluePyEfe make "Step".
    """
    table = [real_name(in_table)]
    written = [described(voltage), described(current)]
    given = table + written if table_first else written + table
    own = list(dict.fromkeys(name for name in given if name is not None))
    others = dict.fromkeys([*own, *map(step_name, own)])
    shown = own[0] if own and own[0] == in_table else step_name(own[0] if own else None)
    return Names(shown, tuple(others), _in_bluepyefe(voltage), bool(own))


def _in_bluepyefe(voltage: Series) -> tuple[str, ...]:
    raw = text(attribute(voltage.group, "stimulus_description"))
    return tuple(dict.fromkeys([step_name(raw), *([raw] if raw else [])]))
