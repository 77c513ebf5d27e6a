"""Evidently: its data drift preset, a report a window, all with its defaults."""

import sys
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from benchmarks.histories.flag import Flag, answer
from benchmarks.histories.history import History


def _alarms(history: History, file: Path) -> list[Flag]:
    table = pd.read_csv(file, dtype=dict.fromkeys(history.categorical, str))
    columns = [*history.numeric, *history.categorical, *history.outputs]
    names = [c for c in columns if not pd.api.types.is_numeric_dtype(table[c])]
    definition = DataDefinition(
        numerical_columns=[c for c in columns if c not in names], categorical_columns=names
    )
    table = table[columns]
    reference = Dataset.from_pandas(table[: history.reference], definition)
    report = Report([DataDriftPreset()])
    flags = []
    for window in range(history.windows):
        first = history.reference + window * history.window
        current = Dataset.from_pandas(table[first : first + history.window], definition)
        for metric in report.run(current, reference).dict()["metrics"]:
            config = metric.get("config", {})
            if "column" not in config:
                continue
            column, value, limit = config["column"], float(metric["value"]), config["threshold"]
            p_value = "p_value" in str(config.get("method"))
            if value < limit if p_value else value >= limit:
                kind = "outputs" if column in history.outputs else "inputs"
                flags.append(Flag(window, kind, column))
    return flags


if __name__ == "__main__":
    answer(_alarms, sys.argv[1:])
