"""A call site: what `observe` was told about a model, checked and prepared once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from barograph import semconv
from barograph.scalar import scalar, wire_text
from barograph.selection import Features, Review, Selector, Slices

__all__ = ["Site", "operation_of"]

_OPERATIONS = {"generation": "chat", "embedding": "embeddings"}


def operation_of(task: str | None) -> str:
    """Return the operation in a span's name, as OpenTelemetry calls it for generative models."""
    return _OPERATIONS.get(task or "", "predict")


def _short(selector: Selector) -> str:
    """The name of a slice: the last part of a path, or a function's own."""
    name = selector if isinstance(selector, str) else getattr(selector, "__name__", "slice")
    return str(name).rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Site:
    """The options of one instrumented function or block.

    Raises:
        ValueError: The model has no name, the task does not exist, a share is not in [0, 1], or
            the positive class is no scalar.
    """

    model: str
    version: str = semconv.UNVERSIONED
    task: str | None = None
    batch: bool = False
    features: Features | None = None
    output: str | Sequence[str] | Callable[[Any], Any] | None = None
    id: Selector | None = None
    slices: Slices | None = None
    time: Any = None
    positive: Any = None
    threshold: float | None = None
    classes: tuple[str, ...] = ()
    holdout: float = 0.0
    review: Review = None
    name: str = field(init=False)
    """The span's name."""
    constants: Mapping[str, Any] = field(init=False)
    """Attributes that every span of this site carries, from its start."""

    def __post_init__(self) -> None:
        if not self.model or type(self.model) is not str:
            raise ValueError(f"model must be a name, got {self.model!r}")
        if self.task is not None and self.task not in semconv.TASKS:
            raise ValueError(f"task must be one of {', '.join(semconv.TASKS)}, got {self.task!r}")
        if type(self.batch) is not bool:
            raise ValueError(f"batch must be true or false, got {self.batch!r}")
        for name in ("threshold", "holdout", "review"):
            share = getattr(self, name)
            if isinstance(share, (int, float)) and not 0 <= share <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {share!r}")
        if self.positive is not None and scalar(self.positive) is None:
            raise ValueError(f"positive must be a class, got {type(self.positive).__name__}")
        object.__setattr__(self, "model", wire_text(self.model))
        object.__setattr__(self, "version", wire_text(str(self.version)))
        object.__setattr__(self, "name", f"{operation_of(self.task)} {self.model}")
        object.__setattr__(self, "constants", self._constants())

    def _constants(self) -> dict[str, Any]:
        stated = isinstance(self.review, (int, float))
        constants: dict[str, Any] = {
            semconv.MODEL_NAME: self.model,
            semconv.MODEL_VERSION: self.version,
            semconv.TASK: self.task,
            semconv.POSITIVE: scalar(self.positive),
            semconv.THRESHOLD: None if self.threshold is None else float(self.threshold),
            semconv.REVIEW_PROPENSITY: float(self.review) if stated else None,  # type: ignore[arg-type]  # a number
        }
        if self.generative:
            constants["gen_ai.operation.name"] = operation_of(self.task)
            constants["gen_ai.request.model"] = self.model
        return {key: value for key, value in constants.items() if value is not None}

    def only_id(self) -> "Site":
        """Return this site with nothing to capture but the id."""
        return Site(model=self.model, batch=self.batch, id=self.id)

    @property
    def generative(self) -> bool:
        """Whether OpenTelemetry's conventions for generative models apply."""
        return self.task in _OPERATIONS

    @property
    def generation(self) -> bool:
        """Whether the model writes text, so that no string of a call is a category."""
        return self.task == "generation"

    @property
    def computed(self) -> bool:
        """Whether features are given by a dict of selectors."""
        return isinstance(self.features, Mapping)

    def slice_selectors(self) -> dict[str, Selector]:
        """Return the slices by name; a callable that names its own slices is left out."""
        if isinstance(self.slices, Mapping):
            return dict(self.slices)
        if self.slices is None or callable(self.slices):
            return {}
        chosen = [self.slices] if isinstance(self.slices, str) else self.slices
        return {_short(how): how for how in chosen}

    def feature_names(self) -> tuple[str, ...]:
        """Return the features chosen by name."""
        if self.features is None or callable(self.features) or self.computed:
            return ()
        return (self.features,) if isinstance(self.features, str) else tuple(self.features)
