"""Risk alarms on a year of real flights, judged on labels that the monitor did not see.

Bias first: the flights are those that the method was tuned on, the model of the second
part knows the departure delay and little else, and what counts as bad is decided by the
very figure, error rate over the reference plus tolerance, that the monitor watches.

In each window of 1,000 flights the labels of a random half are hidden from ``replay``;
a window is bad if the hidden half is worse than the reference plus the tolerance, and
windows within one standard error of that are left out. Run with the examples' packages:

    python benchmarks/risk/run.py
"""

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from barograph_demo.application import TRAINING_END
from barograph_demo.flights import load_flights, table
from barograph_demo.model import DelayModel

WINDOW = 1000
REFERENCE_END = 1_362_096_000  # 2013-03-01


def history(frame: pd.DataFrame, *, delay_known: bool) -> pd.DataFrame:
    """Return time, probability and label of every flight that arrived."""
    arrived = frame[frame["late"].notna()].reset_index(drop=True)
    training = frame[frame["departure"] < TRAINING_END]
    if delay_known:
        known = arrived[["dep_delay", "distance", "hour"]].fillna(0).to_numpy() / [30, 1000, 10]
        first = (arrived["departure"] < TRAINING_END).to_numpy()
        late = arrived["late"].astype(bool).to_numpy()
        model = LogisticRegression(max_iter=500).fit(known[first], late[first])
        score = model.predict_proba(known)[:, 1]
    else:
        delays = DelayModel().fit(training)
        score = np.array([delays.probability(f.features) for f in load_flights(arrived)])
    return pd.DataFrame(
        {"ts": arrived["departure"], "p": score.round(6), "y": arrived["late"].astype(int)}
    )


def hidden_half(rows: int, first: int) -> npt.NDArray[np.bool_]:
    """Return which rows' labels the monitor does not see: half of each window."""
    rng = np.random.default_rng(0)
    hidden = np.zeros(rows, dtype=np.bool_)
    for start in range(first, rows - WINDOW + 1, WINDOW):
        hidden[start + rng.permutation(WINDOW)[: WINDOW // 2]] = True
    return hidden


def under_alarm(data: pd.DataFrame, first: int, tolerance: float, windows: int) -> list[bool]:
    """Replay and return for each window whether it is under the model's risk alarm."""
    with tempfile.TemporaryDirectory() as folder:
        file, config = Path(folder) / "flights.csv", Path(folder) / "replay.toml"
        data.to_csv(file, index=False)
        config.write_text(
            '[model]\ntask = "binary"\n[columns]\ntime = "ts"\nconfidence = "p"\nlabel = "y"\n'
            f"features = []\n[reference]\nrows = {first}\n[window]\nrows = {WINDOW}\n"
            f"[alarm]\ntolerance = {tolerance}\n",
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "barograph_processor", "replay", str(file)]
        done = subprocess.run(
            [*command, "--config", str(config), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
    state = [False] * windows
    opened: int | None = None
    for line in map(json.loads, done.stdout.splitlines()):
        if line["type"] != "alarm" or line["signal"] != "risk":
            continue
        if line["state"] == "open":
            opened = line["window"]
        elif line["state"] == "resolved" and opened is not None:
            state[opened : line["window"]] = [True] * (line["window"] - opened)
            opened = None
    if opened is not None:
        state[opened:] = [True] * (windows - opened)
    return state


def main() -> None:
    """Print precision and recall for both models and two tolerances."""
    print(f"python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}")
    frame = table()
    for delay_known in (False, True):
        data = history(frame, delay_known=delay_known)
        wrong = ((data["p"] >= 0.5) != (data["y"] == 1)).to_numpy()
        first = int((data["ts"] < REFERENCE_END).sum())
        windows = (len(data) - first) // WINDOW
        hidden = hidden_half(len(data), first)
        seen = data.assign(y=data["y"].astype(object).where(~hidden, ""))
        for tolerance in (0.02, 0.05):
            flagged = np.array(under_alarm(seen, first, tolerance, windows))
            wanted = wrong[:first].mean() + tolerance
            judged = wrong[first : first + windows * WINDOW].reshape(windows, WINDOW)
            kept = hidden[first : first + windows * WINDOW].reshape(windows, WINDOW)
            risk = np.array([row[mask].mean() for row, mask in zip(judged, kept, strict=True)])
            bad = risk > wanted
            clear = np.abs(risk - wanted) > np.sqrt(wanted * (1 - wanted) / (WINDOW / 2))
            right = (flagged & bad & clear).sum()
            print(
                f"delay known: {delay_known!s:5}  tolerance {tolerance:.2f}  "
                f"precision {right / (flagged & clear).sum():.3f}  "
                f"recall {right / (bad & clear).sum():.3f}  "
                f"({flagged.sum()} windows under alarm, {bad.sum()} bad, of {windows})"
            )


if __name__ == "__main__":
    main()
