"""XGBoost, through its scikit-learn interface: one line puts it under watch.

python examples/xgboost_classifier.py [http://127.0.0.1:34318]
"""

import sys

import numpy as np
import pandas as pd
import xgboost

import barograph


def main(endpoint: str) -> None:
    """Fit a classifier of three classes and predict with it."""
    barograph.configure(service="support", endpoint=endpoint)
    random = np.random.default_rng(7)
    frame = pd.DataFrame({"words": random.integers(1, 200, 500), "links": random.poisson(1, 500)})
    queue = np.digitize(frame["words"] + 20 * frame["links"], (60, 120))

    booster = xgboost.XGBClassifier(n_estimators=20).fit(frame, queue)
    model = barograph.instrument(booster, model="triage", version="1", slices=("links",))

    print(model.predict_proba(frame[:5]).round(2).tolist())
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
