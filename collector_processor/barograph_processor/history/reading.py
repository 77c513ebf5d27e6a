"""Rows of a file as observations, with every row that cannot be used named or counted."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.exceptions import DataError
from barograph_processor.history.config import ReplayConfig
from barograph_processor.history.doubts import Doubts
from barograph_processor.history.kinds import Kinds, decide
from barograph_processor.history.late_columns import LateColumn, label_sources, late_columns
from barograph_processor.history.selection import select
from barograph_processor.history.sieve import Sieve
from barograph_processor.history.source import Source
from barograph_processor.history.values import (
    NEVER,
    categories,
    column_of,
    decoded,
    holds_values,
    times_ns,
)
from barograph_processor.observation import TRACE_PREFIX, ModelKey, ObservationBatch
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.quality.loss import class_column, judge_rankings
from barograph_processor.semconv import HOLDOUT
from barograph_processor.state.row_time import SECOND_NS, rows_begin_ns
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["HistoryReader", "Rows"]

_SEEN_IDS: Final = 1_000_000
_HOLDOUT: Final = {"1": "true", "0": "false"}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows of a history.

    Attributes:
        batch: The observations; their labels stand in ``batch.truth`` unless they come later.
        label: Labels that come later, with ``n`` rows; None if none do.
        label_ns: When each of these comes, shape ``(n,)``; the smallest int64 is never.
        source: Who gave each of these, or None, ``n`` of them.
        facts: Reactions, outcomes and evaluations.
        done: Share of the file read so far.
    """

    batch: ObservationBatch
    label: Column | None
    label_ns: npt.NDArray[np.int64] | None
    source: tuple[str | None, ...]
    facts: tuple[LateColumn, ...]
    done: float


