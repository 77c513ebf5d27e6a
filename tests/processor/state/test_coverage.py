"""How many predictions have their label: by age, by slice, and whether that is even."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.config import parse_config
from barograph_processor.state.label.joining import Joiner
from barograph_processor.state.label.row_judging import RowJudge
from tests.processor.state.rows import Bench, labels_of, rows, unlabelled

_SMALL: dict[str, Any] = {"reference": {"rows": 1000}, "window": {"rows": 200}}


def _run(*, late: bool, missing: str | None = None, windows: int = 30, delay: int = 2) -> Bench:
    """A model whose labels come some windows late, save those that are missing."""
    bench = Bench.of(_SMALL)
    reference = rows(1000)
    bench.registry.observe(unlabelled(reference) if late else reference)
    if late:
        bench.registry.attach(labels_of(reference))
    waiting = []
    for window in range(windows):
        batch = rows(200, start=1000 + 200 * window)
        assert batch.label is not None
        region = batch.slices["region"]
        keep = np.ones(200, dtype=np.bool_)
        if missing == "class":
            keep = batch.label.codes != 1
        elif missing == "slice":
            keep = region.codes != region.levels.index("n")
        if not late:
            batch.truth.codes[~keep] = -1  # type: ignore[union-attr] # a categorical column
        bench.registry.observe(unlabelled(batch) if late else batch)
        waiting.append(batch.take(np.flatnonzero(keep)))
        if late and len(waiting) > delay:
            bench.registry.attach(labels_of(waiting.pop(0), delay=200.0 * delay))
    return bench


@pytest.mark.parametrize("late", [False, True])
class TestCoverage:
    def test_even_labels_are_not_marked(self, late: bool) -> None:
        bench = _run(late=late)
        labels = bench.model.history[-1].signals["labels"]
        assert labels["biased"] is False
        assert labels["window_s"] == pytest.approx(200)
        assert [warning for warning in bench.model.warnings if "unevenly" in warning] == []
        by_age = {tuple(entry["age"]): entry["coverage"] for entry in labels["coverage"]}
        assert by_age[8, 15] == 1.0
        assert by_age[0, 0] == (0.0 if late else 1.0)

    def test_a_class_without_labels_is_named(self, late: bool) -> None:
        """Labels that exist because of the decision: of what was refused nothing is known."""
        bench = _run(late=late, missing="class")
        labels = bench.model.history[-1].signals["labels"]
        assert labels["biased"] is True
        assert labels["uneven"][0]["kind"] == "class"
        (warning,) = [warning for warning in bench.model.warnings if "unevenly" in warning]
        assert "class" in warning
        again = bench.restarted().model
        assert again.warnings == bench.model.warnings

    def test_a_slice_without_labels_is_named_and_has_a_gauge(self, late: bool) -> None:
        bench = _run(late=late, missing="slice")
        labels = bench.model.history[-1].signals["labels"]
        assert labels["uneven"][0] == {
            "kind": "slice",
            "name": "region",
            "level": "n",
            "coverage": 0.0,
            "rest": pytest.approx(1.0, abs=0.01),
        }
        assert labels["slices"][0]["slice"] == {"region": "n"}
        found = {
            (s.attributes.get("slice"), s.attributes.get("age")): s.value
            for s in bench.registry.signals()
            if s.metric == "barograph.labels.coverage"
        }
        assert found["region=n", None] == 0.0
        assert found[None, "8-15"] == pytest.approx(0.75, abs=0.05)
        (marked,) = [s.value for s in bench.registry.signals() if s.metric.endswith("biased")]
        assert marked == 1.0


def test_without_any_label_coverage_is_nothing_and_nothing_is_uneven() -> None:
    bench = Bench.of(_SMALL)
    bench.registry.observe(unlabelled(rows(6000)))
    labels = bench.model.history[-1].signals["labels"]
    assert {entry["coverage"] for entry in labels["coverage"]} == {0.0}
    assert labels["biased"] is False


def test_strata_are_bounded() -> None:
    bench = Bench.of(_SMALL)
    bench.registry.observe(rows(1000))
    for window in range(4):
        batch = rows(200, start=1000 + 200 * window)
        many = tuple(f"r{window}-{i}" for i in range(200))
        column = type(batch.slices["region"])(np.arange(200, dtype=np.int32), many)
        bench.registry.observe(replace(batch, slices={"region": column}))
    assert len(bench.model.standing.coverage._strata) <= 256


def test_a_prediction_is_told_apart_alike_when_it_comes_and_when_its_label_does() -> None:
    """Where one of a batch has a value and the next a confidence alone, both have a score."""
    batch = replace(
        rows(4),
        label=None,
        value=np.array([0.9, np.nan, 0.3, np.nan]),
        confidence=np.array([0.1, 0.7, 0.2, np.nan]),
    )
    config = parse_config({})
    joiner = Joiner(config.model("m"), config.limits)
    joiner.remember(batch, 0)
    seen = RowJudge(joiner.judge, searches=False).traits(batch)
    labelled = joiner.traits_of(joiner.pending.find(batch.prediction_ids))
    scores = {
        when: column.values()
        for when, traits in (("seen", seen), ("labelled", labelled))
        for kind, _, column in traits
        if kind == "score"
    }
    assert scores["seen"] == ["0.8 to 1", "0.6 to 0.8", "0.2 to 0.4", None]
    assert scores["labelled"] == scores["seen"]
