"""Which predictions are kept when there is no room for all: a share of them, by their id."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.span_hexes import SpanHexes

__all__ = ["Thinning"]


class Thinning:
    """Keeps the ids whose hash is below a rate.

    The same ids are kept whatever else is known of their predictions, so that
    estimates stay unbiased; the ids kept at a rate are among those kept at any
    higher one. After so many rows it is time to ask whether the rate can rise.
    Not locked; its owner is.

    Args:
        period: Rows, kept or not, from one such time to the next. Positive.

    Attributes:
        rate: The kept share of ids, in (0, 1].
        left: Rows until the next such time.
    """

    def __init__(self, period: int) -> None:
        self._period = period
        self.rate = 1.0
        self.left = period

    def halve(self) -> None:
        """Keep half as many from now on."""
        self.rate /= 2

    def double(self) -> None:
        """Keep twice as many from now on, all of them at most."""
        self.rate = min(2 * self.rate, 1.0)

    def keeps(self, names: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which ids are kept at the present rate; the same on every machine."""
        if self.rate >= 1.0:
            return np.ones(len(names), dtype=np.bool_)
        kept: npt.NDArray[np.bool_] = _crc32s(names) < self.rate * 2**32
        return kept

    def see(self, rows: int) -> bool:
        """Count rows, ``left`` at most; return whether the rate can rise and it is time to ask."""
        self.left -= rows
        if self.left > 0:
            return False
        self.left = self._period
        return self.rate < 1.0

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"rate": self.rate, "left": self.left}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.rate, self.left = float(state["rate"]), int(state["left"])


def _crc32s(names: Sequence[str]) -> npt.NDArray[np.uint32]:
    if isinstance(names, SpanHexes):
        return names.crc32s()
    return np.fromiter(
        (zlib.crc32(name.encode("utf-8", "surrogatepass")) for name in names),
        dtype=np.uint32,
        count=len(names),
    )
