"""A whole data frame in one call: one span, an array a feature.

python examples/batch.py [http://127.0.0.1:34318]
"""

import sys
from datetime import UTC, datetime, timedelta

import pandas as pd

import barograph


@barograph.observe(
    model="delay-rules",
    version="1.0",
    task="regression",
    batch=True,
    id="flight",
    time="departure",
    slices=("carrier",),
)
def predict_delay(flights: pd.DataFrame) -> pd.Series:
    """Return the expected delay in minutes, one a row."""
    return 5.0 + flights["distance"] / 500.0


def main(endpoint: str) -> None:
    """Score three flights of an evening, then report how late they were."""
    # A batch job has no user waiting: better to wait for room than to drop a row.
    barograph.configure(service="batch-job", endpoint=endpoint, on_full="block")
    evening = datetime(2013, 1, 1, 18, 0, tzinfo=UTC)
    flights = pd.DataFrame(
        {
            "flight": ["UA1545", "AA1141", "B6725"],
            "carrier": ["UA", "AA", "B6"],
            "distance": [1400, 1089, 1576],
            "departure": [evening + timedelta(minutes=15 * at) for at in range(3)],
        }
    )
    print(predict_delay(flights).tolist())
    for flight, delay in zip(flights["flight"], (11.0, 33.0, -18.0), strict=True):
        barograph.label(flight, delay, source="system", time=evening + timedelta(hours=3))
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
