"""Answers that nobody would have looked at before the audit, judged by people from day one.

    python examples/late_oversight.py

No truth ever comes back to a model that sorts a town's letters: a letter in the wrong office
is passed on by hand. People look at twenty letters a day, the doubtful ones more often than
the others, from the first day on; the audit comes once a year. In June the offices are
reorganised. The model is as sure of itself as ever, and twice as often wrong.
"""

import numpy as np

from history import moments, replayed

CONFIG = """
[model]
name = "letter-sorter"
task = "multiclass"
[columns]
time = "received"
id = "letter"
prediction = "office"
confidence = "confidence"
label = "reviewed"
label_time = "reviewed_at"
propensity = "chance"
[reference]
rows = 20_000
[window]
rows = 1000
[alarm]
windows_between_false_alarms = 1000
"""
DAY, DAYS, CHANGE = 400, 250, 150
REVIEWS, OFFICES = 20, 8
WRONG_BEFORE, WRONG_AFTER = 0.08, 0.2


def main() -> None:
    """Write eight months of letters, let people answer a few, and replay."""
    rng = np.random.default_rng(29)
    n = DAY * DAYS
    doubt = rng.beta(1.2, 8, n)
    odds = np.where(np.arange(n) < DAY * CHANGE, WRONG_BEFORE, WRONG_AFTER) / doubt.mean()
    wrong = rng.random(n) < np.minimum(odds * doubt, 1)
    office = rng.integers(0, OFFICES, n)
    truth = np.where(wrong, (office + 1) % OFFICES, office)
    # Half of each chance is alike for all, half goes by how doubtful the model is.
    chance = REVIEWS / DAY * (0.5 + 0.5 * doubt / doubt.mean())
    asked = rng.random(n) < chance
    day = 86_400 / DAY
    replayed(
        CONFIG,
        {
            "received": moments(n, every=day),
            "letter": [f"L-{k}" for k in range(n)],
            "office": [f"office-{k}" for k in office],
            "confidence": (1 - doubt).round(4),
            "reviewed": [f"office-{k}" if yes else "" for k, yes in zip(truth, asked, strict=True)],
            "reviewed_at": [
                time if yes else ""
                for time, yes in zip(
                    moments(n, every=day, start="2025-01-07T00:00:00"), asked, strict=True
                )
            ],
            "chance": chance.round(6),
        },
    )


if __name__ == "__main__":
    main()
