"""A state in which as much as possible is known, and what it says of itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from barograph_processor.config import Config, parse_config
from barograph_processor.journal import Checkpoint
from barograph_processor.observation import EventBatch, ModelKey, ObservationBatch, SpanBatch
from barograph_processor.pipeline.envelope import Envelope
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.stats.column import CategoricalColumn, NumericColumn
from barograph_processor.telemetry import Telemetry
from tests.processor.state.rows import facts, labels_of, rows, unlabelled

__all__ = ["Population"]

_TABLES: Mapping[str, Any] = {
    "reference": {"rows": 600},
    "window": {"rows": 100},
    "alarm": {"windows_between_false_alarms": 200},
    "review": {"per_day": 10, "overlap": 0.5},
    "limits": {"pending_labels": 250, "history_windows": 2},
    "models": {
        "seasonal": {"reference": {"season": "hour_of_day"}},
        "multiclass": {"window": {"seconds": 200, "lateness": 300}},
    },
}
_CLOCK = 1_700_000_000_000_000_000


class Population:
    """A registry and what is kept beside it in a checkpoint.

    Attributes:
        registry: All models.
        telemetry: The counters.
        unsettled: As of the feeder.
    """

    def __init__(self) -> None:
        self.config: Config = parse_config(_TABLES)
        self.telemetry = Telemetry()
        self.registry = ModelRegistry(self.config, self.telemetry, clock=lambda: _CLOCK)
        self._spans, self._facts = SeenSet(100), SeenSet(100)
        self.unsettled = 0

    def populate(self) -> None:
        """Let everything happen once."""
        take, attach = self.registry.observe, self.registry.attach
        for model in ("binary", "regression", "multiclass", "seasonal", "learning"):
            batches = _batches(ModelKey(model, "1"))
            for batch in batches[:1] if model == "learning" else batches:
                if model == "learning":
                    self.registry.relate([_called(batch)])
                take(unlabelled(batch))
                attach(_labels(batch))
                for event in _late(batch, model):
                    attach(event)
                if batch is not batches[-1]:
                    self.registry.drain()
        take(rows(50, model=ModelKey("direct", "1")))
        attach(facts("label", ["not-yet"], text=["1"], model="binary", source="human"))
        answered = replace(
            unlabelled(rows(20, model=ModelKey("answers", "1"))),
            response_ids=tuple(f"response-{row}" for row in range(20)),
        )
        take(answered)
        judged = facts("evaluation", [None], number=[0.5], ids=answered.ids[:1] + np.uint64(900))
        attach(replace(judged, response_ids=("response-unknown",)))
        self.registry.look(_CLOCK, since_ns=0)
        self._spans.add(np.arange(1, 150, dtype=np.uint64))
        self._facts.add(np.arange(1, 20, dtype=np.uint64))
        self.unsettled = 17

    def go_on(self) -> None:
        """Take what comes next: as it was, but for more wrong answers."""
        for model in ("binary", "regression", "multiclass", "seasonal", "learning"):
            batch = _typed(rows(300, start=2000, wrong=0.5, model=ModelKey(model, "1")))
            self.registry.observe(unlabelled(batch))
            self.registry.attach(_labels(batch))

    def figures(self) -> dict[str, Any]:
        """Return what it says of itself: every number by metric and attributes."""
        found: dict[str, Any] = {}
        for signal in self.registry.signals():
            value = signal.value
            number = value if isinstance(value, int | float) else value.total
            found[f"{signal.metric} {sorted(signal.attributes.items())}"] = number
        for key, model in self.registry.models.items():
            alarms = [*model.verdicts.book.open, *model.verdicts.book.resolved]
            found[f"{key.name} alarms"] = sorted(alarm.sentence for alarm in alarms)
            found[f"{key.name} state"] = model.condition.state
            found[f"{key.name} windows"] = len(model.history)
        return found

    def baselines(self) -> dict[str, Any]:
        """Return the references as they would be in files, by the name of the model."""
        models = self.registry.models.items()
        references = ((key.name, model.reference) for key, model in models)
        return {name: known.to_json() for name, known in references if known is not None}

    def checkpoint(self) -> Checkpoint:
        """Return all of it as the pipeline would write it."""
        blocks = Envelope.pack(
            self.registry,
            self._spans,
            self._facts,
            self.telemetry,
            started_ns=_CLOCK,
            unsettled=self.unsettled,
        )
        return Checkpoint(1, self.registry.schema, list(blocks))

    @classmethod
    def restored(cls, checkpoint: Checkpoint) -> "Population":
        """Return one that continues from a checkpoint.

        Raises:
            StateError: It is of another schema, or cannot be read.
        """
        found = cls()
        envelope = Envelope.unpack(checkpoint, found.registry.schema)
        envelope.restore(found.registry, found._spans, found._facts, found.telemetry)
        found.unsettled = envelope.unsettled
        return found


def _batches(model: ModelKey) -> list[ObservationBatch]:
    """Batches that are learnt from, that are watched, and one that drifts and goes wrong."""
    found = []
    for start in range(0, 1800, 300):
        at = np.arange(start, start + (350 if start == 1500 else 300), dtype=np.float64)
        bad = start == 900
        found.append(
            _typed(
                rows(
                    len(at),
                    start=start,
                    model=model,
                    # A season takes days.
                    seconds=at * 600.0 if model.name == "seasonal" else at,
                    shift=0.5 if bad else 0.0,
                    wrong=0.6 if bad else 0.1,
                )
            )
        )
    return list(map(_told_by_inputs, found)) if model.name == "regression" else found


def _told_by_inputs(batch: ObservationBatch) -> ObservationBatch:
    """The rows of a regression with errors as large as an input, so that they are learnt."""
    a, truth = batch.inputs["a"], batch.truth
    assert isinstance(a, NumericColumn)
    assert isinstance(truth, NumericColumn)
    return replace(batch, value=truth.values + a.values * np.sign(truth.values))


def _typed(batch: ObservationBatch) -> ObservationBatch:
    """The rows as a model of the kind that its name says, with all that rows may carry."""
    n = len(batch)
    rng = np.random.default_rng([3, int(batch.ids[0, 1])])
    batch = replace(
        batch,
        confidence=rng.uniform(0.5, 1.0, n),
        outputs={"length": NumericColumn(rng.lognormal(3.0, 1.0, n))},
        weight=np.full(n, 2.0),
        received_ns=_CLOCK,
    )
    if batch.model.name == "regression":
        truth = rng.normal(size=n)
        value = truth + rng.normal(scale=0.1, size=n)
        return replace(
            batch,
            task="regression",
            label=None,
            confidence=None,
            value=value,
            truth=NumericColumn(truth),
        )
    if batch.model.name == "multiclass":
        return replace(batch, task="multiclass")
    return replace(batch, value=batch.confidence, positive="1", threshold=0.5)


def _labels(batch: ObservationBatch) -> EventBatch:
    if not isinstance(batch.truth, NumericColumn):
        return labels_of(batch, model=batch.model.name)
    later = batch.event_time + 10**9
    return facts(
        "label",
        batch.prediction_ids,
        number=batch.truth.values.tolist(),
        time_ns=later,
        model=batch.model.name,
    )


def _called(batch: ObservationBatch) -> SpanBatch:
    """The calls, each with a child span behind it."""
    n = len(batch)
    below = batch.ids.copy()
    below[:, 2] += np.uint64(1 << 40)
    numbers = np.arange(n)
    return SpanBatch(
        ids=np.concatenate([batch.ids, below]),
        parent=np.concatenate([np.zeros(n, np.uint64), batch.ids[:, 2]]),
        model=np.repeat(np.array([0, -1], np.int32), n),
        rows=np.repeat(np.array([1, 0], np.int32), n),
        micros=np.full(2 * n, 5000, np.int32),
        failed=np.concatenate([batch.failed, numbers % 50 == 0]),
        name=CategoricalColumn(
            np.where(np.arange(2 * n) < n, 0, 1).astype(np.int32), ("predict", "retrieve")
        ),
        models=(batch.model,),
    )


def _late(batch: ObservationBatch, model: str) -> list[EventBatch]:
    names = list(batch.prediction_ids[:60])
    common: dict[str, Any] = {"model": model, "time_ns": batch.event_time[:60] + 10**9}
    rng = np.random.default_rng(5)
    kinds = [("accepted", "overridden", "escalated")[at % 3] for at in range(60)]
    scores = facts("evaluation", names, number=rng.random(60).tolist(), **common)
    human = facts("label", names[:20], text=["1"] * 20, source="human", model=model)
    return [
        facts("reaction", names, text=kinds, number=[0.5] * 60, **common),
        facts("outcome", names, text=["EUR"] * 60, number=rng.normal(size=60).tolist(), **common),
        replace(scores, name=("faithfulness",) * 60),
        replace(human, reviewer=("r1",) * 20),
        # Corrections.
        facts("label", names[20:30], text=["0"] * 10, source="human", model=model),
    ]
