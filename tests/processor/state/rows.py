"""Rows and labels for the tests of the state, and what came of them in plain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor import codec
from barograph_processor.config import Config, parse_config
from barograph_processor.observation import EventBatch, EventKind, ModelKey, ObservationBatch
from barograph_processor.state.model import ModelState
from barograph_processor.state.registry import Happening, ModelRegistry
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from barograph_processor.telemetry import Telemetry

KEY = ModelKey("m", "1")
START = 1_600_000_000
SECOND = 1_000_000_000


@dataclass
class Bench:
    """A registry with its telemetry."""

    registry: ModelRegistry
    telemetry: Telemetry
    config: Config

    @classmethod
    def of(cls, tables: Mapping[str, Any] | None = None, **options: Any) -> "Bench":
        config = parse_config(tables or {})
        telemetry = Telemetry()
        return cls(ModelRegistry(config, telemetry, clock=lambda: 7, **options), telemetry, config)

    @property
    def model(self) -> ModelState:
        return self.registry.models[KEY]

    def restarted(self) -> "Bench":
        """Another bench that continues from this one's snapshot."""
        other = ModelRegistry(self.config, self.telemetry, clock=lambda: 9)
        restore(other, snapshot(self.registry))
        return Bench(other, self.telemetry, self.config)

    @property
    def learning(self) -> bool:
        return self.model.reference is None

    def counted(self, metric: str, **attributes: str) -> float:
        key = (metric, tuple(sorted(attributes.items())))
        return self.telemetry.counters().get(key, 0.0)

    def records(self) -> list[Any]:
        return [event for event in plain(self.registry.drain()) if "signals" in event]


def snapshot(registry: ModelRegistry) -> tuple[bytes, ...]:
    """A registry's state as a checkpoint has it."""
    return tuple(codec.packed(registry.snapshot()))


def restore(registry: ModelRegistry, blocks: Iterable[bytes]) -> None:
    """Undo ``snapshot``."""
    registry.restore(codec.unpacked(blocks))


def rows(
    n: int,
    *,
    start: int = 0,
    seed: int = 0,
    shift: float = 0.0,
    wrong: float = 0.1,
    model: ModelKey = KEY,
    seconds: npt.NDArray[np.float64] | None = None,
    truth: bool = True,
) -> ObservationBatch:
    """Rows of a binary model, one a second, that is wrong on a share of them.

    The same start and seed give the same rows however many are asked for.
    """
    rng = np.random.default_rng([seed, start])
    draw = rng.random((n, 5))
    label = draw[:, 0] < 0.3
    missed = draw[:, 1] < wrong
    time = START + start + np.arange(n) if seconds is None else START + seconds
    words = ("x", "y", "z")
    return ObservationBatch(
        model=model,
        ids=np.stack(
            [np.full(n, 1), start + np.arange(n) + 1, start + np.arange(n) + 1], axis=1
        ).astype(np.uint64),
        prediction_ids=tuple(f"p{start + i}" for i in range(n)),
        event_time=(np.asarray(time) * SECOND).astype(np.int64),
        latency=0.01 + 0.001 * draw[:, 2],
        failed=np.zeros(n, dtype=np.bool_),
        task="binary",
        inputs={
            "a": NumericColumn(draw[:, 3] + shift),
            "c": CategoricalColumn((draw[:, 4] * 3).astype(np.int32), words),
        },
        label=CategoricalColumn((label ^ missed).astype(np.int32), ("0", "1")),
        slices={"region": CategoricalColumn((draw[:, 2] * 4).astype(np.int32), tuple("nesw"))},
        truth=CategoricalColumn(label.astype(np.int32), ("0", "1")) if truth else None,
    )


def unlabelled(batch: ObservationBatch) -> ObservationBatch:
    """The same rows without the labels that came with them."""
    return replace(batch, truth=None)


def labels_of(batch: ObservationBatch, *, delay: float = 100.0, **options: Any) -> EventBatch:
    """Late facts with the labels of rows."""
    assert isinstance(batch.truth, CategoricalColumn)
    return facts(
        "label",
        batch.prediction_ids,
        text=batch.truth.values(),
        time_ns=batch.event_time + round(delay * SECOND),
        **options,
    )


def facts(
    kind: EventKind,
    names: Sequence[str | None],
    *,
    text: Sequence[str | None] | None = None,
    number: Sequence[float] | None = None,
    time_ns: npt.NDArray[np.int64] | None = None,
    ids: npt.NDArray[np.uint64] | None = None,
    model: str | None = None,
    version: str | None = None,
    source: str | None = None,
) -> EventBatch:
    n = len(names)
    return EventBatch(
        kind=kind,
        prediction_ids=tuple(names),
        ids=np.zeros((n, 3), dtype=np.uint64) if ids is None else ids,
        time=np.full(n, (START + 10**6) * SECOND, dtype=np.int64) if time_ns is None else time_ns,
        number=np.full(n, np.nan) if number is None else np.asarray(number, dtype=np.float64),
        text=(None,) * n if text is None else tuple(text),
        name=(None,) * n,
        source=(source,) * n,
        model_names=(model,) * n,
        model_versions=(version,) * n,
    )


def pieces(batch: ObservationBatch, sizes: Iterable[int]) -> list[ObservationBatch]:
    """A batch cut after the given numbers of rows, over and over."""
    cut: list[ObservationBatch] = []
    at = 0
    sizes = list(sizes)
    while at < len(batch):
        size = sizes[len(cut) % len(sizes)]
        cut.append(batch.take(np.arange(at, min(at + size, len(batch)))))
        at += size
    return cut


def joined(*batches: ObservationBatch) -> ObservationBatch:
    """Rows of batches of the same layout, one after the other."""
    first = batches[0]
    return replace(
        first,
        ids=np.concatenate([b.ids for b in batches]),
        prediction_ids=tuple(name for b in batches for name in b.prediction_ids),
        event_time=np.concatenate([b.event_time for b in batches]),
        latency=np.concatenate([b.latency for b in batches]),
        failed=np.concatenate([b.failed for b in batches]),
        inputs={name: _column([b.inputs[name] for b in batches]) for name in first.inputs},
        label=_column([b.label for b in batches if b.label is not None]),
        slices={name: _column([b.slices[name] for b in batches]) for name in first.slices},
        truth=None
        if first.truth is None
        else _column([b.truth for b in batches if b.truth is not None]),
    )


def _column(parts: Sequence[Column]) -> Any:
    first = parts[0]
    if isinstance(first, NumericColumn):
        numbers = [part.values for part in parts if isinstance(part, NumericColumn)]
        return NumericColumn(np.concatenate(numbers))
    codes = [part.codes for part in parts if isinstance(part, CategoricalColumn)]
    return CategoricalColumn(np.concatenate(codes), first.levels)


def plain(happenings: Iterable[Happening]) -> list[Any]:
    """What happened, as plain values."""
    return [msgspec.to_builtins(event) for _, event in happenings]


def close_to(found: Any, expected: Any) -> bool:
    """Equal, but for the last digits of sums that were added in another order."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            close_to(found[key], expected[key]) for key in expected
        )
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(close_to, found, expected))
    if isinstance(expected, float) and isinstance(found, float):
        return bool(np.isclose(found, expected, rtol=1e-6, atol=1e-9, equal_nan=True))
    return bool(found == expected)
