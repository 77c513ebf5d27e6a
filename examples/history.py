"""What the examples of slow failures share: a history as a file, replayed, and what was told.

    python examples/eroding_trust.py

Each of them makes up a history that is as good as any that a service would write, lets
`barograph replay` judge it, and prints the alarms that were raised.
"""

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

__all__ = ["moments", "replayed"]


def moments(n: int, *, every: float, start: str = "2025-01-06T00:00:00") -> list[str]:
    """Return ``n`` times so many seconds apart, in ISO 8601."""
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return [(first + timedelta(seconds=every * i)).isoformat() for i in range(n)]


def replayed(config: str, columns: Mapping[str, Iterable[Any]]) -> dict[str, Any]:
    """Write a history, replay it, and print what was told of it.

    Returns:
        The signals of the last whole window.
    """
    with tempfile.TemporaryDirectory() as folder:
        data, settings = Path(folder, "history.csv"), Path(folder, "history.toml")
        with data.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        settings.write_text(config, encoding="utf-8")
        command = ["barograph_processor", "replay", str(data), "--config", str(settings), "--json"]
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", *command], check=True, capture_output=True, text=True
        )
    signals: dict[str, Any] = {}
    for line in map(json.loads, done.stdout.splitlines()):
        if line["type"] == "window" and not line.get("partial"):
            signals = line["signals"]
        if line["type"] == "alarm" and line["state"] != "updated":
            print(
                f"window {line['window']:>3}  {line['state']:>8}  {line['severity']:>6}  "
                f"{line['signal']}: {line['sentence']}"
            )
        if line["type"] == "summary":
            print(f"in the end the model is {line['state']}")
    return signals
