"""Every metric by name: unit, kind, meaning, attributes.

Docs, dashboards and rules are generated from here, and nothing can be sent that
is not here.
"""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["LATENCY_BOUNDS", "METRICS", "SCORE_BOUNDS", "STATES", "Metric", "metric"]

STATES: Final = ("healthy", "watch", "drifting", "degraded", "silent_degradation", "blind")

LATENCY_BOUNDS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
SCORE_BOUNDS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DELAY_BOUNDS: Final = (1.0, 10.0, 60.0, 600.0, 3600.0, 14400.0, 86400.0, 604800.0, 2592000.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the catalog.

    Attributes:
        name: As OpenTelemetry writes it, with dots.
        kind: Counters are cumulative and monotonic.
        unit: UCUM; ``1`` is a ratio, braces are annotations.
        description: What it means, in a sentence.
        attributes: Keys that its points carry beside the model's name and version.
        bounds: A histogram's bucket bounds.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    unit: str
    description: str
    attributes: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


METRICS: Final[tuple[Metric, ...]] = (
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
        "Quality that the scores of the last window promise without labels, if a score means "
        "what it meant in the reference (covariate shift): blind to concept shift.",
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
        "Realized quality minus what the scores of the same predictions promised (a sign of "
        "concept shift), or minus the figure of the evaluation offline.",
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
        "Scores of evaluations.",
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
    Metric("barograph.reactions", "counter", "{reaction}", "Reactions of users.", ("kind",)),
    Metric(
        "barograph.reactions.rate",
        "gauge",
        "1",
        "Share of the latest predictions that had a reaction of a kind.",
        ("kind",),
    ),
    Metric(
        "barograph.trust",
        "gauge",
        "1",
        "1 minus the share of those who reacted lately that overrode, rejected, retried or "
        "escalated.",
    ),
    Metric(
        "barograph.trust.lower",
        "gauge",
        "1",
        "Lower end of the 95% interval of the trust, which holds whenever it is looked at.",
    ),
    Metric(
        "barograph.trust.upper",
        "gauge",
        "1",
        "Upper end of the 95% interval of the trust, which holds whenever it is looked at.",
    ),
    Metric(
        "barograph.trust.coverage",
        "gauge",
        "1",
        "Share of the latest predictions that somebody reacted to.",
    ),
    Metric(
        "barograph.loop.concentration",
        "gauge",
        "1",
        "How uneven the outputs of the last window are: gini and top_share rise, entropy falls "
        "where the model gives less and less that is different.",
        ("measure",),
    ),
    Metric(
        "barograph.loop.self_label_share",
        "gauge",
        "1",
        "Share of the latest labels that a model gave.",
    ),
    Metric(
        "barograph.loop.policy_gap",
        "gauge",
        "1",
        "Risk where the model decided minus that on a random hold-out: below 0, labels of the "
        "cases that it selected make it look better than it is.",
    ),
    Metric(
        "barograph.loop.policy_gap.lower",
        "gauge",
        "1",
        "Lower end of the 90% interval of the policy gap, which holds whenever it is looked at.",
    ),
    Metric(
        "barograph.loop.policy_gap.upper",
        "gauge",
        "1",
        "Upper end of the 90% interval of the policy gap, which holds whenever it is looked at.",
    ),
    Metric("barograph.outcome", "gauge", "{value}", "Business value summed up.", ("unit",)),
    Metric(
        "barograph.outcome.mean",
        "gauge",
        "{value}",
        "Business value of a prediction lately, clipped to what was usual in the reference.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.mean.lower",
        "gauge",
        "{value}",
        "Lower end of the 95% interval of that mean, which holds whenever it is looked at.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.mean.upper",
        "gauge",
        "{value}",
        "Upper end of the 95% interval of that mean, which holds whenever it is looked at.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.good_minus_bad",
        "gauge",
        "{value}",
        "Mean business value of good predictions minus that of bad ones.",
        ("unit",),
    ),
    Metric(
        "barograph.review.pending",
        "gauge",
        "{prediction}",
        "Predictions that people are still to be asked about.",
    ),
    Metric("barograph.review.drawn", "counter", "{prediction}", "Predictions drawn for review."),
    Metric("barograph.review.answered", "counter", "{answer}", "Answers of reviewers."),
    Metric(
        "barograph.review.expired",
        "counter",
        "{prediction}",
        "Drawn predictions that nobody answered in time.",
    ),
    Metric(
        "barograph.review.disagreement",
        "gauge",
        "1",
        "Share of the predictions answered by two people of which the answers differ.",
    ),
    Metric(
        "barograph.review.risk",
        "gauge",
        "1",
        "Share of wrong predictions among all of them, estimated from the reviewed ones.",
    ),
    Metric(
        "barograph.review.risk.lower",
        "gauge",
        "1",
        "Lower end of the 95% interval of that estimate, valid at all times.",
    ),
    Metric(
        "barograph.review.risk.upper",
        "gauge",
        "1",
        "Upper end of the 95% interval of that estimate, valid at all times.",
    ),
    Metric(
        "barograph.traffic",
        "gauge",
        "{prediction}/s",
        "Predictions per second of event time in the last window.",
    ),
    Metric(
        "barograph.reference.age",
        "gauge",
        "s",
        "Event time since the end of the reference.",
    ),
    Metric(
        "barograph.reference.rows",
        "gauge",
        "{row}",
        "Rows of the reference so far, and once it is complete all of them.",
    ),
    Metric("barograph.windows", "counter", "{window}", "Windows closed after the reference."),
    Metric(
        "barograph.alarms",
        "counter",
        "{alarm}",
        "Alarms raised.",
        ("signal", "severity"),
    ),
    Metric(
        "barograph.alarms.open",
        "gauge",
        "{alarm}",
        "Alarms open now.",
        ("signal", "severity"),
    ),
    Metric(
        "barograph.late",
        "counter",
        "{prediction}",
        "Predictions that came too late for any window.",
    ),
    Metric(
        "barograph.monitor.accepted",
        "counter",
        "{item}",
        "Spans and log records acknowledged.",
        ("signal",),
    ),
    Metric(
        "barograph.monitor.rejected",
        "counter",
        "{item}",
        "Spans and log records refused one by one in a partial success.",
        ("signal", "reason"),
    ),
    Metric(
        "barograph.monitor.refused",
        "counter",
        "{request}",
        "Requests refused whole.",
        ("reason",),
    ),
    Metric(
        "barograph.monitor.passed_over",
        "counter",
        "{item}",
        "Spans and log records that are no predictions and no late facts.",
        ("signal",),
    ),
    Metric(
        "barograph.monitor.warnings",
        "counter",
        "{item}",
        "Accepted items of which a part could not be used.",
        ("reason",),
    ),
    Metric(
        "barograph.monitor.duplicates",
        "counter",
        "{item}",
        "Spans and events that had been seen before.",
        ("signal",),
    ),
    Metric(
        "barograph.monitor.dropped",
        "counter",
        "{item}",
        "Acknowledged items that were lost: a damaged journal record, or a mistake in the code.",
        ("reason",),
    ),
    Metric(
        "barograph.monitor.unjoined",
        "counter",
        "{event}",
        "Late facts whose prediction was not known when they came, or no longer; those "
        "of unknown predictions wait, and some are joined later.",
        ("kind", "reason"),
    ),
    Metric(
        "barograph.monitor.evicted",
        "counter",
        "{item}",
        "Things forgotten because a limit was reached.",
        ("what",),
    ),
    Metric(
        "barograph.monitor.stage.seconds",
        "counter",
        "s",
        "CPU time of the processor by stage: unpack, decode, journal, observe, checkpoint, "
        "evaluate.",
        ("stage",),
    ),
    Metric(
        "barograph.monitor.sync.seconds",
        "counter",
        "s",
        "Time in which the journal wrote to the disk and waited for it.",
    ),
    Metric("barograph.monitor.queue.bytes", "gauge", "By", "Acknowledged and not yet processed."),
    Metric("barograph.monitor.journal.bytes", "gauge", "By", "Size of the journal on disk."),
    Metric(
        "barograph.monitor.lag",
        "gauge",
        "s",
        "Age of the oldest acknowledged request that is not yet processed.",
    ),
    Metric(
        "barograph.monitor.exports",
        "counter",
        "{request}",
        "Requests to the downstream, by result.",
        ("signal", "result"),
    ),
    Metric(
        "barograph.monitor.alarms.waiting",
        "gauge",
        "By",
        "Alarms on disk that wait for the downstream.",
    ),
    Metric(
        "barograph.monitor.notifications",
        "counter",
        "{request}",
        "Requests to webhooks, by result.",
        ("webhook", "result"),
    ),
    Metric(
        "barograph.monitor.notifications.waiting",
        "gauge",
        "By",
        "Alarms on disk that wait for a webhook.",
        ("webhook",),
    ),
    Metric(
        "barograph.monitor.waiting",
        "gauge",
        "{event}",
        "Late facts that wait for their prediction.",
    ),
    Metric("barograph.monitor.models", "gauge", "{model}", "Models with state."),
)

_BY_NAME: Final = {entry.name: entry for entry in METRICS}


def metric(name: str) -> Metric:
    """Look a metric up by its name.

    Raises:
        KeyError: The catalog has no such metric; a mistake in the code.
    """
    return _BY_NAME[name]
