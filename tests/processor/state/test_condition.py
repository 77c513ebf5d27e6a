"""The one word for a model: harm over drift over blindness over the rest, all reasons listed."""

from collections.abc import Mapping

import pytest

from barograph_processor.signal import Alarm, Severity, SignalName
from barograph_processor.state.condition import Sight, assess

_SEES = Sight(
    reference_rows=10, reference_wanted=10, learnt=True, judged_by="label", windows_since_label=1
)
_NO_LABELS = Sight(
    reference_rows=10,
    reference_wanted=10,
    learnt=True,
    judged_by=None,
    windows_since_label=None,
)
_NORMAL = {"latency": "normal", "errors": "normal", "traffic": "normal"}
_SLOW = {**_NORMAL, "latency": "high"}


def alarm(signal: SignalName, severity: Severity) -> Alarm:
    return Alarm(
        id="0",
        model="m",
        version="1",
        signal=signal,
        feature=None,
        slice=None,
        severity=severity,
        state="open",
        since_ns=0,
        raised_ns=0,
        resolved_ns=None,
        since_window=0,
        raised_window=0,
        sentence=f"the {signal}",
        before=None,
        now=None,
        interval=None,
        evidence=1.0,
        threshold=1.0,
        trace_ids=(),
        operational={},
        advice="",
    )


_RISK = alarm("risk", "page")
_SLICE = alarm("slice", "page")
_OUTPUT = alarm("prediction.drift", "ticket")
_INPUT = alarm("input.drift", "note")


@pytest.mark.parametrize(
    ("alarms", "operations", "sight", "state"),
    [
        ([], _NORMAL, _SEES, "healthy"),
        ([], {}, _SEES, "healthy"),
        ([], {"latency": "unknown"}, _SEES, "healthy"),
        ([], _SLOW, _SEES, "watch"),
        ([], {**_NORMAL, "traffic": "low"}, _SEES, "watch"),
        ([_INPUT], _NORMAL, _SEES, "watch"),
        ([], _NORMAL, _NO_LABELS, "blind"),
        ([_INPUT], _SLOW, _NO_LABELS, "blind"),
        ([_OUTPUT], _NORMAL, _NO_LABELS, "drifting"),
        ([_OUTPUT, _INPUT], _SLOW, _SEES, "drifting"),
        ([_RISK], _NORMAL, _SEES, "silent_degradation"),
        ([_RISK], {}, _SEES, "silent_degradation"),
        ([_SLICE], _NORMAL, _SEES, "silent_degradation"),
        ([_RISK], _SLOW, _SEES, "degraded"),
        ([_RISK], {**_NORMAL, "errors": "high"}, _SEES, "degraded"),
        ([_INPUT, _OUTPUT, _RISK], _NORMAL, _NO_LABELS, "silent_degradation"),
    ],
)
def test_precedence(
    alarms: list[Alarm], operations: Mapping[str, str], sight: Sight, state: str
) -> None:
    assert assess(alarms, operations, sight).state == state


def test_reasons_are_all_listed_the_weightiest_first() -> None:
    """A reason of a lesser state is not hidden by a graver one."""
    found = assess([_INPUT, _OUTPUT, _RISK], _SLOW, _NO_LABELS).reasons
    assert found == (
        "the risk",
        "the prediction.drift",
        "no label has arrived yet, so quality is not known",
        "the input.drift",
        "latency is high",
    )


def test_errors_are_many_and_latency_is_one() -> None:
    found = assess([], {"latency": "high", "errors": "high", "traffic": "low"}, _SEES).reasons
    assert found == ("latency is high", "errors are high", "traffic is low")


def test_only_the_healthy_need_no_reason() -> None:
    assert assess([], _NORMAL, _SEES).reasons == ()


@pytest.mark.parametrize(("since", "blind"), [(None, False), (0, False), (20, False), (21, True)])
def test_patience_with_labels(since: int | None, blind: bool) -> None:
    sight = Sight(10, 10, learnt=True, judged_by="label", windows_since_label=since)
    assert bool(sight.blindness()) == blind


@pytest.mark.parametrize(("wanted", "said"), [(10_000, "42 of 10,000 rows"), (None, "(42 rows)")])
def test_learning_tells_its_progress(wanted: int | None, said: str) -> None:
    sight = Sight(42, wanted, learnt=False, judged_by="label", windows_since_label=0)
    (reason,) = sight.blindness()
    assert said in reason
