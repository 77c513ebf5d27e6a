"""Expected errors of a regression without labels: on which inputs it erred before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from barograph_processor.drift.layout import Layout
from barograph_processor.quality.expected_loss import ExpectedLoss, jackknifed, serves
from barograph_processor.quality.intervals import AT_ONE_TIME, MIN_ROWS, Estimate, root
from barograph_processor.quality.rehearsal import distance, rehearse
from barograph_processor.quality.trees import LEAVES, LeafNumbers, Trees, count_leaves, strongest
from barograph_processor.quality.weighted import LARGEST
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["FOLDS", "LOSSES", "ErrorModel"]

_METRICS = ("mae", "rmse")
LOSSES = len(_METRICS)
FOLDS = 5
_TREES = 48
_SMALLER_BIAS = 2
"""Times the trees that serve single rows: noise is averaged by a window, bias is not."""
_MIN_ROWS = 200
_MAX_ROWS = 20_000
_MAX_COLUMNS = 16
_CHUNK = 1024
_FARTHEST = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class ErrorModel:
    """What absolute and squared errors are to be expected of rows by their slots.

    Boosted trees over bins that are finer than those of drift. A window keeps how many of its
    rows fell into each leaf, which merges exactly, and no row is looked at twice.

    What it gives is right as long as errors on the same inputs are what they were (covariate
    shift): where the relation of inputs to outcomes changes it does not see it.

    State size: up to 48 trees a fold, of 22 numbers each, and one number a slot and fold.

    Attributes:
        layout: The columns and their bins.
        unheld: Slots that no row had which it was learnt from, ``(B,)``.
        held: Rows that it was learnt from, by leaf of each tree, ``(T, 8)``.
        folds: Trees for both losses, each learnt without one of five parts of the rows.
        losses: By metric, ``mae`` and ``rmse``; those of which inputs explain something. That
            of ``rmse`` is the squared error.
        rows: Labelled rows that it was learnt from.
    """

    layout: Layout
    unheld: Bools
    held: Ints
    folds: tuple[Trees, ...]
    losses: Mapping[str, ExpectedLoss]
    rows: int
    _table: LeafNumbers = field(init=False)
    _asked: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        tables = [trees.table(self.layout.offsets) for trees in self.folds]
        asked = np.unique(np.concatenate([trees.column for trees in self.folds]))
        object.__setattr__(self, "_table", np.concatenate(tables, axis=1))
        object.__setattr__(self, "_asked", tuple(asked.tolist()))

    @classmethod
    def learn(cls, cells: Ints, error: Floats, layout: Layout) -> "ErrorModel | None":
        """Learn from the labelled rows of a reference, in order of time.

        Of more than 20,000 these are so many, evenly spread; of more than 16 columns those
        that explain most, one by one. About two seconds for 20,000 rows of 8 columns.

        Args:
            cells: The slot of each row in each column, ``(S, n)``.
            error: Prediction minus label or its size, ``(n,)``; NaN without a label.
            layout: The columns.

        Returns:
            None with fewer than 200 usable rows.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            square = error * error
        usable = np.flatnonzero(square < LARGEST)
        if len(usable) < _MIN_ROWS:
            return None
        n = min(len(usable), _MAX_ROWS)
        usable = usable[np.linspace(0, len(usable) - 1, n).astype(np.int64)]
        cells, loss = cells[:, usable], np.stack([np.sqrt(square[usable]), square[usable]])
        offsets, ordered = layout.offsets, layout.ordered
        columns = strongest(cells, loss[0], offsets, _MAX_COLUMNS)
        folds, paths, missed = [], [], np.zeros((FOLDS, _TREES + 1, len(_METRICS)))
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
            paths.append(trees.path(cells[:, out], offsets))
            missed[fold] = ((loss.T[out, None] - paths[-1]) ** 2).sum(axis=0)
            folds.append(trees)
        best = missed.sum(axis=0).argmin(axis=0)
        served = [serves(missed[:, 0, m], missed[:, b, m]) for m, b in enumerate(best)]
        cut = np.where(served, np.minimum(_SMALLER_BIAS * best, _TREES), 0)
        said = np.concatenate(paths)[:, cut, np.arange(len(cut))].T
        off = rehearse(cells, loss, said, layout=layout, columns=columns, trees=int(cut.max()))
        losses = {
            name: ExpectedLoss(
                float(loss[m].mean()),
                math.sqrt(missed[:, best[m], m].sum() / n),
                float(1 - missed[:, best[m], m].sum() / missed[:, 0, m].sum()),
                float(off[m]),
            )
            for m, name in enumerate(_METRICS)
            if served[m]
        }
        unheld = np.bincount(cells.ravel(), minlength=layout.slots) == 0
        kept = tuple(trees.cut(cut) for trees in folds)
        held = np.concatenate([count_leaves(trees.leaves(cells, offsets)) for trees in kept])
        return cls(layout, unheld, held, kept, losses, n)

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

        It carries the fit and what is missed where rows are far from those of the reference,
        as an estimate does, with the distance that the promise itself shows. Where an estimate
        so far away has no interval, the error is infinite.

        Args:
            said: What each fold expected of both losses in the mean, shape ``(K, M)``.
        """
        found = {}
        for name, (value, fit) in zip(_METRICS, jackknifed(said), strict=True):
            if name not in self.losses:
                continue
            far = self.losses[name].distance(value)
            near = self._known(far) >= MIN_ROWS
            error = self.losses[name].doubt(value, fit, far) if near else math.inf
            rms = math.sqrt(value)
            found[name] = (rms, error / (2 * rms or 1.0)) if name == "rmse" else (value, error)
        return found

    def _known(self, far: float) -> float:
        """Return how many rows of the reference tell as much if weighed to others so far away."""
        return self.rows / (1 + far**2)

    @staticmethod
    def rows_of(counts: Ints) -> int:
        """Return how many rows were counted: each is in one leaf of the first tree."""
        return int(counts[:LEAVES].sum())

    def estimate(self, counts: Ints, rows: int) -> dict[str, Estimate]:
        """Return what is to be expected of rows, by metric; empty without any.

        The interval, at one time, is about what their labels would show. There is none of
        fewer than 30 rows. It carries the variance of the rows, which grows with the mean,
        and that of the fit by the jackknife over folds, widened for how few these are, and what
        is missed where rows are far from those of the reference, as ``rehearse`` has seen it:
        so far that they count for fewer than 30 rows of the reference, there is none. Beyond
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
        far = distance(trees_of, self.held, rows)
        found: dict[str, Estimate] = {}
        for name, (value, fit) in zip(_METRICS, jackknifed(said), strict=True):
            loss = self.losses.get(name)
            if loss is None:
                continue
            # As far as a quantity that is never negative is large, so is what it varies by.
            noise = loss.spread * loss.larger(value) / math.sqrt(rows)
            error = math.hypot(noise, loss.doubt(value, fit, far))
            reach = AT_ONE_TIME.radius(rows) * error + beyond * loss.varied
            said_of: Estimate = value, None, None
            if min(rows, self._known(far)) >= MIN_ROWS and value > 0:
                # What is never negative and has been too low is off by more than what is too high.
                factor = math.exp(min(reach / value, _FARTHEST))
                said_of = value, value / factor, value * factor
            found[name] = root(said_of) if name == "rmse" else said_of
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "layout": self.layout.to_json(),
            "held": self.held.tolist(),
            "unheld": np.flatnonzero(self.unheld).tolist(),
            "folds": [trees.to_json() for trees in self.folds],
            "losses": {
                name: [loss.mean, loss.spread, loss.explained, loss.missed]
                for name, loss in self.losses.items()
            },
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "ErrorModel":
        """Return what ``to_json`` wrote.

        Raises:
            ValueError: It is damaged.
        """
        layout = Layout.from_json(plain["layout"])
        folds = tuple(
            Trees.from_json(trees, offsets=layout.offsets, quantities=len(_METRICS))
            for trees in plain["folds"]
        )
        if len(folds) != FOLDS or len({len(trees.column) for trees in folds}) > 1:
            raise ValueError("the folds of an error model are damaged")
        held = np.array(plain["held"], dtype=np.int64).reshape(-1, LEAVES)
        if len(held) != sum(len(trees.column) for trees in folds):
            raise ValueError("the leaves of an error model are damaged")
        losses = {name: ExpectedLoss(*map(float, loss)) for name, loss in plain["losses"].items()}
        if not all(
            name in _METRICS
            and math.isfinite(loss.spread)
            and math.isfinite(loss.missed)
            and 0 < loss.mean < math.inf
            for name, loss in losses.items()
        ):
            raise ValueError("the losses of an error model are damaged")
        unheld = np.zeros(layout.slots, dtype=np.bool_)
        unheld[np.array(plain["unheld"], dtype=np.int64)] = True
        return cls(layout, unheld, held, folds, losses, int(plain["rows"]))
