"""What Prometheus is asked about the demo's model: latency and traffic beside quality."""

from components.demo.finding import Finding, Say
from components.errors import ComponentError
from components.process import wait_until
from components.prometheus import Prometheus, Sample

__all__ = ["ask"]

_MODEL = 'barograph_model_name="flight-delay"'
_CALLS = f"sum(traces_span_metrics_calls_total{{{_MODEL}}})"
_PREDICTIONS = f"sum(barograph_predictions_total{{{_MODEL}}})"
_QUESTIONS = {
    "calls, by the Collector": _CALLS,
    "predictions, by Barograph": _PREDICTIONS,
    "labels that met their prediction": f"sum(barograph_labels_total{{{_MODEL}}})",
    "latency p95 in ms, by the Collector": "histogram_quantile(0.95, "
    f"sum by (le) (traces_span_metrics_duration_milliseconds_bucket{{{_MODEL}}}))",
    "latency p95 in s, by Barograph": "histogram_quantile(0.95, "
    f"sum by (le) (barograph_latency_seconds_bucket{{{_MODEL}}}))",
    "accuracy of the last labelled window": "barograph_performance_realized_ratio"
    f'{{{_MODEL},metric="accuracy"}}',
    "states that the model was in": "max by (state) "
    f"(max_over_time(barograph_model_state_ratio{{{_MODEL}}}[1h])) > 0",
    "alarms": f"sum by (signal, severity) (barograph_alarms_total{{{_MODEL}}})",
}
_SHOWN_LABELS = ("state", "signal", "severity", "metric")


def ask(prometheus: Prometheus, *, counted: int, whole_year: bool, say: Say) -> list[Finding]:
    """Ask everything, once Prometheus has caught up; print the answers and judge them.

    Args:
        prometheus: Scrapes the Collector.
        counted: Predictions that the processor says it has counted.
        whole_year: Every question has an answer then; a part of the year may end
            before the first window.
        say: Prints questions and answers.
    """

    def caught_up() -> bool:
        answers = (prometheus.query(_CALLS), prometheus.query(_PREDICTIONS))
        return all(_number(answer) >= counted for answer in answers)

    try:
        wait_until(caught_up, what="Prometheus to have scraped everything")
    except ComponentError as error:
        say(str(error))
    answers = {question: prometheus.query(question) for question in _QUESTIONS.values()}
    for what, question in _QUESTIONS.items():
        say(f"\n{what}\n  {question}")
        for sample in answers[question]:
            say(f"  = {_shown(sample)}")
        if not answers[question]:
            say("  has no answer")
    say("")
    spans, predictions = _number(answers[_CALLS]), _number(answers[_PREDICTIONS])
    findings = [
        Finding(
            f"{spans:,} spans sent = {predictions:,} predictions counted, by Prometheus; "
            f"{counted:,} by the processor",
            good=0 < spans == predictions == counted,
        )
    ]
    if whole_year:
        answered = sum(map(bool, answers.values()))
        what = f"Prometheus answered {answered} of {len(answers)} questions"
        findings.append(Finding(what, good=answered == len(answers)))
    return findings


def _number(answer: list[Sample]) -> int:
    return int(answer[0]["value"]) if answer else 0


def _shown(sample: Sample) -> str:
    labels = [f"{key}={sample['metric'][key]}" for key in _SHOWN_LABELS if key in sample["metric"]]
    value = sample["value"]
    return " ".join([f"{value:,.0f}" if value.is_integer() else f"{value:.4g}", *labels])