class HistoryReader:
    """Turns pieces of a file into observations.

    What a column holds, numbers or categories, is decided by the first piece;
    a later value of the other kind is a bad row.

    Args:
        source: The file.
        config: Which column is what, and what to do with bad rows.

    Raises:
        DataError: A column is not in the file.
    """

    def __init__(self, source: Source, config: ReplayConfig) -> None:
        self._source = source
        self._columns = config.columns
        self._model = ModelKey(config.model.name, config.model.version)
        self._task = config.model.task
        self._lateness_ns = round(config.window.lateness * SECOND_NS)
        selected = select(source.columns, config.columns)
        self._features, self._wanted = selected.features, list(selected.wanted)
        self._kinds: Kinds | None = None
        self._doubts = Doubts(config)
        self._newest_ns: int | None = None
        self._ids = SeenSet(_SEEN_IDS)
        self._skipped: dict[str, int] = {}
        self._rows_read = 0

    @property
    def rows(self) -> int:
        """Rows so far, those left out included."""
        return self._rows_read + self._source.skipped

    @property
    def skipped(self) -> dict[str, int]:
        """Rows left out so far, by reason."""
        columns = self._source.skipped
        return {**self._skipped, **({"a wrong number of columns": columns} if columns else {})}

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that are inputs."""
        return self._features

    @property
    def doubts(self) -> list[str]:
        """What is odd about the rows so far, though none of them is wrong."""
        return self._doubts.sentences

    def read(self) -> Iterator[Rows]:
        """Yield the rows in order.

        Raises:
            DataError: A row cannot be used, and rows like it are not to be skipped.
        """
        strict = self._columns.invalid == "error"
        for piece in self._source.read(self._wanted, strict=strict):
            sieve = Sieve(piece, strict=strict, skipped=self._skipped)
            _decode(sieve)
            if self._kinds is None:
                columns = {name: piece.column(name) for name in self._wanted}
                self._kinds = decide(columns, self._columns, task=self._task)
                self._task = self._kinds.task
                self._doubts.look(columns, self._kinds, self._features)
            yield self._rows(sieve)

    def _rows(self, sieve: Sieve) -> Rows:
        piece, usable = sieve.piece, sieve.usable
        n = piece.table.num_rows
        self._rows_read += n
        time = self._time(sieve)
        names = self._names(sieve)
        inputs = {name: self._column(sieve, name) for name in self._features}
        value, label, confidence = self._prediction(sieve)
        truth, label_ns = self._truth(sieve)
        self._doubts.see(label, truth)
        later = label_ns is not None
        source, strays = label_sources(piece, self._columns.label_source)
        facts, refused = late_columns(piece, self._columns, time)
        for column, rows, why in (*strays, *refused):
            sieve.reject(column, rows, why)
        slices = {name: categories(piece.column(name)) for name in self._columns.slices}
        for name in self._columns.traces:
            slices[TRACE_PREFIX + name] = categories(piece.column(name))
        if self._columns.holdout is not None:
            slices[HOLDOUT] = self._holdout(sieve, self._columns.holdout)
        batch = ObservationBatch(
            model=self._model,
            ids=np.zeros((n, 3), dtype=np.uint64),
            prediction_ids=names,
            event_time=time,
            latency=np.full(n, np.nan),
            failed=np.zeros(n, dtype=np.bool_),
            task=self._task,
            inputs=inputs,
            value=value,
            label=label,
            confidence=confidence,
            slices=slices,
            propensity=self._propensity(sieve),
            truth=None if later else truth,
        )
        if usable.all():
            return Rows(batch, truth if later else None, label_ns, source, facts, piece.done)
        kept = np.flatnonzero(usable)
        late = None if truth is None or not later else truth.take(kept)
        return Rows(
            batch.take(kept),
            late,
            None if label_ns is None else label_ns[kept],
            tuple(source[row] for row in kept.tolist()),
            tuple(fact.take(kept) for fact in facts),
            piece.done,
        )

    def _propensity(self, sieve: Sieve) -> npt.NDArray[np.float64] | None:
        name = self._columns.propensity
        if name is None:
            return None
        column, bad = column_of(sieve.piece.column(name), numeric=True)
        sieve.reject(name, bad, "no number")
        assert isinstance(column, NumericColumn)
        outside = np.flatnonzero((column.values <= 0) | (column.values > 1))
        sieve.reject(name, outside, "not in (0, 1]")
        return column.values

    def _holdout(self, sieve: Sieve, name: str) -> CategoricalColumn:
        column = class_column(categories(sieve.piece.column(name)))
        known = np.array([level in _HOLDOUT for level in column.levels] + [True])
        sieve.reject(name, np.flatnonzero(~known[column.codes]), "no boolean")
        levels = tuple(_HOLDOUT.get(level, level) for level in column.levels)
        return CategoricalColumn(column.codes, levels)

    def _time(self, sieve: Sieve) -> npt.NDArray[np.int64]:
        name = self._columns.time
        if name is None:
            first = sieve.piece.first_row - 1
            number = first + np.arange(sieve.piece.table.num_rows, dtype=np.int64)
            return rows_begin_ns() + number * SECOND_NS
        time, bad = times_ns(sieve.piece.column(name))
        sieve.reject(name, bad, "no ISO 8601 time or epoch seconds")
        known = np.where(sieve.usable, time, NEVER)
        start = known[0] if self._newest_ns is None else max(self._newest_ns, int(known[0]))
        newest = np.maximum.accumulate(np.concatenate([[start], known]))[1:]
        self._newest_ns = int(newest[-1])
        back = np.flatnonzero(sieve.usable & (time < newest - self._lateness_ns))
        sieve.reject(name, back, "time goes back further than the lateness allows")
        return time

    def _names(self, sieve: Sieve) -> tuple[str, ...]:
        name = self._columns.id
        if name is None:
            if not self._columns.has_late_facts:
                return ()
            first = sieve.piece.first_row
            return tuple(f"row {first + i}" for i in range(sieve.piece.table.num_rows))
        column = categories(sieve.piece.column(name))
        sieve.reject(name, np.flatnonzero(column.codes < 0), "no id")
        hashes = np.array([_hash(level) for level in column.levels] + [0], dtype=np.uint64)[
            column.codes
        ]
        rows = np.flatnonzero(sieve.usable)
        twice = rows[~self._ids.add(hashes[rows])]
        sieve.reject(name, twice, "the id was seen before")
        if not self._columns.has_late_facts:
            return ()
        return tuple(text or "" for text in column.values())

    def _column(self, sieve: Sieve, name: str) -> Column:
        assert self._kinds is not None
        numeric = name in self._kinds.numeric
        column, bad = column_of(sieve.piece.column(name), numeric=numeric)
        sieve.reject(name, bad, "no number, though others in this column are")
        return column

    def _prediction(
        self, sieve: Sieve
    ) -> tuple[
        npt.NDArray[np.float64] | None, CategoricalColumn | None, npt.NDArray[np.float64] | None
    ]:
        value: npt.NDArray[np.float64] | None = None
        label: CategoricalColumn | None = None
        confidence: npt.NDArray[np.float64] | None = None
        columns = self._columns
        if columns.confidence is not None:
            column, bad = column_of(sieve.piece.column(columns.confidence), numeric=True)
            sieve.reject(columns.confidence, bad, "no number")
            assert isinstance(column, NumericColumn)
            confidence = column.values
            outside = np.flatnonzero((confidence < 0) | (confidence > 1))
            sieve.reject(columns.confidence, outside, "not in [0, 1]")
            # For a binary task this column is the probability of the positive class.
            value = confidence if self._task == "binary" else None
        if columns.prediction is not None:
            predicted = self._column(sieve, columns.prediction)
            if isinstance(predicted, NumericColumn):
                value = predicted.values
            else:
                label = predicted
        return value, label, confidence

    def _truth(self, sieve: Sieve) -> tuple[Column | None, npt.NDArray[np.int64] | None]:
        columns = self._columns
        if columns.label is None:
            return None, None
        truth = self._column(sieve, columns.label)
        present = (
            truth.codes >= 0 if isinstance(truth, CategoricalColumn) else ~np.isnan(truth.values)
        )
        if self._task == "ranking":
            unplaced = np.flatnonzero(present & np.isnan(judge_rankings(truth).loss))
            sieve.reject(columns.label, unplaced, "no places of a ranking")
        if columns.label_time is None:
            return truth, None
        time, _ = times_ns(sieve.piece.column(columns.label_time))
        lost = np.flatnonzero(present & (time == NEVER))
        sieve.reject(columns.label_time, lost, "a label without a usable time")
        return truth, np.where(present, time, NEVER)


def _decode(sieve: Sieve) -> None:
    """Replace the file's encodings by plain values; refuse texts that are no UTF-8."""
    piece = sieve.piece
    for at, name in enumerate(piece.table.column_names):
        column = piece.column(name)
        if not holds_values(column):
            raise DataError(
                f"column {name!r} holds {column.type}, not single values; "
                "columns.features can leave it out"
            )
        plain, bad = decoded(column)
        sieve.reject(name, bad, "no UTF-8 text")
        piece.table = piece.table.set_column(at, name, plain)


def _hash(text: str) -> int:
    """Return 64 bits of a text, the same in every run."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
