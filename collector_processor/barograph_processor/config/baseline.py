"""``[models.NAME.baseline]``: what was promised of a model before it was deployed."""

import math

import msgspec

from barograph_processor.config.table import Table

__all__ = ["OFFLINE_METRICS", "BaselineConfig"]

OFFLINE_METRICS = (
    *("accuracy", "precision", "recall", "f1", "auc", "brier", "log_loss"),
    *("mae", "rmse", "ndcg", "hit_rate", "mrr"),
)
_UNBOUNDED = frozenset({"log_loss", "mae", "rmse"})


class BaselineConfig(Table, frozen=True, kw_only=True):
    """What was promised of a model before it was deployed.

    Attributes:
        offline: Figures of the evaluation before deployment, by metric. An accuracy is also
            an objective: more wrong predictions than it leaves, and the tolerance, are harm.
    """

    offline: dict[str, float] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name, value in self.offline.items():
            if name not in OFFLINE_METRICS:
                raise ValueError(
                    f"offline must name some of {', '.join(OFFLINE_METRICS)}, got {name!r}"
                )
            highest = math.inf if name in _UNBOUNDED else 1.0
            if not (0 <= value <= highest and math.isfinite(value)):
                raise ValueError(f"offline.{name} is out of range, got {value!r}")
