"""Trees come back as they were, and nothing but trees comes back."""

import contextlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph_processor import codec
from barograph_processor.exceptions import StateError

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
_TREES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@given(_TREES, st.booleans())
def test_round_trip(tree: Any, compress: bool) -> None:
    assert codec.loads(codec.dumps(tree, compress=compress)) == tree


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.zeros((0, 3)),
        np.array(2.5),
        np.array([True, False]),
        np.array([2**64 - 1], np.uint64),
        np.array([np.nan, -np.inf, -0.0]),
        np.arange(3, dtype=">i4"),
        np.arange(12).reshape(3, 4)[:, ::2],
        np.array([1 + 2j]),
        np.array([1.5], np.float32),
    ],
)
def test_arrays_keep_type_shape_and_bits(array: np.ndarray[Any, Any]) -> None:
    found = codec.loads(codec.dumps(array))
    assert isinstance(found, np.ndarray)
    native = array.astype(array.dtype.newbyteorder("="))
    assert (found.dtype, found.shape) == (native.dtype, native.shape)
    assert found.tobytes() == native.tobytes()
    assert found.flags.writeable


def test_numpy_scalars_become_plain() -> None:
    back = codec.loads(codec.dumps([np.float64(0.5), np.int32(7), np.bool_(1)]))  # type: ignore[list-item] # numpy's own scalars
    assert back == [0.5, 7, True]


def test_nan() -> None:
    back = codec.loads(codec.dumps(math.nan))
    assert isinstance(back, float)
    assert math.isnan(back)


@pytest.mark.parametrize("thing", [object(), np.array(["a"]), np.array([None]), 1j])
def test_other_things_are_refused(thing: Any) -> None:
    with pytest.raises(TypeError):
        codec.dumps({"a": thing})


def test_too_large_an_int_is_refused() -> None:
    with pytest.raises(OverflowError):
        codec.dumps(2**64)


@pytest.mark.parametrize(
    "blob", [b"", b"BGC1", b"BGC1abc", b"BGC0\xc1", b"XXXX", codec.dumps({"a": 1})[:-3]]
)
def test_damage_is_a_state_error(blob: bytes) -> None:
    with pytest.raises(StateError):
        codec.loads(blob)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_a_state_error(noise: bytes) -> None:
    for magic in (b"BGC0", b"BGC1", b""):
        with contextlib.suppress(StateError):
            codec.loads(magic + noise)
