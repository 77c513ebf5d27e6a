"""Every summary with ``merge`` is a commutative monoid with bytes in and out.

The classes are found by introspection; each needs a builder here that makes one from a seed.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import barograph_processor.drift
import barograph_processor.quality
import barograph_processor.stats
from barograph_processor.drift import ReferenceProfile, StreamKey, WindowCounts
from barograph_processor.quality.binary import BinaryPerformance
from barograph_processor.quality.expected_error import FOLDS, LOSSES
from barograph_processor.quality.multiclass import MulticlassPerformance
from barograph_processor.quality.promised_errors import PromisedErrors
from barograph_processor.quality.ranking import RankingPerformance
from barograph_processor.quality.regression import RegressionPerformance
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram
from barograph_processor.quality.skewed_mean import SkewedMean
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.quality.slice.pair_counts import PairCounts, pairs_of
from barograph_processor.quality.value import ValueByQuality
from barograph_processor.quality.weighted import WeightedMean
from barograph_processor.stats import (
    CategoricalColumn,
    Column,
    Moments,
    NumericColumn,
    QuantileSketch,
)

Rows = dict[str, np.ndarray]


def rows(seed: int, n: int) -> Rows:
    rng = np.random.default_rng([seed, n])
    x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 3, size=n)
    x[rng.uniform(size=n) < 0.05] = np.nan
    return {
        "x": x,
        "score": rng.uniform(size=n),
        "label": rng.uniform(size=n) < 0.3,
        "said": rng.choice(np.array(["a", "b", "ü"]), size=n),
        "true": rng.choice(np.array(["a", "b", "c"]), size=n),
        "code": rng.integers(-1, 4, size=n).astype(np.int32),
        "weight": rng.choice(np.array([1.0, 10.0, 2.5]), size=n),
    }


def columns(data: Rows) -> dict[StreamKey, Column]:
    return {
        StreamKey("input.drift", "x"): NumericColumn(data["x"]),
        StreamKey("input.drift", "y"): NumericColumn(data["score"]),
        StreamKey("input.drift", "z"): CategoricalColumn(data["code"], ("a", "b", "c", "d")),
    }


PROFILE = ReferenceProfile.learn(
    columns(rows(0, 1000)), np.arange(1000) // 100, np.arange(1000, dtype=np.float64)
)

LEVELS = ("a", "b", "c", "d")
SLICES = SliceLayout.learn({"z": CategoricalColumn(rows(0, 1000)["code"], LEVELS)})


def sliced(data: Rows) -> SliceCounts:
    column = CategoricalColumn(data["code"], LEVELS)
    return SLICES.count({"z": column}, data["label"].astype(np.float64))


def paired(data: Rows) -> PairCounts:
    codes = np.stack([data["code"] + 1, data["label"], data["code"] + 5], axis=1)
    return PairCounts.of(codes.astype(np.uint8), data["score"], pairs_of(3, 1))


BUILDERS: dict[type[Any], Callable[[Rows], Any]] = {
    Moments: lambda data: Moments.of(data["x"]),
    QuantileSketch: lambda data: QuantileSketch.of(data["x"]),
    WindowCounts: lambda data: PROFILE.count(columns(data)),
    BinaryPerformance: lambda data: BinaryPerformance.of(
        data["score"] > 0.5, data["label"], data["score"], data["weight"]
    ),
    MulticlassPerformance: lambda data: MulticlassPerformance.of(
        data["said"], data["true"], data["score"], data["weight"]
    ),
    SkewedMean: lambda data: SkewedMean.of(data["x"], data["weight"]),
    SliceCounts: sliced,
    PairCounts: paired,
    PromisedErrors: lambda data: PromisedErrors.of(
        np.stack([data["x"]] * (FOLDS * LOSSES), axis=1).reshape(-1, FOLDS, LOSSES),
        data["weight"],
    ),
    RankingPerformance: lambda data: RankingPerformance.of(
        data["score"], data["code"] + 1.0, data["weight"]
    ),
    RegressionPerformance: lambda data: RegressionPerformance.of(
        data["x"], data["score"], data["weight"]
    ),
    ScoreCounts: lambda data: ScoreCounts.of(data["score"], data["label"], data["weight"]),
    ScoreHistogram: lambda data: ScoreHistogram.of(
        data["score"], data["score"] > 0.5, data["label"], data["weight"]
    ),
    ValueByQuality: lambda data: ValueByQuality.of(data["x"], data["label"].astype(np.float64)),
    WeightedMean: lambda data: WeightedMean.of(data["x"], data["weight"]),
}


def mergeable() -> list[type[Any]]:
    found: dict[str, type[Any]] = {}
    for package in (
        barograph_processor.stats,
        barograph_processor.drift,
        barograph_processor.quality,
    ):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(info.name)
            for _, each in inspect.getmembers(module, inspect.isclass):
                # What others derive from has the laws of those.
                own = each.__module__ == info.name and not each.__subclasses__()
                if own and hasattr(each, "merge") and hasattr(each, "to_bytes"):
                    found[f"{info.name}.{each.__name__}"] = each
    return [found[name] for name in sorted(found)]


CLASSES = mergeable()
laws = pytest.mark.parametrize("cls", CLASSES, ids=[cls.__name__ for cls in CLASSES])


def build(cls: type[Any], data: Rows) -> Any:
    return BUILDERS[cls](data)


def plain(value: Any) -> Any:
    """Take a summary apart, so that two can be compared up to rounding of float sums."""
    if isinstance(value, dict):
        return sorted((key, plain(item)) for key, item in value.items())
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "__dataclass_fields__"):
        return [plain(getattr(value, name)) for name in value.__dataclass_fields__]
    return value


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return bool(np.isclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True)) or a == b
    return bool(a == b)


def test_mergeable_classes_are_found() -> None:
    assert len(CLASSES) >= 6


@laws
def test_every_mergeable_class_has_a_builder(cls: type[Any]) -> None:
    assert cls in BUILDERS, "add a builder to BUILDERS, so that the laws are checked for it too"


@laws
@pytest.mark.parametrize("seed", range(5))
def test_split_and_merged_equals_whole(cls: type[Any], seed: int) -> None:
    data = rows(seed, 200 + 37 * seed)
    n = len(data["x"])
    cuts = sorted(np.random.default_rng(seed).integers(0, n, size=3).tolist())
    bounds = list(zip([0, *cuts], [*cuts, n], strict=True))
    parts = [build(cls, {k: v[a:b] for k, v in data.items()}) for a, b in bounds]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert alike(plain(merged), plain(build(cls, data)))


@laws
def test_merge_is_commutative_and_associative_and_has_a_unit(cls: type[Any]) -> None:
    a, b, c = (build(cls, rows(seed, 50 + seed)) for seed in (1, 2, 3))
    unit = build(cls, rows(0, 0))
    assert alike(plain(a.merge(b)), plain(b.merge(a)))
    assert alike(plain(a.merge(b).merge(c)), plain(a.merge(b.merge(c))))
    assert alike(plain(a.merge(unit)), plain(a))
    assert alike(plain(unit.merge(a)), plain(a))


@laws
def test_merge_changes_neither_side(cls: type[Any]) -> None:
    a, b = build(cls, rows(1, 50)), build(cls, rows(2, 50))
    before = a.to_bytes(), b.to_bytes()
    a.merge(b)
    assert (a.to_bytes(), b.to_bytes()) == before


@pytest.mark.parametrize(
    "cls", [cls for cls in CLASSES if hasattr(cls, "without")], ids=lambda cls: cls.__name__
)
def test_without_undoes_merge(cls: type[Any]) -> None:
    a, b = build(cls, rows(1, 50)), build(cls, rows(2, 60))
    assert alike(plain(a.merge(b).without(b)), plain(a))
    assert alike(plain(a.without(a)), plain(build(cls, rows(0, 0))))
    with pytest.raises(ValueError, match="not among these"):
        a.without(b)


@laws
@pytest.mark.parametrize("n", [0, 1, 300])
def test_bytes_come_back(cls: type[Any], n: int) -> None:
    whole = build(cls, rows(4, n))
    data = whole.to_bytes()
    again = cls.from_bytes(data)
    assert alike(plain(again), plain(whole))
    assert again.to_bytes() == data
    for broken in (data[:-1], b"", data + b"x"):
        with pytest.raises(ValueError, match=r"cut off|length|no counts"):
            cls.from_bytes(broken)
