"""Ids of spans that are not written are the same as those that are."""

import zlib

import numpy as np
import pytest

from barograph_processor.observation import names_at
from barograph_processor.span_hexes import SpanHexes

IDS = np.random.default_rng(1).integers(0, 2**64, 200, dtype=np.uint64)
IDS[:3] = 0, 1, 2**64 - 1
TEXTS = tuple(f"{number:016x}" for number in IDS.tolist())


def test_they_are_a_sequence_of_texts() -> None:
    hexes = SpanHexes(IDS)
    assert hexes == TEXTS
    assert hash(hexes) == hash(TEXTS)
    assert [hexes[at] for at in range(len(hexes))] == list(TEXTS)
    assert hexes[3:5] == TEXTS[3:5]
    assert hexes != TEXTS[1:]
    assert not SpanHexes(IDS[:0])


def test_a_selection_of_rows_is_one_of_texts() -> None:
    rows = np.array([5, 0, 5], dtype=np.intp)
    assert (
        names_at(SpanHexes(IDS), rows) == names_at(TEXTS, rows) == (*TEXTS[5:6], TEXTS[0], TEXTS[5])
    )
    assert names_at((), rows) == ()


@pytest.mark.parametrize("count", [0, 1, 200])
def test_checksums_are_those_of_the_texts(count: int) -> None:
    expected = [zlib.crc32(text.encode()) for text in TEXTS[:count]]
    assert SpanHexes(IDS[:count]).crc32s().tolist() == expected
