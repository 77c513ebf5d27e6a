"""The figures of a closed window in plain values: what ``replay`` prints and the page draws."""

from typing import Any

from barograph_processor.drift.alarm import DriftUpdate
from barograph_processor.state.labelled import LabelledQuality
from barograph_processor.state.operations import OperationsWindow
from barograph_processor.state.realized import RealizedPerformance

__all__ = ["figures"]


def figures(
    operations: OperationsWindow,
    update: DriftUpdate | None,
    performance: RealizedPerformance | None,
    quality: LabelledQuality,
) -> dict[str, Any]:
    """Return figures by signal; a figure that is unknown is None or left out."""
    found: dict[str, Any] = {
        "latency": {"p50_s": operations.quantile(0.5), "p95_s": operations.quantile(0.95)},
        "errors": {"rate": operations.error_rate, "count": operations.errors},
        "traffic": {"rows_per_second": operations.traffic},
    }
    if update is not None:
        for status in update.streams:
            figure = {
                "distance": None if status.distance is None else float(status.distance),
                "missing": float(status.missing),
                "unseen": float(status.unseen),
                "out_of_range": float(status.out_of_range),
                "evidence": float(status.log10_evidence),
                "threshold": float(status.log10_threshold),
                "alarm": status.alarm is not None,
            }
            found.setdefault(status.key.signal, {})[status.key.feature or ""] = figure
    if performance is not None:
        estimates: dict[str, Any] = {
            name: {"value": value, "lower": lower, "upper": upper}
            for name, (value, lower, upper) in performance.estimates().items()
        }
        found["performance"] = {**estimates, "labels": performance.n}
    if quality.risk is not None:
        found["risk"] = {
            "tolerated": quality.tolerated,
            "baseline": quality.baseline_risk,
            "evidence": quality.risk.log10_evidence,
            "threshold": quality.risk.log10_threshold,
            "alarm": quality.risk.harmed,
        }
    worst = quality.slices.worst()
    if worst:
        found["slice"] = [
            {
                "slice": dict(status.key),
                "risk": status.risk,
                "lower": status.low,
                "upper": status.high,
                "tolerated": status.tolerated,
                "reference": status.reference,
                "labels": status.labels,
                "evidence": status.log10_evidence,
                "threshold": status.log10_threshold,
                "alarm": status.harmed,
            }
            for status in worst
        ]
    return found
