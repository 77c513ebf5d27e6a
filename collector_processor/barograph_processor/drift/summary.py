"""What changed in one stream: its counts next to those of the reference."""

import numpy as np

from barograph_processor.drift.alarm import Effect
from barograph_processor.drift.binning import CategoricalBinning, NumericBinning
from barograph_processor.drift.pooled import Pooled
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.score import Score
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.written import written

__all__ = ["correlation_effect", "effect", "gone_level"]

_INTERVAL = 1.96
_MISSED = 10.0
"""A level is gone if a window without it should have held as many independent rows of it."""


def effect(
    profile: ReferenceProfile, pooled: Pooled, score: Score, stream: int, inflation: float
) -> Effect:
    """Return what changed in the series ``score`` of a stream.

    Of numbers it is the mean or the spread, whichever the score is about, if that clearly
    moved; else the other; and where neither tells it, the range whose share moved most.

    Args:
        profile: The reference.
        pooled: Recent counts.
        score: Of the series that has the evidence.
        stream: Its stream, not the inputs together.
        inflation: Variance of a window's mean relative to independent rows, at least 1.
    """
    layout = profile.layout
    binning, at = layout.binnings[stream], layout.of(stream)
    if score.name in {"shape", "trend", "order"}:
        score = _moved_most(profile, pooled, stream)
    if isinstance(binning, CategoricalBinning) or score.name in {"missing", "outside"}:
        base = profile.total.slots[at][score.slots].sum() / max(profile.total.rows, 1)
        now = float(pooled.slots[at][score.slots].sum() / max(pooled.rows, 1))
        half = _INTERVAL * np.sqrt(max(now * (1 - now), 0.0) * inflation / max(pooled.rows, 1))
        kind = score.name if score.name in {"missing", "outside"} else "share"
        subject = {"new": "__new__", "rare": "rare levels"}.get(score.name, score.level)
        if isinstance(binning, NumericBinning) and kind == "outside":
            constant, _ = _moments(
                binning, profile.total.sums[_numeric(profile, stream)], profile.total.slots[at]
            )
            subject = written(constant)
        return Effect(kind, subject, float(base), now, max(now - half, 0.0), min(now + half, 1.0))
    row = _numeric(profile, stream)
    before, before_sd = _moments(binning, profile.total.sums[row], profile.total.slots[at])
    now, now_sd = _moments(binning, pooled.sums[row], pooled.slots[at])
    n = max(float(pooled.slots[at][: binning.value_slots].sum()), 1.0) / inflation
    half = _INTERVAL * now_sd / np.sqrt(n)
    mean = Effect("mean", None, before, now, now - half, now + half)
    half /= np.sqrt(2)
    spread = Effect("spread", None, before_sd, now_sd, max(now_sd - half, 0.0), now_sd + half)
    moments = (spread, mean) if score.name == "scale" else (mean, spread)
    told = next((effect for effect in moments if effect.clear), None)
    told = told or _moved_range(binning, profile.total.slots[at], pooled.slots[at], n)
    return told or moments[0]


def _moved_range(binning: NumericBinning, base: Ints, held: Floats, n: float) -> Effect | None:
    """Return the range whose share moved most: between the two extremes of ``F now - F before``.

    None if no part of the numbers moved against the others.

    Args:
        binning: Of the stream.
        base: Counts of the reference, shape ``(slots,)``.
        held: Those of now.
        n: Independent rows that the latter are worth.
    """
    k = binning.value_slots
    before, now = (slots[:k] / max(float(slots[:k].sum()), 1e-9) for slots in (base, held))
    gap = np.append(0.0, np.cumsum(now - before))
    first, last = sorted((int(gap.argmin()), int(gap.argmax())))
    # Slots below and above the reference are told together with their neighbours.
    first, last = first if first > 1 else 0, last if last < k - 1 else k
    if not 0 < last - first < k:
        return None
    share = float(now[first:last].sum())
    half = _INTERVAL * np.sqrt(max(share * (1 - share), 0.0) / n)
    return Effect(
        "range",
        None,
        float(before[first:last].sum()),
        share,
        max(share - half, 0.0),
        min(share + half, 1.0),
        float(binning.cuts[first - 1]) if first else None,
        float(binning.cuts[last - 1]) if last < k else None,
    )


def _moved_most(profile: ReferenceProfile, pooled: Pooled, stream: int) -> Score:
    """Return the level whose share moved most, in its own standard deviations."""
    binning, at = profile.layout.binnings[stream], profile.layout.of(stream)
    before = profile.total.slots[at] / max(profile.total.rows, 1)
    now = pooled.slots[at] / max(pooled.rows, 1)
    slot = int((np.abs(now - before) / np.sqrt(before + 1e-3)).argmax())
    names = binning.names if isinstance(binning, CategoricalBinning) else ()
    return _of_level(slot, names[slot])


def _of_level(slot: int, name: str) -> Score:
    return Score("level", np.array([slot]), np.ones(1), 0.0, 1.0, name)


def gone_level(
    profile: ReferenceProfile, newest: Pooled, stream: int, inflation: float
) -> Score | None:
    """Return the most frequent level of the reference that no longer comes, if one does not.

    Args:
        profile: The reference.
        newest: Counts of the newest window.
        stream: Names or numbers, not the inputs together.
        inflation: Variance of a window's mean relative to independent rows, at least 1.
    """
    layout = profile.layout
    binning, at = layout.binnings[stream], layout.of(stream)
    if not isinstance(binning, CategoricalBinning):
        return None
    levels = len(binning.levels)
    share = profile.total.slots[at][:levels] / max(profile.total.rows, 1)
    missed = np.where(newest.slots[at][:levels] == 0, share, 0.0)
    level = int(missed.argmax()) if levels else -1
    if levels == 0 or missed[level] * newest.rows / inflation < _MISSED:
        return None
    return _of_level(level, binning.levels[level])


def correlation_effect(profile: ReferenceProfile, pooled: Pooled, feature: str | None) -> Effect:
    """Return the correlation of ``feature`` with another input that changed most."""
    layout, before = profile.layout, profile.bank.reference
    names = [layout.keys[s].feature for s in layout.correlated.tolist()]
    i = names.index(feature)
    now = profile.bank.correlations(pooled)
    change = np.abs(now[i] - before[i])
    change[i] = -1.0
    j = int(change.argmax())
    r = float(np.clip(now[i, j], -0.999999, 0.999999))
    half = _INTERVAL / np.sqrt(max(pooled.rows - 3, 1.0))
    low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
    return Effect("correlation", f"{names[i]}, {names[j]}", float(before[i, j]), r, low, high)


def _numeric(profile: ReferenceProfile, stream: int) -> int:
    return int(np.searchsorted(profile.layout.numeric, stream))


def _moments(binning: NumericBinning, sums: Floats, held: Floats | Ints) -> tuple[float, float]:
    n = max(float(held[: binning.value_slots].sum()), 1e-9)
    mean = float(sums[0]) / n
    sd = float(np.sqrt(max(float(sums[1]) / n - mean * mean, 0.0)))
    return binning.mean + binning.scale * mean, binning.scale * sd
