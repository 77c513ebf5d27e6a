"""A scoring model whose labels exist only for the cases that it accepted.

    python examples/selected_labels.py

A lender learns whether a loan is paid back only if it was granted. Granted are those that
the model is sure of, so its accuracy looks splendid. One in thirty applications is granted
at random, whatever the score: the hold-out. There the model is wrong more than twice as often.
"""

import numpy as np

from history import moments, replayed

CONFIG = """
[model]
name = "credit-score"
task = "binary"
[columns]
time = "applied"
id = "loan"
confidence = "score"
label = "repaid"
holdout = "at_random"
[reference]
rows = 10_000
[window]
rows = 500
[alarm]
windows_between_false_alarms = 1000
"""
HOLDOUT = 1 / 30
SURE = 0.85


def main() -> None:
    """Write a year of applications and replay them."""
    rng = np.random.default_rng(3)
    n = 40_000
    income = rng.normal(size=n)
    chance = 1 / (1 + np.exp(-(0.4 + 1.2 * income)))
    repaid = (rng.random(n) < chance).astype(int)
    score = 1 / (1 + np.exp(-(0.4 + 1.2 * income + rng.normal(0, 0.3, n))))
    at_random = rng.random(n) < HOLDOUT
    granted = at_random | (score > SURE)
    replayed(
        CONFIG,
        {
            "applied": moments(n, every=780),
            "loan": [f"L-{k}" for k in range(n)],
            "income": np.round(income, 3),
            "score": np.round(score, 4),
            "repaid": [int(y) if known else "" for y, known in zip(repaid, granted, strict=True)],
            "at_random": at_random,
        },
    )


if __name__ == "__main__":
    main()
