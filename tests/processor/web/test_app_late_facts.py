"""Late facts as the page shows them."""

from barograph_processor.signal import HistogramValue, Signal
from barograph_processor.web.late_facts import late_facts_view


def test_late_facts_are_told_from_everything_else() -> None:
    view = late_facts_view(
        [
            Signal("barograph.predictions", 10.0),
            Signal("barograph.latency", HistogramValue((1.0,), (2, 0), 0.5)),
            Signal("barograph.labels.delay", HistogramValue((1.0, 10.0), (1, 3, 0), 20.0)),
            Signal("barograph.reactions", 4, {"kind": "accepted"}),
            Signal("barograph.outcome", -2.5, {"unit": "__proto__"}),
            Signal(
                "barograph.evaluation.score",
                HistogramValue((0.5,), (1, 1), 1.0),
                {"name": "helpful"},
            ),
        ]
    )
    assert view == {
        "label_delay": {"count": 4, "mean": 5.0},
        "reactions": [{"kind": "accepted", "count": 4}],
        "evaluations": [{"name": "helpful", "count": 2, "mean": 0.5}],
        "outcomes": [{"unit": "__proto__", "total": -2.5}],
    }


def test_without_any_there_is_nothing_to_say() -> None:
    assert late_facts_view([]) == {
        "label_delay": None,
        "reactions": [],
        "evaluations": [],
        "outcomes": [],
    }
