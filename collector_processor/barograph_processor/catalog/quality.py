"""What labels and scores say."""

from typing import Final

from barograph_processor.catalog.metric import DELAY_BOUNDS, SCORE_BOUNDS, Metric

__all__ = ["QUALITY"]

QUALITY: Final[tuple[Metric, ...]] = (
    Metric(
        "barograph.performance.realized",
        "gauge",
        "1",
        "Quality by the latest 1,000 to 2,000 true labels.",
        ("metric",),
    ),
    Metric(
        "barograph.performance.realized.lower",
        "gauge",
        "1",
        "Lower end of the 95% interval of the realized quality, right at all looks at once.",
        ("metric",),
    ),
    Metric(
        "barograph.performance.realized.upper",
        "gauge",
        "1",
        "Upper end of the 95% interval of the realized quality, right at all looks at once.",
        ("metric",),
    ),
    Metric(
        "barograph.performance.estimated",
        "gauge",
        "1",
        "Quality that the scores of the last window promise without labels, of a regression its "
        "inputs, if these mean what they meant in the reference (covariate shift): blind to "
        "concept shift.",
        ("metric", "assumption"),
    ),
    Metric(
        "barograph.performance.estimated.lower",
        "gauge",
        "1",
        "Lower end of the 95% interval of what labels of these predictions would show.",
        ("metric", "assumption"),
    ),
    Metric(
        "barograph.performance.estimated.upper",
        "gauge",
        "1",
        "Upper end of the 95% interval of what labels of these predictions would show.",
        ("metric", "assumption"),
    ),
    Metric(
        "barograph.performance.gap",
        "gauge",
        "1",
        "Realized quality minus what the scores of the same predictions promised, of a "
        "regression their inputs (a sign of concept shift), or minus the figure of the "
        "evaluation offline.",
        ("metric", "against"),
    ),
    Metric(
        "barograph.performance.gap.lower",
        "gauge",
        "1",
        "Lower end of the 95% interval of the gap, right at all looks at once.",
        ("metric", "against"),
    ),
    Metric(
        "barograph.performance.gap.upper",
        "gauge",
        "1",
        "Upper end of the 95% interval of the gap, right at all looks at once.",
        ("metric", "against"),
    ),
    Metric(
        "barograph.calibration.error",
        "gauge",
        "1",
        "Root mean square distance of scores from how often they came true lately, less what "
        "sampling alone would show.",
    ),
    Metric(
        "barograph.calibration.evidence",
        "gauge",
        "1",
        "log10 of the evidence that scores stopped meaning what they say over its threshold: "
        "0 and above is an alarm. Once it is one, of the evidence that they are back.",
    ),
    Metric(
        "barograph.risk.excess",
        "gauge",
        "1",
        "Lower bound of the risk minus the tolerated risk: above 0 is harm.",
    ),
    Metric(
        "barograph.risk.evidence",
        "gauge",
        "1",
        "log10 of the evidence for harm over its threshold: 0 and above is an alarm.",
    ),
    Metric(
        "barograph.slice.risk",
        "gauge",
        "1",
        "Share of wrong predictions of the ten slices that do worst against the rest.",
        ("slice",),
    ),
    Metric(
        "barograph.slice.unwatched",
        "counter",
        "{label}",
        "Labels in levels that the reference did not hold and for which no slot was free.",
    ),
    Metric("barograph.labels", "counter", "{label}", "Labels joined to their prediction."),
    Metric(
        "barograph.labels.corrected",
        "counter",
        "{label}",
        "Labels that replaced an earlier one of the same prediction: in the figures that still "
        "held it, or in none because its window is closed.",
        ("effect",),
    ),
    Metric(
        "barograph.labels.coverage",
        "gauge",
        "1",
        "Share of predictions that have their label: by age, in windows of the reference's "
        "length, and of the ten slices with the least, once they are eight windows old.",
        ("age", "slice"),
    ),
    Metric(
        "barograph.labels.biased",
        "gauge",
        "1",
        "1 if labels come unevenly, by slice, class or score, so that quality is biased; else 0.",
    ),
    Metric(
        "barograph.labels.delay",
        "histogram",
        "s",
        "Time from a prediction to its label.",
        (),
        DELAY_BOUNDS,
    ),
    Metric(
        "barograph.evaluation.score",
        "histogram",
        "1",
        "Scores of evaluations; exemplars are the latest of each bucket.",
        ("name",),
        SCORE_BOUNDS,
    ),
    Metric(
        "barograph.evaluation.mean",
        "gauge",
        "1",
        "Mean of the latest 1,000 to 2,000 scores of an evaluation.",
        ("name",),
    ),
    Metric(
        "barograph.evaluation.mean.lower",
        "gauge",
        "1",
        "Lower end of its 95% interval, right at all looks at once.",
        ("name",),
    ),
    Metric(
        "barograph.evaluation.mean.upper",
        "gauge",
        "1",
        "Upper end of its 95% interval, right at all looks at once.",
        ("name",),
    ),
)
