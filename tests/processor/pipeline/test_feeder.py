"""How rows are handed to the sink: many at once, and never so many that others wait long."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from barograph_processor.config import parse_config
from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp import decode_traces
from barograph_processor.pipeline import feeder as module
from barograph_processor.pipeline.feeder import Feeder
from barograph_processor.pipeline.inbox import Item
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from tests.processor.otlp.build import prediction, traces


class Noted(Courtesy):
    """Notes when turns begin."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[int | str] = []

    @contextmanager
    def turn(self) -> Iterator[None]:
        self.steps.append("turn")
        with super().turn():
            yield


class Sized(ModelRegistry):
    """Notes how many rows are observed at once."""

    def __init__(self, steps: list[int | str], *, window: int = 1000) -> None:
        config = parse_config({"window": {"rows": window}, "reference": {"rows": 2 * window}})
        super().__init__(config, Telemetry(), clock=lambda: 7)
        self.steps = steps

    def observe(self, batch: ObservationBatch) -> None:
        self.steps.append(len(batch))
        super().observe(batch)


def fed_by(sink: Sized, courtesy: Noted) -> Feeder:
    """Return a feeder of a sink."""
    seen = SeenSet(1000), SeenSet(10)
    return Feeder(sink, Telemetry(), spans=seen[0], facts=seen[1], courtesy=courtesy)


def requests(numbers: range) -> list[Item]:
    """Return requests of 50 predictions each, none twice."""
    items = []
    for number in numbers:
        spans = (prediction(50 * number + n + 1, {"input.x": 1.0}) for n in range(50))
        items.append(Item(number, "traces", decode_traces(traces(*spans)), 1, 7, 1))
    return items


def test_rows_of_several_requests_come_together_and_each_step_is_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", 100)
    courtesy = Noted()
    feeder = fed_by(Sized(courtesy.steps), courtesy)
    feeder.feed(requests(range(5)))
    # First what is new of them, then the columns of all.
    assert courtesy.steps == ["turn", "turn", "turn", 100, "turn", 100, "turn", 50]


def test_steps_end_with_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more than a step waits, so that a window is not cut between two."""
    monkeypatch.setattr(module, "_MOST_ROWS", 100)
    courtesy = Noted()
    feeder = fed_by(Sized(courtesy.steps, window=40), courtesy)
    feeder.feed(requests(range(2)))
    feeder.feed(requests(range(2, 7)))
    sizes = [step for step in courtesy.steps if step != "turn"]
    assert sizes == [100, 100, 80, 70]
