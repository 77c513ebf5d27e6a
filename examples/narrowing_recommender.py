"""A recommender that narrows what it shows, since it learns from what it showed.

    python examples/narrowing_recommender.py

Every night the shop's recommender is trained on the clicks of the day. People click on
what they see, so what was shown often is shown more often. The click rate stays what it
was: nothing that is usually watched changes.
"""

import numpy as np

from history import moments, replayed

CONFIG = """
[model]
name = "you-may-like"
task = "multiclass"
[columns]
time = "shown"
prediction = "item"
features = ["visits"]
[reference]
rows = 10_000
[window]
rows = 500
[alarm]
windows_between_false_alarms = 1000
"""
ITEMS = 200


def main() -> None:
    """Write eight weeks of recommendations and replay them."""
    rng = np.random.default_rng(2)
    day, days, healthy = 500, 60, 30
    shares = rng.gamma(2.0, size=ITEMS)
    shares /= shares.sum()
    shown = []
    for number in range(days):
        items = rng.choice(ITEMS, size=day, p=shares)
        shown.append(items)
        if number >= healthy:
            # Tomorrow's model has seen today's clicks, and they are on what was shown.
            clicks = np.bincount(items, minlength=ITEMS) + 0.5
            learnt = shares * clicks**0.25
            shares = 0.7 * shares + 0.3 * learnt / learnt.sum()
    items = np.concatenate(shown)
    replayed(
        CONFIG,
        {
            "shown": moments(len(items), every=86_400 / day),
            "item": [f"item-{k:03}" for k in items],
            "visits": rng.poisson(4, len(items)),
        },
    )


if __name__ == "__main__":
    main()
