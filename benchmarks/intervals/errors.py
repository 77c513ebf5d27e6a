"""Errors of several distributions, with their true figures."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["ERRORS", "Errors"]

Floats = npt.NDArray[np.float64]

_NORMAL_SIZE: Final = math.sqrt(2 / math.pi)
_LARGE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Errors:
    """How errors are distributed.

    Attributes:
        draw: Returns so many of them.
        bias: Their mean.
        mae: The mean of their sizes.
        rmse: The root of the mean of their squares.
    """

    draw: Callable[[np.random.Generator, int], Floats]
    bias: float
    mae: float
    rmse: float

    def truth(self, metric: str) -> float:
        """Return a figure by name; any other than mae and rmse is of the bias."""
        return {"mae": self.mae, "rmse": self.rmse}.get(metric, self.bias)


def _gamma(shape: float, scale: float) -> Errors:
    """All of one sign; a negative scale makes it the other."""
    size = shape * abs(scale)
    rmse = abs(scale) * math.sqrt(shape * (shape + 1))
    return Errors(lambda rng, n: scale * rng.gamma(shape, size=n), shape * scale, size, rmse)


def _lognormal(sigma: float) -> Errors:
    mean = math.exp(sigma**2 / 2)
    return Errors(lambda rng, n: rng.lognormal(0, sigma, size=n), mean, mean, math.exp(sigma**2))


def _one_in(few: int, far: float) -> Errors:
    """Standard normal errors, one in so many of them around another mean."""

    def draw(rng: np.random.Generator, n: int) -> Floats:
        return rng.normal(size=n) + far * (rng.random(n) < 1 / few)

    beyond = _NORMAL_SIZE * math.exp(-(far**2) / 2) + far * math.erf(far / math.sqrt(2))
    mae = _NORMAL_SIZE + (beyond - _NORMAL_SIZE) / few
    return Errors(draw, far / few, mae, math.sqrt(1 + far**2 / few))


def _one_as_large(few: int) -> Errors:
    """Standard normal errors, one in so many of them ten times as large."""

    def draw(rng: np.random.Generator, n: int) -> Floats:
        return rng.normal(size=n) * np.where(rng.random(n) < 1 / few, _LARGE, 1.0)

    mae = _NORMAL_SIZE * (1 + (_LARGE - 1) / few)
    return Errors(draw, 0.0, mae, math.sqrt(1 + (_LARGE**2 - 1) / few))


ERRORS: Final[Mapping[str, Errors]] = {
    "normal": Errors(lambda rng, n: rng.normal(size=n), 0.0, _NORMAL_SIZE, 1.0),
    "Laplace": Errors(lambda rng, n: rng.laplace(size=n), 0.0, 1.0, math.sqrt(2)),
    "Student's t, 5 degrees": Errors(
        lambda rng, n: rng.standard_t(5, size=n),
        0.0,
        4 * math.sqrt(5) / (3 * math.pi),
        math.sqrt(5 / 3),
    ),
    "exponential": _gamma(1, 1),
    "exponential, all negative": _gamma(1, -1),
    "exponential less its mean": Errors(
        lambda rng, n: rng.exponential(size=n) - 1, 0.0, 2 / math.e, 1.0
    ),
    "gamma, shape 2": _gamma(2, 1),
    "chi-square, 3 degrees": _gamma(1.5, 2),
    "lognormal, sigma .5": _lognormal(0.5),
    "normal, one in ten 3 higher": _one_in(10, 3.0),
    "chi-square, 1 degree": _gamma(0.5, 2),
    "lognormal, sigma 1": _lognormal(1),
    "normal, one in 50 ten times as large": _one_as_large(50),
}
