"""One alarm budget over many streams, valid under any dependence between them."""

import numpy as np

from barograph_processor.stats.array import Bools, Floats

__all__ = ["bonferroni_thresholds", "false_discovery_set"]


def bonferroni_thresholds(budget: float, shares: Floats) -> Floats:
    """Return the evidence at which each stream alarms so that all keep one budget.

    Stream ``k`` alarms when its e-detector reaches ``budget / share_k``: all together raise
    at most one false alarm in ``budget`` steps on average (e-d-Bonferroni).

    Args:
        budget: Steps between false alarms of all streams together, at least 1.
        shares: Share of the budget of each stream, shape ``(K,)``, positive; normalized.

    Raises:
        ValueError: ``budget`` is below 1 or a share is not positive.

    Examples:
        >>> bonferroni_thresholds(1000.0, np.ones(4))
        array([4000., 4000., 4000., 4000.])

    References:
        Dandapanthula and Ramdas (2025), Multiple testing in multi-stream sequential change
        detection, arXiv:2501.04130.
    """
    shares = np.asarray(shares, dtype=np.float64)
    if not budget >= 1:
        raise ValueError(f"budget must be at least 1, got {budget!r}")
    if not len(shares) or not (shares > 0).all():
        raise ValueError("shares must be positive, and there must be one at least")
    return np.asarray(budget * shares.sum() / shares, dtype=np.float64)


def false_discovery_set(evidence: Floats, budget: float) -> Bools:
    """Return which streams to report so that few of the reported ones are false (e-d-BH).

    The largest set of ``m`` streams whose evidence is at least ``K budget / m`` each.

    Args:
        evidence: Of the e-detectors (or e-values), shape ``(K,)``.
        budget: Steps between false alarms (or ``1 / alpha``), at least 1.

    Raises:
        ValueError: ``budget`` is below 1.

    Examples:
        >>> false_discovery_set(np.array([250.0, 3.0, 160.0]), 100.0).tolist()
        [True, False, True]

    References:
        Wang and Ramdas (2022), False discovery rate control with e-values, JRSS B 84(3).
    """
    if not budget >= 1:
        raise ValueError(f"budget must be at least 1, got {budget!r}")
    evidence = np.asarray(evidence, dtype=np.float64)
    k = len(evidence)
    ranked = np.sort(evidence)[::-1]
    enough = (ranked * np.arange(1, k + 1) >= k * budget).nonzero()[0]
    if not len(enough):
        return np.zeros(k, dtype=np.bool_)
    return np.asarray(evidence >= ranked[enough[-1]])
