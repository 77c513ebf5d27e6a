"""What is known of a window beforehand: its size, and its phase in the day or week."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.sequential.regression import RHO, Models
from barograph_processor.stats.array import Floats

__all__ = ["SEASONS", "Regressors", "check_season"]

DAY = 86400.0
WEEK = 7 * DAY

SEASONS: dict[str, tuple[tuple[float, int], ...]] = {
    "hour_of_day": ((DAY, 4),),
    "day_of_week": ((WEEK, 3),),
    "hour_of_week": ((DAY, 3), (WEEK, 3)),
}
"""For each season that can be declared, its periods in seconds and their harmonics."""

_UNDECLARED = ((DAY, 2),)
_UNDECLARED_MIN_WINDOWS = 24
_MIN_PERIODS = 2.0
_PRIOR_INTERCEPT = 1e6
_PRIOR_ROWS, _PRIOR_CURVE = 10.0, 3.0
_PRIOR_HARMONIC = 20.0
_PRIOR_DECLARED = 100.0
_ROWS_VARY = 0.02
_MIN_SPREAD = 0.1
_RHO_OF_EQUAL_WINDOWS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Regressors:
    """Makes the regressors of a window: 1, its log rows and their square, harmonics of its time.

    Attributes:
        log_rows: Mean and spread of the log rows of the reference's windows; None if all
            were about the same size.
        periods: Periods in seconds, and the number of harmonics of each.
        models: Prior variances of the coefficients: a flat intercept, a ridge on the rest, so
            that phases with few windows borrow from their neighbours and a reference of a
            few windows is enough to start. If no season was declared, once with and once
            without harmonics: what predicts better gets the weight.
        season: The season that was declared, if any.
    """

    log_rows: tuple[float, float] | None
    periods: tuple[tuple[float, int], ...]
    models: Models
    season: str | None

    @classmethod
    def learn(cls, logs: Floats, time: Floats, season: str | None) -> "Regressors":
        """Choose the regressors that the reference can support.

        Without a declared season the hour of the day still enters, under a ridge, if the
        reference covers two days with 24 windows: if there is no season it costs little.

        Args:
            logs: Log rows of each reference window, shape ``(T,)``.
            time: Mean time of each, epoch seconds, shape ``(T,)``.
            season: A key of `SEASONS`, or None.

        Raises:
            ValueError: The season is unknown, or the reference covers less than two periods.
        """
        covered = float(np.ptp(time)) * len(time) / max(len(time) - 1, 1)
        if season is not None:
            check_season(season, covered)
            periods, strength = SEASONS[season], _PRIOR_DECLARED
        elif covered >= _MIN_PERIODS * DAY and len(time) >= _UNDECLARED_MIN_WINDOWS:
            periods, strength = _UNDECLARED, _PRIOR_HARMONIC
        else:
            periods, strength = (), 0.0
        spread = float(logs.std())
        log_rows = (float(logs.mean()), max(spread, _MIN_SPREAD)) if spread > _ROWS_VARY else None
        harmonics = 2 * sum(k for _, k in periods)
        plain = [_PRIOR_INTERCEPT] + [_PRIOR_ROWS, _PRIOR_CURVE] * (log_rows is not None)
        priors = [plain + [strength] * harmonics]
        if season is None and harmonics:
            priors.append(plain + [0.0] * harmonics)
        rho = RHO if log_rows is not None else np.array([_RHO_OF_EQUAL_WINDOWS])
        return cls(log_rows, periods, Models.crossed(rho, np.array(priors)), season)

    def of(self, log_rows: float, time: float) -> Floats:
        """Return the regressors of a window, shape ``(p,)``.

        Args:
            log_rows: Of its traffic.
            time: Its midpoint, epoch seconds. If it is not finite, the phase is unknown and
                the average over the season is expected.
        """
        x = [1.0]
        if self.log_rows is not None:
            mean, spread = self.log_rows
            level = (log_rows - mean) / spread
            x += [level, (level * level - 1) / 2]
        for period, harmonics in self.periods:
            if not np.isfinite(time):
                x.extend([0.0] * (2 * harmonics))
                continue
            angle = 2 * np.pi * (time % period) / period * np.arange(1, harmonics + 1)
            x.extend([*np.cos(angle), *np.sin(angle)])
        return np.array(x)


def check_season(season: str, covered: float) -> None:
    """Raise ValueError if a season is unknown or the reference covers less than two periods.

    Args:
        season: The name.
        covered: Seconds that the reference covers.
    """
    if season not in SEASONS:
        raise ValueError(f"season must be one of {', '.join(SEASONS)}, got {season!r}")
    longest = max(period for period, _ in SEASONS[season])
    if covered < _MIN_PERIODS * longest * 0.99:
        raise ValueError(
            f"season {season!r} needs a reference of at least two periods "
            f"({_MIN_PERIODS * longest / 3600:.0f} h), it covers {covered / 3600:.1f} h"
        )
