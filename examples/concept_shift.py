"""What inputs say about outcomes changes: inputs and scores look as ever, labels tell.

A scoring model says who will pay late. From one day on, half of those who were safe because
of their savings are not any more. No input drifts, no score moves; the labels, which come two
days after the decision, show it, and so does the gap to what the scores promise.

python examples/concept_shift.py
"""

import numpy as np

from history import moments, replayed

ROWS, CHANGE = 40_000, 20_000
NEWLY_LATE = 0.2
CONFIG = """
[model]
name = "late-payment"
task = "binary"
[columns]
time = "decided"
confidence = "score"
label = "late"
label_time = "known"
[reference]
rows = 10_000
[window]
rows = 1000
"""


def main() -> None:
    """Write four weeks of decisions, whose labels are known two days later, and replay them."""
    rng = np.random.default_rng(17)
    debt, savings = rng.normal(size=ROWS), rng.normal(size=ROWS)
    score = 1 / (1 + np.exp(-(3 * debt - 3 * savings - 3)))
    late = rng.random(ROWS) < score
    # Savings no longer keep people from paying late.
    changed = (np.arange(ROWS) >= CHANGE) & (savings > 0)
    late |= changed & (rng.random(ROWS) < NEWLY_LATE)
    signals = replayed(
        CONFIG,
        {
            "decided": moments(ROWS, every=60),
            "known": moments(ROWS, every=60, start="2025-01-08T00:00:00"),
            "debt": np.round(debt, 4),
            "savings": np.round(savings, 4),
            "score": np.round(score, 6),
            "late": late.astype(int),
        },
    )
    gap = signals["gap"]["estimated"]["accuracy"]
    print(f"accuracy minus what the scores promise: {gap['value']:+.3f}")


if __name__ == "__main__":
    main()
