"""Facts are told apart by all that they name their prediction by."""

from barograph_processor.otlp import decode_logs
from barograph_processor.pipeline.duplicates import fresh_events
from barograph_processor.pipeline.seen import SeenSet
from tests.processor.otlp.build import logs, record


def test_equal_scores_of_two_responses_are_two_facts() -> None:
    """The same again is none, whatever else is in its request."""
    score = {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 1.0}
    first, second, nameless = (
        record("gen_ai.evaluation.result", {**score, **name})
        for name in (
            {"gen_ai.response.id": "a"},
            {"gen_ai.response.id": "b"},
            {"barograph.prediction.id": "p"},
        )
    )
    seen = SeenSet(100)
    (events,) = decode_logs(logs(first, second, nameless)).events
    kept, dropped = fresh_events(events, seen)
    assert kept is not None
    assert (kept.response_ids, dropped) == (("a", "b", None), 0)
    (events,) = decode_logs(logs(nameless)).events
    assert fresh_events(events, seen) == (None, 1)
    (events,) = decode_logs(logs(second, first)).events
    assert fresh_events(events, seen) == (None, 2)
