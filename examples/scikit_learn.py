"""A scikit-learn pipeline: one line puts it under watch.

python examples/scikit_learn.py [http://127.0.0.1:34318]
"""

import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import barograph

DEBT = 5e3  # from which a payment is mostly late


def main(endpoint: str) -> None:
    """Fit a classifier and predict with it, as batches of one span each."""
    barograph.configure(service="credit", endpoint=endpoint)
    random = np.random.default_rng(7)
    frame = pd.DataFrame({"age": random.uniform(18, 90, 400), "debt": random.exponential(5e3, 400)})
    late = frame["debt"] + random.normal(0, 2e3, 400) > DEBT

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, late)
    model = barograph.instrument(model, model="late-payment", version="1")

    print(model.predict_proba(frame[:5])[:, 1].round(3))
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
