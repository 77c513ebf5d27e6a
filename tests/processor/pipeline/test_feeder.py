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

    def __init__(self, steps: list[int | str]) -> None:
        super().__init__(parse_config({}), Telemetry(), clock=lambda: 7)
        self.steps = steps

    def observe(self, batch: ObservationBatch) -> None:
        self.steps.append(len(batch))
        super().observe(batch)


def test_rows_of_several_requests_come_together_and_each_step_is_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", 100)
    courtesy = Noted()
    sink, seen = Sized(courtesy.steps), (SeenSet(1000), SeenSet(10))
    feeder = Feeder(sink, Telemetry(), spans=seen[0], facts=seen[1], courtesy=courtesy)
    items = []
    for number in range(5):
        spans = (prediction(50 * number + n + 1, {"input.x": 1.0}) for n in range(50))
        items.append(Item(number, "traces", decode_traces(traces(*spans)), 1, 7, 1))
    feeder.feed(items)
    # First what is new of them, then the columns of all.
    assert courtesy.steps == ["turn", "turn", "turn", 100, "turn", 100, "turn", 50]
