"""Proposing a season: does the reference follow the hour of the day or the day of the week?"""

import numpy as np

from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.season import DAY, WEEK
from barograph_processor.stats.array import Floats
from barograph_processor.stats.normal import normal_quantile

__all__ = ["propose_season"]

_HARMONICS = 2
_ALPHA = 0.01
_MIN_PERIODS = 2.0
_MIN_SPARE = 4
_PERIODS = {"hour_of_day": DAY, "day_of_week": WEEK}
_FOLLOWING = frozenset({"location", "level", "scale"})


def propose_season(profile: ReferenceProfile) -> str | None:
    """Return the season that the windows of a reference follow, to be declared; else None.

    Two harmonics of each period are fitted to the window means of every series and tested by
    F, deflated by the persistence that the residuals still have, at 1% over all series. It
    is a proposal: a person knows whether the traffic has hours.

    Args:
        profile: Its windows must cover two periods of a season to propose it.
    """
    series = [j for j, s in enumerate(profile.bank.scores) if s.name in _FOLLOWING]
    if not series:
        return None
    scores = profile.scores[:, series].astype(np.float64)
    covered = float(np.ptp(profile.time)) * len(profile.time) / max(len(profile.time) - 1, 1)
    needed = float(normal_quantile(1 - _ALPHA / len(series) / len(_PERIODS)))
    strongest: dict[str, float] = {}
    for name, period in _PERIODS.items():
        if covered < 0.99 * _MIN_PERIODS * period:
            continue
        strength = _strength(scores, profile.time, profile.log_rows, period)
        if strength > needed:
            strongest[name] = strength
    if len(strongest) == len(_PERIODS):
        return "hour_of_week"
    return next(iter(strongest), None)


def _strength(scores: Floats, time: Floats, log_rows: Floats, period: float) -> float:
    """Return the largest normal deviate of the F tests of all series."""
    windows = len(time)
    angle = 2 * np.pi * np.outer(time % period, np.arange(1, _HARMONICS + 1)) / period
    base = np.column_stack([np.ones(windows), log_rows])
    full = np.column_stack([base, np.cos(angle), np.sin(angle)])
    spare = windows - full.shape[1]
    if spare < _MIN_SPARE:
        return 0.0
    without = ((scores - base @ np.linalg.lstsq(base, scores, rcond=None)[0]) ** 2).sum(axis=0)
    residual = scores - full @ np.linalg.lstsq(full, scores, rcond=None)[0]
    rest = np.maximum((residual**2).sum(axis=0), 1e-12)
    r = (residual[1:] * residual[:-1]).sum(axis=0) / rest + full.shape[1] / windows
    r = np.clip(r, 0.0, 0.95)
    k = 2 * _HARMONICS
    f = (without - rest) / k / (rest / spare) * (1 - r) / (1 + r)
    return float(_f_to_normal(np.maximum(f, 0.0), k, spare).max())


def _f_to_normal(f: Floats, a: float, b: float) -> Floats:
    """Return about normal deviates for F values with ``a`` and ``b`` degrees of freedom.

    References:
        Paulson (1942), Ann. Math. Statist. 13(2), 233-235.
    """
    root = np.cbrt(f)
    top = (1 - 2 / (9 * b)) * root - (1 - 2 / (9 * a))
    return np.asarray(top / np.sqrt(2 / (9 * b) * root * root + 2 / (9 * a)))
