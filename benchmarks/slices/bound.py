"""How soon the same budget lets a slice be found by whoever knows what to look for."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.beta_binomial import beta_binomial_bets
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.rest import (
    design_effect,
    noise_of_rest,
    squared_swings,
    tolerated_risk,
)
from barograph_processor.sequential.shiryaev_roberts import shiryaev_roberts

__all__ = ["delays_of_knowing", "windows_of_knowing"]


def delays_of_knowing(
    sizes: Sequence[float], *, risk: float, broken: float, threshold: float, runs: int, seed: int
) -> npt.NDArray[np.int64]:
    """Return the windows until Shiryaev and Roberts' rule, told both risks, finds a change.

    Of all rules with as few false alarms it is the quickest, up to what vanishes beside the
    delay (Pollak 1985, Ann. Statist. 13(1)). What it does not have to learn is the risk that
    is tolerated, by how much the slice is worse, and how the rest does.

    Args:
        sizes: Labels of the slice a window, on average, in each window after the change.
        risk: That is tolerated.
        broken: Its risk after the change.
        threshold: Windows between false alarms of this slice alone.
        runs: How often.
        seed: Of the draws.

    Returns:
        Shape ``(runs,)``, from 1; one more than there are windows where it is not found.
    """
    rng = np.random.default_rng(seed)
    evidence = np.zeros(runs)
    found = np.full(runs, len(sizes) + 1)
    for window, size in enumerate(sizes, 1):
        labels = rng.poisson(size, runs)
        losses = rng.binomial(labels, broken)
        bets = losses * np.log(broken / risk)
        bets += (labels - losses) * np.log((1 - broken) / (1 - risk))
        evidence = shiryaev_roberts(evidence, bets)
        found = np.where((evidence >= threshold) & (found > len(sizes)), window, found)
    return found


def windows_of_knowing(
    reference: Sequence[SliceCounts],
    windows: Sequence[SliceCounts],
    *,
    broken: float,
    threshold: float,
) -> int | None:
    """Return the windows until the same rule, told what fails and by how much, finds it.

    It knows the part and its risk afterwards, and takes of the reference how far its windows
    swing, and tolerates nothing. Beta-binomial ratios are the likelihood of windows that swing.

    Args:
        reference: Labels and losses of the part and of all, by block as long as a window.
        windows: Those since the change.
        broken: Risk of the part after the change.
        threshold: Windows between false alarms.

    Returns:
        From 1; None if it is not found.
    """
    whole = reduce(SliceCounts.merge, reference)
    if not whole.labels[0]:
        return None
    squares = [(*squared_swings(block, whole), block.labels - 1) for block in reference]
    over = sum(float(square[0]) - 1 for square, usable, _ in squares if usable[0])
    others = sum(float(more[0]) for _, usable, more in squares if usable[0])
    correlation = max(over / others, 0.0) if others else 0.0
    risk, evidence = whole.losses / whole.labels, np.zeros((1, 1))
    for number, now in enumerate(windows, 1):
        tau = tolerated_risk(risk, risk, now, whole, tolerance=0.0)
        phi = design_effect(now.labels, np.array([correlation])) * noise_of_rest(now)
        after = np.maximum(np.full((1, 1), broken), tau[:, None])
        labels = now.labels.astype(np.float64)
        bets = beta_binomial_bets(labels, now.losses, tau, after, phi)
        evidence = shiryaev_roberts(evidence, bets)
        if evidence[0, 0] >= threshold:
            return number
    return None
