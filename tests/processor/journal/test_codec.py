"""Trees come back as they were, and nothing but trees comes back."""

import contextlib
import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph_processor import codec
from barograph_processor.exceptions import StateError

_MIB = 1024 * 1024
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


def again(*trees: Any) -> list[Any]:
    """What comes back of trees."""
    return list(codec.unpacked(codec.packed(trees)))


@given(st.lists(_TREES, max_size=3))
def test_round_trip(trees: list[Any]) -> None:
    assert again(*trees) == trees


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
    [found] = again(array)
    assert isinstance(found, np.ndarray)
    native = array.astype(array.dtype.newbyteorder("="))
    assert (found.dtype, found.shape) == (native.dtype, native.shape)
    assert found.tobytes() == native.tobytes()
    assert found.flags.writeable


def test_numpy_scalars_become_plain() -> None:
    assert again([np.float64(0.5), np.int32(7), np.bool_(1)]) == [[0.5, 7, True]]


def test_nan() -> None:
    [back] = again(math.nan)
    assert isinstance(back, float)
    assert math.isnan(back)


@pytest.mark.parametrize("thing", [object(), np.array(["a"]), np.array([None]), 1j])
def test_other_things_are_refused(thing: Any) -> None:
    with pytest.raises(TypeError):
        list(codec.packed([{"a": thing}]))


def test_too_large_an_int_is_refused() -> None:
    with pytest.raises(OverflowError):
        list(codec.packed([2**64]))


def test_large_arrays_are_in_several_blocks_and_hashes_as_they_are() -> None:
    """What deflate makes no smaller is not deflated, and what it does is, whatever is beside it."""
    rng = np.random.default_rng(5)
    hashes = rng.integers(0, 2**63, 1_000_000).astype(np.uint64)
    counts = np.arange(1_000_000) // 1000
    trees: list[Any] = [
        {"hashes": hashes, "counts": counts},
        {"some": counts[:7], "more": hashes[::2]},
    ]
    blocks = list(codec.packed(trees))
    assert max(map(len, blocks)) <= 4 * _MIB + 4
    plain = sum(len(block) for block in blocks if block.startswith(b"BGC2"))
    assert plain == pytest.approx(hashes.nbytes * 1.5, rel=0.01)
    assert sum(map(len, blocks)) - plain < counts.nbytes / 20
    found: list[Any] = list(codec.unpacked(blocks))
    for tree, back in zip(trees, found, strict=True):
        assert all(np.array_equal(back[name], array) for name, array in tree.items())


def test_packing_holds_a_block_and_not_the_whole() -> None:
    arrays = [np.random.default_rng(n).random(500_000) for n in range(10)]
    tracemalloc.start()
    size = sum(len(block) for block in codec.packed({"n": n, "a": a} for n, a in enumerate(arrays)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 10 * 500_000 * 8
    assert peak < 16 * _MIB


def test_blocks_are_taken_as_they_are_needed() -> None:
    taken = 0

    def counted(blocks: list[bytes]) -> Iterator[bytes]:
        nonlocal taken
        for block in blocks:
            taken += 1
            yield block

    arrays = [np.random.default_rng(n).random(2_000_000) for n in range(3)]
    trees = codec.unpacked(counted(list(codec.packed(arrays))))
    next(trees)
    assert 0 < taken < 7


_ONE = b"".join(codec.packed([{"a": 1, "b": np.arange(9)}]))


@pytest.mark.parametrize(
    "block",
    [
        *(b"", b"BGC3", b"BGC3abc", b"XXXX", b"BGC2\xc1", _ONE[:-3]),
        # A tree whose length is beyond the end, an array that nothing has room for, and one of
        # a type on which numpy's own parser fails.
        b"BGC2" + (2**60).to_bytes(8, "little"),
        b"BGC2" + (13).to_bytes(8, "little") + b"\xc7\x0a\x01\x92\xa3<f8\x91\xce\xff\xff\xff\xff",
        b"BGC2" + (10).to_bytes(8, "little") + b"\xc7\x07\x01\x92\xa3(1,\x91\x01",
    ],
)
def test_damage_is_a_state_error(block: bytes) -> None:
    with pytest.raises(StateError):
        list(codec.unpacked([block]))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_a_state_error(noise: bytes) -> None:
    for magic in (b"BGC2", b"BGC3", b"", b"BGC2" + len(noise).to_bytes(8, "little")):
        with contextlib.suppress(StateError):
            list(codec.unpacked([magic + noise]))
