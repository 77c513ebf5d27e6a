"""A model becomes too sure of itself: classes and accuracy stay, scores mislead.

A new release trains longer. It decides as before, but what it calls 99% comes true as often as
what the old one called 90%. Whoever prices by the score loses money, and neither accuracy nor
latency moves. The alarm is about calibration; that the scores have another distribution is
seen too, as drift of the confidence.

python examples/overconfidence.py
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROWS, RELEASE = 36_000, 22_000
CONFIG = """
[model]
name = "fraud"
task = "binary"
[columns]
time = "made"
confidence = "score"
label = "fraud"
[reference]
rows = 10_000
[window]
rows = 1000
"""


def history() -> str:
    """Return scores and labels as CSV, one a minute."""
    random = np.random.default_rng(19)
    logit = random.normal(-1, 2, ROWS)
    fraud = random.random(ROWS) < 1 / (1 + np.exp(-logit))
    sure = np.where(np.arange(ROWS) >= RELEASE, 2.0, 1.0)
    score = 1 / (1 + np.exp(-logit * sure))
    amount = random.exponential(80, ROWS)
    lines = ["made,amount,score,fraud"]
    for i in range(ROWS):
        made = 1_700_000_000 + 60 * i
        lines.append(f"{made},{amount[i]:.2f},{score[i]:.6f},{int(fraud[i])}")
    return "\n".join(lines)


def main() -> None:
    """Replay the history and print what would have been raised."""
    with tempfile.TemporaryDirectory() as folder:
        data, config = Path(folder) / "payments.csv", Path(folder) / "replay.toml"
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
    error = last["signals"]["calibration"]
    print(f"calibration error: {error['error']:.3f}, in the reference {error['reference']:.3f}")
    print(f"{lines[-1]['alarms']} alarms, {lines[-1]['state']}")


if __name__ == "__main__":
    main()
