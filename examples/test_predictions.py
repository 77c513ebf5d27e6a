"""Tests of code under watch: what it would have sent, in memory.

    pytest examples/test_predictions.py

No receiver is needed, and nothing of the application's configuration is changed.
"""

from typing import Any

import pytest

import barograph
from barograph.testing import Recorder

pytest_plugins = ["barograph.testing.fixtures"]


@barograph.observe(model="fraud-rules", version="1.0", task="binary", id="order_id")
def predict(order_id: str, amount: float, email: str = "") -> float:  # noqa: ARG001  # only sent
    """Return the probability that the order is a fraud."""
    if amount < 0:
        raise ValueError("an amount is not negative")
    return min(1.0, amount / 10_000)


def test_a_call_is_a_prediction(barograph_recorder: Recorder) -> None:
    """Its input, its result and its id are sent."""
    assert predict("order-17", 250.0) == pytest.approx(0.025)
    (sent,) = barograph_recorder.predictions
    assert sent["barograph.prediction.id"] == "order-17"
    assert sent["barograph.input.amount"] == pytest.approx(250.0)
    assert sent["barograph.prediction.value"] == pytest.approx(0.025)


def test_no_address_leaves_the_process(barograph_recorder: Recorder) -> None:
    """What looks like personal data is replaced."""
    predict("order-17", 250.0, email="somebody@example.com")
    assert "somebody" not in str(barograph_recorder.predictions)


def test_a_label_names_its_prediction(barograph_recorder: Recorder) -> None:
    """It can come from anywhere, as long as it has the id."""
    predict("order-17", 250.0)
    barograph.label("order-17", value=True)
    ((event, sent),) = barograph_recorder.facts
    wanted: dict[str, Any] = {
        "barograph.prediction.id": "order-17",
        "barograph.label.value": True,
    }
    assert event == "barograph.label"
    assert wanted.items() <= sent.items()


def test_an_error_stays_the_callers(barograph_recorder: Recorder) -> None:
    """It is raised as it was, and its type is on the span."""
    with pytest.raises(ValueError, match="not negative"):
        predict("order-18", -1.0)
    (sent,) = barograph_recorder.predictions
    assert sent["error.type"] == "ValueError"
