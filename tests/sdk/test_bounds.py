"""However much a call is given, a bounded part of it is read, and it is told how much there was."""

import tracemalloc
from typing import Any

import pandas as pd
import pytest

import barograph
from barograph.testing import Recorder

MILLION = 1_000_000


@barograph.observe(model="m")
def echo(x: Any) -> Any:
    return x


@barograph.observe(model="m", batch=True)
def echo_batch(x: Any) -> Any:
    return x


HUGE: dict[str, Any] = {
    "numbers": list(range(MILLION)),
    "words": ["a"] * MILLION,
    "fields": {str(at): at for at in range(MILLION)},
    "text": "a b\n" * (10 * MILLION // 4),
    "brackets": "[" * 10 * MILLION,
}
HUGE_BATCHES: dict[str, Any] = {
    "numbers": list(range(MILLION)),
    "records": [{"a": 1, "b": 2}] * MILLION,
    "texts": ["x y " * 20_000] * 2_000,
}


def taken(call: Any, value: Any) -> int:
    """The most memory, in bytes, that watching a call took at any time."""
    call(value)  # what is kept from call to call is no part of it
    tracemalloc.start()
    try:
        assert call(value) is value
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_argument_and_result_are_read_in_part(recorder: Recorder, name: str) -> None:
    """Even a million references would take 8 MB."""
    assert taken(echo, HUGE[name]) < 6_000_000
    assert all(len(sent) < 2_100 for sent in recorder.predictions)


@pytest.mark.parametrize("name", HUGE_BATCHES)
def test_a_huge_batch_is_read_in_part(recorder: Recorder, name: str) -> None:
    assert taken(echo_batch, HUGE_BATCHES[name]) < 6_000_000
    assert all(sent["barograph.batch.size"] <= 10_000 for sent in recorder.predictions)


def test_the_sizes_told_are_the_true_ones(recorder: Recorder) -> None:
    echo(HUGE["numbers"])
    echo(HUGE["text"])
    numbers, text = recorder.predictions
    assert numbers["barograph.input.x.size"] == numbers["barograph.output.size"] == MILLION
    assert text["barograph.input.x.length"] == text["barograph.output.length"] == 10 * MILLION


def test_texts_of_a_batch_share_a_budget_and_keep_their_lengths(recorder: Recorder) -> None:
    echo_batch(HUGE_BATCHES["texts"])
    (sent,) = recorder.predictions
    assert set(sent["barograph.input.x.length"]) == set(sent["barograph.output.length"]) == {80_000}
    assert set(sent["barograph.output.words"]) == {2**20 // 2_000 // 2}


def test_a_wide_dict_takes_the_first_thousand_features(recorder: Recorder) -> None:
    for _ in range(2):
        echo(HUGE["fields"])
    for sent in recorder.predictions:
        inputs = [key for key in sent if key.startswith("barograph.input.")]
        assert len(inputs) == 1_000
        assert "barograph.input.999" in sent


def test_columns_of_one_name_are_kept_apart(recorder: Recorder) -> None:
    echo_batch(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
    (sent,) = recorder.predictions
    assert sent["barograph.input.a"] == (1, 3)
    assert sent["barograph.input.a.1"] == (2, 4)
