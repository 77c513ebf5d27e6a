"""Where the counts of every stream stand in one flat array."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.binning import (
    Binning,
    CategoricalBinning,
    NumericBinning,
    binning_from_json,
)
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.array import Bools, Floats, Ints
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["MAX_CORRELATED", "Layout", "midrank_scores"]

MAX_CORRELATED = 16
"""At most so many numeric inputs are watched for changes of their correlations."""

_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The streams in order, their binnings, and the offsets that follow from them.

    Attributes:
        keys: One a stream, ``S`` of them.
        binnings: One a stream.
    """

    keys: tuple[StreamKey, ...]
    binnings: tuple[Binning, ...]
    offsets: Ints = field(init=False)
    numeric: Ints = field(init=False)
    correlated: Ints = field(init=False)
    fingerprint: bytes = field(init=False)
    _cuts: Floats = field(init=False)
    _missing: npt.NDArray[np.unsignedinteger[Any]] = field(init=False)

    def __post_init__(self) -> None:
        slots = [binning.slots for binning in self.binnings]
        numeric = [s for s, b in enumerate(self.binnings) if isinstance(b, NumericBinning)]
        correlated = [s for s in numeric if self._varies(s)][:MAX_CORRELATED]
        text = json.dumps(
            [
                [key.signal, key.feature, binning.to_json()]
                for key, binning in zip(self.keys, self.binnings, strict=True)
            ]
        )
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        object.__setattr__(self, "offsets", np.cumsum([0, *slots], dtype=np.int64))
        object.__setattr__(self, "numeric", np.array(numeric, dtype=np.int64))
        object.__setattr__(
            self, "correlated", np.array(correlated if len(correlated) > 1 else [], dtype=np.int64)
        )
        object.__setattr__(self, "fingerprint", digest)
        ordered = [b for b in self.binnings if isinstance(b, NumericBinning)]
        # Nothing is above infinity, so that streams with fewer cuts have as many as all.
        most = max((len(b.cuts) for b in ordered), default=0) + 1
        cuts = np.full((most, len(ordered), 1), np.inf)
        for d, binning in enumerate(ordered):
            cuts[: len(binning.cuts), d, 0] = binning.cuts
        object.__setattr__(self, "_cuts", cuts)
        missing = [[b.missing_slot] for b in ordered]
        held = np.array(missing, dtype=np.min_scalar_type(most)).reshape(-1, 1)
        object.__setattr__(self, "_missing", held)

    def _varies(self, stream: int) -> bool:
        binning, key = self.binnings[stream], self.keys[stream]
        return (
            isinstance(binning, NumericBinning)
            and key.signal == "input.drift"
            and key.feature is not None
            and len(binning.cuts) > 2  # noqa: PLR2004 - at least two distinct values
        )

    @property
    def slots(self) -> int:
        """How many slots all streams have together."""
        return int(self.offsets[-1])

    def of(self, stream: int) -> slice:
        """Return where the counts of one stream stand."""
        return slice(int(self.offsets[stream]), int(self.offsets[stream + 1]))

    def has_numbers(self, key: StreamKey) -> bool:
        """Return whether the reference had a finite number in a stream."""
        streams = zip(self.keys, self.binnings, strict=True)
        held = next((binning for own, binning in streams if own == key), None)
        return isinstance(held, NumericBinning) and len(held.cuts) > 0

    def sums(self, values: Floats) -> Floats:
        """Return the sum of values by slot, shape ``(B,)``, over each stream's, shape ``(S,)``."""
        return np.asarray(np.add.reduceat(values, self.offsets[:-1]))

    def numbers(self, columns: Sequence[Column | None], rows: int) -> Floats:
        """Return the values of the numeric streams, shape ``(D, n)``; NaN where there is none.

        Args:
            columns: One a stream, of ``n`` rows; None where all are missing.
            rows: Which ``n`` is.
        """
        found = np.empty((len(self.numeric), rows))
        for own, s in zip(found, self.numeric.tolist(), strict=True):
            column = columns[s]
            own[:] = column.values if isinstance(column, NumericColumn) else np.nan
        return found

    def cells(
        self, columns: Sequence[Column | None], rows: int, numbers: Floats | None = None
    ) -> Ints:
        """Return the slot of every row in every stream, shape ``(S, n)``.

        Args:
            columns: One a stream, of ``n`` rows; None where all are missing.
            rows: Which ``n`` is.
            numbers: What ``numbers`` returns of them, if that is known.
        """
        index = np.empty((len(columns), rows), dtype=np.int64)
        index[self.numeric] = self._places(
            self.numbers(columns, rows) if numbers is None else numbers
        )
        for s, (column, binning) in enumerate(zip(columns, self.binnings, strict=True)):
            if isinstance(binning, CategoricalBinning) or isinstance(column, CategoricalColumn):
                index[s] = binning.missing_slot if column is None else binning.index(column)
        index += self.offsets[:-1, None]
        return index

    def _places(self, numbers: Floats) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Return the slot of each number within its stream: how many cuts it is above.

        To compare it with every cut guesses no branches: with two dozen of them and all
        streams at once that takes half the time of searches.
        """
        found = np.empty(numbers.shape, dtype=self._missing.dtype)
        step = max(_AT_ONCE // max(self._cuts.size, 1), 1)
        for first in range(0, numbers.shape[1], step):
            within = (numbers[:, first : first + step] <= self._cuts).view(np.uint8)
            within.sum(axis=0, dtype=found.dtype, out=found[:, first : first + step])
        # What is within no cut, not even infinity, is missing.
        return np.asarray(np.minimum(len(self._cuts) - found, self._missing))

    @property
    def ordered(self) -> Bools:
        """Which slots hold numbers, shape ``(B,)``."""
        found = np.zeros(self.slots, dtype=np.bool_)
        for s in self.numeric.tolist():
            first, binning = int(self.offsets[s]), self.binnings[s]
            found[first : first + binning.missing_slot] = True
        return found

    def rank_scores(self, slots: Ints) -> Floats:
        """Return the rank score of every slot, shape ``(B,)``, from counts of the reference.

        Zero for streams that are not watched together and for missing values. Whole
        multiples of 2**-16, whose products a window sums exactly: in any order, in
        any number of batches.
        """
        scores = np.zeros(self.slots)
        for s in self.correlated.tolist():
            binning, at = self.binnings[s], self.of(s)
            if isinstance(binning, NumericBinning):
                held = slots[at][: binning.value_slots].astype(np.float64)
                scores[at][: binning.value_slots] = midrank_scores(held / max(held.sum(), 1))
        return np.rint(scores * 2**16) / 2**16

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain JSON types, one a stream."""
        return [
            {"signal": key.signal, "feature": key.feature, "binning": binning.to_json()}
            for key, binning in zip(self.keys, self.binnings, strict=True)
        ]

    @classmethod
    def from_json(cls, streams: list[dict[str, Any]]) -> "Layout":
        """Return what ``to_json`` wrote.

        Raises:
            ValueError: A binning is of an unknown kind.
        """
        return cls(
            tuple(StreamKey(stream["signal"], stream["feature"]) for stream in streams),
            tuple(binning_from_json(stream["binning"]) for stream in streams),
        )


def midrank_scores(q: Floats) -> Floats:
    """Return ``2 F(mid) - 1`` of ordered bins with proportions ``q``, standardised under ``q``.

    Zeros if one bin holds everything. Shape ``(k,)``.
    """
    u = 2 * np.cumsum(q) - q - 1
    u = u - q @ u
    sd = np.sqrt(q @ (u * u))
    return u / sd if sd > 0 else np.zeros_like(u)
