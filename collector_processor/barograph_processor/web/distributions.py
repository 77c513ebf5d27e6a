"""How the values of each feature are distributed: in the reference, and lately."""

from typing import Any, Final

import numpy as np

from barograph_processor.drift.binning import Binning, NumericBinning
from barograph_processor.state.model import ModelState
from barograph_processor.stats.array import Floats
from barograph_processor.web.trend import shorten

__all__ = ["distributions_view"]

_LEVELS: Final = 12
_REST: Final = "__other__"


def distributions_view(model: ModelState) -> list[dict[str, Any]]:
    """Return the distributions of all streams, in the order in which they are watched.

    Call while holding the pipeline. Lately is a mean over the last windows, each weighing
    half of the one after it.

    Returns:
        For each its ``signal``, ``feature`` (None for the prediction and the confidence),
        and ``kind``. Of a ``numeric`` one the ``edges`` of its bins, n + 1 rising numbers;
        of a ``categorical`` one the ``levels``, at most 12 and the rest. Shares of
        ``reference`` and ``now`` by bin or level, and those of ``missing`` values and of
        values ``outside`` of what the reference held; ``now`` is None before any window.
    """
    watch = model.watch
    if watch is None:
        return []
    profile = watch.learnt.profile
    recent = watch.monitor.recent
    total = profile.total
    before = total.slots / max(total.rows, 1)
    now = recent.slots / recent.rows if recent.rows else None
    found = []
    for s, (key, binning) in enumerate(
        zip(profile.layout.keys, profile.layout.binnings, strict=True)
    ):
        at = profile.layout.of(s)
        figures = _figures(binning, before[at], None if now is None else now[at])
        found.append({"signal": key.signal, "feature": key.feature, **figures})
    return found


def _figures(binning: Binning, before: Floats, now: Floats | None) -> dict[str, Any]:
    if isinstance(binning, NumericBinning):
        inner = slice(1, binning.value_slots - 1)
        outside = [0, binning.value_slots - 1] if len(binning.cuts) else []
        shape: dict[str, Any] = {"kind": "numeric", "edges": _shorten(_edges(binning))}
        columns = [_numeric(held, inner) for held in (before, now)]
        missing = slice(binning.missing_slot, None)
    else:
        shown = sorted(_prominent(before, now, len(binning.levels)))
        rest = [s for s in range(binning.new_slot) if s not in shown]
        if not any(held is not None and held[rest].any() for held in (before, now)):
            rest = []
        names = [binning.levels[s] for s in shown]
        shape = {"kind": "categorical", "levels": [*names, *([_REST] if rest else [])]}
        columns = [_categorical(held, shown, rest) for held in (before, now)]
        outside = [binning.new_slot]
        missing = slice(binning.missing_slot, None)
    return {
        **shape,
        "reference": columns[0],
        "now": columns[1],
        "missing": [_sum(before[missing]), None if now is None else _sum(now[missing])],
        "outside": [_sum(before[outside]), None if now is None else _sum(now[outside])],
    }


def _edges(binning: NumericBinning) -> Floats:
    """Return the edges of the bins, the first at the smallest value and not just below it."""
    edges = binning.cuts.copy()
    edges[:1] = binning.centres[: len(edges[:1])]
    return edges


def _prominent(before: Floats, now: Floats | None, levels: int) -> list[int]:
    """Return the levels that have or had the largest shares."""
    weight = before[:levels] if now is None else np.maximum(before[:levels], now[:levels])
    chosen: list[int] = np.argsort(-weight, kind="stable")[:_LEVELS].tolist()
    return chosen


def _numeric(held: Floats | None, inner: slice) -> list[float | None] | None:
    return None if held is None else _shorten(held[inner])


def _categorical(
    held: Floats | None, shown: list[int], rest: list[int]
) -> list[float | None] | None:
    if held is None:
        return None
    return [*_shorten(held[shown]), *([_sum(held[rest])] if rest else [])]


def _shorten(values: Floats) -> list[float | None]:
    return [shorten(value) for value in values.tolist()]


def _sum(values: Floats) -> float | None:
    return shorten(float(values.sum()))
