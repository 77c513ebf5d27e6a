"""What comes in, and how it is distributed."""

from typing import Final

from barograph_processor.catalog.metric import LATENCY_BOUNDS, SCORE_BOUNDS, Metric

__all__ = ["PREDICTIONS"]

PREDICTIONS: Final[tuple[Metric, ...]] = (
    Metric(
        "barograph.model.state",
        "gauge",
        "1",
        "1 for the state that the model is in, 0 for the others.",
        ("state",),
    ),
    Metric(
        "barograph.predictions",
        "counter",
        "{prediction}",
        "Predictions accepted, each once, late ones included.",
    ),
    Metric("barograph.errors", "counter", "{call}", "Calls of the model that failed."),
    Metric(
        "barograph.latency", "histogram", "s", "Duration of the model's calls.", (), LATENCY_BOUNDS
    ),
    Metric(
        "barograph.input.drift.distance",
        "gauge",
        "1",
        "Distance of a feature in the last window from the reference: normalized "
        "Wasserstein-1 for numbers, Jensen-Shannon for categories.",
        ("feature",),
    ),
    Metric(
        "barograph.input.missing",
        "gauge",
        "1",
        "Share of rows in the last window without a value.",
        ("feature",),
    ),
    Metric(
        "barograph.input.unseen",
        "gauge",
        "1",
        "Share of rows in the last window with a category that the reference did not hold.",
        ("feature",),
    ),
    Metric(
        "barograph.input.out_of_range",
        "gauge",
        "1",
        "Share of rows in the last window outside of the reference's range.",
        ("feature",),
    ),
    Metric(
        "barograph.prediction.drift.distance",
        "gauge",
        "1",
        "Distance of the outputs in the last window from the reference.",
        ("feature",),
    ),
    Metric(
        "barograph.confidence.drift.distance",
        "gauge",
        "1",
        "Distance of the confidence in the last window from the reference.",
    ),
    Metric(
        "barograph.confidence",
        "histogram",
        "1",
        "Confidence of the predictions; exemplars are the latest of each bucket.",
        (),
        SCORE_BOUNDS,
    ),
    Metric(
        "barograph.drift.evidence",
        "gauge",
        "1",
        "log10 of the e-detector's statistic over the threshold of the alarm budget: "
        "0 and above is an alarm.",
        ("signal", "feature"),
    ),
)
