"""Windows of unequal size as about standard normal deviates, whatever the dependence inside.

A window's mean score ``z`` over ``n`` rows is predicted from all earlier windows by a ridge
regression on a few regressors ``x``, and the error is studentized: its variance is estimated
from the same windows, so that sessions, autocorrelation or hourly effects *inside* windows
cost power and not false alarms. The variance of ``z`` is ``s^2 g`` with ``g = rho +
(1 - rho) h / n``: a part that every window has whatever its size, and a part that falls with
its rows. Several ``rho`` run in parallel, weighted by how well they predicted.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Bools, Floats, Ints
from barograph_processor.stats.student import normal_to_student, student_to_normal

__all__ = ["LAG", "RHO", "Models", "RegressionState", "WindowRegression"]

RHO = np.array([0.0, 0.1, 0.35, 1.0])
"""Shares of a window's variance that do not fall with its rows."""
LAG = 10
"""What live windows say about the variance counts so many windows later: a change that is
being found must not teach the detector that such changes are normal."""
_WINSOR = 3.3
_MIN_DF = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Models of a window that run in parallel, weighted by how well they predicted.

    Attributes:
        rho: Share of the variance that does not fall with the rows, shape ``(R,)``.
        prior: Prior variances of the coefficients in units of ``s^2``, shape ``(R, p)``;
            0 leaves a regressor out.
    """

    rho: Floats
    prior: Floats

    @classmethod
    def crossed(cls, rho: Floats, priors: Floats) -> "Models":
        """Return every value of rho with every prior; priors of shape ``(k, p)``."""
        return cls(np.tile(rho, len(priors)), np.repeat(priors, len(rho), axis=0))


@dataclass(slots=True, eq=False)
class RegressionState:
    """Arrays that change: ``S`` streams, ``J`` series, ``R`` models, ``p`` regressors."""

    precision: Floats
    """``P``, shape ``(S, R, p, p)``."""
    coefficients: Floats
    """Shape ``(J, R, p)``."""
    rss: Floats
    """Weighted residual sums of squares, shape ``(J, R)``."""
    df: Floats
    """Degrees of freedom, shape ``(S,)``; -1 before the first window."""
    likelihood: Floats
    """Prequential log likelihoods, shape ``(J, R)``."""
    pending: npt.NDArray[np.float32]
    """Increments of ``likelihood`` and ``rss`` of live windows, shape ``(2, LAG, J, R)``."""
    pending_df: Floats
    """The same of ``df``, shape ``(LAG, S)``."""

    def copy_stream(self, other: "RegressionState", stream: int, series: Bools) -> None:
        """Take one stream's state from ``other``."""
        self.precision[stream] = other.precision[stream]
        self.df[stream] = other.df[stream]
        self.coefficients[series] = other.coefficients[series]
        self.rss[series] = other.rss[series]
        self.likelihood[series] = other.likelihood[series]
        self.pending[:, :, series] = 0
        self.pending_df[:, stream] = 0


