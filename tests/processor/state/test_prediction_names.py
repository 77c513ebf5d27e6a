"""Predictions are found by id as in a dictionary of texts, whichever of them are spans."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from barograph_processor import codec
from barograph_processor.span_hexes import SpanHexes, span_bits
from barograph_processor.state.label.prediction_names import PredictionNames

# Not what a span's hex is written as, though alike.
_ODD = (
    "0" * 16,
    "00000000000000FF",
    "0x000000000000ff",
    "00000000000000_1",
    " 0000000000000ff",
    "000000000000ff",
    "\u0660" * 16,
    "",
    "order-17",
)


def test_bits_are_those_of_hexes_alone() -> None:
    spans = np.array([1, 255, 2**64 - 1], np.uint64)
    assert span_bits(SpanHexes(spans)).tolist() == spans.tolist()
    assert span_bits(list(SpanHexes(spans))).tolist() == spans.tolist()
    assert span_bits(_ODD).tolist() == [0] * len(_ODD)


class _Plain:
    """The same by a dictionary."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def find(self, names: Sequence[str]) -> list[int]:
        newest = {name: slot for slot, name in enumerate(self.ids)}
        return [newest.get(name, -1) for name in names]


@pytest.mark.parametrize("seed", range(8))
def test_as_by_a_dictionary(seed: int) -> None:
    """Spans that come again, other ids between them, asked for in between, kept in part."""
    rng = np.random.default_rng(seed)
    names, plain = PredictionNames(), _Plain()
    for _ in range(60):
        spans = rng.integers(1, 400, int(rng.integers(0, 40))).astype(np.uint64)
        ids: Sequence[str] = SpanHexes(spans)
        if rng.random() < 0.4:
            ids = [str(rng.choice(_ODD)) if rng.random() < 0.3 else name for name in ids]
        names.append(ids)
        plain.ids += list(ids)
        wanted = [*_ODD, *SpanHexes(np.arange(1, 401, dtype=np.uint64))]
        if rng.random() < 0.5:
            assert names.find(wanted).tolist() == plain.find(wanted)
        if rng.random() < 0.2:
            current = [slot == found for slot, found in enumerate(plain.find(plain.ids))]
            assert names.current().tolist() == current
            kept = np.flatnonzero(rng.random(len(names)) < 0.8)
            names.retain(kept)
            plain.ids = [plain.ids[slot] for slot in kept.tolist()]
        if rng.random() < 0.2:
            again = PredictionNames()
            state: Any = next(codec.unpacked(codec.packed([names.state()])))
            again.load(state)
            names = again
        assert len(names) == len(plain.ids)
        assert list(names.ids) == plain.ids
