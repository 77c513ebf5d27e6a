"""Scores in bins: two decimals have one of their own, and fewer bins of earlier files load."""

import numpy as np
import pytest

from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.score_histogram import ScoreHistogram, score_bin


def test_scores_of_two_decimals_share_no_bin() -> None:
    assert len(np.unique(score_bin(np.arange(101) / 100))) == 101


def _earlier(score: np.ndarray, said: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return what a version with 128 bins wrote to a file."""
    place = 2 / np.pi * np.arcsin(np.sqrt(score)) * 128
    at = np.minimum((place + 1e-9).astype(np.int64), 127)
    rows = [
        np.bincount(at[(true == t) & (said == s)], minlength=128) for t in (0, 1) for s in (0, 1)
    ]
    scores = np.bincount(at, score, minlength=128)
    return np.concatenate([[len(score), len(score)], *rows, scores]).astype(np.float64)


def test_files_of_half_as_many_bins_mean_the_same() -> None:
    rng = np.random.default_rng(3)
    score = rng.beta(1, 2, 20_000)
    said, true = score > 0.4, rng.random(20_000) < score
    now, then = ScoreHistogram.of(score, said, true), _earlier(score, said, true)
    found = ScoreHistogram.from_values(then)
    assert (found.n, found.ww) == (now.n, now.ww)
    assert found.cells.sum(axis=1).tolist() == now.cells.sum(axis=1).tolist()
    assert np.count_nonzero(found.total) <= 128
    fine, coarse = Calibrator.learn(now), Calibrator.learn(found)
    assert fine is not None
    assert coarse is not None
    for metric, (value, *_) in fine.estimate(now.counts, binary=True).items():
        assert coarse.estimate(now.counts, binary=True)[metric][0] == pytest.approx(
            value, abs=0.003
        )
    values = np.frombuffer(now.to_bytes(), "<f8")
    assert ScoreHistogram.from_values(values).to_bytes() == now.to_bytes()
    with pytest.raises(ValueError, match="of another length"):
        ScoreHistogram.from_values(values[:-1])