class WindowRegression:
    """Recursive, studentized residuals of ``J`` series, by streams.

    State: see `RegressionState`; about 60 KiB for 12 numeric features. An update costs
    some 0.1 ms, nearly independent of the number of streams. Not locked: one writer.

    References:
        Brown, Durbin and Evans (1975), JRSS B 37(2), 149-192, for recursive residuals;
        Dawid (1984), JRSS A 147(2), 278-292, for prequential weights.
    """

    def __init__(
        self, owner: Ints, streams: int, models: Models, rows: float, floor: Floats
    ) -> None:
        """Start before the first window.

        Args:
            owner: The stream of each series, shape ``(J,)``.
            streams: ``S``.
            models: ``R`` of them.
            rows: ``h``, the harmonic mean of the rows of the reference's windows.
            floor: Least variance of a window's mean relative to independent rows, shape ``(J,)``.
        """
        j, (r, p) = len(owner), models.prior.shape
        self._rho = models.rho
        self._owner = owner
        self._rows = rows
        self._floor = floor[:, None]
        self.state = RegressionState(
            precision=np.tile(models.prior[:, :, None] * np.eye(p), (streams, 1, 1, 1)),
            coefficients=np.zeros((j, r, p)),
            rss=np.zeros((j, r)),
            df=np.full(streams, -1.0),
            likelihood=np.zeros((j, r)),
            pending=np.zeros((2, LAG, j, r), dtype=np.float32),
            pending_df=np.zeros((LAG, streams)),
        )

    def step(
        self, x: Floats, n: float, z: Floats, inflation: Floats, learn: Bools, *, live: bool
    ) -> tuple[Floats, Floats, Bools]:
        """Judge a window by all before it, then learn from it.

        Args:
            x: Regressors, shape ``(p,)``, the first one 1.
            n: Rows, at least 1.
            z: Mean scores, shape ``(J,)``, finite.
            inflation: By how much persistence between windows inflates the variance of their
                sums, shape ``(J,)``: the pool of earlier windows is worth so much less.
            learn: Which streams learn from the window, shape ``(S,)``.
            live: Whether it comes after the reference.

        Returns:
            The deviates, the standard deviations that ``z`` was predicted with, and which of
            them can be used (there are two degrees of freedom), each of shape ``(J,)``.
        """
        state, owner = self.state, self._owner
        g = self._rho + (1 - self._rho) * (self._rows / n)
        px = state.precision @ x
        leverage = px @ x
        worth = inflation[:, None]
        variance = g + leverage.take(owner, axis=0) * worth
        df = np.maximum(state.df, 1.0)[owner][:, None]
        s2 = state.rss / df * (1 + (worth - 1) / (df + 1))
        s2 = np.maximum(s2, self._floor / (n * g))
        scale = np.sqrt(s2 * variance)
        t = (z[:, None] - state.coefficients @ x) / scale
        weights = np.exp(state.likelihood - state.likelihood.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        nu = (student_to_normal(t, df) * weights).sum(axis=1)
        usable = (state.df >= _MIN_DF)[owner]
        spread = np.sqrt((scale * scale * weights).sum(axis=1))
        limit = normal_to_student(_WINSOR, df)
        clipped = np.minimum(np.maximum(t, -limit), limit)
        judged = _Judged(px, g + leverage, clipped, scale, df, usable)
        self._learn(judged, learn, live=live)
        return nu, spread, usable

    def _learn(self, judged: "_Judged", learn: Bools, *, live: bool) -> None:
        """Update by errors that were clipped, so that one wild window hides nothing."""
        state, owner = self.state, self._owner
        px, t, scale, df = judged.px, judged.t, judged.scale, judged.df
        variance = judged.variance.take(owner, axis=0)
        taught = learn[owner]
        gain = np.where(taught[:, None], t * scale / variance, 0.0)
        state.coefficients += gain[:, :, None] * px.take(owner, axis=0)
        drop = px[..., :, None] * px[..., None, :] / judged.variance[:, :, None, None]
        state.precision -= np.where(learn[:, None, None, None], drop, 0.0)
        # Where nothing is learnt the gain is 0.
        square = np.where((state.df >= 0)[owner][:, None], gain * t * scale, 0.0)
        counts = (taught & judged.usable)[:, None]
        fit = np.where(counts, -(df + 1) / 2 * np.log1p(t * t / df) - np.log(scale), 0.0)
        if live:
            state.likelihood += state.pending[0, 0]
            state.rss += state.pending[1, 0]
            state.df += state.pending_df[0]
            state.pending[:, :-1] = state.pending[:, 1:]
            state.pending_df[:-1] = state.pending_df[1:]
            state.pending[:, -1] = fit, square
            state.pending_df[-1] = learn
        else:
            state.likelihood += fit
            state.rss += square
            state.df += learn


class _Judged(NamedTuple):
    """A window beside its prediction: ``P x``, ``g + x' P x``, clipped errors, freedom of each."""

    px: Floats
    variance: Floats
    t: Floats
    scale: Floats
    df: Floats
    usable: Bools
