"""A batch is one span of arrays, whatever holds its rows."""

# the models of a test ignore what they are given

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import barograph
from barograph import semconv
from barograph.limits import MAX_BATCH_ROWS
from barograph.testing import Recorder

ROWS = {"amount": [1.5, 2.5, 3.5], "region": ["EU", "US", "EU"], "order": ["a", "b", "c"]}


@dataclass
class Order:
    amount: float
    region: str
    order: str


def records() -> list[dict[str, Any]]:
    return [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]


@barograph.observe(
    model="fraud", version="3.1", task="binary", batch=True, id="order", slices=("region",)
)
def predict_many(frame: Any) -> Any:
    return [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).convert_dtypes(),
        pd.DataFrame(ROWS).astype({"region": "category"}),
        pl.DataFrame(ROWS),
        pa.table(ROWS),
        pa.RecordBatch.from_pydict(ROWS),
        records(),
        tuple(records()),
        [Order(**row) for row in records()],
        ROWS,
        {name: np.array(column) for name, column in ROWS.items()},
        np.array(
            list(zip(*ROWS.values(), strict=True)),
            dtype=[("amount", "f8"), ("region", "U8"), ("order", "U8")],
        ),
    ],
    ids=lambda frame: f"{type(frame).__module__}.{type(frame).__name__}",
)
def test_every_kind_of_table_gives_the_same_span(recorder: Recorder, frame: Any) -> None:
    predict_many(frame)
    (span,) = recorder.spans
    assert span.name == "predict fraud"
    assert dict(span.attributes or {}) == {
        "barograph.model.name": "fraud",
        "barograph.model.version": "3.1",
        "barograph.task": "binary",
        "barograph.batch.size": 3,
        "barograph.prediction.id": ("a", "b", "c"),
        "barograph.input.amount": (1.5, 2.5, 3.5),
        "barograph.input.region": ("EU", "US", "EU"),
        "barograph.slice.region": ("EU", "US", "EU"),
        "barograph.prediction.value": (0.1, 0.2, 0.3),
    }


def test_columns_without_names_are_f0_f1(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="regression", batch=True)
    def score(x: Any) -> Any:
        return x.sum(axis=1)

    score(np.arange(6.0).reshape(3, 2))
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.f0"] == (0.0, 2.0, 4.0)
    assert attributes["barograph.input.f1"] == (1.0, 3.0, 5.0)
    assert attributes[semconv.PREDICTION_VALUE] == (1.0, 5.0, 9.0)


def test_features_name_the_columns_of_an_array(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True, features=("age", "income"))
    def score(x: Any) -> Any:
        return x[:, 0]

    score(np.ones((2, 2)))
    assert recorder.predictions[0]["barograph.input.income"] == (1.0, 1.0)


def test_features_choose_columns_of_a_frame(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True, features=("amount",))
    def score(frame: Any) -> Any:
        return [1.0] * 3

    score(pd.DataFrame(ROWS))
    keys = [key for key in recorder.predictions[0] if key.startswith(semconv.INPUT_PREFIX)]
    assert keys == ["barograph.input.amount"]


def test_arguments_may_be_columns(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True)
    def score(amounts: list[float], regions: list[str], factor: float) -> list[float]:
        return amounts

    score([1.0, 2.0], ["EU", "US"], 3.0)
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.amounts"] == (1.0, 2.0)
    assert attributes["barograph.input.regions"] == ("EU", "US")
    assert "barograph.input.factor" not in attributes


