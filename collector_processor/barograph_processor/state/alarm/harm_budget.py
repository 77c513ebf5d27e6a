"""Who may spend how much of the budget for harm."""

from collections.abc import Mapping
from typing import Final

from barograph_processor.config import AlarmConfig

__all__ = ["HARM_SHARES", "harm_budget"]

HARM_SHARES: Final[Mapping[str, float]] = {
    "risk": 0.5,
    "slice": 0.2,
    "calibration": 0.05,
    "trust": 0.04,
    "trust.edited": 0.03,
    "trust.slice": 0.03,
    "adapting.verified": 0.01,
    "adapting.abandoned": 0.01,
    "adapting.usage": 0.01,
    "outcome": 0.05,
    "loop.concentration": 0.02,
    "loop.self_label_share": 0.01,
    "loop.policy_gap": 0.02,
    "evaluation": 0.02,
}


def harm_budget(alarm: AlarmConfig, monitor: str) -> float:
    """Return the windows between false alarms of one monitor.

    All together raise one false alarm in ``windows_between_false_alarms / harm_share``
    windows on average, or fewer: e-d-Bonferroni with unequal shares.

    Raises:
        KeyError: There is no such monitor; a mistake in the code.
    """
    share = alarm.harm_share * HARM_SHARES[monitor]
    return max(alarm.windows_between_false_alarms / share, 1.0)
