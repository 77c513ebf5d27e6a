"""Calibration: its error, its reliability, and the evidence that it broke."""

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.quality.calibration import calibration_error, equal_mass, reliability
from barograph_processor.quality.calibration_monitor import (
    CalibrationMonitor,
    CalibrationTransition,
    outcome_dispersion,
)
from barograph_processor.quality.score_histogram import ScoreHistogram

Floats = npt.NDArray[np.float64]


def _sharpened(p: Floats, factor: float) -> Floats:
    return np.asarray(1 / (1 + ((1 - p) / p) ** factor))


def _drawn(
    rng: np.random.Generator, n: int, *, factor: float = 1.0, day: float = 0.0
) -> ScoreHistogram:
    """Scores of a calibrated model, sharpened: above 1 it is overconfident."""
    chance = rng.beta(1, 3, size=n) * 0.98 + 0.01
    score = _sharpened(chance, factor)
    chance = 1 / (1 + (1 - chance) / chance * np.exp(-rng.normal(0, day) if day else 0.0))
    return ScoreHistogram.of(score, score > 0.5, rng.uniform(size=n) < chance)


class TestError:
    @pytest.mark.parametrize("n", [200, 2000, 100_000])
    def test_of_a_calibrated_model_is_nothing_but_noise(self, n: int) -> None:
        """The debiased square has mean 0, where the plain one has about bins / rows."""
        errors = [calibration_error(_drawn(np.random.default_rng([1, i]), n)) for i in range(40)]
        squares = np.array([0.0 if e is None else e for e in errors]) ** 2
        assert squares.mean() < 0.7 * 15 * 0.15 / n

    def test_of_an_overconfident_model_is_its_distance(self) -> None:
        rng = np.random.default_rng(2)
        n = 400_000
        chance = rng.beta(1, 3, size=n) * 0.98 + 0.01
        score = _sharpened(chance, 2.0)
        found = calibration_error(
            ScoreHistogram.of(score, score > 0.5, rng.uniform(size=n) < chance)
        )
        assert found == pytest.approx(np.sqrt(((score - chance) ** 2).mean()), abs=0.01)

    def test_of_few_rows_is_unknown(self) -> None:
        assert calibration_error(_drawn(np.random.default_rng(3), 10)) is None
        assert calibration_error(ScoreHistogram.empty()) is None
        assert reliability(ScoreHistogram.empty()) == []


class TestReliability:
    def test_bins_hold_about_as_much_as_each_other_and_cover_the_rates(self) -> None:
        found = reliability(_drawn(np.random.default_rng(4), 50_000))
        assert len(found) == 10
        assert all(0.5 * 5000 <= bin_.rows <= 2 * 5000 for bin_ in found)
        assert [bin_.score for bin_ in found] == sorted(bin_.score for bin_ in found)
        inside = [bin_.lower - 0.01 <= bin_.score <= bin_.upper + 0.01 for bin_ in found]
        assert all(inside)

    def test_scores_of_rare_events_are_told_apart(self) -> None:
        rng = np.random.default_rng(5)
        score = rng.choice([0.001, 0.004, 0.02], size=30_000)
        found = reliability(ScoreHistogram.of(score, score > 0.5, rng.random(30_000) < score))
        assert [round(bin_.score, 3) for bin_ in found] == [0.001, 0.004, 0.02]

    def test_one_score_alone_is_one_bin(self) -> None:
        yes = np.ones(100, dtype=np.bool_)
        (only,) = reliability(ScoreHistogram.of(np.full(100, 0.7), yes, np.arange(100) < 60))
        assert only.score == pytest.approx(0.7)
        assert only.rate == pytest.approx(0.6)
        assert equal_mass(np.array([0.0, 5.0, 0.0]), 3).tolist() == [0, 0, 0]


class TestMonitor:
    def run(
        self, factors: list[float], *, seed: int, reference: float = 1.0, budget: float = 320_000
    ) -> list[CalibrationTransition]:
        rng = np.random.default_rng([6, seed])
        monitor = CalibrationMonitor(
            _drawn(rng, 5000, factor=reference), tolerance=0.02, budget=budget
        )
        steps = [
            monitor.update(_drawn(rng, 1000, factor=factor), window=window)
            for window, factor in enumerate(factors)
        ]
        return [step for step in steps if step is not None]

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("factor", [2.0, 0.4])
    def test_broken_calibration_is_found_dated_and_over(self, seed: int, factor: float) -> None:
        """Scores that become too sharp, or too dull, for 20 windows."""
        broken, back = self.run([1.0] * 20 + [factor] * 20 + [1.0] * 20, seed=seed)
        assert broken.broken
        assert broken.since in range(18, 23)
        assert not back.broken
        assert 38 <= back.since <= 45

    @pytest.mark.parametrize("seed", range(3))
    def test_what_the_reference_had_already_is_no_news(self, seed: int) -> None:
        assert self.run([2.0] * 60, seed=seed, reference=2.0) == []

    def test_becoming_calibrated_is_no_alarm(self) -> None:
        assert self.run([1.0] * 60, seed=1, reference=2.0) == []

    def test_budget_is_kept(self) -> None:
        """P(alarm within 100 windows) <= 100 / 1000, without tolerance."""
        alarms = 0
        for seed in range(40):
            rng = np.random.default_rng([7, seed])
            monitor = CalibrationMonitor(_drawn(rng, 5000), tolerance=0.0, budget=1000.0)
            for window in range(100):
                step = monitor.update(_drawn(rng, 200), window=window)
                if step is not None and step.broken:
                    alarms += 1
                    break
        # Of 40 at 10%: 9 or fewer with probability 0.995.
        assert alarms <= 9

    def test_windows_that_swing_are_not_found_if_the_reference_swung_as_well(self) -> None:
        rng = np.random.default_rng(8)
        days = [_drawn(rng, 1000, day=0.5) for _ in range(20)]
        reference = days[0]
        for day in days[1:]:
            reference = reference.merge(day)
        square = []
        for day in days:
            rest = day.positive.sum() - day.score.sum()
            square.append(rest**2 / (day.score.sum() * 0.75))
        calm = CalibrationMonitor(
            reference, tolerance=0.02, budget=10_000, dispersion=float(np.mean(square))
        )
        found = [calm.update(_drawn(rng, 1000, day=0.5), window=w) for w in range(100)]
        assert [step for step in found if step is not None] == []

    @pytest.mark.parametrize("wrong", [{"tolerance": -0.1}, {"dispersion": 0.5}, {"budget": 0.0}])
    def test_mistakes(self, wrong: dict[str, float]) -> None:
        settings = {"tolerance": 0.02, "budget": 100.0, **wrong}
        with pytest.raises(ValueError, match="must be"):
            CalibrationMonitor(_drawn(np.random.default_rng(9), 1000), **settings)
        with pytest.raises(ValueError, match="too few"):
            CalibrationMonitor(ScoreHistogram.empty(), tolerance=0.0, budget=100.0)


def test_dispersion_is_one_for_independent_outcomes_and_more_for_days() -> None:
    rng = np.random.default_rng(10)
    score = rng.uniform(0.1, 0.9, size=20_000)
    true = (rng.random(20_000) < score).astype(float)
    assert outcome_dispersion(np.stack([score, true]), block=500) < 1.6
    day = np.repeat(rng.normal(0, 0.1, size=40), 500)
    swung = (rng.random(20_000) < np.clip(score + day, 0, 1)).astype(float)
    assert outcome_dispersion(np.stack([score, swung]), block=500) > 10
    assert outcome_dispersion(np.stack([score, swung]), block=10_000) == 1.0
