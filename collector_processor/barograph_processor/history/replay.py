"""Replaying a history: what would have been raised, and when."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.config import Config
from barograph_processor.exceptions import ConfigurationError, DataError
from barograph_processor.history.config import ReplayConfig
from barograph_processor.history.reading import HistoryReader, Rows
from barograph_processor.history.source import open_source
from barograph_processor.history.values import NEVER
from barograph_processor.observation import EventBatch, EventKind, ModelKey
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.model import ModelState
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.state.window.baseline import Baseline, read_baselines
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.stats.column import NumericColumn
from barograph_processor.telemetry import Telemetry

__all__ = ["Progress", "Replay"]

_STEP_ROWS: Final = 250
"""Rows between two looks at the facts that came meanwhile."""


class _Fact(NamedTuple):
    """One late fact; ``more`` is the evaluation's name, or who gave the label."""

    time_ns: int
    order: int
    kind: EventKind
    prediction_id: str
    text: str | None
    number: float
    more: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay has come.

    Attributes:
        rows: Rows read so far.
        done: Share of the file read so far, in [0, 1].
        events: What happened since the last step, in order; that an alarm settled is left out.
    """

    rows: int
    done: float
    events: tuple[WindowRecord | AlarmChange, ...]


class Replay:
    """Drives the service's own engine with the rows of a file.

    Args:
        path: CSV, gzipped CSV or Parquet.
        config: Which column is what, and how the model is watched.

    Raises:
        DataError: The file cannot be read, or lacks a column.
    """

    def __init__(self, path: Path, config: ReplayConfig) -> None:
        self._path = path
        self._config = config
        self._key = ModelKey(config.model.name, config.model.version)
        self._reader = HistoryReader(open_source(path), config)
        self.telemetry = Telemetry()
        settings = Config(models={config.model.name: config.watched()})
        name = config.model.name
        baselines = read_baselines({name: config.reference.file}, {name: config.model.task})
        for baseline in baselines.values():
            _check_features(baseline, self._reader.features)
        self._registry = ModelRegistry(
            settings, self.telemetry, clock=lambda: 0, strict=True, baselines=baselines
        )
        # Facts that will come, by when and in which order they were read.
        self._coming: list[_Fact] = []
        self._read = 0

    @property
    def model(self) -> ModelState | None:
        """The model's state; None before the first row."""
        return self._registry.models.get(self._key)

    @property
    def rows(self) -> int:
        """Rows read so far."""
        return self._reader.rows

    @property
    def skipped(self) -> dict[str, int]:
        """Rows left out so far, by reason."""
        return self._reader.skipped

    @property
    def warnings(self) -> list[str]:
        """What makes the figures less sure, as sentences."""
        model = self.model
        return [*(() if model is None else model.warnings), *self._reader.doubts]

    def run(self) -> Iterator[Progress]:
        """Replay everything, step by step.

        Raises:
            DataError: A row cannot be used, the file is empty, or the reference is
                longer than the data.
        """
        for rows in self._reader.read():
            if len(rows.batch):
                self._feed(rows)
            yield self._progress(rows.done)
        self._arrive(None)
        self._registry.flush()
        self._check_end()
        yield self._progress(1.0)

    def learn(self, show: Callable[[float], None] | None = None) -> Baseline:
        """Read everything as reference and return what was learnt.

        Args:
            show: Takes the share of the file that was read.

        Raises:
            DataError: A row cannot be used, or there is none.
        """
        for rows in self._reader.read():
            if len(rows.batch):
                self._feed(rows)
            if show is not None:
                show(rows.done)
        self._arrive(None)
        model = self.model
        if model is not None:
            model.complete_reference()
        if model is None or model.reference is None:
            raise DataError(f"{self._path}: there is no usable row{self._left_out()}")
        return model.reference

    def _feed(self, rows: Rows) -> None:
        if not self._config.columns.has_late_facts:
            self._registry.observe(rows.batch)
            return
        self._expect_labels(rows)
        for fact in rows.facts:
            names = (fact.name,) * len(rows.batch)
            self._expect(fact.kind, rows, fact.time_ns, fact.text, fact.number.tolist(), names)
        for start in range(0, len(rows.batch), _STEP_ROWS):
            part = np.arange(start, min(start + _STEP_ROWS, len(rows.batch)))
            self._arrive(int(rows.batch.event_time[start]))
            self._registry.observe(rows.batch.take(part))

    def _expect_labels(self, rows: Rows) -> None:
        if rows.label is None or rows.label_ns is None:
            return
        n = len(rows.batch)
        texts: list[str | None] = [None] * n
        values = [float("nan")] * n
        if isinstance(rows.label, NumericColumn):
            values = rows.label.values.tolist()
        else:
            texts = rows.label.values()
        self._expect("label", rows, rows.label_ns, texts, values, rows.source)

    def _expect(
        self,
        kind: EventKind,
        rows: Rows,
        time_ns: npt.NDArray[np.int64],
        texts: Sequence[str | None],
        values: Sequence[float],
        more: Sequence[str | None],
    ) -> None:
        """Remember facts about these rows until their time comes."""
        for time, name, text, value, told in zip(
            time_ns.tolist(), rows.batch.prediction_ids, texts, values, more, strict=True
        ):
            if time != NEVER:
                self._read += 1
                fact = _Fact(time, self._read, kind, name, text, value, told)
                heapq.heappush(self._coming, fact)

    def _arrive(self, until_ns: int | None) -> None:
        """Attach the facts whose time has come; all of them if it is None."""
        arrived = []
        while self._coming and (until_ns is None or self._coming[0].time_ns <= until_ns):
            arrived.append(heapq.heappop(self._coming))
        # As a request over OTLP: facts of a kind together, each kind in the order of time. One by
        # one, where kinds take turns, they would take many times as long.
        kinds: dict[EventKind, list[_Fact]] = {}
        for fact in arrived:
            kinds.setdefault(fact.kind, []).append(fact)
        for kind, facts in kinds.items():
            self._attach(kind, facts)

    def _attach(self, kind: EventKind, arrived: "Sequence[_Fact]") -> None:
        n = len(arrived)
        reviewed = kind == "label" and self._config.columns.propensity is not None
        self._registry.attach(
            EventBatch(
                kind=kind,
                prediction_ids=tuple(fact.prediction_id for fact in arrived),
                ids=np.zeros((n, 3), dtype=np.uint64),
                time=np.array([fact.time_ns for fact in arrived], dtype=np.int64),
                number=np.array([fact.number for fact in arrived]),
                text=tuple(fact.text for fact in arrived),
                name=tuple(fact.more if kind == "evaluation" else None for fact in arrived),
                source=tuple(
                    "human" if reviewed else fact.more if kind == "label" else None
                    for fact in arrived
                ),
                model_names=(None,) * n,
                model_versions=(None,) * n,
            )
        )

    def _progress(self, done: float) -> Progress:
        events = tuple(
            event
            for _, event in self._registry.drain()
            if isinstance(event, WindowRecord) or event.change != "settled"
        )
        return Progress(self._reader.rows, done, events)

    def _check_end(self) -> None:
        model = self.model
        if model is None:
            raise DataError(f"{self._path}: there is no usable row{self._left_out()}")
        if model.reference is not None:
            return
        reference = self._config.reference
        if reference.until is not None:
            raise DataError(
                f"{self._path}: no row at or after reference.until = {reference.until}, or none "
                "before it"
            )
        raise DataError(
            f"{self._path}: the reference needs {reference.rows:,} rows and the data has "
            f"{model.reference_rows:,}{self._left_out()}"
        )

    def _left_out(self) -> str:
        """Return what was skipped, as the end of a sentence."""
        return "".join(f"; skipped {n:,} rows: {why}" for why, n in self.skipped.items())


def _check_features(baseline: Baseline, features: Sequence[str]) -> None:
    keys = baseline.profile.layout.keys
    known = {key.feature for key in keys if key.signal == "input.drift" and key.feature}
    if known and features and known.isdisjoint(features):
        raise ConfigurationError(
            f"reference.file knows {', '.join(sorted(known))}, and none of these is in the data: "
            f"{', '.join(features)}"
        )
