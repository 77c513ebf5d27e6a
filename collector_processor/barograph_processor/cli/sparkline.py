"""A course of numbers in one line of text."""

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["sparkline"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = " "


def sparkline(values: Sequence[float | None], *, width: int, least_range: float = 0.0) -> str:
    """Return at most ``width`` blocks, lowest for the least value, spaces where there is none.

    Args:
        values: Oldest first; None is a gap.
        width: Characters. Each stands for the mean of about as many values as the others.
        least_range: Range that fills the height at least, so that noise is no drama.

    >>> sparkline([0.0, None, 1.0, 2.0], width=8)
    '▁ ▅█'
    """
    means = [_mean(part) for part in _parts(values, width)]
    known = [mean for mean in means if mean is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    middle, reach = (low + high) / 2, max(high - low, least_range)
    return "".join(
        _GAP if mean is None else _block((mean - middle) / reach + 0.5 if reach > 0 else 0.5)
        for mean in means
    )


def _block(share: float) -> str:
    return _BLOCKS[round(share * (len(_BLOCKS) - 1))]


def _parts(values: Sequence[float | None], width: int) -> list[Sequence[float | None]]:
    count = min(len(values), width)
    ends = [round(part * len(values) / count) for part in range(count + 1)] if count else []
    return [values[start:end] for start, end in pairwise(ends)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
