"""When a mean crossed a level: bounds, their rounding, and sums that are kept coarsely."""

import numpy as np
import pytest

from barograph_processor.sequential.ageing_sums import AgeingSums
from barograph_processor.sequential.level_change import level_change


def _sums(*parts: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(blocks, mean * 20) for blocks, mean in parts])


def test_a_clear_change_is_placed() -> None:
    for upwards in (True, False):
        low, high = (0.1, 0.6) if upwards else (0.6, 0.1)
        found = level_change(_sums((50, low), (20, high)), np.full(70, 20), 0.3, upwards=upwards)
        assert (found.at, found.low, found.high) == (1000, 990, 1010)


def test_what_is_not_sure_is_wider() -> None:
    rng, widths = np.random.default_rng(1), []
    for after in (0.15, 0.2, 0.4):
        sums = rng.binomial(20, np.repeat([0.1, after], [300, 100])).astype(np.float64)
        found = level_change(sums, np.full(400, 20), 0.125, upwards=True)
        assert found.low <= 6000 <= found.high
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)


def test_sums_that_differ_among_themselves_make_it_wider() -> None:
    rng, widths = np.random.default_rng(2), []
    risk = np.repeat([0.1, 0.2], [300, 100])
    for by_block in (False, True):
        drawn = rng.beta(10 * risk, 10 * (1 - risk)) if by_block else risk
        sums = rng.binomial(20, drawn).astype(np.float64)
        found = level_change(sums, np.full(400, 20), 0.125, upwards=True)
        widths.append(found.high - found.low)
    assert widths[1] > 1.5 * widths[0]


def test_it_may_have_been_so_from_the_beginning() -> None:
    found = level_change(_sums((5, 0.5)), np.full(5, 20), 0.2, upwards=True)
    assert (found.at, found.low) == (0, 0)
    found = level_change(np.array([20.0]), np.array([20]), 0.2, upwards=True)
    assert (found.at, found.low, found.high) == (0, 0, 10)


def test_there_must_be_a_sum() -> None:
    with pytest.raises(ValueError, match="at least one"):
        level_change(np.empty(0), np.empty(0, dtype=np.int64), 0.5, upwards=True)


def test_nothing_is_forgotten_and_the_latest_is_kept_one_by_one() -> None:
    sums, whole = AgeingSums(), np.random.default_rng(3).uniform(size=20_000)
    for value in whole.tolist():
        sums.add(value)
    blocks, values = sums.blocks, sums.values
    assert blocks.sum() == 20_000
    assert len(blocks) < 256 * 9
    assert (np.diff(blocks) <= 0).all()
    assert (blocks[-255:] == 1).all()
    ends = np.cumsum(blocks)
    assert np.add.reduceat(whole, ends - blocks) == pytest.approx(values)
    # The start of each sum is known to a hundredth of the time since.
    age = 20_000 - ends + blocks
    assert (blocks[blocks > 1] <= age[blocks > 1] / 100).all()


def test_they_come_back_from_a_state() -> None:
    sums, again = AgeingSums(), AgeingSums()
    for value in range(1000):
        sums.add(float(value))
    again.restore(sums.state())
    for kept in (sums, again):
        for value in range(300):
            kept.add(float(value))
    assert sums.state() == again.state()
    sums.reset()
    assert len(sums.values) == 0


def test_the_mean_since_the_start_is_beyond_the_level() -> None:
    """Also where a long rise to just below it is likelier than a short one far beyond."""
    low, near, far = [1.0] * 60, [4.0] * 40, [14.0] * 2
    sums, rows = np.array(low + near + far), np.full(102, 20)
    found = level_change(sums, rows, 0.25, upwards=True)
    since = np.cumsum(rows) > found.at
    assert sums[since].sum() / rows[since].sum() > 0.25
    assert found.low <= found.at <= found.high
