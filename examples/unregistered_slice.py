"""Young people with old phones are judged badly since a release, and nobody watches them.

    python examples/unregistered_slice.py

A model that says who will repay, with the region registered as a slice and nothing else. From
one day on the form of an old app rounds incomes down for the young: one request in twenty, which
moves the share of wrong predictions by a point. The inputs say which, and an alarm names it.
"""

import numpy as np

from history import moments, replayed

CONFIG = """
[model]
name = "repayment"
task = "binary"
[columns]
time = "time"
prediction = "repays"
label = "repaid"
features = ["age", "income", "phone", "debt"]
slices = ["region"]
[reference]
rows = 20000
[window]
rows = 1000
"""
ROWS, BREAK = 50_000, 30_000
YOUNG, REPAID = 30, 0.7


def main() -> None:
    """Break the predictions of a part that is no slice, and replay."""
    rng = np.random.default_rng(11)
    age = np.clip(np.round(rng.gamma(9, 4.5, ROWS)), 18, 90).astype(int)
    phone = rng.choice(["new", "used", "old"], ROWS, p=[0.5, 0.3, 0.2])
    repaid = rng.random(ROWS) < REPAID
    broken = (np.arange(ROWS) >= BREAK) & (age <= YOUNG) & (phone == "old")
    wrong = rng.random(ROWS) < np.where(broken, 0.4, 0.1)
    replayed(
        CONFIG,
        {
            "time": moments(ROWS, every=60),
            "repays": (repaid ^ wrong).astype(int),
            "repaid": repaid.astype(int),
            "age": age,
            "income": rng.lognormal(10, 0.6, ROWS).round(),
            "phone": phone,
            "debt": rng.normal(size=ROWS).round(3),
            "region": rng.choice(list("nesw"), ROWS),
        },
    )


if __name__ == "__main__":
    main()
