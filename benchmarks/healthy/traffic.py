"""Models to which nothing happens: their calls, labels, users and value, day by day."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import EventBatch, EventKind, ModelKey, ObservationBatch
from barograph_processor.semconv import EVALUATION_REVIEW, HOLDOUT
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["KEY", "KINDS", "PER_DAY", "HealthyModel"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

KEY = ModelKey("healthy", "1")
PER_DAY = 1200
_WEEKEND, _SATURDAY, _WEEKEND_SHARE = 7, 5, 0.6
_START = 1_736_121_600
_DAY_S = 86_400
_LABELLED, _HELD_OUT, _BY_MODEL = 0.8, 0.03, 0.2
_REACTIONS = {
    "accepted": 0.2,
    "edited": 0.05,
    "verified": 0.03,
    "rejected": 0.02,
    "abandoned": 0.02,
}
_ITEMS = tuple(f"item {k}" for k in range(60))
_CLASSES = tuple(f"class {k}" for k in range(5))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a model said on a day, and what turned out."""

    columns: Mapping[str, Any]
    good: Bools
    truth: Sequence[str | None] | None = None
    number: Floats | None = None


def _binary(rng: np.random.Generator, n: int, swing: float) -> _Said:
    log_odds = rng.normal(-1, 2, n)
    score = 1 / (1 + np.exp(-log_odds))
    true = rng.random(n) < 1 / (1 + np.exp(-log_odds * (1 - swing)))
    said = {"task": "binary", "value": score, "confidence": score}
    return _Said(said, (score >= 0.5) == true, [str(int(each)) for each in true])


def _multiclass(rng: np.random.Generator, n: int, swing: float) -> _Said:
    confidence = 0.5 + 0.5 * rng.beta(4, 1, n)
    good = rng.random(n) < confidence - 0.05 * swing
    codes = rng.integers(0, len(_CLASSES), n)
    truth = np.where(good, codes, (codes + 1) % len(_CLASSES))
    label = CategoricalColumn(codes.astype(np.int32), _CLASSES)
    said = {"task": "multiclass", "label": label, "confidence": confidence}
    return _Said(said, good, [_CLASSES[code] for code in truth.tolist()])


def _regression(rng: np.random.Generator, n: int, swing: float) -> _Said:
    value = rng.gamma(4, 10, n)
    error = rng.standard_t(4, n) * 5 * np.exp(swing / 4)
    return _Said({"task": "regression", "value": value}, np.abs(error) < 6, number=value + error)


def _ranking(rng: np.random.Generator, n: int, swing: float) -> _Said:
    weights = 1 / np.arange(2, len(_ITEMS) + 2)
    codes = rng.choice(len(_ITEMS), n, p=weights / weights.sum())
    label = CategoricalColumn(codes.astype(np.int32), _ITEMS)
    place = rng.geometric(0.3 * np.exp(-swing / 4), n) * (rng.random(n) < 0.9)
    said = {"task": "ranking", "label": label}
    return _Said(said, place == 1, number=place.astype(np.float64))


def _generation(rng: np.random.Generator, n: int, swing: float) -> _Said:
    outputs = {"text.length": NumericColumn(rng.gamma(3, 200, n).round())}
    good = rng.random(n) < 0.85 - 0.05 * swing
    return _Said({"task": "generation", "outputs": outputs}, good)


KINDS: Mapping[str, Callable[[np.random.Generator, int, float], _Said]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
    "ranking": _ranking,
    "generation": _generation,
}


