"""Expected errors of a regression without labels: on which inputs it erred before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from barograph_processor.quality.intervals import AT_ONE_TIME, Estimate, estimate_mean, root
from barograph_processor.quality.trees import LEAVES, LeafNumbers, Trees, strongest
from barograph_processor.stats.array import Bools, Floats, Ints
from barograph_processor.stats.normal import critical_value
from barograph_processor.stats.student import student_quantile

__all__ = ["FOLDS", "LOSSES", "ErrorModel", "ExpectedLoss"]

_METRICS = ("mae", "rmse")
LOSSES = len(_METRICS)
FOLDS = 5
_TREES = 48
_ALPHA = 0.05
_MIN_ROWS = 200
_MAX_ROWS = 20_000
_MAX_COLUMNS = 16
_CHUNK = 1024
_LARGEST = 1e150
"""Of squares: squares of larger ones could not be told any more."""


@dataclass(frozen=True, slots=True)
class ExpectedLoss:
    """How well a loss is told by the inputs, by folds that were left out.

    Attributes:
        mean: Of the rows that it was learnt from.
        spread: Standard deviation of rows around what is expected of them.
        explained: Share of the variance that is explained, in (0, 1].
    """

    mean: float
    spread: float
    explained: float

    @property
    def varied(self) -> float:
        """Standard deviation of what is expected of rows."""
        return self.spread * math.sqrt(self.explained / max(1 - self.explained, 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class ErrorModel:
    """What absolute and squared errors are to be expected of rows by their slots.

    Boosted trees over the bins by which drift is counted. A window keeps how many of its rows
    fell into each leaf, which merges exactly, and no row is looked at twice.

    What it gives is right as long as errors on the same inputs are what they were (covariate
    shift): where the relation of inputs to outcomes changes it does not see it.

    State size: up to 48 trees a fold, of 22 numbers each, and one number a slot and fold.

    Attributes:
        offsets: Where the slots of each column begin, and their number, ``(S + 1,)``.
        unheld: Slots that no row had which it was learnt from, ``(B,)``.
        folds: Trees for both losses, each learnt without one of five parts of the rows.
        losses: By metric, ``mae`` and ``rmse``; those of which inputs explain something. That
            of ``rmse`` is the squared error.
        rows: Labelled rows that it was learnt from.
    """

    offsets: Ints
    unheld: Bools
    folds: tuple[Trees, ...]
    losses: Mapping[str, ExpectedLoss]
    rows: int
    _table: LeafNumbers = field(init=False)
    _asked: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        tables = [trees.table(self.offsets) for trees in self.folds]
        asked = np.unique(np.concatenate([trees.column for trees in self.folds]))
        object.__setattr__(self, "_table", np.concatenate(tables, axis=1))
        object.__setattr__(self, "_asked", tuple(asked.tolist()))

    @classmethod
    def learn(
        cls, cells: Ints, error: Floats, offsets: Ints, ordered: Bools
    ) -> "ErrorModel | None":
        """Learn from the labelled rows of a reference, in order of time.

        Of more than 20,000 these are so many, evenly spread; of more than 16 columns those
        that explain most, one by one. About two seconds for 20,000 rows of 8 columns.

        Args:
            cells: The slot of each row in each column, ``(S, n)``; no slot is of two columns.
            error: Prediction minus label or its size, ``(n,)``; NaN without a label.
            offsets: Where the slots of each column begin, and their number, ``(S + 1,)``.
            ordered: Which slots have an order, ``(B,)``: neighbours in one column are alike.

        Returns:
            None with fewer than 200 usable rows.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            square = error * error
        usable = np.flatnonzero(square < _LARGEST)
        if len(usable) < _MIN_ROWS:
            return None
        n = min(len(usable), _MAX_ROWS)
        usable = usable[np.linspace(0, len(usable) - 1, n).astype(np.int64)]
        cells, loss = cells[:, usable], np.stack([np.sqrt(square[usable]), square[usable]])
        columns = strongest(cells, loss[0], offsets, _MAX_COLUMNS)
        folds, missed = [], np.zeros((FOLDS, _TREES + 1, len(_METRICS)))
        # Contiguous: rows that are near in time are alike.
        for fold, out in enumerate(np.array_split(np.arange(n), FOLDS)):
            trees = Trees.fit(
                np.delete(cells, out, axis=1),
                np.delete(loss, out, axis=1),
                offsets=offsets,
                ordered=ordered,
                columns=columns,
                trees=_TREES,
            )
            path = trees.path(cells[:, out], offsets)
            missed[fold] = ((loss.T[out, None] - path) ** 2).sum(axis=0)
            folds.append(trees)
        best = missed.sum(axis=0).argmin(axis=0)
        losses = {
            name: ExpectedLoss(
                float(loss[m].mean()),
                math.sqrt(missed[:, best[m], m].sum() / n),
                float(1 - missed[:, best[m], m].sum() / missed[:, 0, m].sum()),
            )
            for m, name in enumerate(_METRICS)
            if _serves(missed[:, 0, m], missed[:, best[m], m])
        }
        cut = np.array([best[m] if name in losses else 0 for m, name in enumerate(_METRICS)])
        unheld = np.bincount(cells.ravel(), minlength=int(offsets[-1])) == 0
        return cls(offsets, unheld, tuple(trees.cut(cut) for trees in folds), losses, n)

    @property
    def explained(self) -> dict[str, float]:
        """Which share of the variance of errors inputs explain, by metric, by folds."""
        return {name: loss.explained for name, loss in self.losses.items()}

    def count(self, cells: Ints) -> Ints:
        """Return how many rows are in each leaf of each tree, ``(8 T + 1,)``: a sum over rows.

        The last is how many have a slot that the reference never held, in a column that is
        asked about.

        Costs about 1 us a row, and 25 us for a single one.

        Args:
            cells: The slot of each row in each column, ``(S, n)``.
        """
        first = np.arange(self._table.shape[1]) * LEAVES
        found = np.zeros(len(first) * LEAVES + 1, dtype=np.int64)
        for start in range(0, cells.shape[1], _CHUNK):
            part = cells[:, start : start + _CHUNK]
            found += np.bincount((self._leaf(part) + first).ravel(), minlength=len(found))
            found[-1] += np.count_nonzero(self.unheld[part[list(self._asked)]].any(axis=0))
        return found

    def expect(self, cells: Ints) -> Floats:
        """Return what each fold expects of both losses of each row, shape ``(n, K, M)``.

        Costs about 4 us a row, and 70 us for a single one.

        Args:
            cells: The slot of each row in each column, ``(S, n)``.
        """
        found = np.zeros((cells.shape[1], len(self.folds), LOSSES))
        for start in range(0, cells.shape[1], _CHUNK):
            rows = slice(start, start + _CHUNK)
            leaves = np.split(self._leaf(cells[:, rows]), len(self.folds), axis=1)
            for k, (trees, leaf) in enumerate(zip(self.folds, leaves, strict=True)):
                found[rows, k] = trees.values[np.arange(leaf.shape[1]), leaf].sum(axis=1)
                found[rows, k] += trees.level
        return found

    def _leaf(self, cells: Ints) -> LeafNumbers:
        """Return the number of each row's leaf in each tree, ``(n, T)``."""
        leaf = np.zeros((cells.shape[1], self._table.shape[1]), dtype=np.uint8)
        for s in self._asked:
            leaf += self._table[cells[s]]
        return leaf

    def promise(self, said: Floats) -> dict[str, tuple[float, float]]:
        """Return what was expected of rows and its standard error, by metric.

        Args:
            said: What each fold expected of both losses in the mean, shape ``(K, M)``.
        """
        k, rms = len(said), math.sqrt(max(float(said[:, 1].mean()), 0.0))
        wider = student_quantile(1 - _ALPHA / 2, k - 1) / critical_value(_ALPHA)
        mae, rmse = np.sqrt((k - 1) * said.var(axis=0)) * wider
        found = {
            "mae": (max(float(said[:, 0].mean()), 0.0), float(mae)),
            "rmse": (rms, float(rmse) / (2 * rms or 1.0)),
        }
        return {name: found[name] for name in self.losses}

    @staticmethod
    def rows_of(counts: Ints) -> int:
        """Return how many rows were counted: each is in one leaf of the first tree."""
        return int(counts[:LEAVES].sum())

    def estimate(self, counts: Ints, rows: int) -> dict[str, Estimate]:
        """Return what is to be expected of rows, by metric; empty without any.

        The interval, at one time, is about what their labels would show. There is none of
        fewer than 30 rows. It carries the variance of the rows, which grows with the mean,
        and that of the fit by the jackknife over folds, widened for how few these are. Beyond
        the reference's range rows count as those at its end, and a name that it never held
        as a usual one: such rows may be off by as much as rows of the reference differ in
        what is expected of them (one standard deviation), and the interval is that much wider.

        Args:
            counts: Rows by leaf, see ``count``.
            rows: How many rows.
        """
        if rows == 0:
            return {}
        shares = counts / rows
        beyond, trees_of = float(shares[-1]), shares[:-1].reshape(-1, LEAVES)
        parts = np.split(trees_of, len(self.folds))
        said = np.array(
            [
                trees.level + np.tensordot(shares, trees.values, 2)
                for trees, shares in zip(self.folds, parts, strict=True)
            ]
        )
        k = len(said)
        wider = student_quantile(1 - _ALPHA / 2, k - 1) / critical_value(_ALPHA)
        found: dict[str, Estimate] = {}
        for m, name in enumerate(_METRICS):
            loss = self.losses.get(name)
            if loss is None:
                continue
            value = max(float(said[:, m].mean()), 0.0)
            # As far as a quantity that is never negative is large, so is what it varies by.
            spread = loss.spread * max(value / loss.mean, 1.0)
            fit = (k - 1) * float(said[:, m].var()) * wider**2
            _, low, high = estimate_mean(value, spread**2 / rows + fit, rows, AT_ONE_TIME, low=0.0)
            off = beyond * loss.varied
            low = None if low is None else max(low - off, 0.0)
            high = None if high is None else high + off
            found[name] = root((value, low, high)) if name == "rmse" else (value, low, high)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "unheld": np.flatnonzero(self.unheld).tolist(),
            "folds": [trees.to_json() for trees in self.folds],
            "losses": {
                name: [loss.mean, loss.spread, loss.explained] for name, loss in self.losses.items()
            },
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any], *, offsets: Ints) -> "ErrorModel":
        """Return what ``to_json`` wrote.

        Args:
            plain: What it wrote.
            offsets: Where the slots of each column begin, and their number.

        Raises:
            ValueError: It is damaged, or of other slots.
        """
        folds = tuple(
            Trees.from_json(trees, offsets=offsets, quantities=len(_METRICS))
            for trees in plain["folds"]
        )
        if len(folds) != FOLDS or len({len(trees.column) for trees in folds}) > 1:
            raise ValueError("the folds of an error model are damaged")
        losses = {name: ExpectedLoss(*map(float, loss)) for name, loss in plain["losses"].items()}
        if not all(
            name in _METRICS and math.isfinite(loss.spread) and 0 < loss.mean < math.inf
            for name, loss in losses.items()
        ):
            raise ValueError("the losses of an error model are damaged")
        unheld = np.zeros(int(offsets[-1]), dtype=np.bool_)
        unheld[np.array(plain["unheld"], dtype=np.int64)] = True
        return cls(offsets, unheld, folds, losses, int(plain["rows"]))


def _serves(around: Floats, left: Floats) -> bool:
    """Return whether squares left are fewer than those around the mean, both by fold.

    By a one-sided t test at 5%.
    """
    gain = around - left
    error = float(gain.std(ddof=1)) / math.sqrt(len(gain))
    return bool(gain.mean() > student_quantile(1 - _ALPHA, len(gain) - 1) * error)
