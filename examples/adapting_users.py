"""Users who check every answer by hand, and then leave, while all figures look fine.

    python examples/adapting_users.py

A clinic's coding assistant was wrong in the news once. Its accuracy is what it was, and
the few labels say so. But coders look up more and more codes by hand, and after some weeks
half of them no longer ask it.
"""

import numpy as np

from history import replayed

CONFIG = """
[model]
name = "coding-assistant"
task = "multiclass"
[columns]
time = "asked"
id = "case"
prediction = "code"
label = "final"
reaction = "coder"
features = ["length"]
[reference]
rows = 6000
[window]
rows = 300
[alarm]
windows_between_false_alarms = 500
"""
WRONG, ACCEPTED, SATURDAY = 0.06, 0.5, 5


def main() -> None:
    """Write half a year of questions and replay them."""
    rng = np.random.default_rng(4)
    start, days, news = 1_736_121_600, 160, 50
    asked: list[float] = []
    for day in range(days):
        loss = np.clip((day - news - 20) / 20, 0, 1)
        usual = 60 if day % 7 >= SATURDAY else 240
        count = rng.poisson(usual * (1 - 0.55 * loss))
        asked += sorted(start + 86_400 * (day + rng.uniform(0.3, 0.75, count)))
    times = np.array(asked)
    n = len(times)
    worried = np.clip(((times - start) / 86_400 - news) / 20, 0, 1)
    code = rng.integers(0, 6, n)
    final = np.where(rng.random(n) < WRONG, (code + 1) % 6, code)
    draw = rng.random(n)
    coder = np.where(
        draw < 0.03 + 0.20 * worried, "verified", np.where(draw > 1 - ACCEPTED, "accepted", "")
    )
    replayed(
        CONFIG,
        {
            "asked": [f"{time:.0f}" for time in times],
            "case": [f"C-{k}" for k in range(n)],
            "length": rng.poisson(80, n),
            "code": [f"code-{k}" for k in code],
            "final": [f"code-{k}" for k in final],
            "coder": coder,
        },
    )


if __name__ == "__main__":
    main()
