"""What changed in one stream: its counts next to those of the reference."""

import numpy as np

from barograph_processor.drift.alarm import Effect
from barograph_processor.drift.binning import CategoricalBinning, NumericBinning
from barograph_processor.drift.pooled import Pooled
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.score import Score
from barograph_processor.stats.array import Floats, Ints

__all__ = ["correlation_effect", "effect"]

_INTERVAL = 1.96


def effect(
    profile: ReferenceProfile, pooled: Pooled, score: Score, stream: int, inflation: float
) -> Effect:
    """Return what changed in the series ``score`` of a stream.

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
        return Effect(kind, subject, float(base), now, max(now - half, 0.0), min(now + half, 1.0))
    row = _numeric(profile, stream)
    before, before_sd = _moments(binning, profile.total.sums[row], profile.total.slots[at])
    now, now_sd = _moments(binning, pooled.sums[row], pooled.slots[at])
    n = max(float(pooled.slots[at][: binning.value_slots].sum()), 1.0)
    if score.name == "scale":
        half = _INTERVAL * now_sd * np.sqrt(inflation / (2 * n))
        return Effect("spread", None, before_sd, now_sd, max(now_sd - half, 0.0), now_sd + half)
    half = _INTERVAL * now_sd * np.sqrt(inflation / n)
    return Effect("mean", None, before, now, now - half, now + half)


def _moved_most(profile: ReferenceProfile, pooled: Pooled, stream: int) -> Score:
    """Return the level whose share moved most, in its own standard deviations."""
    binning, at = profile.layout.binnings[stream], profile.layout.of(stream)
    before = profile.total.slots[at] / max(profile.total.rows, 1)
    now = pooled.slots[at] / max(pooled.rows, 1)
    slot = int((np.abs(now - before) / np.sqrt(before + 1e-3)).argmax())
    names = binning.names if isinstance(binning, CategoricalBinning) else ()
    return Score("level", np.array([slot]), np.ones(1), 0.0, 1.0, names[slot])


def correlation_effect(profile: ReferenceProfile, pooled: Pooled, feature: str | None) -> Effect:
    """Return the correlation of ``feature`` with another input that changed most."""
    layout, before = profile.layout, profile.bank.reference
    names = [layout.keys[s].feature for s in layout.correlated.tolist()]
    i = names.index(feature)
    now = profile.comparison.correlations(pooled)
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
