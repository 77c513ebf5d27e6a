"""What the API says of models and alarms."""

import json

import pytest

from barograph_processor.state.model import ModelState
from barograph_processor.web.views import alarm_view, iso, model_view, reference_view, summary_view
from tests.end_to_end.page.models import Traffic, new_registry


@pytest.fixture(scope="module")
def harmed() -> ModelState:
    registry = new_registry()
    traffic = Traffic(registry, "fraud", "3", seed=4)
    traffic.send(5000)
    traffic.send(2000, wrong=0.4)
    return registry.models[traffic.key]


def test_a_time_is_iso_8601_in_utc_to_the_millisecond() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_357_034_460_250_999_999) == "2013-01-01T10:01:00.250Z"
    assert iso(None) is None


def test_a_summary_tells_the_state_and_the_last_window(harmed: ModelState) -> None:
    summary = summary_view(harmed)
    assert (summary["name"], summary["version"]) == ("fraud", "3")
    assert summary["state"] == "silent_degradation"
    assert summary["predictions"] == 7000
    assert summary["windows"] == (7000 - 2000) // 200
    assert summary["open_alarms"] == len(harmed.verdicts.book.open)
    assert summary["signals"] == harmed.history[-1].signals


def test_the_reference_is_what_the_model_learnt(harmed: ModelState) -> None:
    reference = reference_view(harmed)
    assert reference["complete"]
    assert reference["rows"] == 2000
    assert reference["risk"] == pytest.approx(0.1, abs=0.03)
    assert reference["performance"]["accuracy"]["value"] == pytest.approx(1 - reference["risk"])
    assert reference["tolerated_risk"] > reference["risk"]


def test_a_model_that_was_only_just_seen_has_no_reference_yet() -> None:
    registry = new_registry()
    traffic = Traffic(registry, "new")
    traffic.send(100)
    reference = reference_view(registry.models[traffic.key])
    assert not reference["complete"]
    assert reference["rows"] == 100
    assert reference["end"] is reference["latency_p95_s"] is reference["error_rate"] is None


def test_a_model_comes_with_its_windows_and_alarms(harmed: ModelState) -> None:
    view = model_view(harmed)
    assert [window["window"] for window in view["history"]] == list(range(25))
    assert {alarm["signal"] for alarm in view["alarms"]} >= {"risk"}
    assert view["task"] == "binary"
    json.dumps(view)


def test_an_alarm_links_to_its_traces_where_a_template_says_how(harmed: ModelState) -> None:
    alarm = next(alarm for alarm in harmed.verdicts.book.open if alarm.signal == "risk")
    assert alarm_view(alarm)["trace_links"] == []
    links = alarm_view(alarm, trace_url="https://traces.example/{trace_id}?a=b")["trace_links"]
    assert links == [f"https://traces.example/{trace}?a=b" for trace in alarm.trace_ids]
    assert len(links) == 5
