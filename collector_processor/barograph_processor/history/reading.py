"""Rows of a file as observations, with every row that cannot be used named or counted."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.exceptions import DataError
from barograph_processor.history.config import ReplayConfig
from barograph_processor.history.doubts import Doubts
from barograph_processor.history.kinds import Kinds, decide
from barograph_processor.history.late_columns import LateColumn, label_sources, late_columns
from barograph_processor.history.selection import select
from barograph_processor.history.source import Piece, Source
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
from barograph_processor.quality.loss import class_column
from barograph_processor.semconv import HOLDOUT
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["HistoryReader", "Rows"]

_SECOND: Final = 1_000_000_000
_SEEN_IDS: Final = 1_000_000
_SHOWN: Final = 40
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
        self._lateness_ns = round(config.window.lateness * _SECOND)
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
        for raw in self._source.read(self._wanted, strict=strict):
            usable = np.ones(raw.table.num_rows, dtype=np.bool_)
            piece = self._decoded(raw, usable)
            if self._kinds is None:
                columns = {name: _column(piece, name) for name in self._wanted}
                self._kinds = decide(columns, self._columns, task=self._task)
                self._task = self._kinds.task
                self._doubts.look(columns, self._kinds, self._features)
            yield self._rows(piece, usable)

    def _decoded(self, raw: Piece, usable: npt.NDArray[np.bool_]) -> Piece:
        """Return the rows without the file's encodings; refuse texts that are no UTF-8."""
        piece = Piece(raw.table, raw.first_row, raw.done)
        for at, name in enumerate(raw.table.column_names):
            column = _column(raw, name)
            if not holds_values(column):
                raise DataError(
                    f"column {name!r} holds {column.type}, not single values; "
                    "columns.features can leave it out"
                )
            plain, bad = decoded(column)
            self._reject(raw, name, bad, usable, "no UTF-8 text")
            piece.table = piece.table.set_column(at, name, plain)
        return piece

    def _rows(self, piece: Piece, usable: npt.NDArray[np.bool_]) -> Rows:
        n = piece.table.num_rows
        self._rows_read += n
        time = self._time(piece, usable)
        names = self._names(piece, usable)
        inputs = {name: self._column(piece, name, usable) for name in self._features}
        value, label, confidence = self._prediction(piece, usable)
        truth, label_ns = self._truth(piece, usable)
        self._doubts.see(label, truth)
        later = label_ns is not None
        source, strays = label_sources(piece.table, self._columns.label_source)
        facts, refused = late_columns(piece.table, self._columns, time)
        for column, rows, why in (*strays, *refused):
            self._reject(piece, column, rows, usable, why)
        slices = {name: categories(_column(piece, name)) for name in self._columns.slices}
        for name in self._columns.traces:
            slices[TRACE_PREFIX + name] = categories(_column(piece, name))
        if self._columns.holdout is not None:
            slices[HOLDOUT] = self._holdout(piece, self._columns.holdout, usable)
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
            propensity=self._propensity(piece, usable),
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

    def _propensity(
        self, piece: Piece, usable: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64] | None:
        name = self._columns.propensity
        if name is None:
            return None
        column, bad = column_of(_column(piece, name), numeric=True)
        self._reject(piece, name, bad, usable, "no number")
        assert isinstance(column, NumericColumn)
        outside = np.flatnonzero((column.values <= 0) | (column.values > 1))
        self._reject(piece, name, outside, usable, "not in (0, 1]")
        return column.values

    def _holdout(self, piece: Piece, name: str, usable: npt.NDArray[np.bool_]) -> CategoricalColumn:
        column = class_column(categories(_column(piece, name)))
        known = np.array([level in _HOLDOUT for level in column.levels] + [True])
        self._reject(piece, name, np.flatnonzero(~known[column.codes]), usable, "no boolean")
        levels = tuple(_HOLDOUT.get(level, level) for level in column.levels)
        return CategoricalColumn(column.codes, levels)

    def _time(self, piece: Piece, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        name = self._columns.time
        if name is None:
            first = piece.first_row - 1
            return (first + np.arange(piece.table.num_rows, dtype=np.int64)) * _SECOND
        time, bad = times_ns(_column(piece, name))
        self._reject(piece, name, bad, usable, "no ISO 8601 time or epoch seconds")
        known = np.where(usable, time, NEVER)
        start = known[0] if self._newest_ns is None else max(self._newest_ns, int(known[0]))
        newest = np.maximum.accumulate(np.concatenate([[start], known]))[1:]
        self._newest_ns = int(newest[-1])
        back = np.flatnonzero(usable & (time < newest - self._lateness_ns))
        self._reject(piece, name, back, usable, "time goes back further than the lateness allows")
        return time

    def _names(self, piece: Piece, usable: npt.NDArray[np.bool_]) -> tuple[str, ...]:
        name = self._columns.id
        if name is None:
            if not self._columns.has_late_facts:
                return ()
            first = piece.first_row
            return tuple(f"row {first + i}" for i in range(piece.table.num_rows))
        column = categories(_column(piece, name))
        self._reject(piece, name, np.flatnonzero(column.codes < 0), usable, "no id")
        hashes = np.array([_hash(level) for level in column.levels] + [0], dtype=np.uint64)[
            column.codes
        ]
        rows = np.flatnonzero(usable)
        twice = rows[~self._ids.add(hashes[rows])]
        self._reject(piece, name, twice, usable, "the id was seen before")
        if not self._columns.has_late_facts:
            return ()
        return tuple(text or "" for text in column.values())

    def _column(self, piece: Piece, name: str, usable: npt.NDArray[np.bool_]) -> Column:
        assert self._kinds is not None
        numeric = name in self._kinds.numeric
        column, bad = column_of(_column(piece, name), numeric=numeric)
        self._reject(piece, name, bad, usable, "no number, though others in this column are")
        return column

    def _prediction(
        self, piece: Piece, usable: npt.NDArray[np.bool_]
    ) -> tuple[
        npt.NDArray[np.float64] | None, CategoricalColumn | None, npt.NDArray[np.float64] | None
    ]:
        value: npt.NDArray[np.float64] | None = None
        label: CategoricalColumn | None = None
        confidence: npt.NDArray[np.float64] | None = None
        columns = self._columns
        if columns.confidence is not None:
            column, bad = column_of(_column(piece, columns.confidence), numeric=True)
            self._reject(piece, columns.confidence, bad, usable, "no number")
            assert isinstance(column, NumericColumn)
            confidence = column.values
            outside = np.flatnonzero((confidence < 0) | (confidence > 1))
            self._reject(piece, columns.confidence, outside, usable, "not in [0, 1]")
            # For a binary task this column is the probability of the positive class.
            value = confidence if self._task == "binary" else None
        if columns.prediction is not None:
            predicted = self._column(piece, columns.prediction, usable)
            if isinstance(predicted, NumericColumn):
                value = predicted.values
            else:
                label = predicted
        return value, label, confidence

    def _truth(
        self, piece: Piece, usable: npt.NDArray[np.bool_]
    ) -> tuple[Column | None, npt.NDArray[np.int64] | None]:
        columns = self._columns
        if columns.label is None:
            return None, None
        truth = self._column(piece, columns.label, usable)
        if columns.label_time is None:
            return truth, None
        time, _ = times_ns(_column(piece, columns.label_time))
        present = (
            truth.codes >= 0 if isinstance(truth, CategoricalColumn) else ~np.isnan(truth.values)
        )
        lost = np.flatnonzero(present & (time == NEVER))
        self._reject(piece, columns.label_time, lost, usable, "a label without a usable time")
        return truth, np.where(present, time, NEVER)

    def _reject(
        self,
        piece: Piece,
        name: str,
        rows: npt.NDArray[np.intp],
        usable: npt.NDArray[np.bool_],
        why: str,
    ) -> None:
        """Refuse rows: the first of them by an error, or all of them by a count."""
        fresh = rows[usable[rows]]
        if len(fresh) == 0:
            return
        if self._columns.invalid == "error":
            row = int(fresh[0])
            shown = repr(_column(piece, name)[row].as_py())
            shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
            raise DataError(
                f"row {piece.first_row + row}, column {name!r}: {why}: {shown} "
                '(columns.invalid = "skip" leaves such rows out)'
            )
        usable[fresh] = False
        self._skipped[why] = self._skipped.get(why, 0) + len(fresh)


def _hash(text: str) -> int:
    """Return 64 bits of a text, the same in every run."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _column(piece: Piece, name: str) -> Any:
    return piece.table.column(name).combine_chunks()
