"""Rows of a run as a pandas table."""

from typing import Any

import pandas as pd

from benchmarks.detection.streams import Run

__all__ = ["frame"]


def frame(run: Run, rows: slice) -> Any:
    """Return rows with categories as texts; scores and labels too, where there are any."""
    table = pd.DataFrame(
        {
            name: [f"v{code:.0f}" for code in whole[rows]]
            if name in run.categorical
            else whole[rows]
            for name, whole in run.columns.items()
        }
    )
    if run.outcome is not None:
        table["score"] = run.outcome.score[rows]
        table["predicted"] = run.outcome.predicted[rows].astype(int)
        table["label"] = run.outcome.label[rows].astype(int)
    return table
