"""What one stream's counts look like next to the reference: distances, shares, effects."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.alarm import Effect
from barograph_processor.drift.binning import CategoricalBinning, NumericBinning
from barograph_processor.drift.correlation import rank_correlations
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.distance import jensen_shannon, wasserstein
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.score import Score
from barograph_processor.stats.array import Floats, Ints

__all__ = ["FORGET", "Pooled", "Shares", "correlation_effect", "distance", "effect", "shares"]

FORGET = 0.5
"""How much each window weighs next to the one after it in what is shown as *now*."""
_INTERVAL = 1.96


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of a window's rows in one stream, each in ``[0, 1]``; 0 without rows."""

    missing: float
    unseen: float
    out_of_range: float


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Counts of several windows, with weights: like `WindowCounts`, but fractional.

    Attributes:
        rows: Weighted rows.
        slots: Shape ``(B,)``.
        sums: Shape ``(numeric streams, 2)``.
        cross: Shape ``(d, d)``.
    """

    rows: float
    slots: Floats
    sums: Floats
    cross: Floats

    @classmethod
    def of(cls, counts: WindowCounts) -> "Pooled":
        """Take one window with weight 1."""
        return cls(float(counts.rows), counts.slots.astype(np.float64), counts.sums, counts.cross)

    def then(self, counts: WindowCounts) -> "Pooled":
        """Return the pool with all weights halved, and a window with weight 1."""
        return Pooled(
            self.rows * FORGET + counts.rows,
            self.slots * FORGET + counts.slots,
            self.sums * FORGET + counts.sums,
            self.cross * FORGET + counts.cross,
        )


def shares(profile: ReferenceProfile, pooled: Pooled, stream: int) -> Shares:
    """Return the shares of missing, unseen and out-of-range values of a stream."""
    layout = profile.layout
    if stream >= len(layout.keys) or not pooled.rows:
        return Shares(0.0, 0.0, 0.0)
    binning, held = layout.binnings[stream], pooled.slots[layout.of(stream)] / pooled.rows
    if isinstance(binning, NumericBinning):
        outside = held[0] + held[binning.value_slots - 1] if len(binning.cuts) else 0.0
        return Shares(float(held[binning.missing_slot :].sum()), 0.0, float(outside))
    return Shares(float(held[binning.missing_slot]), float(held[binning.new_slot]), 0.0)


def distance(profile: ReferenceProfile, pooled: Pooled, stream: int) -> float | None:
    """Return the effect size of a stream, see `barograph_processor.drift.alarm.StreamStatus`."""
    layout = profile.layout
    if stream >= len(layout.keys):
        change = np.abs(_correlations(profile, pooled) - profile.bank.reference)
        off = ~np.eye(len(change), dtype=np.bool_)
        return float(np.sqrt(np.mean(change[off] ** 2))) if pooled.rows else None
    binning, at = layout.binnings[stream], layout.of(stream)
    held, base = pooled.slots[at], profile.total.slots[at]
    if isinstance(binning, CategoricalBinning):
        return jensen_shannon(held[: binning.missing_slot], base[: binning.missing_slot])
    k = binning.value_slots
    centres = _stretched(binning, held[:k], float(pooled.sums[_numeric(profile, stream), 0]))
    return wasserstein(held[:k], base[:k].astype(np.float64), centres, binning.scale)


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
    now = _correlations(profile, pooled)
    change = np.abs(now[i] - before[i])
    change[i] = -1.0
    j = int(change.argmax())
    r = float(np.clip(now[i, j], -0.999999, 0.999999))
    half = _INTERVAL / np.sqrt(max(pooled.rows - 3, 1.0))
    low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
    return Effect("correlation", f"{names[i]}, {names[j]}", float(before[i, j]), r, low, high)


def _correlations(profile: ReferenceProfile, pooled: Pooled) -> Floats:
    layout, bank = profile.layout, profile.bank
    sums = np.array(
        [
            pooled.slots[layout.of(s)] @ bank.rank_scores[layout.of(s)]
            for s in layout.correlated.tolist()
        ]
    )
    now = rank_correlations(pooled.cross, sums, max(pooled.rows, 1))
    return np.where(np.isnan(now), bank.reference, now)


def _numeric(profile: ReferenceProfile, stream: int) -> int:
    return int(np.searchsorted(profile.layout.numeric, stream))


def _moments(binning: NumericBinning, sums: Floats, held: Floats | Ints) -> tuple[float, float]:
    n = max(float(held[: binning.value_slots].sum()), 1e-9)
    mean = float(sums[0]) / n
    sd = float(np.sqrt(max(float(sums[1]) / n - mean * mean, 0.0)))
    return binning.mean + binning.scale * mean, binning.scale * sd


def _stretched(binning: NumericBinning, held: Floats, z_sum: float) -> Floats:
    """Move the centre of values beyond the range to where the window's mean says they are."""
    centres = binning.centres.copy()
    if len(centres) < 2 or not held[0] + held[-1]:  # noqa: PLR2004 - below and above
        return centres
    n = float(held.sum())
    excess = z_sum * binning.scale + n * binning.mean - float(held[1:-1] @ centres[1:-1])
    if held[-1] >= held[0]:
        centres[-1] = max(centres[-1], (excess - held[0] * centres[0]) / held[-1])
    else:
        centres[0] = min(centres[0], (excess - held[-1] * centres[-1]) / held[0])
    return centres
