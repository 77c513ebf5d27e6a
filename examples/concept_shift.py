"""What inputs say about outcomes changes: inputs and scores look as ever, labels tell.

A scoring model says who will pay late. From one day on, half of those who were safe because
of their savings are not any more. No input drifts, no score moves; the labels, which come two
days after the decision, show it, and so does the gap to what the scores promise.

python examples/concept_shift.py
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROWS, CHANGE, MINUTE = 40_000, 20_000, 60
NEWLY_LATE = 0.2
CONFIG = """
[model]
name = "late-payment"
task = "binary"
[columns]
time = "decided"
confidence = "score"
label = "late"
label_time = "known"
[reference]
rows = 10_000
[window]
rows = 1000
"""


def history() -> str:
    """Return decisions as CSV, one a minute, with labels that are known two days later."""
    random = np.random.default_rng(17)
    debt, savings = random.normal(size=ROWS), random.normal(size=ROWS)
    score = 1 / (1 + np.exp(-(3 * debt - 3 * savings - 3)))
    late = random.random(ROWS) < score
    # Savings no longer keep people from paying late.
    changed = (np.arange(ROWS) >= CHANGE) & (savings > 0)
    late |= changed & (random.random(ROWS) < NEWLY_LATE)
    lines = ["decided,known,debt,savings,score,late"]
    for i in range(ROWS):
        decided = 1_700_000_000 + i * MINUTE
        known = decided + 2 * 24 * 60 * MINUTE
        lines.append(
            f"{decided},{known},{debt[i]:.4f},{savings[i]:.4f},{score[i]:.6f},{int(late[i])}"
        )
    return "\n".join(lines)


def main() -> None:
    """Replay the history and print what would have been raised."""
    with tempfile.TemporaryDirectory() as folder:
        data, config = Path(folder) / "decisions.csv", Path(folder) / "replay.toml"
        data.write_text(history(), encoding="utf-8")
        config.write_text(CONFIG, encoding="utf-8")
        command = [sys.executable, "-m", "barograph_processor", "replay", str(data)]
        done = subprocess.run(  # noqa: S603 - this program and files of its own
            [*command, "--config", str(config), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        if line["type"] == "alarm" and line["state"] != "updated":
            print(f"window {line['window']}: {line['signal']} {line['state']}: {line['sentence']}")
    last = [line for line in lines if line["type"] == "window" and not line.get("partial")][-1]
    gap = last["signals"]["gap"]["estimated"]["accuracy"]
    print(f"accuracy minus what the scores promise: {gap['value']:+.3f}")
    print(f"{lines[-1]['alarms']} alarm, {lines[-1]['state']}")


if __name__ == "__main__":
    main()
