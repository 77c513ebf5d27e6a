"""What a regression will have got wrong, before any label says so.

A service forecasts how many minutes a delivery takes, and hears three days later how many it
took. It was always less right on long ways in the rush hour; from one day on there are more of
these. The labels of the reference, late as they are, have taught on which inputs errors are
large, so that what is to be expected rises at once. The labels of those days are still to come.

python examples/expected_errors.py
"""

import numpy as np

from history import moments, replayed

ROWS, CHANGE, WINDOW = 18_000, 14_000, 1000
THREE_DAYS = 3 * 24 * 60
RUSH = 0.3
CONFIG = f"""
[model]
name = "delivery-minutes"
task = "regression"
[columns]
time = "ordered"
prediction = "forecast"
label = "minutes"
label_time = "delivered"
[reference]
rows = 4000
[window]
rows = {WINDOW}
"""


def main() -> None:
    """Write twelve days of forecasts, whose labels are known three days later, and replay them."""
    rng = np.random.default_rng(23)
    far = np.where(np.arange(ROWS) < CHANGE, 4.0, 7.0)
    distance = rng.gamma(4.0, far / 4.0)
    rush = rng.random(ROWS) < RUSH
    forecast = 10 + 3 * distance + 6 * rush
    off = np.where(rush, 0.8, 0.3) * distance * rng.normal(size=ROWS)
    minutes = np.round(forecast + off, 2).astype(str)
    minutes[-THREE_DAYS:] = ""  # not known yet
    signals = replayed(
        CONFIG,
        {
            "ordered": moments(ROWS, every=60),
            "delivered": moments(ROWS, every=60, start="2025-01-09T00:00:00"),
            "distance": np.round(distance, 3),
            "rush": np.where(rush, "yes", "no"),
            "forecast": np.round(forecast, 2),
            "minutes": minutes,
        },
    )
    expected, before = signals["estimated"]["mae"], signals["now"]["mae"]
    print(f"by labels, of days ago, it is off by {before['value']:.2f} minutes")
    print(
        f"by its inputs the last window is off by {expected['value']:.2f} "
        f"({expected['lower']:.2f} to {expected['upper']:.2f})"
    )
    print(f"its labels, when they come, will say {np.abs(off[-WINDOW:]).mean():.2f}")


if __name__ == "__main__":
    main()
