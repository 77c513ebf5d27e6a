"""A result is read as what it states, and no more."""

# ruff: noqa: FBT003  # results of a test are bare

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pydantic
import pytest

from barograph.capture import Capture
from barograph.outputs import understand


class Pair(NamedTuple):
    label: str
    confidence: float


@dataclass
class Verdict:
    label: str
    confidence: float
    latency: int = 3


class Model(pydantic.BaseModel):
    label: str
    confidence: float


def read(result: Any, task: str | None = None, **options: Any) -> dict[str, Any]:
    outcome = understand(result, task, **options)
    parts = {"value": outcome.value, "label": outcome.label, "confidence": outcome.confidence}
    return {name: part for name, part in parts.items() if part is not None}


@pytest.mark.parametrize(
    ("result", "task", "expected"),
    [
        (None, None, {}),
        (0.25, "binary", {"value": 0.25}),
        (0.25, None, {"value": 0.25}),
        (np.float32(0.5), "regression", {"value": 0.5}),
        (np.float64(2.0), "multiclass", {"label": "2"}),
        (3, "regression", {"value": 3.0}),
        (1, "binary", {"label": "1"}),
        (np.int64(2), "multiclass", {"label": "2"}),
        (True, "binary", {"label": "true"}),
        (np.bool_(False), None, {"label": "false"}),
        (True, "regression", {"value": 1.0}),
        ("spam", "binary", {"label": "spam"}),
        ("spam", None, {}),
        ("spam", "generation", {}),
        (("spam", 0.9), None, {"label": "spam", "confidence": 0.9}),
        (["spam", 0.9], "binary", {"label": "spam", "confidence": 0.9}),
        ((1, 0.9), "multiclass", {"label": "1", "confidence": 0.9}),
        (("some text", 0.9), "generation", {"confidence": 0.9}),
        (Pair("spam", 0.9), None, {"label": "spam", "confidence": 0.9}),
        (Verdict("spam", 0.9), None, {"label": "spam", "confidence": 0.9}),
        (Model(label="spam", confidence=0.9), None, {"label": "spam", "confidence": 0.9}),
        ({"label": "fraud", "score": 0.93}, None, {"label": "fraud", "value": 0.93}),
        ({"prediction": 3.5}, "regression", {"value": 3.5}),
        ({"prediction": 1}, "binary", {"label": "1"}),
        ({"label": "x" * 65}, None, {}),
        ({"confidence": 1.5}, None, {}),
        ({"confidence": float("nan")}, None, {}),
        (np.array([0.25, 0.75]), "binary", {"value": 0.75}),
        ((0.25, 0.75), "binary", {"value": 0.75}),
        ([0.2, 0.3, 0.5], "multiclass", {"label": "2", "confidence": 0.5}),
        (np.array([[0.2, 0.8]]), "binary", {"value": 0.8}),
        (np.array([0.2, 0.3, 0.5]), None, {"label": "2", "confidence": 0.5}),
        (np.array([3.0, 4.0]), "embedding", {}),
        (np.array([0.7]), "regression", {"value": 0.7}),
        (object(), None, {}),
    ],
)
def test_common_results_are_understood(
    result: Any, task: str | None, expected: dict[str, Any]
) -> None:
    assert read(result, task) == expected


def test_class_names_are_used() -> None:
    assert read([0.2, 0.8, 0.0], "multiclass", classes=("a", "b", "c"))["label"] == "b"


def test_a_vector_is_summarized() -> None:
    outputs = understand([3.0, 4.0], "embedding").outputs
    assert outputs == {"size": 2, "norm": 5.0, "mean": 3.5, "minimum": 3.0, "maximum": 4.0}


def test_a_vector_is_projected_alike_in_every_process() -> None:
    """The signs are part of the contract: other ones would look like drift."""
    units = [[float(at == place) for place in range(10)] for at in range(10)]
    signs = [understand(unit, "embedding").outputs for unit in units]
    rows = ["".join("+" if s[f"projection_{k}"] == 1 else "-" for s in signs) for k in range(4)]
    assert rows == ["++---+--++", "--++++++-+", "-+++++++--", "-+++-+----"]
    vector = np.random.default_rng(1).normal(size=20_000)
    outputs = understand(vector, "embedding").outputs
    again = understand([*vector, 5.0], "embedding").outputs
    assert {k: v for k, v in outputs.items() if "projection" in k}.items() <= again.items()
    assert abs(float(outputs["projection_0"])) < 6 * 100  # six standard deviations


@pytest.mark.parametrize("vector", [[1.0] * 7, [float("nan")] * 9, [float("inf")] * 9, []])
def test_what_cannot_be_projected_is_not(vector: list[float]) -> None:
    assert not [name for name in understand(vector, "embedding").outputs if "projection" in name]


@pytest.mark.parametrize(
    "ranking",
    [
        [1.0, 1.0],
        [("a", 1.0), ("b", 1.0)],
        [{"item": "a", "score": 1.0}, {"item": "b", "score": 1.0}],
    ],
)
def test_a_ranking_is_summarized(ranking: Any) -> None:
    outputs = understand(ranking, "ranking").outputs
    assert outputs == {"size": 2, "entropy": 1.0, "top_share": 0.5}


def test_text_is_summarized_and_sent_only_in_full() -> None:
    text = '{"answer": 42}'
    summary = understand(text, "generation").outputs
    assert summary["valid_json"] == 1
    assert text not in summary.values()
    assert understand(text, "generation", Capture.FULL).outputs["text"] == text


def test_other_fields_are_outputs_and_their_texts_are_summarized() -> None:
    outputs = understand(
        {"label": "a", "tokens": 7, "cached": True, "why": "because"}, None
    ).outputs
    assert outputs["tokens"] == 7
    assert outputs["cached"] == 1
    assert outputs["why.length"] == 7
    assert "because" not in outputs.values()
