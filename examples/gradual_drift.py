"""A model that drifts a little every day, far from any labels.

    python examples/gradual_drift.py

A lender's score was made for the incomes of its day. Wages rise by a third of a percent a
week, the score takes everybody for a little safer each time, and whether that is right will
be known when the loans are due, in two years. On no day does anything happen.
"""

import numpy as np

from history import moments, replayed

CONFIG = """
[model]
name = "loan-default"
task = "binary"
[columns]
time = "applied"
confidence = "score"
features = ["income", "debt"]
[reference]
rows = 10_000
[window]
rows = 500
"""
ROWS, STEADY, WEEKS = 40_000, 20_000, 66
WEEKLY = 0.0033


def main() -> None:
    """Write fifteen months of applications, and replay them."""
    rng = np.random.default_rng(23)
    row = np.arange(ROWS)
    weeks = np.maximum(row - STEADY, 0) * WEEKS / ROWS
    income = rng.normal(8.0, 0.35, ROWS) + WEEKLY * weeks
    debt = rng.normal(size=ROWS)
    score = 1 / (1 + np.exp(-(debt - 4 * (income - 7.6))))
    replayed(
        CONFIG,
        {
            "applied": moments(ROWS, every=WEEKS * 7 * 86_400 / ROWS),
            "income": np.exp(income).round(),
            "debt": debt.round(3),
            "score": score.round(5),
        },
    )


if __name__ == "__main__":
    main()
