"""Late facts of all models, on their way to the prediction that each is about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from barograph_processor.observation import (
    EventBatch,
    ModelKey,
    ObservationBatch,
    span_hexes,
)
from barograph_processor.quality.loss import ABSENT, canonical_class
from barograph_processor.semconv import EVALUATION_REVIEW, REACTION_KINDS
from barograph_processor.state.aftermath.outcomes import LARGEST
from barograph_processor.state.aftermath.verdict import score_of
from barograph_processor.state.early import EarlyFacts, Fact
from barograph_processor.state.label.label_order import source_ranks
from barograph_processor.state.label.prediction_id import short_ids
from barograph_processor.state.label.prediction_names import AskedIds
from barograph_processor.state.meant import Meant
from barograph_processor.state.model import ModelState
from barograph_processor.state.other_names import of_responses, of_spans, without_id
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from barograph_processor.telemetry import Telemetry

__all__ = ["LateFacts"]


class LateFacts:
    """Finds the model that a fact is about; facts that came too early wait.

    State size: the facts that wait. Not locked; its owner is.

    Args:
        models: Every model with state; read only.
        telemetry: Where facts that cannot be used are counted.
        capacity: Most facts that wait. Positive.
    """

    def __init__(
        self, models: Mapping[ModelKey, ModelState], telemetry: Telemetry, *, capacity: int
    ) -> None:
        self._models = models
        self._telemetry = telemetry
        self._early = EarlyFacts(capacity=capacity)

    @property
    def waiting(self) -> int:
        """Facts that wait for their prediction."""
        return len(self._early)

    def attach(self, events: EventBatch) -> None:
        """Join facts with their predictions, in order of arrival."""
        facts = dict(_facts(events))
        nameless = len(events) - len(facts)
        if nameless:
            self._unjoined(events.kind, "no_id", nameless)
        self._join(self._resolved(events, facts), early=True)

    def awaits(self, names: Iterable[str]) -> bool:
        """Return whether a fact of one of these predictions waits."""
        return self._early.awaits(names)

    def settle(self, batch: ObservationBatch) -> None:
        """Join the facts that waited for these predictions, whatever they name them by."""
        first = ~np.isnan(batch.latency)
        # What names a span of several predictions does not say which of them it means.
        single = first & np.append(first[1:], True)
        found: list[Fact] = []
        others = [
            [span] if alone else []
            for span, alone in zip(span_hexes(batch.ids), single.tolist(), strict=True)
        ]
        for row, response in enumerate(batch.response_ids):
            if response is not None:
                others[row] += short_ids((response,))
        for name, also in zip(short_ids(batch.prediction_ids), others, strict=True):
            found += self._early.take((name,))
            found += [
                fact.about(name, batch.model) if fact.fits(batch.model) else fact
                for fact in self._early.take(also)
            ]
        self._join(found, early=False)

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return self._early.state()

    def load(self, state: Iterable[Mapping[str, Any]]) -> None:
        """Undo ``state``."""
        self._early.load(state)

    def _resolved(self, events: EventBatch, facts: dict[int, Fact]) -> list[Fact]:
        """Return facts in order, with the ids of predictions that they name otherwise.

        An id goes before the span that the record is of, and that before a response: where
        the first is none that is known, the next is looked for.

        Args:
            events: Where the facts are from.
            facts: By row.
        """
        responses = of_responses(self._models, facts)
        others = {
            row: fact
            for row, fact in facts.items()
            if events.prediction_ids[row] is None or row in responses
        }
        others = without_id(self._models, others)
        nameless = {row: it for row, it in others.items() if events.prediction_ids[row] is None}
        resolved = facts | of_spans(self._models, events, nameless)
        for row, about in responses.items():
            if row in others and resolved[row] is facts[row]:
                if len(about) == 1:
                    resolved[row] = about[0]
                else:
                    del resolved[row]
                    self._unjoined(facts[row].kind, "ambiguous_id", 1)
        return list(resolved.values())

    def _join(self, facts: Sequence[Fact], *, early: bool) -> None:
        """Join facts with predictions; those without one wait if they came for the first time."""
        told = [fact for fact in facts if not _is_absent(fact)]
        if len(told) < len(facts):
            self._unjoined("label", "wrong_type", len(facts) - len(told))
            facts = told
        named: dict[int, str] = {}
        ambiguous: set[int] = set()
        meant = Meant(facts, self._models)
        known = self._known(facts, meant)
        for key, rows in known.items():
            for i in rows:
                if named.setdefault(i, key.name) != key.name:
                    ambiguous.add(i)
        for key, rows in known.items():
            model = self._models[key]
            self._apply(model, self._answer(model, [facts[i] for i in rows if i not in ambiguous]))
        for i in ambiguous:
            self._unjoined(facts[i].kind, "ambiguous_id", 1)
        for i, fact in enumerate(facts):
            if i not in named:
                self._wait(fact, meant.models(fact), first=early)

    def _known(self, facts: Sequence[Fact], meant: Meant[ModelState]) -> dict[ModelKey, list[int]]:
        """Return by model, of those that know any, the places of facts about its predictions."""
        known: dict[ModelKey, list[int]] = {}
        names = [fact.name for fact in facts]
        asked = AskedIds.of(names)
        for key, model in self._models.items():
            mine = meant.rows(key)
            if not mine:
                continue
            about = names if len(mine) == len(names) else [names[i] for i in mine]
            waits = model.pending.find(asked if about is names else about) >= 0
            waits |= model.reviews.held(about)
            if waits.any():
                known[key] = [mine[at] for at in np.flatnonzero(waits).tolist()]
        return known

    def _wait(self, fact: Fact, models: Sequence[ModelState], *, first: bool) -> None:
        # Only if no model that could be meant would have kept it.
        if models and all(model.pending.thinned(fact.name) for model in models):
            self._unjoined(fact.kind, "thinned", 1)
            return
        if first:
            self._unjoined(fact.kind, "unknown_prediction", 1)
        evicted = self._early.add(fact)
        if evicted:
            self._telemetry.add("barograph.monitor.evicted", evicted, what="early_labels")

    def _answer(self, model: ModelState, facts: Sequence[Fact]) -> list[Fact]:
        """Take the answers of reviews; return the facts that count as ordinary ones too."""
        ordinary = []
        for fact in facts:
            ruling = None
            if fact.kind == "label" and fact.source != "human":
                model.reviews.settle(fact.name, _truth([fact]))
            elif fact.source == "human" and model.reviews.holds(fact.name):
                if fact.kind == "label":
                    truth = _truth([fact])
                    ruling = model.reviews.label(fact.name, truth, reviewer=fact.reviewer)
                elif fact.title == EVALUATION_REVIEW and np.isfinite(fact.number):
                    model.reviews.score(fact.name, fact.number, reviewer=fact.reviewer)
            if ruling is None or ruling.ordinary:
                ordinary.append(fact)
            elif ruling.unused is not None:
                self._unjoined(fact.kind, ruling.unused, 1)
        return ordinary

    def _apply(self, model: ModelState, facts: Sequence[Fact]) -> None:
        known = self._waiting_in(model, facts)
        labels = [(fact, slot) for fact, slot in known if fact.kind == "label"]
        # Numbers and names apart, in order: one name must not make names of all numbers.
        for _, group in groupby(labels, key=lambda label: np.isfinite(label[0].number)):
            some = list(group)
            unused = model.facts.attach(
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
        outcomes = [(fact, slot) for fact, slot in known if fact.kind == "outcome"]
        if outcomes:
            self._realize(model, outcomes)
        evaluations = [(fact, slot) for fact, slot in known if fact.kind == "evaluation"]
        usable = [(fact, slot) for fact, slot in evaluations if np.isfinite(fact.number)]
        if len(usable) < len(evaluations):
            self._unjoined("evaluation", "wrong_type", len(evaluations) - len(usable))
        if usable:
            model.facts.evaluate(
                np.array([slot for _, slot in usable], dtype=np.intp),
                [fact.title or "unnamed" for fact, _ in usable],
                np.array([fact.number for fact, _ in usable]),
            )

    def _waiting_in(self, model: ModelState, facts: Sequence[Fact]) -> list[tuple[Fact, int]]:
        """Return the facts whose prediction waits for them, and where it does."""
        slots = model.pending.find([fact.name for fact in facts]).tolist()
        # Others are held for review alone; a person's answer has been used by then.
        lost = (fact for fact, slot in zip(facts, slots, strict=True) if slot < 0)
        for fact in lost:
            if fact.source != "human":
                self._unjoined(fact.kind, "thinned", 1)
        return [(fact, slot) for fact, slot in zip(facts, slots, strict=True) if slot >= 0]

    def _react(self, model: ModelState, reactions: Sequence[tuple[Fact, int]]) -> None:
        named = [(fact, slot) for fact, slot in reactions if fact.text in REACTION_KINDS]
        if len(named) < len(reactions):
            self._unjoined("reaction", "unknown_kind", len(reactions) - len(named))
        if not named:
            return
        again = model.facts.react(
            np.array([slot for _, slot in named], dtype=np.intp),
            [fact.text or "" for fact, _ in named],
            [fact.number for fact, _ in named],
        )
        if again:
            self._unjoined("reaction", "already_reacted", again)

    def _realize(self, model: ModelState, outcomes: Sequence[tuple[Fact, int]]) -> None:
        usable = [(fact, slot) for fact, slot in outcomes if abs(fact.number) <= LARGEST]
        if len(usable) < len(outcomes):
            self._unjoined("outcome", "wrong_type", len(outcomes) - len(usable))
        if usable:
            model.facts.realize(
                np.array([slot for _, slot in usable], dtype=np.intp),
                [fact.text or "1" for fact, _ in usable],
                np.array([fact.number for fact, _ in usable]),
            )

    def _unjoined(self, kind: str, reason: str, count: int) -> None:
        self._telemetry.add("barograph.monitor.unjoined", count, kind=kind, reason=reason)


def _facts(events: EventBatch) -> Iterator[tuple[int, Fact]]:
    """Yield the facts that name a prediction, by id, span or response, each with its row."""
    spans = span_hexes(events.ids)
    nothing = (None,) * len(events)
    for row, (given, span, response) in enumerate(
        zip(events.prediction_ids, spans, events.response_ids or nothing, strict=True)
    ):
        name = span if given is None and events.ids[row, 2] else given or response
        if name is None:
            continue
        fact = Fact(
            kind=events.kind,
            name=short_ids((name,))[0],
            model=events.model_names[row],
            version=events.model_versions[row],
            time_ns=int(events.time[row]),
            number=score_of(float(events.number[row]), events.text[row])
            if events.kind == "evaluation"
            else float(events.number[row]),
            text=events.text[row],
            title=events.name[row],
            source=events.source[row],
            reviewer=events.reviewer[row] if events.reviewer else None,
            response=None if response is None else short_ids((response,))[0],
        )
        yield row, fact


def _is_absent(fact: Fact) -> bool:
    """Say whether a label's text is a word for none, as tables write a truth that is missing."""
    return fact.kind == "label" and np.isnan(fact.number) and canonical_class(fact.text) == ABSENT


def _truth(facts: Iterable[Fact]) -> Column:
    """Return labels as one column: numbers if all of them are, else names."""
    facts = list(facts)
    if all(np.isfinite(fact.number) for fact in facts):
        return NumericColumn(np.array([fact.number for fact in facts]))
    return CategoricalColumn.of(
        [fact.text if fact.text is not None else repr(fact.number) for fact in facts]
    )
