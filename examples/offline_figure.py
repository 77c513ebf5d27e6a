"""An accuracy that was measured offline and never held in production.

The test set had leaked into the training set: 93% offline. In production it is 88% from the
first day, so nothing ever changes and no drift can be found; only who wrote the offline figure
down is told.

python examples/offline_figure.py
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROWS, LEAVING, WRONG = 24_000, 0.3, 0.12
CONFIG = """
[model]
name = "churn"
task = "binary"
[columns]
time = "made"
prediction = "predicted"
label = "left"
[reference]
rows = 8_000
[window]
rows = 1000
[baseline]
offline = {accuracy = 0.93}
"""


def history() -> str:
    """Return predictions and labels as CSV, one a minute."""
    random = np.random.default_rng(18)
    tenure = random.exponential(24, ROWS)
    left = random.random(ROWS) < LEAVING
    predicted = left ^ (random.random(ROWS) < WRONG)
    lines = ["made,tenure,predicted,left"]
    for i in range(ROWS):
        made = 1_700_000_000 + 60 * i
        lines.append(f"{made},{tenure[i]:.1f},{int(predicted[i])},{int(left[i])}")
    return "\n".join(lines)


def main() -> None:
    """Replay the history and print what would have been raised."""
    with tempfile.TemporaryDirectory() as folder:
        data, config = Path(folder) / "churn.csv", Path(folder) / "replay.toml"
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
    gap = last["signals"]["gap"]["offline"]["accuracy"]
    print(
        f"accuracy minus the offline figure: {gap['value']:+.3f} "
        f"({gap['lower']:+.3f} to {gap['upper']:+.3f})"
    )
    print(f"{lines[-1]['alarms']} alarm, {lines[-1]['state']}")


if __name__ == "__main__":
    main()
