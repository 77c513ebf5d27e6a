"""A new model name in every span takes nothing from the models that are there."""

from itertools import count

import numpy as np
import pytest

from barograph_processor.config import parse_config
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.otlp import decode_traces
from barograph_processor.pipeline.feeder import Feeder
from barograph_processor.pipeline.inbox import Item
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from tests.processor.otlp.build import prediction, traces

_MODELS = 10
_REQUESTS = 20
_SPANS = 100
_EVICTED = ("barograph.monitor.evicted", (("what", "models"),))


class _Counting(ModelRegistry):
    """Counts what it is handed."""

    batches = 0

    def observe(self, batch: ObservationBatch) -> None:
        self.batches += 1
        super().observe(batch)


def _run(*, attacked: bool) -> tuple[_Counting, Telemetry]:
    config = parse_config({"limits": {"models": _MODELS}, "reference": {"rows": 500}})
    telemetry = Telemetry()
    registry = _Counting(config, telemetry, clock=lambda: 0)
    feeder = Feeder(
        registry, telemetry, spans=SeenSet(10_000), facts=SeenSet(10), courtesy=Courtesy()
    )
    rng = np.random.default_rng(1)
    names = (f"attacker-{number}" for number in count())
    for number in range(_REQUESTS):
        spans = [
            prediction(2 * n, {"model.name": "honest", "input.x": float(rng.normal())})
            for n in range(number * _SPANS, (number + 1) * _SPANS)
        ]
        if attacked:
            spans += [
                prediction(2 * n + 1, {"model.name": next(names), "input.x": 1.0})
                for n in range(number * _SPANS, (number + 1) * _SPANS)
            ]
        decoded = decode_traces(traces(*spans))
        feeder.feed([Item(number, "traces", decoded, 1, received_ns=1, stored=1)])
    return registry, telemetry


def test_others_are_as_without_the_attack() -> None:
    attacked, telemetry = _run(attacked=True)
    quiet, _ = _run(attacked=False)
    honest = ModelKey("honest", "1")
    np.testing.assert_equal(attacked.models[honest].state(), quiet.models[honest].state())
    assert len(attacked.models) == _MODELS
    assert telemetry.counters()[_EVICTED] == _REQUESTS * _SPANS - (_MODELS - 1)


@pytest.mark.parametrize("attacked", [False, True])
def test_refused_models_cost_no_batches(attacked: bool) -> None:
    registry, _ = _run(attacked=attacked)
    assert registry.batches <= _REQUESTS + _MODELS - 1
