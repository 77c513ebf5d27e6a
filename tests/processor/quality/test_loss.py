"""What a prediction lost: one spelling for a class, and no row without a verdict."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph_processor.quality.loss import (
    ABSENT,
    canonical_class,
    class_column,
    judge_classes,
    judge_rankings,
    judge_scores,
    judge_values,
)
from barograph_processor.stats.column import CategoricalColumn, NumericColumn


def classes(*names: str | None) -> CategoricalColumn:
    return class_column(CategoricalColumn.of(names))


class TestSpelling:
    @pytest.mark.parametrize("value", [1, 1.0, True, "1", "true", "True", " TRUE ", "1.0", "1e0"])
    def test_of_the_positive_class(self, value: str | float | bool) -> None:
        assert canonical_class(value) == "1"

    @pytest.mark.parametrize("value", [0, -0.0, False, "0", "false", "0.0", "-0"])
    def test_of_the_negative_class(self, value: str | float | bool) -> None:
        assert canonical_class(value) == "0"

    @pytest.mark.parametrize("value", [None, float("nan"), "nan", "NaN"])
    def test_of_no_class(self, value: str | float | None) -> None:
        assert canonical_class(value) == ABSENT

    @pytest.mark.parametrize("name", ["fraud", "", " two words ", "1_0", "0x10", "1,5", "9" * 65])
    def test_names_stay_as_they_are(self, name: str) -> None:
        assert canonical_class(name) == name

    def test_large_whole_numbers_stay_apart(self) -> None:
        """Ids of 64 bits do not meet in a float."""
        assert canonical_class("9007199254740993") != canonical_class("9007199254740992")
        assert canonical_class(2**63 - 1) == "9223372036854775807"

    @pytest.mark.parametrize(("value", "text"), [(0.5, "0.5"), ("0.50", "0.5"), ("inf", "inf")])
    def test_of_other_numbers(self, value: str | float, text: str) -> None:
        assert canonical_class(value) == text

    @given(st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=12), st.none()))
    def test_spelling_twice_changes_nothing(self, value: str | float | bool | None) -> None:
        once = canonical_class(value)
        assert canonical_class(once) == once

    @given(st.integers(-(2**70), 2**70))
    def test_number_and_its_text_are_one_class(self, value: int) -> None:
        assert canonical_class(value) == canonical_class(str(value))

    def test_columns_merge_levels_that_agree(self) -> None:
        merged = class_column(CategoricalColumn.of(["1", "true", "no", None, "1.0"]))
        assert merged.levels == ("1", "no")
        assert merged.values() == ["1", "1", "no", None, "1"]

    def test_columns_of_numbers(self) -> None:
        column = class_column(NumericColumn(np.array([3.0, np.nan, 1.0, 3.0])))
        assert column.values() == ["3", None, "1", "3"]

    def test_empty_columns(self) -> None:
        assert len(class_column(NumericColumn(np.zeros(0)))) == 0
        assert len(class_column(CategoricalColumn.of([]))) == 0


class TestClasses:
    def test_wrong_is_one_and_right_is_zero(self) -> None:
        """Also for classes that only one side knows, and for predictions that are missing."""
        judged = judge_classes(
            classes("a", "b", None, "x"),
            classes("a", "a", "b", "b"),
            task="multiclass",
            score=np.full(4, np.nan),
        )
        assert judged.loss.tolist() == [0, 1, 1, 1]

    def test_levels_in_another_order_are_the_same_classes(self) -> None:
        judged = judge_classes(
            classes("a", "b", "c"), classes("a", "b", "c").take(np.array([0, 1, 2])),
            task="multiclass", score=np.zeros(3),
        )  # fmt: skip
        reordered = CategoricalColumn(np.array([2, 1, 0], dtype=np.int32), ("c", "b", "a"))
        again = judge_classes(classes("a", "b", "c"), reordered, task="binary", score=np.zeros(3))
        assert judged.loss.tolist() == again.loss.tolist() == [0, 0, 0]

    def test_take(self) -> None:
        judged = judge_classes(
            classes("a", "b"), classes("b", "b"), task="multiclass", score=np.array([0.1, 0.9])
        )
        part = judged.take(np.array([1], dtype=np.intp))
        assert (part.loss.tolist(), part.score.tolist(), len(part)) == ([0], [0.9], 1)


class TestScores:
    def test_the_threshold_itself_is_positive(self) -> None:
        judged = judge_scores(np.array([0.49, 0.5, 0.51]), classes("1", "1", "1"))
        assert judged.loss.tolist() == [1, 0, 0]

    def test_any_other_class_is_the_negative_one(self) -> None:
        judged = judge_scores(
            np.array([0.1, 0.9, 0.2]), classes("ok", "fraud", "fine"), positive="fraud"
        )
        assert judged.loss.tolist() == [0, 0, 0]

    def test_missing_score_is_wrong(self) -> None:
        judged = judge_scores(np.array([np.nan, np.nan]), classes("1", "0"))
        assert judged.loss.tolist() == [1, 1]

    def test_zero_may_be_the_positive_class(self) -> None:
        judged = judge_scores(np.array([0.9, 0.1]), classes("0", "1"), positive="0")
        assert judged.loss.tolist() == [0, 0]


class TestValues:
    def test_loss_is_the_absolute_error(self) -> None:
        judged = judge_values(np.array([1.0, -2.0]), np.array([3.0, -2.5]))
        assert judged.loss.tolist() == [2, 0.5]

    def test_what_is_no_number_is_infinitely_wrong(self) -> None:
        """Without a warning; infinity is not right by being infinite too."""
        judged = judge_values(
            np.array([np.nan, np.inf, 1e308, 0.0]), np.array([1.0, np.inf, -1e308, np.inf])
        )
        assert np.isinf(judged.loss).all()


class TestRankings:
    @given(st.lists(st.sampled_from(["1", "3,1", "0", "2", "x", "-1", "1.5", None]), max_size=20))
    def test_each_is_judged_by_its_own_label(self, names: list[str | None]) -> None:
        """Whatever others there are, and whatever labels none has."""
        column = CategoricalColumn.of(["9", *names]).take(np.arange(1, len(names) + 1))
        found = judge_rankings(column)
        expected = {"1": (0.0, 1.0), "3,1": (0.0802, 1.0), "0": (1.0, 0.0), "2": (0.3691, 2.0)}
        for at, name in enumerate(names):
            loss, first = expected.get(name or "", (np.nan, np.nan))
            assert found.loss[at] == pytest.approx(loss, abs=1e-4, nan_ok=True)
            assert isinstance(found.actual, NumericColumn)
            assert found.actual.values[at] == pytest.approx(first, nan_ok=True)

    def test_numbers_are_places_too(self) -> None:
        found = judge_rankings(NumericColumn(np.array([np.nan, 2, 0, -1, 2, 1.5, np.inf])))
        assert found.loss == pytest.approx(
            [np.nan, 0.3691, 1, np.nan, 0.3691, np.nan, np.nan], abs=1e-4, nan_ok=True
        )
