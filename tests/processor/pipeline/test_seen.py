"""The set of what was seen: exact within its capacity, bounded beyond, the same however batched."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph_processor.pipeline.seen import Keys, SeenSet

# Some of them begin to search at one and the same slot.
_KEYS = st.lists(st.integers(0, 40) | st.integers(1, 9).map((1 << 20).__mul__), max_size=120)


def keys_of(values: list[int]) -> Keys:
    return np.array(values, np.uint64)


@given(_KEYS)
def test_within_capacity_it_is_a_set(values: list[int]) -> None:
    # Zero marks a free slot inside, and counts as one.
    stored = [value or 1 for value in values]
    expected = [value not in stored[:place] for place, value in enumerate(stored)]
    assert SeenSet(1000).add(keys_of(values)).tolist() == expected


@given(_KEYS, st.lists(st.integers(0, 120), max_size=5), st.integers(1, 10))
def test_batches_do_not_matter(values: list[int], cuts: list[int], capacity: int) -> None:
    """A replay that batches otherwise decides the same, evictions included."""
    whole, parts = SeenSet(capacity), SeenSet(capacity)
    expected = whole.add(keys_of(values)).tolist()
    found: list[bool] = []
    edges = sorted({0, len(values), *(min(cut, len(values)) for cut in cuts)})
    for start, stop in pairwise(edges):
        found += parts.add(keys_of(values[start:stop])).tolist()
    assert found == expected


@given(_KEYS, _KEYS, st.integers(1, 10))
def test_restored_set_decides_as_the_first(
    before: list[int], after: list[int], capacity: int
) -> None:
    first, second = SeenSet(capacity), SeenSet(capacity)
    first.add(keys_of(before))
    second.load(first.state())
    assert second.add(keys_of(after)).tolist() == first.add(keys_of(after)).tolist()


def test_remembers_its_capacity_and_forgets_beyond_twice() -> None:
    rng = np.random.default_rng(3)
    stream = rng.integers(1, 2**63, 10_000, np.uint64)
    seen = SeenSet(1000)
    assert seen.add(stream).all()
    assert not seen.add(stream[-1000:]).any()
    assert seen.add(stream[:1000]).all()
    assert sum(map(len, seen.state())) <= 2000


def test_capacity_is_positive() -> None:
    with pytest.raises(ValueError, match="capacity"):
        SeenSet(0)
