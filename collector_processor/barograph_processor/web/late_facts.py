"""What came after the predictions: labels and their delay, reactions, evaluations, outcomes."""

from collections.abc import Iterable
from typing import Any

from barograph_processor.signal import HistogramValue, Signal

__all__ = ["late_facts_view"]


def late_facts_view(signals: Iterable[Signal]) -> dict[str, Any]:
    """Return late facts out of a model's cumulative signals.

    Lists, not objects, because names and units come from applications.

    Args:
        signals: As ``ModelCounters.signals`` yields them; others are passed over.

    Returns:
        ``label_delay`` (None without labels), ``reactions``, ``evaluations``, ``outcomes``.
    """
    found: dict[str, Any] = {
        "label_delay": None,
        "reactions": [],
        "evaluations": [],
        "outcomes": [],
    }
    for signal in signals:
        value, attributes = signal.value, signal.attributes
        if isinstance(value, HistogramValue):
            if signal.metric == "barograph.labels.delay":
                found["label_delay"] = _summary(value)
            elif signal.metric == "barograph.evaluation.score":
                found["evaluations"].append({"name": attributes["name"], **_summary(value)})
        elif signal.metric == "barograph.reactions":
            found["reactions"].append({"kind": attributes["kind"], "count": value})
        elif signal.metric == "barograph.outcome":
            found["outcomes"].append({"unit": attributes["unit"], "total": value})
    return found


def _summary(histogram: HistogramValue) -> dict[str, Any]:
    return {"count": histogram.count, "mean": histogram.total / histogram.count}
