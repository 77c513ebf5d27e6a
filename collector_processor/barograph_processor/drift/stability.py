"""Did the reference itself change? A monitor that learns from it takes both halves for normal."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.season import Regressors
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.array import Floats
from barograph_processor.stats.normal import normal_quantile
from barograph_processor.stats.student import student_to_normal

__all__ = ["ReferenceChange", "reference_change"]

_ALPHA = 0.01
_INDEPENDENT_SPLITS = 10.0
_EDGE = 3
_MIN_SPARE = 5
_FOLLOWING = frozenset({"location", "order", "level", "scale", "rare", "missing", "outside"})


@dataclass(frozen=True, slots=True)
class ReferenceChange:
    """The clearest change inside a reference.

    Attributes:
        key: The stream that changed.
        window: The first changed window of the reference, counted from 0; None if the
            stream drifts all along.
        windows: How many windows the reference has.
    """

    key: StreamKey
    window: int | None
    windows: int


def reference_change(profile: ReferenceProfile, regressors: Regressors) -> ReferenceChange | None:
    """Return where the windows of a reference change for good, or drift; None if nowhere.

    Each series is split at every window into a before and an after, and tried against a
    straight line, beside what the monitor allows for anyway (traffic, season). The largest
    difference is judged at 1% over all series and splits, deflated by the upper estimate of
    the persistence that is left when it is taken out. Below five spare windows nothing is said.

    Args:
        profile: The reference.
        regressors: Of the monitor.

    References:
        Andrews (1993), Tests for parameter instability and structural change with unknown
        change point, Econometrica 61(4), 821-856.
    """
    bank, windows = profile.bank, len(profile.rows)
    series = [j for j, score in enumerate(bank.scores) if score.name in _FOLLOWING]
    given = zip(profile.log_rows.tolist(), profile.time.tolist(), strict=True)
    x = np.array([regressors.of(*when) for when in given])
    spare = windows - x.shape[1] - 1
    if spare < _MIN_SPARE or not series:
        return None
    root = np.sqrt(profile.rows / (profile.rows + np.median(profile.rows)))[:, None]
    x = x * root
    z = profile.scores[:, series].astype(np.float64) * root
    place = np.arange(windows)[:, None]
    after = place >= np.arange(_EDGE, windows - _EDGE + 1)
    split = _residual(x, np.column_stack([after, place / windows]) * root)
    z = _residual(x, z)
    size = np.maximum((split * split).sum(axis=0), 1e-12)[:, None]
    gain = (split.T @ z) ** 2 / size
    best = gain.argmax(axis=0)
    rest = z - split[:, best] * (split.T @ z / size)[best, np.arange(len(series))]
    unexplained = np.maximum((rest * rest).sum(axis=0), 1e-12)
    r = (rest[1:] * rest[:-1]).sum(axis=0) / unexplained + (x.shape[1] + 1) / windows
    r = np.clip(np.maximum(r, r.mean()) + 1 / np.sqrt(windows), 0.0, 0.95)
    t = np.sqrt(gain.max(axis=0) * spare / unexplained * (1 - r) / (1 + r))
    deviates = student_to_normal(t, spare)
    needed = normal_quantile(1 - _ALPHA / (2 * len(series) * _INDEPENDENT_SPLITS))
    clearest = int(deviates.argmax())
    if deviates[clearest] <= needed:
        return None
    owner, at = int(bank.owner[series[clearest]]), int(best[clearest])
    window = at + _EDGE if at < after.shape[1] else None
    return ReferenceChange(bank.keys[owner], window, windows)


def _residual(x: Floats, y: Floats) -> Floats:
    """Return what a least-squares fit of each column of ``y`` on ``x`` leaves."""
    return np.asarray(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])
