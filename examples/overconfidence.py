"""A model becomes too sure of itself: classes and accuracy stay, scores mislead.

A new release trains longer. It decides as before, but what it calls 99% comes true as often as
what the old one called 90%. Whoever prices by the score loses money, and neither accuracy nor
latency moves. The alarm is about calibration; that the scores have another distribution is
seen too, as drift of the confidence.

python examples/overconfidence.py
"""

import numpy as np

from history import moments, replayed

ROWS, RELEASE = 36_000, 22_000
CONFIG = """
[model]
name = "fraud"
task = "binary"
[columns]
time = "made"
confidence = "score"
label = "fraud"
[reference]
rows = 10_000
[window]
rows = 1000
"""


def main() -> None:
    """Write 25 days of scores, replay them, and print how far they are from what comes true."""
    rng = np.random.default_rng(19)
    logit = rng.normal(-1, 2, ROWS)
    fraud = rng.random(ROWS) < 1 / (1 + np.exp(-logit))
    sure = np.where(np.arange(ROWS) >= RELEASE, 2.0, 1.0)
    score = 1 / (1 + np.exp(-logit * sure))
    signals = replayed(
        CONFIG,
        {
            "made": moments(ROWS, every=60),
            "amount": np.round(rng.exponential(80, ROWS), 2),
            "score": np.round(score, 6),
            "fraud": fraud.astype(int),
        },
    )
    error = signals["calibration"]
    print(f"calibration error: {error['error']:.3f}, in the reference {error['reference']:.3f}")


if __name__ == "__main__":
    main()
