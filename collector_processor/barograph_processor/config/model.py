"""``[models.NAME]``: how one model is watched."""

import math
from typing import Final

from barograph_processor.config.alarm import AlarmConfig
from barograph_processor.config.baseline import BaselineConfig
from barograph_processor.config.operations import OperationsConfig
from barograph_processor.config.reference import ReferenceConfig
from barograph_processor.config.review import ReviewConfig
from barograph_processor.config.table import Table
from barograph_processor.config.window import WindowConfig
from barograph_processor.semconv import TASKS

__all__ = ["MODEL_TABLES", "ModelConfig", "ModelTables"]


class ModelTables(Table, frozen=True, kw_only=True):
    """The tables that a model has of its own, and that are at the top for all others.

    Attributes:
        reference: What normal is learnt from.
        window: What is judged at once.
        alarm: The budget.
        operations: Objectives for latency and errors.
        review: What people are asked about.
    """

    reference: ReferenceConfig = ReferenceConfig()
    window: WindowConfig = WindowConfig()
    alarm: AlarmConfig = AlarmConfig()
    operations: OperationsConfig = OperationsConfig()
    review: ReviewConfig = ReviewConfig()


MODEL_TABLES: Final = ModelTables.__struct_fields__
"""The names of these tables."""


class ModelConfig(ModelTables, frozen=True, kw_only=True):
    """How one model is watched.

    Attributes:
        task: Overrides the task that the spans name.
        threshold: Probability from which a binary prediction is positive.
        positive: The positive class.
        lower_is_better: Evaluations whose low scores are good ones, such as toxicity.
        baseline: What was promised before it was deployed.
    """

    task: str | None = None
    threshold: float | None = None
    positive: str | int | bool | None = None
    lower_is_better: tuple[str, ...] = ()
    baseline: BaselineConfig = BaselineConfig()

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.task is not None and self.task not in TASKS:
            raise ValueError(f"task must be one of {', '.join(TASKS)}, got {self.task!r}")
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise ValueError(f"threshold must be a number, got {self.threshold!r}")
