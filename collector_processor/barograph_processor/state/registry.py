"""All models: what the pipeline feeds and what everybody reads."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from barograph_processor import codec
from barograph_processor.config import Config
from barograph_processor.exceptions import StateError
from barograph_processor.observation import EventBatch, ModelKey, ObservationBatch, SpanBatch
from barograph_processor.signal import Alarm, Signal
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.gauges import gauges
from barograph_processor.state.label.prediction_id import short_ids
from barograph_processor.state.late_facts import LateFacts
from barograph_processor.state.model import ModelState
from barograph_processor.state.shares import Shares
from barograph_processor.state.trace.relations import Relations
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.telemetry import Telemetry

__all__ = ["Happening", "ModelRegistry"]

Happening = tuple[ModelKey, WindowRecord | AlarmChange]
"""Whose, and a closed window or a step in an alarm's life."""


class ModelRegistry:
    """State by model and version, and the late facts that wait for a prediction.

    Rows come by ``observe``, late facts by ``attach``; both in order of arrival.
    Not locked: the pipeline holds its lock around every call.

    Args:
        config: How models are watched, and the limits.
        telemetry: Where what is dropped is counted.
        clock: Returns the time, ns since the epoch; start time of what is counted.
        baselines: References learnt earlier, by model name; ``*`` is for all others.
        strict: A reference that cannot be used as configured is an error, rather
            than a warning of the model's.
    """

    schema = 14

    def __init__(
        self,
        config: Config,
        telemetry: Telemetry,
        *,
        clock: Callable[[], int],
        baselines: Mapping[str, Baseline] | None = None,
        strict: bool = False,
    ) -> None:
        self._config = config
        self._telemetry = telemetry
        self._clock = clock
        self._baselines = baselines or {}
        self._strict = strict
        self._models: dict[ModelKey, ModelState] = {}
        self._facts = LateFacts(self._models, telemetry, capacity=config.limits.early_labels)
        self._shares = Shares(self._models, config.limits, telemetry)
        self._relations = Relations(self._models, telemetry, capacity=max(config.traces.spans, 1))

    @property
    def models(self) -> Mapping[ModelKey, ModelState]:
        """Every model with state, in order of appearance."""
        return self._models

    def observe(self, batch: ObservationBatch) -> None:
        """Take predictions of one version of one model."""
        model = self._models.get(batch.model) or self._admit(batch.model)
        if model is None:
            self._telemetry.add("barograph.monitor.evicted", len(batch), what="models")
            return
        model.observe(batch)
        # Before any label of theirs: it is counted with what is known by then.
        self._relations.settle(batch, model.pending)
        if self._facts.waiting and batch.prediction_ids:
            self._facts.settle(batch)

    def stretch(self, key: ModelKey, most: int) -> int:
        """Return how many predictions of a model are best taken at once, from 1 to ``most``.

        What they lead to is the same; a window that is cut costs more than a whole one.
        """
        model = self._models.get(key)
        return most if model is None else model.stretch(most)

    def look(self, now_ns: int, *, since_ns: int) -> None:
        """Look at the wall clock: models that are silent for too long are told.

        Args:
            now_ns: By the wall clock.
            since_ns: Since when anybody listened, by the same clock.
        """
        for model in self._models.values():
            model.look(now_ns, since_ns=since_ns)

    def deaf(self, now_ns: int, *, since_ns: int) -> bool:
        """Whether ``look`` would find something."""
        return any(model.deaf(now_ns, since_ns=since_ns) for model in self._models.values())

    def admit(self, key: ModelKey) -> bool:
        """Return whether there is state for a model, or room, which it then has."""
        return key in self._models or self._admit(key) is not None

    def awaits(self, prediction_ids: Callable[[], Sequence[str]]) -> bool:
        """Whether a late fact waits for one of these, to be joined before more is taken."""
        return self._facts.waiting > 0 and self._facts.awaits(short_ids(prediction_ids()))

    def relate(self, spans: Sequence[SpanBatch]) -> None:
        """Take who was called by whom, before the predictions among them are observed."""
        for key in dict.fromkeys(key for batch in spans for key in batch.models):
            self.admit(key)
        self._relations.relate(spans)

    def attach(self, events: EventBatch) -> None:
        """Take late facts and join them with their predictions."""
        self._facts.attach(events)

    def settle(self) -> None:
        """Make room where all models together take more than they may."""
        self._shares.settle()

    def flush(self) -> None:
        """Close the windows that are open: the end of a history."""
        for model in self._models.values():
            model.flush()

    def drain(self) -> list[Happening]:
        """Return what happened since the last call, by model and in order."""
        return [(key, event) for key, model in self._models.items() for event in model.drain()]

    def standing_alarms(self) -> list[Alarm]:
        """Return the last alarm of each incident that is not over."""
        books = (model.verdicts.book for model in self._models.values())
        return [alarm for book in books for alarm in (*book.open, *book.held)]

    def signals(self) -> Iterator[Signal]:
        """Yield every point of every model, and the processor's own."""
        for key, model in self._models.items():
            attributes = {
                "barograph.model.name": key.name,
                "barograph.model.version": key.version,
            }
            yield from model.counters.signals(attributes)
            yield from gauges(model, attributes)
            yield from model.reviews.signals(attributes, start_ns=model.counters.start_ns)
        yield Signal("barograph.monitor.models", len(self._models))
        yield Signal("barograph.monitor.waiting", self._facts.waiting)

    def snapshot(self) -> Iterator[codec.Tree]:
        """Yield everything for a checkpoint, one model after the other."""
        yield {"early": self._facts.state(), "relations": self._relations.state()}
        for key, model in self._models.items():
            yield {"name": key.name, "version": key.version, "state": model.state()}

    def restore(self, trees: Iterator[codec.Tree]) -> None:
        """Continue from a snapshot.

        Raises:
            StateError: The snapshot cannot be read.
        """
        plain: Any
        try:
            shared: Any = next(trees, None)
            self._models.clear()
            for plain in trees:
                key = ModelKey(plain["name"], plain["version"])
                model = self._create(key)
                model.load(plain["state"])
                self._models[key] = model
            self._facts.load(shared["early"])
            self._relations.load(shared["relations"])
        except (
            *(KeyError, TypeError, ValueError, IndexError, AttributeError),
            msgspec.MsgspecError,
        ) as error:
            raise StateError(f"the checkpoint cannot be read: {error!r}") from error

    def _admit(self, key: ModelKey) -> ModelState | None:
        if len(self._models) >= self._config.limits.models:
            return None
        model = self._create(key)
        self._models[key] = model
        return model

    def _create(self, key: ModelKey) -> ModelState:
        return ModelState(
            key,
            config=self._config.model(key.name),
            limits=self._config.limits,
            telemetry=self._telemetry,
            start_ns=self._clock(),
            baseline=self._baselines.get(key.name) or self._baselines.get("*"),
            strict=self._strict,
        )
