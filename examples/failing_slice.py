"""One airline's flights go wrong among many: the global figure does not show it.

    python examples/failing_slice.py

The flights that left New York in 2013, and a model that says at departure which will arrive
late. In the night of 3 November clocks went back, and the feed of one airline, one flight in
seventy, did not follow: from then on its departures look an hour later than they are. All
else is as it was.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from barograph_demo.flights import table
from history import replayed

CONFIG = """
[model]
name = "late-arrival"
task = "binary"
[columns]
time = "departure"
id = "flight"
confidence = "score"
label = "late"
features = ["hour"]
slices = ["carrier", "origin"]
[reference]
until = "2013-09-01"
[window]
rows = 1000
[alarm]
# A bad day of weather is none of the model's failures.
tolerance = 0.05
drift_tolerance = 0.1
"""
AIRLINE, HOUR = "VX", 60


def main() -> None:
    """Train on the spring, break one airline's feed in November, and replay."""
    flights = table()
    flights = flights[flights["late"].notna()].reset_index(drop=True)
    when = pd.to_datetime(flights["departure"], unit="s").to_numpy()
    late = flights["late"].astype(int)
    broken = (when >= np.datetime64("2013-11-03T06:00")) & (flights["carrier"] == AIRLINE)
    delay = flights["dep_delay"].fillna(0) + HOUR * broken
    known = np.column_stack([delay / 30, flights["distance"] / 1000])
    spring = when < np.datetime64("2013-03-01")
    model = LogisticRegression().fit(known[spring], late[spring])
    watched = (when >= np.datetime64("2013-06-01")) & (when < np.datetime64("2013-11-24"))
    shown = flights[watched]
    replayed(
        CONFIG,
        {
            "departure": shown["departure"],
            "flight": [f"F-{row}" for row in shown.index],
            "score": model.predict_proba(known[watched])[:, 1].round(5),
            "late": late[watched],
            "hour": shown["hour"],
            "carrier": shown["carrier"],
            "origin": shown["origin"],
        },
    )


if __name__ == "__main__":
    main()
