"""Bets on windows whose losses go together: likelihood ratios of beta-binomial counts."""

from typing import Final

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["beta_binomial_bets"]

_LEAST: Final = 1.0
_MOST: Final = 1e9
_SHIFT: Final = 6


def beta_binomial_bets(n: Floats, s: Floats, tau: Floats, risks: Floats, phi: Floats) -> Floats:
    """Return log likelihood ratios of risks against what is tolerated.

    The risk of a slice is not the same in all windows: it is drawn from a beta distribution
    around its mean, so wide that the sum of losses has ``phi`` times the variance of
    independent ones. A ratio of such likelihoods has mean 1 where the mean is ``tau``, and
    less where it is below. A binomial ratio does not, and neither does one that is raised to
    the power ``1 / phi``: that is fair for small shifts of normal sums alone, and of 64 labels
    with 7% errors and ``phi`` 2.1 it makes 3.8 of 1 on average for a risk of 24%.

    With ``a + b = (n - phi) / (phi - 1)``, from ``phi = 1 + (n - 1) / (a + b + 1)``; it is held
    between 1, where most of a window is lost or nothing is, and a thousand million, where they are
    as good as independent. What does not depend on the mean cancels.

    Args:
        n: Labels, shape ``(M,)``.
        s: Sums of their losses, shape ``(M,)``; parts of losses count as such.
        tau: Risk that is tolerated, in ``(0, 1)``, shape ``(M,)``.
        risks: To compare it with, in ``(0, 1)``, shape ``(M, L)``.
        phi: At least 1, shape ``(M,)``.

    Returns:
        Shape ``(M, L)``; 0 without labels.

    References:
        Williams (1975), Biometrics 31(4), 949-952.
    """
    spread = (n - phi) / np.maximum(phi - 1, 1e-9)
    size = np.clip(np.where(phi > 1, spread, _MOST), _LEAST, _MOST)[:, None]
    lost, kept = s[:, None], (n - s)[:, None]

    def likelihood(risk: Floats) -> Floats:
        return _rising(risk * size, lost) + _rising((1 - risk) * size, kept)

    return np.asarray(likelihood(risks) - likelihood(tau[:, None]))


def _rising(x: Floats, m: Floats) -> Floats:
    """Return the logarithm of ``x (x + 1) ... (x + m - 1)``, ``m`` not always whole."""
    return _log_gamma(x + m) - _log_gamma(x)


def _log_gamma(x: Floats) -> Floats:
    """Return the logarithm of the gamma function of positive numbers, by Stirling's series."""
    low = x.copy()
    for step in range(1, _SHIFT):
        low *= x + step
    y = x + _SHIFT
    return np.asarray(
        (y - 0.5) * np.log(y)
        - y
        + 0.5 * np.log(2 * np.pi)
        + (1 / 12 - (1 / 360 - 1 / (1260 * y * y)) / (y * y)) / y
        - np.log(low)
    )
