"""How soon the same budget lets a slice be found by whoever knows what to look for."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from barograph_processor.sequential.shiryaev_roberts import shiryaev_roberts

__all__ = ["delays_of_knowing"]


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
