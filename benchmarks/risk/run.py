"""Risk alarms on a year of real flights, judged on labels that the monitor did not see.

``README.md`` says what is measured, how it is judged, and its bias.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from barograph_demo.application import TRAINING_END
from barograph_demo.flights import load_flights, table
from barograph_demo.model import DelayModel
from barograph_processor.config import AlarmConfig
from barograph_processor.quality.risk import tolerated_risk
from barograph_processor.state.alarm.harm_budget import harm_budget
from benchmarks.machine import machine
from benchmarks.risk.onset import (
    bad_runs,
    date_errors,
    delays_of_knowing,
    latch_delays,
    monitor,
    stretches,
)

WINDOW: Final = 1000
SEEN: Final = WINDOW // 2
REFERENCE_END: Final = 1_362_096_000  # 2013-03-01
TOLERANCES: Final = (0.02, 0.05)
SPLITS: Final = 5
PIECES: Final = 5

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


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


def hidden_half(windows: int, seed: int) -> Bools:
    """Return whose labels the monitor does not see: half of each window, a row each."""
    rng = np.random.default_rng(seed)
    hidden = np.zeros((windows, WINDOW), dtype=np.bool_)
    for row in hidden:
        row[rng.permutation(WINDOW)[:SEEN]] = True
    return hidden


def under_alarm(data: pd.DataFrame, first: int, tolerance: float, windows: int) -> Bools:
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
    state = np.zeros(windows, dtype=np.bool_)
    for line in map(json.loads, done.stdout.splitlines()):
        if line["type"] == "alarm" and line["signal"] == "risk":
            state[line["window"] :] = line["state"] != "resolved"
    return state


def bands(reference: Floats, seen: Floats, limit: float) -> Mapping[str, Bools]:
    """Return for each window whether other monitors of the seen error rate flag it.

    Args:
        reference: Error rates of the reference, of as many labels as a window has.
        seen: Error rates of the windows.
        limit: The largest that is not bad.
    """
    spread = float(reference.std(ddof=1))
    error = np.sqrt(limit * (1 - limit) / SEEN)
    return {
        "band of 3 standard deviations": seen > reference.mean() + 3 * spread,
        "one window, p < 1e-4": seen > limit + 3.719 * error,
        "above the limit, no evidence": seen > limit,
    }


def onset_delays(flagged: Bools, found: Sequence[slice]) -> list[int | None]:
    """Return how many windows each stretch goes on before it is flagged; None if it never is."""
    hits = [np.flatnonzero(flagged[stretch]) for stretch in found]
    return [int(hit[0]) if len(hit) else None for hit in hits]


def median_of(delays: Sequence[int | None]) -> float:
    """Return the median of those that were found, NaN if none was."""
    found = [delay for delay in delays if delay is not None]
    return float(np.median(found)) if found else float("nan")


def dates() -> None:
    """Print how well the onset of simulated harm is dated."""
    for after in (0.15, 0.2, 0.3):
        errors, held = date_errors(0.1, after, tolerated=0.125, runs=200, seed=1)
        print(
            f"risk .10 to {after:.2f}, .125 tolerated: found {len(errors)} of 200, median error "
            f"{np.median(np.abs(errors)):.0f} labels, within 500 labels "
            f"{np.mean(np.abs(errors) <= 500):.2f}, in the interval {held.mean():.2f}",
            flush=True,
        )


def main() -> None:
    """Print what each monitor finds, for both models and two tolerances, over several splits."""
    print(machine("numpy"))
    dates()
    frame = table()
    for delay_known in (False, True):
        data = history(frame, delay_known=delay_known)
        wrong = ((data["p"] >= 0.5) != (data["y"] == 1)).to_numpy()
        first = int((data["ts"] < REFERENCE_END).sum())
        windows = (len(data) - first) // WINDOW
        judged = wrong[first : first + windows * WINDOW].reshape(windows, WINDOW)
        blocks = wrong[: first // SEEN * SEEN].reshape(-1, SEEN).mean(axis=1)
        for tolerance in TOLERANCES:
            limit = wrong[:first].mean() + tolerance
            error = np.sqrt(limit * (1 - limit) / SEEN)
            scores: dict[str, list[tuple[float, float]]] = {}
            delays: dict[str, list[int | None]] = {}
            told = tolerated_risk(wrong[:first], tolerance)
            latched: list[int | None] = []
            fresh: list[int | None] = []
            knowing: list[Floats] = []
            for seed in range(SPLITS):
                hidden = hidden_half(windows, seed)
                risk = judged[hidden].reshape(windows, SEEN).mean(axis=1)
                seen = judged[~hidden].reshape(windows, SEEN).mean(axis=1)
                bad, clear = risk > limit, np.abs(risk - limit) > error
                rows = first + np.flatnonzero(hidden.ravel())
                masked = data.assign(y=data["y"].astype(object))
                masked.loc[rows, "y"] = ""
                found = {"barograph": under_alarm(masked, first, tolerance, windows)}
                found |= bands(blocks, seen, limit)
                for name, flagged in found.items():
                    right = (flagged & bad & clear).sum()
                    pair = right / max((flagged & clear).sum(), 1), right / (bad & clear).sum()
                    scores.setdefault(name, []).append(pair)
                    begun = list(stretches(flagged, bad, clear))
                    delays.setdefault(name, []).extend(onset_delays(flagged, begun))
                # Flights are late by the hour: who knows a window's mean only knows too little.
                pieces = judged[hidden].reshape(windows, PIECES, -1).mean(axis=2)
                losses = judged[~hidden].reshape(windows, SEEN).astype(np.float64)
                bad_windows = bad_runs(bad)
                found_after = latch_delays(losses, bad_windows, monitor(told, WINDOW))
                latched += found_after
                for run, delay in zip(bad_windows, found_after, strict=True):
                    if delay == 0 or not clear[run.start]:
                        continue
                    fresh.append(delay)
                    knowing.append(
                        delays_of_knowing(
                            pieces[run].ravel(),
                            SEEN // PIECES,
                            tolerated=told,
                            budget=harm_budget(AlarmConfig(), "risk") * WINDOW,
                            runs=20,
                            seed=seed,
                        )
                    )
            soonest = np.concatenate(knowing)
            print(
                f"delay known: {delay_known!s:5}  tolerance {tolerance:.2f}  latch: median "
                f"{median_of(latched):.0f} labels of {len(latched)} runs of bad windows;  of "
                f"{len(fresh)} that begin clearly bad and without harm: "
                f"{np.mean([d is not None and d <= SEEN for d in fresh]):.2f} in {SEEN} labels, "
                f"{np.mean([d is not None for d in fresh]):.2f} ever;  who knows all risks: "
                f"{np.mean(soonest <= SEEN):.2f}, {np.mean(np.isfinite(soonest)):.2f}",
                flush=True,
            )
            for name, pairs in scores.items():
                precision, recall = np.array(pairs).T
                found_in = [n for n in delays[name] if n is not None]
                within = [sum(n < most for n in found_in) for most in (1, 2, 4)]
                print(
                    f"delay known: {delay_known!s:5}  tolerance {tolerance:.2f}  {name:29}  "
                    f"precision {precision.mean():.3f} ({precision.min():.3f})  "
                    f"recall {recall.mean():.3f} ({recall.min():.3f})  "
                    f"of {len(delays[name])} stretches in 1, 2, 4 windows, ever: "
                    f"{within}, {len(found_in)}; "
                    f"median of those found {(median_of(delays[name]) + 1) * SEEN:.0f} labels",
                    flush=True,
                )


if __name__ == "__main__":
    main()
