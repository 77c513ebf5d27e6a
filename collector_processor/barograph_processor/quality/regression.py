"""Realized performance of a regression model as mergeable sums."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.intervals import (
    Estimate,
    Intervals,
    estimate_mean,
    estimate_size,
    root,
)
from barograph_processor.quality.skewed_mean import SkewedMean
from barograph_processor.quality.weighted import LARGEST, WeightedMean
from barograph_processor.quality.weighted_means import WeightedMeans
from barograph_processor.stats.array import Floats

__all__ = ["RegressionPerformance"]


@dataclass(frozen=True, slots=True)
class RegressionPerformance(WeightedMeans):
    """Sums over labelled rows of a regression model: a commutative group under `merge`.

    Rows whose squared error is not finite, or too large to be summed, are left out.

    Attributes:
        error: Prediction minus label.
        absolute: Absolute errors.
        square: Squared errors.
    """

    error: SkewedMean
    absolute: WeightedMean
    square: WeightedMean

    @classmethod
    def of(
        cls, prediction: Floats, label: Floats, weight: Floats | None = None
    ) -> "RegressionPerformance":
        """Sum up rows, all of shape ``(n,)``."""
        with np.errstate(over="ignore", invalid="ignore"):
            error = prediction - label
            square = error * error
        # What has no square has no place in the others either: all three are of the same rows.
        error = np.where(square < LARGEST, error, np.nan)
        return cls(
            SkewedMean.of(error, weight),
            WeightedMean.of(np.abs(error), weight),
            WeightedMean.of(square, weight),
        )

    def estimates(self, intervals: Intervals) -> dict[str, Estimate]:
        """Return mae, rmse and bias (mean of prediction minus label); nothing without rows."""
        absolute, square, bias = self.absolute, self.square, self.error
        if absolute.value is None or square.value is None or bias.value is None:
            return {}
        n = absolute.effective
        mean_square = estimate_size(max(square.value, 0.0), square.variance, n, intervals)
        return {
            "mae": estimate_size(max(absolute.value, 0.0), absolute.variance, n, intervals),
            "rmse": root(mean_square),
            "bias": estimate_mean(bias.value, bias.variance, bias.third, bias.effective, intervals),
        }
