"""Uneven labels are marked, chance and delays are not."""

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.quality.coverage import CoverageMonitor

Floats = npt.NDArray[np.float64]


def _period(
    rng: np.random.Generator, shares: list[float], *, overall: float = 1.0
) -> tuple[Floats, Floats]:
    """A thousand predictions in strata of a fifth each, labelled at these shares."""
    n = rng.multinomial(1000, [0.2] * 5)
    labels = rng.binomial(n, np.clip(np.array(shares) * overall, 0, 1))
    return np.array([1000.0, *n]), np.array([float(labels.sum()), *labels])


def test_uneven_labels_are_marked_and_the_mark_is_withdrawn() -> None:
    rng = np.random.default_rng(1)
    monitor = CoverageMonitor(budget=10_000)
    marked = []
    for period in range(120):
        shares = [0.5] * 5 if period < 20 or period >= 40 else [0.2, 0.5, 0.5, 0.5, 0.5]
        monitor.update(*_period(rng, shares))
        marked.append([bias.stratum for bias in monitor.biased])
    assert marked[:20] == [[]] * 20
    assert marked[26] == [0]
    assert marked[60:] == [[]] * 60


def test_what_is_never_labelled_is_named_with_its_figures() -> None:
    """Labels that exist for accepted cases only."""
    rng = np.random.default_rng(2)
    monitor = CoverageMonitor(budget=10_000)
    for _ in range(10):
        monitor.update(*_period(rng, [0.0, 1.0, 1.0, 1.0, 1.0]))
    (worst, *_) = monitor.biased
    assert worst.stratum == 0
    assert (worst.coverage, worst.rest) == (0.0, 1.0)
    assert worst.log10_evidence >= worst.log10_threshold


def test_false_marks_keep_the_budget() -> None:
    """Coverage that goes up and down for all strata alike, some periods with hardly a label.

    Without the floor on the effect, at one mark in 200 periods, 60 runs of 100 periods have a
    mark in 30 of them or fewer, plus three standard errors; all but few have none.
    """
    marks = 0
    for run in range(60):
        rng = np.random.default_rng([3, run])
        monitor = CoverageMonitor(budget=200)
        for _ in range(100):
            monitor.update(*_period(rng, [0.5] * 5, overall=rng.uniform(0.02, 1.8)))
        evidence = monitor._evidence.mean(axis=1)
        marks += bool((evidence >= 200 * 5).any()) or bool(monitor.biased)
    assert marks <= 6


@pytest.mark.parametrize("predictions", [[0, 0, 0], [100, 100, 0]])
def test_labels_whose_predictions_are_not_counted_yet_are_no_coverage(
    predictions: list[int],
) -> None:
    """They come before the window of their predictions is closed."""
    monitor = CoverageMonitor(budget=1)
    monitor.update(np.array(predictions, dtype=np.float64), np.array([190.0, 150.0, 40.0]))
    coverage, _ = monitor._effects()
    assert np.isnan(coverage[1])
    assert not coverage[0] > 1
    assert monitor.biased == []


def test_no_budget_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="budget"):
        CoverageMonitor(budget=0)