class HealthyModel:
    """Draws the days of one model.

    Labels, reactions, outcomes and evaluations of a day come on the next one: labels of
    four predictions in five, a fifth of them given by a model; reactions to a third; a value
    for each, which depends on how good it was; two evaluations of a half each.

    Args:
        kind: Of ``KINDS``.
        seed: Of its own.
        swing: How far days are better or worse than others: the standard deviation of what
            they have in common. Reactions differ by that in logarithms, quality by less than
            the tolerance, since a day that is worse than that is one to be told of.
    """

    def __init__(self, kind: str, seed: int, *, swing: float) -> None:
        self._rng = np.random.default_rng([seed, *kind.encode()])
        self._said = KINDS[kind]
        self._swing = swing
        self._rows = 0
        self._late: list[EventBatch] = []
        self._today: tuple[ObservationBatch, _Said] | None = None

    def day(self, number: int) -> Iterator[ObservationBatch | EventBatch]:
        """Yield what comes on a day, in order."""
        rng = self._rng
        usual = PER_DAY * (_WEEKEND_SHARE if number % _WEEKEND >= _SATURDAY else 1.0)
        n = int(rng.poisson(usual))
        swing = self._swing * float(rng.normal())
        said = self._said(rng, n, swing)
        batch = self._batch(number, n, said)
        facts = list(self._facts(batch, said, swing))
        yield from self._late
        yield batch
        self._late, self._today = facts, (batch, said)

    def answers(self, asked: Collection[str]) -> EventBatch:
        """Return what people say of those of the day's predictions that they are asked about."""
        assert self._today is not None
        batch, said = self._today
        rows = np.array([i for i, name in enumerate(batch.prediction_ids) if name in asked], int)
        if said.truth is not None:
            text = [said.truth[row] for row in rows.tolist()]
            return _events("label", batch, rows, text=text, source="human")
        if said.number is not None:
            return _events("label", batch, rows, number=said.number[rows], source="human")
        score = said.good[rows].astype(np.float64)
        return _events(
            "evaluation", batch, rows, number=score, name=EVALUATION_REVIEW, source="human"
        )

    def _batch(self, number: int, n: int, said: _Said) -> ObservationBatch:
        rng = self._rng
        row = self._rows + 1 + np.arange(n)
        self._rows += n
        time = _START + _DAY_S * (number + np.sort(rng.random(n)))
        held = (rng.random(n) < _HELD_OUT).astype(np.int32)
        region = rng.integers(0, 4, n).astype(np.int32)
        inputs: dict[str, Column] = {
            "size": NumericColumn(rng.normal(size=n)),
            "channel": CategoricalColumn(rng.integers(0, 3, n).astype(np.int32), ("a", "b", "c")),
        }
        return ObservationBatch(
            model=KEY,
            ids=np.stack([np.ones(n, dtype=np.int64), row, row], axis=1).astype(np.uint64),
            prediction_ids=tuple(f"p{each}" for each in row.tolist()),
            event_time=(time * 1e9).astype(np.int64),
            latency=rng.gamma(4, 0.01, n),
            failed=rng.random(n) < 0.001,
            inputs=inputs,
            slices={
                HOLDOUT: CategoricalColumn(held, ("false", "true")),
                "region": CategoricalColumn(region, ("n", "e", "s", "w")),
            },
            **said.columns,
        )

    def _facts(self, batch: ObservationBatch, said: _Said, swing: float) -> Iterator[EventBatch]:
        rng, n = self._rng, len(batch)
        labelled = rng.random(n) < _LABELLED
        for source, some in (
            ("system", labelled & (rng.random(n) >= _BY_MODEL)),
            ("model", labelled & (rng.random(n) < _BY_MODEL)),
        ):
            rows = np.flatnonzero(some)
            if said.truth is not None:
                text = [said.truth[row] for row in rows.tolist()]
                yield _events("label", batch, rows, text=text, source=source)
            elif said.number is not None:
                yield _events("label", batch, rows, number=said.number[rows], source=source)
        edges = np.cumsum([rate * np.exp(swing) for rate in _REACTIONS.values()])
        kind = np.searchsorted(edges, rng.random(n))
        rows = np.flatnonzero(kind < len(_REACTIONS))
        names = [tuple(_REACTIONS)[place] for place in kind[rows].tolist()]
        yield _events("reaction", batch, rows, text=names, number=rng.random(len(rows)))
        worth = (20 + 8 * said.good + rng.standard_t(4, n) * 6) * np.exp(swing / 4)
        yield _events("outcome", batch, np.arange(n), number=worth, text=["EUR"] * n)
        for name, share in (("faithful", 0.5), ("helpful", 0.5)):
            rows = np.flatnonzero(rng.random(n) < share)
            score = np.clip(0.7 + 0.15 * said.good[rows] - 0.05 * swing, 0.05, 0.95)
            drawn = rng.beta(8 * score, 8 * (1 - score))
            yield _events("evaluation", batch, rows, number=drawn, name=name)


def _events(
    kind: EventKind,
    batch: ObservationBatch,
    rows: npt.NDArray[np.intp],
    *,
    text: Sequence[str | None] | None = None,
    number: Floats | None = None,
    name: str | None = None,
    source: str | None = None,
) -> EventBatch:
    n = len(rows)
    return EventBatch(
        kind=kind,
        prediction_ids=tuple(batch.prediction_ids[row] for row in rows.tolist()),
        ids=np.zeros((n, 3), dtype=np.uint64),
        time=batch.event_time[rows] + _DAY_S * 10**9 // 2,
        number=np.full(n, np.nan) if number is None else number,
        text=(None,) * n if text is None else tuple(text),
        name=(name,) * n,
        source=(source,) * n,
        model_names=(None,) * n,
        model_versions=(None,) * n,
    )
