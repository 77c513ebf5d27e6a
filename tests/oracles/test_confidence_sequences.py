"""Confidence sequences against confseq, by the authors of the method."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.sequential import BettingSequence, EmpiricalBernsteinSequence

pytestmark = pytest.mark.components

Draw = Callable[[np.random.Generator], npt.NDArray[np.float64]]

STREAMS: dict[str, Draw] = {
    "rare errors": lambda rng: (rng.random(600) < 0.04).astype(np.float64),
    "coin": lambda rng: (rng.random(600) < 0.5).astype(np.float64),
    "losses": lambda rng: rng.beta(2, 6, 600),
    "constant": lambda _: np.full(600, 0.3),
    "a step": lambda rng: np.concatenate([rng.beta(2, 8, 300), rng.beta(8, 2, 300)]),
}


CASES = [(name, alpha) for name in STREAMS for alpha in (0.05, 0.2)]
CANDIDATES = np.linspace(0, 1, 501)[1:-1]


def stream(name: str) -> npt.NDArray[np.float64]:
    return STREAMS[name](np.random.default_rng(1))


@pytest.fixture(scope="module")
def confseq(oracle: Callable[[str, dict[str, Any]], Any]) -> dict[tuple[str, float], Any]:
    """Ask for all cases at once: the other interpreter takes seconds to start."""
    streams = [(stream(name).tolist(), alpha) for name, alpha in CASES]
    answers = oracle("confseq", {"streams": streams, "candidates": CANDIDATES.tolist()})
    return dict(zip(CASES, answers, strict=True))


@pytest.mark.parametrize(("name", "alpha"), CASES)
def test_both_sequences_are_those_of_confseq(
    confseq: dict[tuple[str, float], Any], name: str, alpha: float
) -> None:
    """The bounds are equal; confseq's own default regularizes otherwise and is close."""
    expected = confseq[name, alpha]
    bernstein, betting = EmpiricalBernsteinSequence(alpha=alpha), BettingSequence(alpha=alpha)
    for part in np.array_split(stream(name), 7):
        bernstein.update(part)
        betting.update(part)
    assert bernstein.interval == pytest.approx(expected["bernstein"], abs=1e-12)
    assert bernstein.interval == pytest.approx(expected["its_own_bernstein"], abs=0.01)
    left = CANDIDATES[np.array(expected["highest_log_wealth"]) < -np.log(alpha)]
    if len(left):
        # Ours is a grid's step wider on each side.
        assert betting.interval == pytest.approx((left[0] - 0.002, left[-1] + 0.002), abs=1e-9)
    else:
        assert np.ptp(betting.interval) == 0
