"""An accuracy that was measured offline and never held in production.

The test set had leaked into the training set: 93% offline. In production it is 88% from the
first day, so nothing ever changes and no drift can be found; only who wrote the offline figure
down is told.

python examples/offline_figure.py
"""

import numpy as np

from history import moments, replayed

ROWS, LEAVING, WRONG = 24_000, 0.3, 0.12
CONFIG = """
[model]
name = "churn"
task = "binary"
[columns]
time = "made"
prediction = "predicted"
label = "left"
[reference]
rows = 8_000
[window]
rows = 1000
[baseline]
offline = {accuracy = 0.93}
"""


def main() -> None:
    """Write seventeen days of predictions, replay them, and print how far off the figure is."""
    rng = np.random.default_rng(18)
    tenure = rng.exponential(24, ROWS)
    left = rng.random(ROWS) < LEAVING
    predicted = left ^ (rng.random(ROWS) < WRONG)
    signals = replayed(
        CONFIG,
        {
            "made": moments(ROWS, every=60),
            "tenure": np.round(tenure, 1),
            "predicted": predicted.astype(int),
            "left": left.astype(int),
        },
    )
    gap = signals["gap"]["offline"]["accuracy"]
    print(
        f"accuracy minus the offline figure: {gap['value']:+.3f} "
        f"({gap['lower']:+.3f} to {gap['upper']:+.3f})"
    )


if __name__ == "__main__":
    main()
