"""LightGBM (or XGBoost, through its scikit-learn interface): the same one line.

python examples/gradient_boosting.py [http://127.0.0.1:34318]
"""

import sys

import lightgbm
import numpy as np
import pandas as pd

import barograph


def main(endpoint: str) -> None:
    """Fit a regression and predict with it."""
    barograph.configure(service="demand", endpoint=endpoint)
    random = np.random.default_rng(7)
    frame = pd.DataFrame({"hour": random.integers(0, 24, 500), "heat": random.normal(20, 8, 500)})
    demand = 100 + 3 * frame["heat"] + random.normal(0, 5, 500)

    booster = lightgbm.LGBMRegressor(n_estimators=20, verbose=-1).fit(frame, demand)
    model = barograph.instrument(booster, model="demand", version="1", slices=("hour",))

    print(np.asarray(model.predict(frame[:5])).round(1))
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
