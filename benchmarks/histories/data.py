"""The histories: NannyML's own data sets, and a year of real flights."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from barograph_demo.application import TRAINING_END
from barograph_demo.flights import FEATURES, load_flights
from barograph_demo.flights import table as flights_table
from barograph_demo.model import DelayModel
from benchmarks.histories.history import LABEL, PREDICTION, SCORE, History
from components.environment import ENVIRONMENTS

__all__ = ["histories", "shuffled", "write"]

_CARDS = ("prepaid_card", "highstreet_card", "upmarket_card")
_LIVE_FROM = 1_362_096_000  # 2013-03-01


def histories() -> Iterator[tuple[History, pd.DataFrame]]:
    """Yield each history with its rows, the reference first, in their order."""
    nannyml = partial(_nannyml, task="binary", label_files="analysis_gt", score="y_pred_proba")
    yield nannyml(
        "car loan",
        stem="synthetic_car_loan",
        label_files="analysis_target",
        label="repaid",
        change=25,
    )
    yield nannyml("work from home", stem="synthetic_sample", label="work_home_actual", change=25)
    yield nannyml("credit cards", stem="mc", task="multiclass", label="y_true", change=30)
    yield nannyml(
        "car prices",
        stem="regression_synthetic",
        task="regression",
        label_files="analysis_targets",
        label="y_true",
        score=None,
        change=30,
    )
    yield nannyml("California housing", stem="california_housing", label="clf_target", window=500)
    yield nannyml(
        "employment in Massachusetts",
        stem="employment_MA",
        label_files="analysis_target",
        label="employed",
        score="predicted_probability",
        said="prediction",
        window=5000,
        suffix="pq",
    )
    yield _flights()


def shuffled(history: History, rows: pd.DataFrame, *, seed: int) -> tuple[History, pd.DataFrame]:
    """Draw all rows in a random order: the same values, and nothing changes."""
    order = np.random.default_rng(seed).permutation(len(rows))
    return replace(history, name=f"{history.name}, shuffled", change=None), rows.iloc[order]


def write(history: History, rows: pd.DataFrame, folder: Path) -> None:
    """Write a history for all contenders."""
    rows.to_csv(folder / f"{history.name}.csv", index=False)
    history.write(folder)


def _nannyml(
    name: str,
    *,
    stem: str,
    task: str,
    label_files: str,
    label: str,
    score: str | None,
    said: str = "y_pred",
    window: int = 1000,
    suffix: str = "csv",
    change: int | None = None,
) -> tuple[History, pd.DataFrame]:
    """Put a data set's three files together."""
    python = ENVIRONMENTS["nannyml"].build()
    folder = next(python.parents[1].glob("lib/python3*/site-packages/nannyml/datasets/data"))
    read = pd.read_csv if suffix == "csv" else pd.read_parquet
    reference, analysis, labels = (
        read(folder / f"{stem}_{part}.{suffix}") for part in ("reference", "analysis", label_files)
    )
    analysis = analysis.merge(labels, on="id")
    rows = pd.concat([reference, analysis[reference.columns]], ignore_index=True)
    renamed = {said: PREDICTION, label: LABEL}
    classes = _CARDS if task == "multiclass" else ()
    if classes:
        renamed |= {f"y_pred_proba_{card}": f"{SCORE}_{card}" for card in _CARDS}
        rows[SCORE] = rows[[f"y_pred_proba_{card}" for card in _CARDS]].max(axis=1)
    elif score is not None:
        renamed[score] = SCORE
    rows = rows.rename(columns=renamed)
    # Neither inputs nor outputs: the row's number, its time, and which part it belongs to.
    rows = rows.drop(columns=[c for c in ("id", "timestamp", "period", "year") if c in rows])
    spoken = {PREDICTION, SCORE, LABEL, *(f"{SCORE}_{card}" for card in classes)}
    inputs = [str(column) for column in rows if column not in spoken]
    numeric = tuple(c for c in inputs if rows[c].dtype.kind in "if")
    history = History(
        name,
        task,
        numeric,
        tuple(c for c in inputs if c not in numeric),
        reference=len(reference),
        window=window,
        windows=len(analysis) // window,
        change=change,
        classes=classes,
    )
    return history, rows


def _flights() -> tuple[History, pd.DataFrame]:
    """Return the flights since March, by the demo's model of January; the truth is a season."""
    frame = flights_table()
    model = DelayModel().fit(frame[frame["departure"] < TRAINING_END])
    frame = frame[frame["late"].notna() & (frame["departure"] >= TRAINING_END)]
    frame = frame.reset_index(drop=True)
    rows = frame[list(FEATURES)].copy()
    rows[SCORE] = np.round([model.probability(f.features) for f in load_flights(frame)], 6)
    rows[PREDICTION] = (rows[SCORE] >= 0.5).astype(int)
    rows[LABEL] = frame["late"].astype(int)
    reference = int((frame["departure"] < _LIVE_FROM).sum())
    names = ("carrier", "origin", "dest", "weekday")
    history = History(
        "flights",
        "binary",
        tuple(name for name in FEATURES if name not in names),
        names,
        reference=reference,
        window=2000,
        windows=(len(rows) - reference) // 2000,
    )
    return history, rows
