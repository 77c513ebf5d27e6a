"""Evidently: the data drift preset, a report a window."""

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.detector import Detector
from benchmarks.detection.peers.frame import frame
from benchmarks.detection.streams import Run

__all__ = ["drift", "quality"]


def _detect(run: Run) -> list[Alarm]:
    definition = DataDefinition(
        numerical_columns=[name for name in run.columns if name not in run.categorical],
        categorical_columns=sorted(run.categorical),
    )
    reference = Dataset.from_pandas(frame(run, run.reference_rows), definition)
    report = Report([DataDriftPreset()])
    alarms = []
    for live in range(run.live):
        rows = run.rows(run.reference + live)
        if rows.stop - rows.start < 2:
            continue
        current = Dataset.from_pandas(frame(run, rows), definition)
        for metric in report.run(current, reference).dict()["metrics"]:
            config = metric.get("config", {})
            if "column" not in config:
                continue
            value, limit = float(metric["value"]), float(config["threshold"])
            p_value = "p_value" in str(config.get("method"))
            if value < limit if p_value else value >= limit:
                alarms.append(Alarm(live, config["column"], "open", live))
    return alarms


def drift() -> dict[str, Detector]:
    """Defaults: it picks distances by the size of the reference."""
    return {"evidently preset": _detect}


def quality() -> dict[str, Detector]:
    """Nothing: its classification preset raises no alarm by itself."""
    return {}
