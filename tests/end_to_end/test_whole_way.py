"""From the decorator to Prometheus and Jaeger, through the real Collector: nothing lost or twice.

One chain for all of these tests, each with a model of its own.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from components import wait_until
from tests.end_to_end.application import Application, sending
from tests.end_to_end.chain import Chain, wait_for_answer, wait_for_counts
from tests.end_to_end.traffic import make_spans, send

pytestmark = pytest.mark.components

Report = Callable[[str], None]


def of_jaeger(chain: Chain, trace_id: str) -> dict[str, Any]:
    """Return the attributes of a trace's first span, as soon as Jaeger knows it."""
    trace = wait_until(partial(chain.jaeger.trace, trace_id), what=f"trace {trace_id} in Jaeger")
    return {tag["key"]: tag["value"] for tag in trace["spans"][0]["tags"]}


@pytest.mark.parametrize("over", ["http", "grpc"])
def test_every_call_is_counted_once_while_the_processor_comes_and_goes(
    over: str, chain: Chain, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    """An orderly restart and a SIGKILL, both under traffic, each with a while away."""
    application = Application(f"orders-{over}")
    model, processor = application.model, chain.processor

    def arrive(calls: int) -> None:
        wanted = application.calls + calls
        wait_until(lambda: chain.counted(model)[0] >= wanted, what=f"{wanted} predictions")

    def pile_up(calls: int) -> None:
        wanted = application.calls + calls
        wait_until(lambda: application.calls >= wanted, what=f"{wanted} calls")
        wait_until(lambda: chain.owed() > 0, what="something in the queue")

    with sending(chain.collector, monkeypatch, over=over), application.calling():
        arrive(300)
        processor.stop()
        pile_up(500)
        processor.start()
        arrive(300)
        processor.kill()
        pile_up(500)
        processor.start()
        arrive(300)
    wait_for_counts(chain, application)
    predictions, labels = chain.counted(model)
    named = f'{{barograph_model_name="{model}",barograph_model_version="7"}}'
    for metric, value in {
        "traces_span_metrics_calls_total": application.calls,
        "traces_span_metrics_duration_milliseconds_count": application.calls,
        "barograph_predictions_total": application.calls,
        "barograph_latency_seconds_count": application.calls,
        "barograph_labels_total": application.labels,
        "barograph_late_total": 0,
    }.items():
        wait_for_answer(chain, f"{metric}{named}", value)
    report(
        f"over {over}: {application.calls} spans sent = {predictions} predictions counted, "
        f"{application.labels} labels sent = {labels} joined, Prometheus says the same; "
        "one restart and one SIGKILL of the processor in between"
    )


def test_what_comes_twice_is_counted_once(chain: Chain, report: Report) -> None:
    """As after a push-back: the application sends the same spans again."""
    duplicates = 'barograph_monitor_duplicates_total{signal="traces"}'
    model = "credit-risk"
    spans = make_spans(20)
    send(chain.collector, spans)
    wait_until(lambda: chain.counted(model)[0] == len(spans), what="the spans")
    before = chain.asked(duplicates)
    send(chain.collector, spans)
    wait_for_answer(chain, duplicates, before + len(spans))
    assert chain.counted(model)[0] == len(spans)
    # Nobody else recognises them; docs/collector.md says so.
    calls = f'traces_span_metrics_calls_total{{barograph_model_name="{model}"}}'
    wait_for_answer(chain, calls, 2 * len(spans))
    report(f"{len(spans)} spans sent twice = {chain.counted(model)[0]} predictions counted")


def test_exemplars_lead_to_traces(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a bucket of the latency, in Prometheus, to the call, in Jaeger."""
    application = Application("exemplary")
    with sending(chain.collector, monkeypatch):
        application.call(50)
    wait_for_counts(chain, application)
    bucket = f'barograph_latency_seconds_bucket{{barograph_model_name="{application.model}"}}'
    # An exemplar has the time of its event, and the orders are of days ago.
    ask = partial(chain.prometheus.query_exemplars, bucket, start=0)
    series = wait_until(ask, what="exemplars")
    exemplars = [exemplar for one in series for exemplar in one["exemplars"]]
    assert exemplars
    for exemplar in exemplars:
        tags = of_jaeger(chain, exemplar["labels"]["trace_id"])
        assert tags["barograph.model.name"] == application.model


def test_an_alarm_of_wrong_answers_leads_to_their_traces(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    """Labels turn against the model while its latency stays what it was."""
    application = Application("turning")
    with sending(chain.collector, monkeypatch):
        application.call(1800)
        wait_for_counts(chain, application)
        assert chain.alarms(application.model, "risk") == []
        application.call(600, wrong=0.6)
    wait_for_counts(chain, application)
    alarms = wait_until(lambda: chain.alarms(application.model, "risk"), what="a risk alarm")
    assert len(alarms) == 1
    alarm = alarms[0]
    assert (alarm["state"], alarm["severity"]) == ("open", "page")
    assert alarm["operational"]["latency"] == alarm["operational"]["errors"] == "normal"
    assert alarm["trace_ids"]
    for trace_id in alarm["trace_ids"]:
        assert of_jaeger(chain, trace_id)["barograph.prediction.id"] in application.wrong
    model = f'barograph_model_name="{application.model}"'
    wait_for_answer(chain, f'barograph_alarms_total{{{model},signal="risk"}}', 1)
    wait_for_answer(chain, f'barograph_model_state_ratio{{{model},state="silent_degradation"}}', 1)
    collector_log = chain.collector.log
    wait_until(lambda: alarm["id"] in collector_log.read_text(), what="the alarm's log record")
    report(f"{alarm['sentence']} Jaeger has its {len(alarm['trace_ids'])} traces")
