"""How a history is read and watched: the tables of ``replay``'s TOML file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from barograph_processor.config import (
    AlarmConfig,
    BaselineConfig,
    ModelConfig,
    ReferenceConfig,
    Table,
    WindowConfig,
    plain,
    read_toml,
)
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.semconv import TASKS

__all__ = [
    "ColumnsConfig",
    "ReplayConfig",
    "ReplayModel",
    "load_replay_config",
    "parse_replay_config",
]


_LATE = {
    "reaction": ("reaction_time", "reaction_magnitude"),
    "outcome": ("outcome_time",),
    "evaluations": ("evaluation_time",),
    "label_time": ("label_source",),
}


class ReplayModel(Table, frozen=True, kw_only=True):
    """Whose history it is.

    Attributes:
        name: Model name.
        version: Model version.
        task: binary, multiclass, regression, ...; None infers it from the data.
        threshold: Probability from which a binary prediction is positive.
        positive: The positive class.
        lower_is_better: Evaluations whose low scores are good ones.
    """

    name: str = "model"
    version: str = "unversioned"
    task: str | None = None
    threshold: float | None = None
    positive: str | int | bool | None = None
    lower_is_better: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.task is not None and self.task not in TASKS:
            raise ValueError(f"task must be one of {', '.join(TASKS)}, got {self.task!r}")


class ColumnsConfig(Table, frozen=True, kw_only=True):
    """Which column is what.

    Attributes:
        time: Event time, ISO 8601 or epoch seconds; else one row a second.
        id: Prediction id; duplicates are bad rows.
        prediction: Chosen class, or value.
        confidence: Confidence; for a binary task the probability of the positive class.
        label: True class or value.
        label_time: When the label became known; else with the row.
        reaction: What the user did with the prediction; empty where there was nothing.
        reaction_time: When; else with the row.
        reaction_magnitude: How much an edit changed, in [0, 1].
        outcome: What came of the prediction, in the business's own terms.
        outcome_time: When that was known; else with the row.
        outcome_unit: Its unit.
        evaluations: Columns of scores, each an evaluation of that name; numbers, or verdicts
            such as pass and fail, empty where there was none.
        evaluation_time: When they were given; else with the row.
        label_source: Who gave the label: human, system or model. Needs ``label_time``.
        holdout: Whether the row belongs to a random hold-out, on which the model's
            decision had no effect: a boolean.
        propensity: The chance that a row had of being reviewed by people, in (0, 1]; its
            label is their answer then.
        features: Features; else every column that has no other role.
        categorical: Those of the features that are categories whatever they look like.
        slices: What quality is broken down by; they are features too.
        traces: What quality is broken down by as if it came from a trace, such as the
            release; named ``trace.<column>``, and no features.
        invalid: What to do with a row that cannot be used: an error, or a counted skip.
    """

    time: str | None = None
    id: str | None = None
    prediction: str | None = None
    confidence: str | None = None
    label: str | None = None
    label_time: str | None = None
    reaction: str | None = None
    reaction_time: str | None = None
    reaction_magnitude: str | None = None
    outcome: str | None = None
    outcome_time: str | None = None
    outcome_unit: str = "1"
    evaluations: tuple[str, ...] = ()
    evaluation_time: str | None = None
    label_source: str | None = None
    holdout: str | None = None
    propensity: str | None = None
    features: tuple[str, ...] | None = None
    categorical: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    invalid: Literal["error", "skip"] = "error"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.label_time is not None and (self.label is None or self.time is None):
            raise ValueError("label_time needs label and time")
        for late, parts in _LATE.items():
            named = [part for part in parts if getattr(self, part) is not None]
            if named and not getattr(self, late):
                raise ValueError(f"{named[0]} needs {late}")
            if self.time is None and any(part.endswith("_time") for part in named):
                raise ValueError(f"{named[0]} needs time")
        if self.label is not None and self.prediction is None and self.confidence is None:
            raise ValueError("label needs prediction or confidence to be compared with")
        twice = sorted({name for name in self.roles if self.roles.count(name) > 1})
        if twice:
            raise ValueError(f"one column cannot have two roles: {', '.join(twice)}")
        if self.features is not None:
            taken = [name for name in self.features if name in self.roles]
            if taken:
                raise ValueError(f"features that have another role: {', '.join(taken)}")
            stray = [c for c in self.categorical if c not in {*self.features, *self.slices}]
            if stray:
                raise ValueError(f"categorical columns must be features: {', '.join(stray)}")

    @property
    def has_late_facts(self) -> bool:
        """Whether something joins its prediction by id later."""
        return any((self.label_time, self.reaction, self.outcome, self.evaluations))

    @property
    def roles(self) -> tuple[str, ...]:
        """The columns that have a role of their own and are no features.

        One may say when several things were known, as the closing of a case does.
        """
        moments = (
            self.label_time,
            self.reaction_time,
            self.outcome_time,
            self.evaluation_time,
        )
        named = (
            self.time,
            self.id,
            self.prediction,
            self.confidence,
            self.label,
            self.reaction,
            self.reaction_magnitude,
            self.outcome,
            *self.evaluations,
            self.label_source,
            self.holdout,
            self.propensity,
            *self.traces,
            *dict.fromkeys(moments),
        )
        return tuple(column for column in named if column is not None)


class ReplayConfig(Table, frozen=True, kw_only=True):
    """Everything that a replay needs to know beside the data."""

    model: ReplayModel = ReplayModel()
    columns: ColumnsConfig = ColumnsConfig()
    reference: ReferenceConfig = ReferenceConfig()
    window: WindowConfig = WindowConfig()
    alarm: AlarmConfig = AlarmConfig()
    baseline: BaselineConfig = BaselineConfig()

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.reference.season is not None and self.columns.time is None:
            raise ValueError("reference.season needs columns.time")
        if self.reference.until is not None and self.columns.time is None:
            raise ValueError("reference.until needs columns.time")

    def watched(self) -> ModelConfig:
        """Return how the model is watched, as the service would be told."""
        return ModelConfig(
            task=self.model.task,
            threshold=self.model.threshold,
            positive=self.model.positive,
            lower_is_better=self.model.lower_is_better,
            reference=self.reference,
            window=self.window,
            alarm=self.alarm,
            baseline=self.baseline,
        )


def load_replay_config(path: Path | None) -> ReplayConfig:
    """Read a TOML file; without one everything is a default.

    Raises:
        ConfigurationError: The file cannot be read, is no TOML, or does not fit.
    """
    if path is None:
        return ReplayConfig()
    return parse_replay_config(read_toml(path), source=str(path))


def parse_replay_config(document: Mapping[str, Any], *, source: str = "config") -> ReplayConfig:
    """Check a parsed document.

    Raises:
        ConfigurationError: A key is unknown, or a value of the wrong type or range.
    """
    try:
        return msgspec.convert(plain(document), ReplayConfig)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(f"{source}: {error}") from error
