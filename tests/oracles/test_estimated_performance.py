"""Estimated performance against NannyML's CBPE, on the data sets that NannyML brings along."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram

pytestmark = pytest.mark.components

CHUNK = 5000
DATA = ("car loan", "work from home", "employment")


@pytest.fixture(scope="module")
def nannyml(oracle: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
    answer: dict[str, Any] = oracle("nannyml", {"chunk_size": CHUNK, "data": DATA})["data"]
    return answer


@pytest.mark.parametrize("name", DATA)
def test_the_estimates_are_those_of_cbpe(nannyml: dict[str, Any], name: str) -> None:
    """Accuracy within .002, the rest within .004: bins and groups stand for isotonic steps."""
    found = nannyml[name]
    score, said, label = (np.array(column) for column in found["reference"])
    calibrator = Calibrator.learn(ScoreHistogram.of(score, said > 0.5, label > 0.5))
    assert calibrator is not None
    score, said, _ = (np.array(column) for column in found["analysis"])
    expected = found["estimates"]
    # NannyML's last chunk takes the rest.
    ends = [*range(CHUNK, CHUNK * len(expected["accuracy"]), CHUNK), len(score)]
    for chunk, end in enumerate(ends):
        rows = slice(chunk * CHUNK, end)
        ours = calibrator.estimate(ScoreCounts.of(score[rows], said[rows] > 0.5), binary=True)
        assert ours["accuracy"][0] == pytest.approx(expected["accuracy"][chunk], abs=0.002)
        for metric, its_name in (
            *(("precision", "precision"), ("recall", "recall")),
            *(("f1", "f1"), ("auc", "roc_auc")),
        ):
            assert ours[metric][0] == pytest.approx(expected[its_name][chunk], abs=0.004), metric
