"""How wrong a prediction thinks it is."""

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch

__all__ = ["guessed_loss"]


def guessed_loss(batch: ObservationBatch, task: str | None) -> npt.NDArray[np.float64]:
    """Return the chance of being wrong that each prediction gives itself, shape ``(n,)``.

    Of a binary model that is the smaller one of a probability and its complement,
    whichever class the probability is of; of others 1 - confidence.

    Args:
        batch: The predictions, ``n`` of them.
        task: The model's, if it is known.

    Returns:
        In [0, 1]; NaN where a prediction gives none.
    """
    given = batch.confidence
    if task == "binary" and batch.value is not None:
        given = batch.value
    if given is None:
        return np.full(len(batch), np.nan)
    wrong: npt.NDArray[np.float64] = 1 - np.where((given >= 0) & (given <= 1), given, np.nan)
    return np.minimum(wrong, 1 - wrong) if task == "binary" else wrong