def test_missing_values_are_nan_or_empty(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True, id="id", time="at", slices=("word",))
    def score(frame: Any) -> None:
        return None

    score(
        pd.DataFrame(
            {
                "id": ["a", None, "c"],
                "whole": pd.array([1, None, 3], dtype="Int64"),
                "flag": pd.array([True, None, False], dtype="boolean"),
                "objects": [True, float("nan"), np.False_],
                "word": ["x", None, "z"],
                "mixed": [1, "b", None],
                "empty": [None, None, None],
                "at": pd.Series([pd.Timestamp("2013-01-01"), pd.NaT, pd.Timestamp("2013-01-03")]),
            }
        )
    )
    (attributes,) = recorder.predictions
    whole = attributes["barograph.input.whole"]
    assert (whole[0], whole[2]) == (1.0, 3.0)
    assert math.isnan(whole[1])
    assert attributes["barograph.input.flag"] == ("true", "", "false")
    assert attributes["barograph.input.objects"] == ("true", "", "false")
    assert attributes["barograph.input.word"] == ("x", "", "z")
    assert attributes["barograph.input.mixed"] == ("1", "b", "")
    assert "barograph.input.empty" not in attributes
    assert attributes["barograph.prediction.id"] == ("a", "", "c")
    assert attributes["barograph.slice.word"] == ("x", "", "z")
    assert attributes["barograph.event.time"] == (
        "2013-01-01T00:00:00+00:00",
        "",
        "2013-01-03T00:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("task", "result", "expected"),
    [
        ("binary", np.array([0.1, 0.9]), {"value": (0.1, 0.9)}),
        ("binary", np.array([[0.9, 0.1], [0.2, 0.8]]), {"value": (0.1, 0.8)}),
        ("binary", np.array([0, 1]), {"label": ("0", "1")}),
        ("binary", [True, False], {"label": ("true", "false")}),
        ("binary", [True, None], {"label": ("true", "")}),
        ("multiclass", ["cat", "dog"], {"label": ("cat", "dog")}),
        ("multiclass", np.array([2.0, 1.0]), {"label": ("2", "1")}),
        (
            "multiclass",
            [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]],
            {"label": ("2", "0"), "confidence": (0.7, 0.5)},
        ),
        (
            "multiclass",
            [("cat", 0.9), ("dog", 0.8)],
            {"label": ("cat", "dog"), "confidence": (0.9, 0.8)},
        ),
        (
            "multiclass",
            (np.array(["cat", "dog", "cow"][:2]), np.array([0.9, 0.8])),
            {"label": ("cat", "dog"), "confidence": (0.9, 0.8)},
        ),
        (
            "multiclass",
            [{"label": "cat", "confidence": 0.9}, {"label": "dog", "confidence": 0.8}],
            {"label": ("cat", "dog"), "confidence": (0.9, 0.8)},
        ),
        (
            "multiclass",
            pd.DataFrame({"label": ["cat", "dog"], "confidence": [0.9, 0.8]}),
            {"label": ("cat", "dog"), "confidence": (0.9, 0.8)},
        ),
        ("regression", pd.Series([1.0, 2.0]), {"value": (1.0, 2.0)}),
        ("regression", [1, 2], {"value": (1.0, 2.0)}),
        (None, pl.Series([1.0, 2.0]), {"value": (1.0, 2.0)}),
        (None, None, {}),
    ],
)
def test_results_are_read_by_task(
    recorder: Recorder, task: str | None, result: Any, expected: dict[str, Any]
) -> None:
    @barograph.observe(model="m", task=task, batch=True)
    def score(x: list[float]) -> Any:
        return result

    assert score([1.0, 2.0]) is result
    prefix = "barograph.prediction."
    found = {k.removeprefix(prefix): v for k, v in recorder.predictions[0].items() if prefix in k}
    assert found == expected


def test_a_result_of_other_length_is_left_out_and_counted(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="regression", batch=True)
    def score(x: list[float]) -> list[float]:
        return [1.0]

    before = barograph.stats().failures.get("output", 0)
    score([1.0, 2.0, 3.0])
    assert semconv.PREDICTION_VALUE not in recorder.predictions[0]
    assert barograph.stats().failures["output"] == before + 1


def test_an_empty_batch_has_size_zero(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True)
    def score(frame: Any) -> list[float]:
        return []

    score(pd.DataFrame({"x": []}))
    score([])
    assert [p[semconv.BATCH_SIZE] for p in recorder.predictions] == [0, 0]


def test_texts_in_a_batch_are_summarized(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True)
    def score(frame: Any) -> None:
        return None

    score([{"text": "short"}, {"text": "x" * 65}])
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.text.length"] == (5, 65)
    assert "barograph.input.text" not in attributes


def test_a_huge_batch_is_thinned_evenly_and_says_so(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="regression", batch=True, id="id")
    def score(frame: Any) -> Any:
        return frame["x"]

    total = MAX_BATCH_ROWS * 3 + 1
    score(pd.DataFrame({"id": np.arange(total), "x": np.arange(total) * 2.0}))
    (attributes,) = recorder.predictions
    rows = attributes[semconv.BATCH_SIZE]
    assert rows <= MAX_BATCH_ROWS
    assert attributes[semconv.SAMPLE_RATE] == 1 / 4
    for key in (semconv.PREDICTION_ID, "barograph.input.x", semconv.PREDICTION_VALUE):
        assert len(attributes[key]) == rows
    assert attributes["barograph.input.x"] == attributes[semconv.PREDICTION_VALUE]
    assert attributes["barograph.input.x"][0] == 2 * int(attributes[semconv.PREDICTION_ID][0])


def test_ids_beyond_64_bits_and_times_of_numpy_pass(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True, time="at", features=("big",))
    def score(at: Any, big: Any) -> None:
        return None

    score(np.array(["2013-01-01", "2013-01-02"], dtype="datetime64[ns]"), [2**70, 1])
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.big"] == (float(2**70), 1.0)
    assert attributes["barograph.event.time"][1] == "2013-01-02T00:00:00+00:00"
