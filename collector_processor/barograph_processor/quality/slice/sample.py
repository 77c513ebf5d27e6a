"""The latest labels with their slices: which slices hold the same predictions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.layout import Coded, SliceCodes, SliceLayout
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["SliceSample"]

_KEPT: Final = 8192
_ALIKE: Final = 0.9
_ENOUGH: Final = 10


class SliceSample:
    """The slices and losses of the last 8,192 labels.

    Counts by slice cannot say how far two slices overlap; rows can.

    State size: 8 KiB a dimension, and 128 KiB. Not locked: one writer.

    Args:
        layout: That gives the codes of dimensions.
        inputs: Names of inputs, whose codes are held as well.
    """

    def __init__(self, layout: SliceLayout, inputs: Sequence[str] = ()) -> None:
        self._unknown = {name: len(known) for name, known in layout.levels.items()}
        self._codes = {name: np.zeros(0, dtype=np.int8) for name in (*self._unknown, *inputs)}
        self._losses = np.zeros(0)
        self._window = np.zeros(0, dtype=np.int64)

    def add(self, codes: SliceCodes, losses: Floats, *, window: int) -> None:
        """Keep labels of a window: codes and losses of ``n`` rows, in order of arrival."""
        for name, held in self._codes.items():
            known = np.where(codes[name] == self._unknown.get(name, -1), -1, codes[name])
            self._codes[name] = np.append(held, known.astype(np.int8))[-_KEPT:]
        self._losses = np.append(self._losses, losses)[-_KEPT:]
        window_of = np.full(len(losses), window, dtype=np.int64)
        self._window = np.append(self._window, window_of)[-_KEPT:]

    def forget(self, name: str, code: int) -> None:
        """Let a code stand for nothing any more, before it stands for another level."""
        self._codes[name][self._codes[name] == code] = -1

    def explained(self, key: Coded, by: Sequence[Coded], tau: float, *, since: int) -> bool:
        """Whether other slices account for what is wrong with one.

        They do if leaving them out takes away half of its labels, or of its losses beyond
        what is tolerated, and what is left is within two standard deviations of that.

        Args:
            key: The slice.
            by: Slices that are harmed.
            tau: Risk that is tolerated of it.
            since: The window in which its harm began.
        """
        recent = self._window >= since
        inside = recent & self.inside(key)
        others = np.zeros_like(inside)
        for other in by:
            others |= self.inside(other)
        n, excess = _excess(self._losses[inside], tau)
        left, over = _excess(self._losses[inside & ~others], tau)
        taken = n - left >= n / 2 or excess - over >= excess / 2 > 0
        return bool(0 < n > left and taken and over <= 2 * np.sqrt(left * tau * (1 - tau)))

    def alike(self, key: Coded, *, since: int) -> list[tuple[str, int]]:
        """Return the levels of other dimensions that hold the same predictions, nearly.

        Since a window, nine in ten of each side's labels are the other's as well, of ten at
        least.
        """
        recent = self._window >= since
        inside = recent & self.inside(key)
        n = int(inside.sum())
        if n < _ENOUGH:
            return []
        found = []
        named = {name for name, _, _ in key}
        for name in self._unknown:
            if name in named:
                continue
            codes = self._codes[name]
            some = codes[inside]
            code = int(np.bincount(some[some >= 0], minlength=1).argmax())
            both, all_ = int((some == code).sum()), int((codes[recent] == code).sum())
            if both >= _ALIKE * max(n, all_):
                found.append((name, code))
        return found

    @property
    def losses(self) -> Floats:
        """The losses held, shape ``(n,)``."""
        return self._losses

    @property
    def window(self) -> Ints:
        """The window that each came in, shape ``(n,)``."""
        return self._window

    def codes(self, name: str) -> npt.NDArray[np.int8]:
        """Return the codes of a dimension or an input, -1 for one that is not known, ``(n,)``."""
        return self._codes[name]

    def inside(self, key: Coded) -> Bools:
        """Return which of the labels held are in a slice, shape ``(n,)``."""
        found = np.ones(len(self._losses), dtype=np.bool_)
        for name, first, last in key:
            codes = self._codes[name]
            found &= (codes >= first) & (codes <= last)
        return found

    def state(self) -> dict[str, Any]:
        """Return plain values for ``load``."""
        return {
            "codes": [[name, codes.copy()] for name, codes in self._codes.items()],
            "losses": self._losses.copy(),
            "window": self._window.copy(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._codes = {name: np.array(codes, dtype=np.int8) for name, codes in state["codes"]}
        self._losses = np.array(state["losses"], dtype=np.float64)
        self._window = np.array(state["window"], dtype=np.int64)


def _excess(losses: Floats, tau: float) -> tuple[int, float]:
    """Return how many losses there are, and their sum beyond what is tolerated."""
    return len(losses), float(losses.sum() - len(losses) * tau)
