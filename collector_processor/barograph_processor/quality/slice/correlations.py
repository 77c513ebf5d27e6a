"""How far the losses of each slice go together within a window."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.attribute import Attribute
from barograph_processor.quality.slice.layout import Coded
from barograph_processor.quality.slice.pair_counts import PairCounts
from barograph_processor.quality.slice.rectangles import Rectangles
from barograph_processor.quality.slice.rest import MIN_BLOCKS, squared_swings
from barograph_processor.stats.array import Floats, Ints

__all__ = ["SliceCorrelations"]

_UNIT: Final = 1000
_PRIOR: Final = 10.0


class SliceCorrelations:
    """The intraclass correlation of losses in a window, by slice, as the reference had it.

    ``n`` losses of a slice in one window have ``1 + (n - 1) r`` times the variance of
    independent ones, given how the rest does. Each slice of bins twice as wide has its own
    ``r``, pulled towards that of its two attributes as if 10 blocks more had shown that: a
    weekday is in few blocks. A slice of narrower bins has the ``r`` of the smallest that
    holds it. A dispersion that does not know how many labels a window has would not do: parts
    that are small in the reference may grow.

    State size: 500 bytes a pair of attributes. Never changes.

    Args:
        attributes: ``A`` of them.
        pairs: Of attributes, shape ``(2, P)``.
        values: Thousandths, at most 255, shape ``(P, C, C)``.
    """

    def __init__(
        self, attributes: Sequence[Attribute], pairs: Ints, values: npt.NDArray[np.uint8]
    ) -> None:
        self._attributes = attributes
        self._pair = {(a, b): pair for pair, (a, b) in enumerate(pairs.T.tolist())}
        self._place = {each.name: place for place, each in enumerate(attributes)}
        self._pairs = pairs
        self._values = values
        covers = [[each.cover(*own) for own in each.choices()] for each in attributes]
        most = max((len(own) for own in covers), default=0)
        self._cover = np.zeros((len(attributes), most), dtype=np.intp)
        for place, own in enumerate(covers):
            self._cover[place, : len(own)] = own

    @classmethod
    def learn(
        cls,
        attributes: Sequence[Attribute],
        pairs: Ints,
        blocks: Sequence[PairCounts],
        *,
        windows: float,
    ) -> "SliceCorrelations":
        """Learn from blocks of the reference; with fewer than 4, which tell too little, it is 0.

        Args:
            attributes: ``A`` of them.
            pairs: Of attributes, shape ``(2, P)``.
            blocks: Counts of consecutive labels.
            windows: Windows that each block is as long as.
        """
        wide = Rectangles([each.wide_choices() for each in attributes], pairs)
        all_pairs = np.arange(pairs.shape[1])
        if len(blocks) < MIN_BLOCKS:
            shape = (len(all_pairs), wide.most, wide.most)
            return cls(attributes, pairs, np.zeros(shape, dtype=np.uint8))
        whole = wide.counts(reduce(PairCounts.merge, blocks), all_pairs)
        over, others, held = (np.zeros(whole.losses.shape) for _ in range(3))
        for block in blocks:
            now = wide.counts(block, all_pairs)
            squares, usable = squared_swings(now, whole)
            over += np.where(usable, squares * len(blocks) / (len(blocks) - 1) - 1, 0.0)
            others += np.where(usable, now.labels / windows - 1, 0.0)
            held += usable
        own = over / np.maximum(others, 1.0)
        usual = over.sum(axis=(1, 2)) / np.maximum(others.sum(axis=(1, 2)), 1.0)
        pulled = (held * own + _PRIOR * usual[:, None, None]) / (held + _PRIOR)
        # The variance over that of independent losses is a mean of squares; up by its error.
        alone = np.where(held > 0, held / np.maximum(others, 1.0), 0.0)
        unsure = np.sqrt(2 / (held + _PRIOR)) * (alone + np.maximum(pulled, 0.0))
        values = np.clip(np.ceil((pulled + unsure) * _UNIT), 0, 255).astype(np.uint8)
        return cls(attributes, pairs, values)

    def of(self, key: Coded) -> float:
        """Return that of a slice."""
        places = [self._place[name] for name, _, _ in key]
        at = [
            self._attributes[place].cover(first, last)
            for place, (_, first, last) in zip(places, key, strict=True)
        ]
        return float(self._values[self._pair[places[0], places[-1]], at[0], at[-1]]) / _UNIT

    def wide(self, which: Ints) -> Floats:
        """Return those of ``wide_choices`` of some pairs, shape ``(p, C, C)``."""
        return np.asarray(self._values[which] / _UNIT)

    def fine(self, which: Ints) -> Floats:
        """Return those of ``choices`` of some pairs, shape ``(p, C, C)``."""
        first, second = (self._cover[own] for own in self._pairs[:, which])
        return np.asarray(
            self._values[which[:, None, None], first[:, :, None], second[:, None, :]] / _UNIT
        )

    def to_text(self) -> str:
        """Return the values as text, for a file of people: packed, in base 64."""
        return b64encode(zlib.compress(self._values.tobytes(), level=6)).decode("ascii")

    @classmethod
    def from_text(
        cls, attributes: Sequence[Attribute], pairs: Ints, text: str
    ) -> "SliceCorrelations":
        """Return what ``to_text`` wrote.

        Raises:
            ValueError: The text is damaged.
        """
        most = max((len(each.wide_choices()) for each in attributes), default=0)
        try:
            values = np.frombuffer(zlib.decompress(b64decode(text, validate=True)), dtype=np.uint8)
        except zlib.error as error:
            raise ValueError(f"correlations of slices are damaged: {error}") from error
        return cls(attributes, pairs, values.reshape(pairs.shape[1], most, most))
