"""The model: a logistic regression that is asked at departure whether a flight arrives late."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import set_config
from sklearn.linear_model import LogisticRegression

from barograph_demo.flights import FEATURES

__all__ = ["DelayModel"]

_CATEGORIES = ("carrier", "origin", "dest", "weekday")
_PRIOR_ROWS = 50


class DelayModel:
    """Probability of arriving more than 15 minutes late, from what is known at departure.

    Categories are encoded by their share of late flights in training, pulled
    towards the overall share; missing weather is the training mean.
    """

    def __init__(self) -> None:
        self._rates: list[dict[Any, float]] = []
        self._prior = 0.0
        self._mean: npt.NDArray[np.float64] = np.zeros(0)
        self._scale: npt.NDArray[np.float64] = np.zeros(0)
        self._regression = LogisticRegression()

    def fit(self, frame: pd.DataFrame) -> "DelayModel":
        """Learn from flights that arrived."""
        known = frame[frame["late"].notna()]
        late = known["late"].astype(bool)
        self._prior = float(late.mean())
        self._rates = []
        for name in FEATURES:
            if name not in _CATEGORIES:
                self._rates.append({})
                continue
            grouped = late.groupby(known[name].to_numpy())
            shares = (grouped.sum() + _PRIOR_ROWS * self._prior) / (grouped.size() + _PRIOR_ROWS)
            self._rates.append(shares.to_dict())
        rows = zip(*(known[name].tolist() for name in FEATURES), strict=True)
        raw = np.array([self._encode(row) for row in rows])
        self._mean, self._scale = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0)
        self._regression.fit(self._standardized(raw), late.to_numpy())
        # One row a call: checking it costs scikit-learn more than predicting it.
        set_config(assume_finite=True, skip_parameter_validation=True)
        return self

    def probability(self, row: Sequence[str | float]) -> float:
        """Return the probability for one flight, values in the order of ``FEATURES``."""
        standardized = self._standardized(np.array([self._encode(row)]))
        return float(self._regression.predict_proba(standardized)[0, 1])

    def _standardized(self, raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        z = (raw - self._mean) / self._scale
        z[np.isnan(z)] = 0.0
        return z

    def _encode(self, row: Sequence[str | float]) -> list[float]:
        return [
            rates.get(value, self._prior) if rates else float(value)
            for value, rates in zip(row, self._rates, strict=True)
        ]
