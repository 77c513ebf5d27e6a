"""The figures of a closed window in plain values: what ``replay`` prints and the page draws."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.alarm import DriftUpdate
from barograph_processor.quality.intervals import Estimate
from barograph_processor.quality.score_histogram import ScoreCounts
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.promises import gaps
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.window.operations import OperationsWindow

__all__ = ["figures", "plain_estimates"]


def plain_estimates(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    """Return figures with their intervals in plain values, by metric."""
    return {
        name: {"value": value, "lower": lower, "upper": upper}
        for name, (value, lower, upper) in estimates.items()
    }


def figures(
    operations: OperationsWindow,
    update: DriftUpdate | None,
    performance: RealizedPerformance | None,
    quality: LabelledQuality,
    scores: ScoreCounts | None = None,
    leaves: npt.NDArray[np.int64] | None = None,
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
                "distance": status.distance,
                "missing": status.missing,
                "unseen": status.unseen,
                "out_of_range": status.out_of_range,
                "evidence": status.log10_evidence,
                "threshold": status.log10_threshold,
                "alarm": status.alarm is not None,
            }
            found.setdefault(status.key.signal, {})[status.key.feature or ""] = figure
    if performance is not None:
        estimates: dict[str, Any] = plain_estimates(performance.estimates())
        found["performance"] = {**estimates, "labels": performance.n}
    found |= _promises(quality)
    estimated, rows = quality.scores.estimates(scores), 0 if scores is None else scores.n
    if not estimated:
        estimated, rows = quality.errors.estimates(leaves), quality.errors.rows_of(leaves)
    if estimated:
        found["estimated"] = {
            **plain_estimates(estimated),
            "rows": rows,
            "assumption": "covariate_shift",
        }
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
                "new_since": None if status.came_ns is None else status.came_ns // 1_000_000,
                "proposed": status.proposed,
                "evidence": status.log10_evidence,
                "threshold": status.log10_threshold,
                "alarm": status.harmed,
            }
            for status in worst
        ]
    return found


def _promises(quality: LabelledQuality) -> dict[str, Any]:
    """Return quality now, as far as it is to be expected, and calibration."""
    found: dict[str, Any] = {}
    recent = quality.recent.performance
    if recent.n:
        found["now"] = {**plain_estimates(quality.recent.estimates()), "labels": recent.n}
    gap = gaps(quality)
    if gap:
        found["gap"] = {against: plain_estimates(by) for against, by in gap.items()}
    monitor = quality.scores.monitor
    if monitor is not None:
        found["calibration"] = {
            "error": quality.scores.error(recent),
            "reference": quality.scores.error(quality.baseline),
            "evidence": monitor.log10_evidence,
            "threshold": monitor.log10_threshold,
        }
    return found
