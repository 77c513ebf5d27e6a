"""The random hold-out: a small share of predictions that are served without the model.

What such a prediction met with is free of the model's own influence, so that a model which
makes its own future (a recommender, a fraud filter) can be judged all the same.
"""

from hashlib import blake2b
from random import Random

__all__ = ["held_out", "rows_held_out"]


def held_out(model: str, prediction_id: str, rate: float) -> bool:
    """Whether a prediction is held out: the same in every process, and for every version.

    Args:
        model: The model's name, so that two models that share ids draw independently.
        prediction_id: The application's key, or the span id in hexadecimal.
        rate: Share held out, in [0, 1].
    """
    digest = blake2b(_seed(model, prediction_id), digest_size=8).digest()
    return int.from_bytes(digest, "big") < rate * 2**64


def rows_held_out(model: str, prediction_id: str, rate: float, rows: int) -> list[bool]:
    """Draw for each of `rows` rows without keys of a batch whose span has the id given."""
    chance = Random(_seed(model, prediction_id))  # noqa: S311  # a sample, no secret
    return [chance.random() < rate for _ in range(rows)]


def _seed(model: str, prediction_id: str) -> bytes:
    return f"{model}\0{prediction_id}".encode("utf-8", "surrogatepass")
