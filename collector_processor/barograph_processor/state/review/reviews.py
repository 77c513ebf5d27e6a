"""What people are asked about one model, and what their answers say of all predictions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import ReviewConfig
from barograph_processor.observation import ObservationBatch, named_slices
from barograph_processor.quality.loss import class_column
from barograph_processor.quality.review_sampler import ReviewSampler
from barograph_processor.signal import Signal
from barograph_processor.state.label.judging import Judge
from barograph_processor.state.review.guess import guessed_loss
from barograph_processor.state.review.review_answers import ReviewAnswers, Ruling
from barograph_processor.state.review.review_item import ReviewItem, lot
from barograph_processor.state.review.review_queue import ReviewQueue
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["Reviews"]

_DAY_NS = 86_400_000_000_000
_MOST_DECLARED = 20_000


class Reviews:
    """Draws predictions for people, keeps them until they are answered, and learns from it.

    A prediction whose span states its own chance of review is not drawn here: there the
    application asks, and its answers count by that chance.

    State size: the drawn predictions of ``expires_days``, about 1 KB each, and those of the
    application, 0.5 KB each of at most 20,000. Not locked; its owner is.

    Args:
        config: How many are drawn, and how.
        judge: Compares answers with predictions.
        seed: Of the draws.
    """

    def __init__(self, config: ReviewConfig, judge: Judge, *, seed: int) -> None:
        self._config = config
        self._judge = judge
        self._sampler: ReviewSampler | None = None
        if config.per_day:
            self._sampler = ReviewSampler(
                per_day=config.per_day, uniform_share=config.uniform_share, seed=seed
            )
        age_ns = round(config.expires_days * _DAY_NS)
        capacity = max(round(config.per_day * (config.expires_days + 1)), 1)
        self.queue = ReviewQueue(capacity=capacity, max_age_ns=age_ns)
        self._declared = ReviewQueue(capacity=_MOST_DECLARED, max_age_ns=age_ns)
        self.answers = ReviewAnswers(judge, horizon_ns=round(config.horizon_days * _DAY_NS))
        self._least = 1.0
        self.drawn, self.expired = 0, 0

    # What comes in.

    def observe(
        self, batch: ObservationBatch, newest_ns: npt.NDArray[np.int64]
    ) -> ObservationBatch:
        """Take predictions in order of arrival, and draw among them.

        Args:
            batch: The predictions.
            newest_ns: The newest event time when each came, ns, shape ``(n,)``.

        Returns:
            The batch, without the labels that came with it and are no fair sample.
        """
        guess = guessed_loss(batch, self._judge.task)
        own = ~batch.failed
        surprise = self.answers.surprises(np.where(own, guess, np.nan))
        if batch.propensity is not None:
            rows = np.flatnonzero((batch.propensity > 0) & own)
            own &= np.isnan(batch.propensity)
            stated = self._stated(batch, rows, surprise)
            if batch.truth is not None:
                return self._settle(batch, rows, stated)
            for item in stated:
                self._declared.add(item)
        if batch.truth is None and batch.prediction_ids and self._sampler is not None:
            chosen = np.flatnonzero(own)
            if len(chosen):
                drawn = self._draw(self._sampler, batch, chosen, newest_ns, guess, surprise)
                for item in drawn:
                    self.expired += self.queue.add(item)
                self.drawn += len(drawn)
        now_ns = int(newest_ns[-1])
        self.expired += self.queue.expire(now_ns)
        self._declared.expire(now_ns)
        return batch

    def holds(self, name: str) -> bool:
        """Whether a prediction was drawn, here or by the application, and has not expired."""
        return name in self.queue or name in self._declared

    def held(self, names: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which of these are held, shape ``(n,)``."""
        found = np.zeros(len(names), dtype=np.bool_)
        if self.queue or self._declared:
            found[:] = [self.holds(name) for name in names]
        return found

    def label(self, name: str, truth: Column, *, reviewer: str | None) -> Ruling:
        """Take a person's label of a prediction that is held.

        Args:
            name: The prediction's id.
            truth: The label, one row.
            reviewer: Who says so, if that is known.
        """
        return self.answers.rule(self._item(name), truth, reviewer, name=name)

    def settle(self, name: str, truth: Column) -> None:
        """Take a label that came by itself: nobody has to be asked about its prediction now.

        It counts as the answer if there was none.
        """
        item = self.queue.get(name)
        if item is None or not item.open:
            return
        item.wanted = 0
        if not item.answers:
            self.answers.settle(item, truth)

    def score(self, name: str, score: float, *, reviewer: str | None) -> Ruling:
        """Take a person's score of a prediction that is held: 1 is right, 0 is wrong."""
        return self.answers.score(self._item(name), score, reviewer, name=name)

    # What can be asked.

    @property
    def pending(self) -> int:
        """Predictions that somebody is still to be asked about."""
        return sum(item.open for item in self.queue)

    def signals(self, attributes: Mapping[str, str], *, start_ns: int) -> Iterator[Signal]:
        """Yield the points; ``attributes`` name the model on all of them."""
        risk = self.answers.risk
        yield Signal("barograph.review.pending", self.pending, attributes)
        for name, count in (
            ("drawn", self.drawn),
            ("answered", self.answers.count),
            ("expired", self.expired),
        ):
            yield Signal(f"barograph.review.{name}", count, attributes, start_ns)
        if self.answers.disagreement is not None:
            yield Signal("barograph.review.disagreement", self.answers.disagreement, attributes)
        if risk is not None:
            yield Signal("barograph.review.risk", risk.value, attributes)
            yield Signal("barograph.review.risk.lower", risk.lower, attributes)
            yield Signal("barograph.review.risk.upper", risk.upper, attributes)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        answers = self.answers.state()
        answered, twice, disagreed = answers["counts"]
        return {
            "sampler": None if self._sampler is None else self._sampler.state(),
            "queue": self.queue.state(),
            "declared": self._declared.state(),
            "risk": answers["risk"],
            "least": self._least,
            "counts": [self.drawn, answered, self.expired, twice, disagreed],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``; what the configuration says now still wins."""
        if self._sampler is not None and state["sampler"] is not None:
            self._sampler.load(state["sampler"])
        self.queue.load(state["queue"])
        self._declared.load(state["declared"])
        self._least = state["least"]
        self.drawn, answered, self.expired, twice, disagreed = state["counts"]
        self.answers.load({"risk": state["risk"], "counts": [answered, twice, disagreed]})

    # Inside.

    def _item(self, name: str) -> ReviewItem:
        item = self.queue.get(name) or self._declared.get(name)
        if item is None:
            raise KeyError(name)
        return item

    def _draw(
        self,
        sampler: ReviewSampler,
        batch: ObservationBatch,
        chosen: npt.NDArray[np.intp],
        newest_ns: npt.NDArray[np.int64],
        guess: npt.NDArray[np.float64],
        surprise: npt.NDArray[np.float64],
    ) -> list[ReviewItem]:
        """Draw among the chosen rows of a batch."""
        # What a trace says is no reason to ask: it would weigh as much as what people named.
        named = named_slices(batch.slices)
        slices = {name: column.take(chosen) for name, column in named.items()}
        drawn = sampler.draw(newest_ns[chosen], np.minimum(2 * guess[chosen], 1.0), slices)
        if not len(drawn.rows):
            return []
        predicted = self._judge.predicted(batch)
        rows = chosen[drawn.rows]
        return [
            ReviewItem.of(
                batch,
                row,
                predicted=predicted,
                propensity=propensity,
                weight=floor / propensity,
                surprise=_known(surprise[row]),
                wanted=1 + (lot("twice", batch.prediction_ids[row]) < self._config.overlap),
            )
            for row, propensity, floor in zip(
                rows.tolist(), drawn.propensity.tolist(), drawn.floor.tolist(), strict=True
            )
        ]

    def _stated(
        self,
        batch: ObservationBatch,
        rows: npt.NDArray[np.intp],
        surprise: npt.NDArray[np.float64],
    ) -> list[ReviewItem]:
        """Return the rows whose spans state a chance."""
        if batch.propensity is None or not len(rows):
            return []
        propensity = np.minimum(batch.propensity[rows], 1.0)
        least = np.minimum.accumulate(np.minimum(propensity, self._least))
        self._least = float(least[-1])
        predicted = self._judge.predicted(batch)
        return [
            ReviewItem.of(
                batch,
                row,
                predicted=predicted,
                propensity=chance,
                weight=weight,
                surprise=_known(surprise[row]),
                wanted=0,
            )
            for row, chance, weight in zip(
                rows.tolist(), propensity.tolist(), (least / propensity).tolist(), strict=True
            )
        ]

    def _settle(
        self, batch: ObservationBatch, rows: npt.NDArray[np.intp], stated: list[ReviewItem]
    ) -> ObservationBatch:
        """Take the answers of a history's rows; leave out those that are no fair sample."""
        assert batch.truth is not None
        passing = np.ones(len(batch), dtype=np.bool_)
        for row, item in zip(rows.tolist(), stated, strict=True):
            truth = batch.truth.take(np.array([row]))
            if class_column(truth).codes[0] >= 0:
                name = f"{item.time_ns} {self.answers.count}"
                ruling = self.answers.rule(item, truth, None, name=name)
                passing[row] = ruling.ordinary or ruling.unused is not None
        return replace(batch, truth=_masked(batch.truth, passing))


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _masked(column: Column, kept: npt.NDArray[np.bool_]) -> Column:
    """Return a column in which the other rows are missing."""
    if isinstance(column, NumericColumn):
        return NumericColumn(np.where(kept, column.values, np.nan))
    return CategoricalColumn(np.where(kept, column.codes, -1).astype(np.int32), column.levels)
