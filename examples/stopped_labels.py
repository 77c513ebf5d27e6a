"""Labels that stop. The model may do as well as ever, and nobody can know.

    python examples/stopped_labels.py

A fraud team's investigators file what they found every day. In April the job that sends
it fails, quietly. Every dashboard stays green; Barograph says that it is blind.
"""

import numpy as np

from history import moments, replayed

CONFIG = """
[model]
name = "fraud-xgb"
task = "binary"
[columns]
time = "paid"
id = "payment"
confidence = "score"
label = "fraud"
label_time = "filed"
[reference]
rows = 10_000
[window]
rows = 500
[alarm]
windows_between_false_alarms = 1000
"""


def main() -> None:
    """Write half a year of payments and replay them."""
    rng = np.random.default_rng(5)
    n, stopped = 40_000, 22_000
    risky = rng.normal(size=n)
    fraud = (rng.random(n) < 1 / (1 + np.exp(3.5 - 1.5 * risky))).astype(int)
    score = 1 / (1 + np.exp(3.5 - 1.5 * risky - rng.normal(0, 0.2, n)))
    paid = moments(n, every=390)
    filed = moments(n, every=390, start="2025-01-07T18:00:00")
    known = np.arange(n) < stopped
    replayed(
        CONFIG,
        {
            "paid": paid,
            "payment": [f"P-{k}" for k in range(n)],
            "risk": np.round(risky, 3),
            "score": np.round(score, 4),
            "fraud": [int(y) if k else "" for y, k in zip(fraud, known, strict=True)],
            "filed": [time if k else "" for time, k in zip(filed, known, strict=True)],
        },
    )


if __name__ == "__main__":
    main()
