"""The evidence of all streams of a model, in one set of arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.season import Regressors
from barograph_processor.drift.trend import Trends, TrendState
from barograph_processor.sequential.bets import BROKEN_CAP, CAP, TILTS
from barograph_processor.sequential.calibration import Calibration
from barograph_processor.sequential.change_point import ChangePoint, change_point
from barograph_processor.sequential.regression import RegressionState, WindowRegression
from barograph_processor.sequential.shiryaev_roberts import shiryaev_roberts
from barograph_processor.stats.array import Bools, Floats

__all__ = ["Evidence"]

_RECENT = 128
_RESOLUTION = 40.0
_ABSENT = -128
_TRENDING = 0.4
_PERSISTENT = 4.0


class Evidence:
    """Studentized window scores, calibrated, bet on, and summed by Shiryaev and Roberts.

    State: about 100 KiB for 12 numeric features. A step costs some 0.2 ms. Not locked.
    """

    def __init__(self, profile: ReferenceProfile, regressors: Regressors) -> None:
        """Run over the reference's windows."""
        self._profile = profile
        self._regressors = regressors
        bank = profile.bank
        self.owner, self.bets = bank.owner, bank.bets
        self.starts = np.searchsorted(bank.owner, np.arange(len(bank.keys)))
        self._regression, self._trend, self._calibration = self._after_reference()
        self._tempered = _Tempered.by(self._calibration.inflation, bank.trends)
        self._fresh: tuple[WindowRegression, TrendState] | None = None
        series = len(bank.owner)
        self._processes = np.zeros((series, len(TILTS)))
        self._recent: npt.NDArray[np.int8] = np.full((_RECENT, series), _ABSENT, dtype=np.int8)
        self._age = np.zeros(len(bank.keys), dtype=np.int64)
        self._spread = np.ones(series)

    def _after_reference(self) -> tuple[WindowRegression, TrendState, Calibration]:
        profile, regressors, trends = self._profile, self._regressors, self._profile.bank.trends
        streams, rows = len(profile.bank.keys), profile.rows
        harmonic = float(len(rows) / (1 / rows).sum())
        regression = WindowRegression(
            self.owner, streams, regressors.models, harmonic, profile.bank.floor
        )
        calibration, trend = Calibration(profile.bank.groups), trends.start()
        every = np.ones(streams, dtype=np.bool_)
        given = zip(profile.log_rows.tolist(), profile.time.tolist(), strict=True)
        for n, when, z in zip(rows.tolist(), given, profile.scores.astype(np.float64), strict=True):
            x, inflation = regressors.of(*when), calibration.inflation
            nu, _, usable = regression.step(x, n, z, inflation, every, live=False)
            learn, persistence = usable[trends.series], trends.persistence(inflation)
            nu[trends.series] = trends.step(trend, nu * usable, persistence, learn, live=False)
            if usable.any():
                calibration.remember(nu, usable, n, live=False)
        calibration.recompute()
        return regression, trend, calibration

    def step(self, x: Floats, n: float, z: Floats, latched: Bools, broken: Bools) -> None:
        """Take the scores of a window.

        Args:
            x: Regressors, shape ``(p,)``.
            n: Rows.
            z: Mean scores, shape ``(J,)``, finite.
            latched: Streams under an alarm, shape ``(S,)``: nothing is learnt from them.
            broken: Streams that are unlike anything in the reference, shape ``(S,)``.
        """
        self._fresh = None
        calibration, trends = self._calibration, self._profile.bank.trends
        known = self._temper()
        nu, spread, usable = self._regression.step(x, n, z, known.inflation, ~latched, live=True)
        taught = usable & ~latched[self.owner]
        nu[trends.series] = trends.step(
            self._trend, nu * usable, known.persistence, taught[trends.series], live=True
        )
        calibration.remember(nu, taught, n, live=True)
        known = self._temper()
        cap = np.where(broken[self.owner], BROKEN_CAP, CAP)
        u = np.minimum(np.maximum(nu / known.root, -cap), cap)
        bets = u[:, None] * TILTS - calibration.normalizers
        moved = shiryaev_roberts(self._processes, bets)
        self._processes = np.where(usable[:, None], moved, self._processes)
        self._processes[known.shut] = 0.0
        self._recent[:-1] = self._recent[1:]
        capped = np.minimum(np.maximum(u, -CAP), CAP)
        self._recent[-1] = np.where(usable, np.rint(capped * _RESOLUTION), _ABSENT)
        self._age += 1
        self._spread = spread * known.root

    def _temper(self) -> "_Tempered":
        """Return what follows from the inflation, found anew only where that is another."""
        inflation = self._calibration.inflation
        if self._tempered.inflation is not inflation:
            self._tempered = _Tempered.by(inflation, self._profile.bank.trends)
        return self._tempered

    @property
    def persistent(self) -> bool:
        """Whether windows depend on the ones before so strongly that power is lost."""
        return bool(np.median(self._calibration.inflation) > _PERSISTENT)

    @property
    def by_stream(self) -> Floats:
        """The evidence of each stream, shape ``(S,)``."""
        mixed = (self._processes * self.bets).sum(axis=1)
        return np.asarray(np.add.reduceat(mixed, self.starts))

    @property
    def spread(self) -> Floats:
        """The standard deviation with which each series was predicted, shape ``(J,)``."""
        return self._spread

    def deviates(self, windows: int) -> Floats:
        """Return the latest deviates, shape ``(windows, J)``; NaN where there is none."""
        recent = self._recent[-windows:]
        return np.where(recent == _ABSENT, np.nan, recent / _RESOLUTION)

    def since(self, stream: int) -> tuple[ChangePoint, int]:
        """Return when a stream's change began, and how many windows the positions span."""
        own = slice(int(self.starts[stream]), self._end(stream))
        span = int(min(max(self._age[stream], 1), _RECENT))
        recent = np.nan_to_num(self.deviates(span)[:, own])
        bets = recent[:, :, None] * TILTS - self._calibration.normalizers[own]
        return change_point(bets, np.log(np.maximum(self.bets[own], 1e-300))), span

    def leading(self, stream: int) -> tuple[int, float]:
        """Return the series with the most evidence, and the direction of its change."""
        own = slice(int(self.starts[stream]), self._end(stream))
        processes = self._processes[own] * self.bets[own]
        at = int(processes.sum(axis=1).argmax())
        direction = float(np.sign(TILTS[int(processes[at].argmax())]))
        return int(self.starts[stream]) + at, direction

    def restart(self, stream: int, *, drifted: int, forget_evidence: bool) -> None:
        """Put a stream back to what was known at the end of the reference.

        Args:
            stream: The stream.
            drifted: How many of the last windows had drifted: nothing is learnt from them.
            forget_evidence: Whether its evidence is forgotten too.
        """
        own = self.owner == stream
        if drifted:
            self._calibration.forget(own, drifted)
        if self._fresh is None:  # streams that drift together restart in the same window
            self._fresh = self._after_reference()[:2]
        fresh, trend = self._fresh
        self._regression.state.copy_stream(fresh.state, stream, own)
        trends = self._profile.bank.trends
        for at in np.flatnonzero(own[trends.series]).tolist():
            self._trend.copy_trend(trend, at, trends.owner == at, turn=forget_evidence)
        if forget_evidence:
            self._processes[own] = 0.0
            self._age[stream] = 0

    def _end(self, stream: int) -> int:
        return int(self.starts[stream + 1]) if stream + 1 < len(self.starts) else len(self.owner)

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes: plain types and arrays."""
        regression = self._regression.state
        names = RegressionState.__slots__
        return {
            "regression": {name: getattr(regression, name).copy() for name in names},
            "calibration": self._calibration.state(),
            "processes": self._processes.copy(),
            "recent": self._recent.copy(),
            "age": self._age.copy(),
            "spread": self._spread.copy(),
            "trend": self._trend.to_lists(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken.

        Raises:
            ValueError: The state does not fit the profile.
        """
        for name in RegressionState.__slots__:
            held = getattr(self._regression.state, name)
            given = np.array(state["regression"][name], dtype=held.dtype)
            if given.shape != held.shape:
                raise ValueError("the state of the drift monitor does not fit the profile")
            setattr(self._regression.state, name, given)
        self._calibration.restore(state["calibration"])
        self._processes = np.array(state["processes"], dtype=np.float64)
        self._recent = np.array(state["recent"], dtype=np.int8)
        self._age = np.array(state["age"], dtype=np.int64)
        self._spread = np.array(state["spread"], dtype=np.float64)
        self._trend = TrendState.from_lists(state["trend"])


@dataclass(frozen=True, slots=True, eq=False)
class _Tempered:
    """What follows from the persistence between windows.

    Attributes:
        inflation: By how much it inflates the variance of their sums, shape ``(J,)``.
        root: Of that.
        persistence: Of the trends, shape ``(C,)``.
        shut: Series that may not be bet on, shape ``(J,)``: trends amid persistence. What goes
            on in one direction for many windows and is no drift, such as a season that was not
            declared, is told from drift by its persistence only if that is weak.
    """

    inflation: Floats
    root: Floats
    persistence: Floats
    shut: Bools

    @classmethod
    def by(cls, inflation: Floats, trends: Trends) -> "_Tempered":
        persistence = trends.persistence(inflation)
        shut = np.zeros(len(inflation), dtype=np.bool_)
        shut[trends.series] = persistence > _TRENDING
        return cls(inflation, np.sqrt(inflation), persistence, shut)
