"""Our own JSON writer gives the bytes of Python's."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.problems import EfeError

KEYS = (
    st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
)
DATA = st.recursive(LEAVES, lambda part: st.lists(part) | st.dictionaries(KEYS, part) | st.tuples(part, part))


@given(DATA)
def test_bytes_are_those_of_json(data):
    assert to_json(data) == json.dumps(data, indent=2, allow_nan=False)


def test_numbers_and_arrays_of_numpy_are_plain():
    data = {"a": np.float64(0.1), "b": np.arange(3), "c": np.float32(0.5), "d": [np.int64(2), np.bool_(True)]}
    assert json.loads(to_json(data)) == {"a": 0.1, "b": [0, 1, 2], "c": 0.5, "d": [2, True]}


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, np.float32("nan")])
def test_what_json_does_not_have_is_refused(number):
    with pytest.raises(EfeError, match="not finite"):
        to_json({"a": [1.0, number]})


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="set"):
        to_json({"a": {1, 2}})
