from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from barograph_processor import codec
from barograph_processor.quality.review_sampler import Drawn, ReviewSampler
from barograph_processor.stats.column import CategoricalColumn

DAY = 86_400_000_000_000


def days(per_day: list[int], seed: int = 0) -> Any:
    rng = np.random.default_rng([4, seed])
    return np.concatenate(
        [np.sort(rng.integers(0, DAY, n)) + (20_000 + day) * DAY for day, n in enumerate(per_day)]
    )


def draw(
    sampler: ReviewSampler, time: Any, *, uncertainty: Any = None, sizes: tuple[int, ...] = ()
) -> Drawn:
    n = len(time)
    doubt = np.full(n, np.nan) if uncertainty is None else uncertainty
    region = CategoricalColumn((np.arange(n) % 10 == 0).astype(np.int32), ("usual", "rare"))
    begins = [0, *np.cumsum(sizes).tolist(), n]
    parts = []
    for begin, end in pairwise(begins):
        rows = np.arange(begin, end)
        drawn = sampler.draw(time[begin:end], doubt[begin:end], {"region": region.take(rows)})
        parts.append(Drawn(drawn.rows + begin, drawn.propensity, drawn.floor))
    return Drawn(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.propensity for part in parts]),
        np.concatenate([part.floor for part in parts]),
    )


def test_the_day_s_number_is_used_and_never_exceeded() -> None:
    time = days([4000, 4000, 40_000, 500, 4000])
    drawn = draw(ReviewSampler(per_day=50), time)
    counts = np.bincount((time[drawn.rows] // DAY - 20_000).astype(int), minlength=5)
    assert (counts <= 50).all()
    # A day with a tenth of the traffic expected cannot use all of them; all others nearly do.
    assert (counts[[0, 1, 2, 4]] >= 40).all()


def test_where_traffic_is_small_all_is_drawn() -> None:
    time = days([30] * 6)
    drawn = draw(ReviewSampler(per_day=50), time)
    counts = np.bincount((time[drawn.rows] // DAY - 20_000).astype(int), minlength=6)
    assert (counts[2:] >= 28).all()


def test_draws_do_not_depend_on_batches() -> None:
    time = days([3000, 3000])
    doubt = np.random.default_rng(5).random(6000)
    whole = draw(ReviewSampler(per_day=60, seed=3), time, uncertainty=doubt)
    cut = draw(ReviewSampler(per_day=60, seed=3), time, uncertainty=doubt, sizes=(1, 7, 500, 2000))
    assert whole.rows.tolist() == cut.rows.tolist()
    assert whole.propensity.tolist() == cut.propensity.tolist()


def test_a_restored_sampler_goes_on_alike() -> None:
    time = days([3000, 3000])
    whole = draw(ReviewSampler(per_day=60, seed=3), time)
    first = ReviewSampler(per_day=60, seed=3)
    before = draw(first, time[:2500])
    second = ReviewSampler(per_day=60, seed=3)
    state: Any = next(codec.unpacked(codec.packed([first.state()])))
    second.load(state)
    rare = (np.arange(2500, 6000) % 10 == 0).astype(np.int32)
    region = CategoricalColumn(rare, ("usual", "rare"))
    after = second.draw(time[2500:], np.full(3500, np.nan), {"region": region})
    assert [*before.rows.tolist(), *(after.rows + 2500).tolist()] == whole.rows.tolist()


def test_the_doubtful_and_the_rare_are_drawn_more_often_and_none_is_left_out() -> None:
    time = days([5000] * 20)
    doubt = np.where(np.arange(len(time)) % 4 == 0, 0.9, 0.1)
    drawn = draw(ReviewSampler(per_day=200), time, uncertainty=doubt)
    doubtful = np.mean(drawn.rows % 4 == 0)
    rare = np.mean(drawn.rows % 10 == 0)
    assert doubtful > 0.4
    assert 0.18 < rare < 0.45
    assert (drawn.floor <= drawn.propensity).all()
    # The floor is what all have alike: at least half.
    assert np.mean(drawn.floor / drawn.propensity) > 0.4


def test_weighed_back_the_drawn_are_all() -> None:
    time = days([5000] * 20)
    doubt = np.where(np.arange(len(time)) % 4 == 0, 0.9, 0.1)
    estimates = []
    for seed in range(8):
        drawn = draw(ReviewSampler(per_day=200, seed=seed), time, uncertainty=doubt)
        weight = drawn.floor / drawn.propensity
        estimates.append(float(weight @ (drawn.rows % 4 == 0) / weight.sum()))
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - 0.25) < 4 * error + 0.005


def test_a_clock_that_steps_back_is_another_day() -> None:
    sampler = ReviewSampler(per_day=10)
    draw(sampler, days([300]) + 1000 * DAY)
    drawn = draw(sampler, days([300]))
    assert 0 < len(drawn.rows) <= 10


@pytest.mark.parametrize(("per_day", "share"), [(0, 0.5), (-1, 0.5), (5, 0.4), (5, 1.1)])
def test_what_cannot_work_is_refused(per_day: int, share: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        ReviewSampler(per_day=per_day, uniform_share=share)
