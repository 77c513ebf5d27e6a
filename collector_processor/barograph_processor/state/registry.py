"""All models: what the pipeline feeds and what everybody reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np

from barograph_processor import codec
from barograph_processor.config import Config
from barograph_processor.exceptions import StateError
from barograph_processor.observation import EventBatch, ModelKey, ObservationBatch, span_hex
from barograph_processor.semconv import REACTION_KINDS
from barograph_processor.signal import Signal
from barograph_processor.state.alarms import AlarmChange
from barograph_processor.state.baseline import Baseline
from barograph_processor.state.early import EarlyFacts, Fact
from barograph_processor.state.gauges import gauges
from barograph_processor.state.joining import source_ranks
from barograph_processor.state.model import ModelState
from barograph_processor.state.prediction_id import short_ids
from barograph_processor.state.record import WindowRecord
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
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

    schema = 1

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
        self._early = EarlyFacts(capacity=config.limits.early_labels)
        self._now_ns: int | None = None

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
        model.observe(batch, received_ns=self._now_ns)
        if len(self._early):
            self._settle_early(self._early.take(short_ids(batch.prediction_ids)))

    def advance(self, now_ns: int) -> None:
        """Take note of the wall clock: what comes next came then."""
        self._now_ns = now_ns

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

    def attach(self, events: EventBatch) -> None:
        """Take late facts and join them with their predictions."""
        facts = list(_facts(events))
        nameless = len(events) - len(facts)
        if nameless:
            self._unjoined(events.kind, "no_id", nameless)
        self._join(facts, early=True)

    def flush(self) -> None:
        """Close the windows that are open: the end of a history."""
        for model in self._models.values():
            model.flush()

    def drain(self) -> list[Happening]:
        """Return what happened since the last call, by model and in order."""
        return [(key, event) for key, model in self._models.items() for event in model.drain()]

    def signals(self) -> Iterator[Signal]:
        """Yield every point of every model, and the processor's own."""
        for key, model in self._models.items():
            attributes = {
                "barograph.model.name": key.name,
                "barograph.model.version": key.version,
            }
            yield from model.counters.signals(attributes)
            yield from gauges(model, attributes)
        yield Signal("barograph.monitor.models", len(self._models))
        yield Signal("barograph.monitor.waiting", len(self._early))

    def snapshot(self) -> bytes:
        """Return everything as bytes, for a checkpoint."""
        return codec.dumps(
            {
                "models": [
                    {"name": key.name, "version": key.version, "state": model.state()}
                    for key, model in self._models.items()
                ],
                "early": self._early.state(),
            }
        )

    def restore(self, blob: bytes) -> None:
        """Continue from a snapshot.

        Raises:
            StateError: The snapshot cannot be read.
        """
        try:
            tree: Any = codec.loads(blob)
            self._models = {}
            for plain in tree["models"]:
                key = ModelKey(plain["name"], plain["version"])
                model = self._create(key)
                model.load(plain["state"])
                self._models[key] = model
            self._early.load(tree["early"])
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

    def _settle_early(self, facts: Sequence[Fact]) -> None:
        self._join(facts, early=False)

    def _join(self, facts: Sequence[Fact], *, early: bool) -> None:
        """Join facts with predictions; those without one wait if they came for the first time."""
        unknown = list(range(len(facts)))
        named: dict[int, str] = {}
        ambiguous: set[int] = set()
        for key, model in self._models.items():
            mine = [
                i
                for i in range(len(facts))
                if facts[i].model in (None, key.name) and facts[i].version in (None, key.version)
            ]
            if not mine:
                continue
            slots = model.pending.find([facts[i].name for i in mine])
            for i, slot in zip(mine, slots.tolist(), strict=True):
                if slot >= 0 and named.setdefault(i, key.name) != key.name:
                    ambiguous.add(i)
        for key, model in self._models.items():
            mine = [
                i
                for i, name in named.items()
                if name == key.name
                and i not in ambiguous
                and facts[i].version in (None, key.version)
            ]
            self._apply(model, [facts[i] for i in mine])
        for i in ambiguous:
            self._unjoined(facts[i].kind, "ambiguous_id", 1)
        for i in unknown:
            if i not in named:
                self._wait(facts[i], first=early)

    def _wait(self, fact: Fact, *, first: bool) -> None:
        thinned = [
            model.pending.thinned(fact.name)
            for key, model in self._models.items()
            if fact.model in (None, key.name) and fact.version in (None, key.version)
        ]
        # Only if no model that could be meant would have kept it.
        if thinned and all(thinned):
            self._unjoined(fact.kind, "thinned", 1)
            return
        if first:
            self._unjoined(fact.kind, "unknown_prediction", 1)
        evicted = self._early.add(fact)
        if evicted:
            self._telemetry.add("barograph.monitor.evicted", evicted, what="early_labels")

    def _apply(self, model: ModelState, facts: Sequence[Fact]) -> None:
        slots = model.pending.find([fact.name for fact in facts])
        known = [
            (fact, slot) for fact, slot in zip(facts, slots.tolist(), strict=True) if slot >= 0
        ]
        labels = [(fact, slot) for fact, slot in known if fact.kind == "label"]
        # Numbers and names apart, in order: one name must not make names of all numbers.
        for _, group in groupby(labels, key=lambda label: np.isfinite(label[0].number)):
            some = list(group)
            unused = model.attach(
                np.array([slot for _, slot in some], dtype=np.intp),
                _truth([fact for fact, _ in some]),
                np.array([fact.time_ns for fact, _ in some], dtype=np.int64),
                source_ranks([fact.source for fact, _ in some]),
            )
            for reason, count in unused.items():
                self._unjoined("label", reason, count)
        reactions = [(fact, slot) for fact, slot in known if fact.kind == "reaction"]
        if reactions:
            self._react(model, reactions)
        for fact, _ in known:
            if fact.kind == "outcome":
                if np.isfinite(fact.number):
                    model.counters.outcome(fact.text or "1", fact.number)
                else:
                    self._unjoined("outcome", "wrong_type", 1)
            elif fact.kind == "evaluation":
                if np.isfinite(fact.number):
                    model.counters.evaluate(fact.title or "unnamed", fact.number)
                else:
                    self._unjoined("evaluation", "wrong_type", 1)

    def _react(self, model: ModelState, reactions: Sequence[tuple[Fact, int]]) -> None:
        named = [(fact, slot) for fact, slot in reactions if fact.text in REACTION_KINDS]
        if len(named) < len(reactions):
            self._unjoined("reaction", "unknown_kind", len(reactions) - len(named))
        if not named:
            return
        again = model.react(
            np.array([slot for _, slot in named], dtype=np.intp),
            [fact.text or "" for fact, _ in named],
            [fact.number for fact, _ in named],
        )
        if again:
            self._unjoined("reaction", "already_reacted", again)

    def _unjoined(self, kind: str, reason: str, count: int) -> None:
        self._telemetry.add("barograph.monitor.unjoined", count, kind=kind, reason=reason)


def _facts(events: EventBatch) -> Iterator[Fact]:
    """Yield the facts that name a prediction, by id or by span."""
    for row, name in enumerate(events.prediction_ids):
        if name is None:
            if not int(events.ids[row, 2]):
                continue
            name = span_hex(events.ids, row)  # noqa: PLW2901 - the span id is the id then
        yield Fact(
            kind=events.kind,
            name=short_ids((name,))[0],
            model=events.model_names[row],
            version=events.model_versions[row],
            time_ns=int(events.time[row]),
            number=float(events.number[row]),
            text=events.text[row],
            title=events.name[row],
            source=events.source[row],
        )


def _truth(facts: Iterable[Fact]) -> Column:
    """Return labels as one column: numbers if all of them are, else names."""
    facts = list(facts)
    if all(np.isfinite(fact.number) for fact in facts):
        return NumericColumn(np.array([fact.number for fact in facts]))
    return CategoricalColumn.of(
        [fact.text if fact.text is not None else repr(fact.number) for fact in facts]
    )
