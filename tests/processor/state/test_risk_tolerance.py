"""How bad a window of labels may be: what is tolerated, and when it is clearly exceeded."""

import pytest

from barograph_processor.config import AlarmConfig
from barograph_processor.state.label.realized import Share
from barograph_processor.state.label.risk_tolerance import RiskTolerance


def tolerance(objective: float | None = None) -> RiskTolerance:
    found = RiskTolerance(AlarmConfig(tolerance=0.02, tolerated_risk=objective), {})
    found.fix(0.1, 0.11)
    return found


@pytest.mark.parametrize(
    ("share", "calm", "bad"),
    [
        (None, False, False),
        ((0.12, 0.10, 0.14), True, False),
        ((0.124, 0.10, 0.14), True, False),
        ((0.126, 0.11, 0.14), False, False),
        ((0.15, 0.119, 0.18), False, False),
        ((0.15, 0.121, 0.18), False, True),
    ],
)
def test_the_reference_and_the_tolerance(share: Share | None, *, calm: bool, bad: bool) -> None:
    """Calm up to half of the margin for the reference, bad where the interval is above both."""
    assert tolerance().calm(share) is calm
    assert tolerance().bad(share) is bad


def test_a_stated_objective_has_no_margin() -> None:
    stated = tolerance(0.3)
    assert stated.calm((0.3, 0.2, 0.4))
    assert not stated.calm((0.301, 0.2, 0.4))
    assert stated.bad((0.4, 0.31, 0.5))
    assert not stated.bad((0.4, 0.29, 0.5))


def test_nothing_is_known_before_the_reference() -> None:
    fresh = RiskTolerance(AlarmConfig(), {})
    assert not fresh.calm((0.0, 0.0, 0.1))
    assert not fresh.bad((1.0, 0.9, 1.0))
