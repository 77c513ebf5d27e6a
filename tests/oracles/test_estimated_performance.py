"""Estimated performance against NannyML's CBPE, on the data sets that NannyML brings along."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram

pytestmark = pytest.mark.components

CHUNK = 1000
DATA = ("car loan", "work from home", "employment", "California housing", "three credit cards")
METRICS = {
    **{name: name for name in ("accuracy", "precision", "recall", "f1")},
    "auc": "roc_auc",
}


@pytest.fixture(scope="module")
def nannyml(oracle: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
    answer: dict[str, Any] = oracle("nannyml", {"chunk_size": CHUNK, "data": DATA})["data"]
    return answer


@pytest.mark.parametrize("name", DATA)
def test_the_estimates_are_those_of_cbpe(nannyml: dict[str, Any], name: str) -> None:
    """Within .002 in every chunk of 1,000 rows, in every metric that both state."""
    found = nannyml[name]
    score, said, label = (np.array(column) for column in found["reference"])
    calibrator = Calibrator.learn(ScoreHistogram.of(score, said > 0.5, label > 0.5))
    assert calibrator is not None
    score, said, _ = (np.array(column) for column in found["analysis"])
    expected = found["estimates"]
    binary = "f1" in expected
    # NannyML's last chunk takes the rest.
    ends = [*range(CHUNK, CHUNK * len(expected["accuracy"]), CHUNK), len(score)]
    for chunk, end in enumerate(ends):
        rows = slice(chunk * CHUNK, end)
        ours = calibrator.estimate(ScoreCounts.of(score[rows], said[rows] > 0.5), binary=binary)
        assert ours.keys() == (METRICS.keys() if binary else {"accuracy"}) - (
            # Of no positive answer there is no precision; NannyML says 0.
            set() if said[rows].any() else {"precision"}
        )
        for metric, (value, *_) in ours.items():
            assert value == pytest.approx(expected[METRICS[metric]][chunk], abs=0.002), metric
