"""The way of the data, from files to outputs: knows nothing of widgets."""

from .versions import refuse_unfit

refuse_unfit()  # before an older library fails in some odd place, or for each recording anew
