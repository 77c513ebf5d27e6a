"""What a model's normal is, as a file: learnt once, watched against anywhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from barograph_processor.config import OFFLINE_METRICS, BaselineConfig
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.state.window.operations import OperationsReference

__all__ = ["Baseline", "QualityBaseline", "read_baselines"]

_SCHEMA: Final = 4
_READ: Final = (1, 2, 3, _SCHEMA)
"""Schema 1 said nothing of the inputs, in which then no slices are searched. Up to 3 scores
were counted in half as many bins, in which they are told less finely then, and nothing was said
of how far expected errors of a regression are off where inputs move, which then are not
estimated without labels."""


@dataclass(frozen=True, slots=True)
class QualityBaseline:
    """Quality on the reference's own labels.

    Attributes:
        risk: Mean loss in [0, 1].
        bound: Its upper confidence bound, in [0, 1].
        scale: Mean absolute error of a regression, in its unit; 1 for classes.
        task: ``binary``, ``multiclass`` or ``regression``.
        labels: Labels it was learnt from.
        performance: Metrics by name, for people.
        slices: The slices and their labels, see ``SlicedQuality.as_baseline``; or None.
        scores: What scores meant, see ``CalibratedScores.as_baseline``; or None.
    """

    risk: float
    bound: float
    scale: float
    task: str
    labels: int
    performance: Mapping[str, float]
    slices: Mapping[str, Any] | None = None
    scores: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A complete reference: distributions, operations, and quality where labels were there.

    Attributes:
        profile: What drift is measured against.
        operations: Bounds of latency, errors and traffic.
        end_ns: Event time of its last row.
        rows: Rows in it.
        quality: None if there were too few labels.
        promised: Figures that were stated of an evaluation before deployment, by metric.
        evaluated: Its rows were such an evaluation, not calls of production.
        errors: Which errors of a regression are to be expected on which inputs; None if too
            few of its rows had labels, or in files of earlier versions.
    """

    profile: ReferenceProfile
    operations: OperationsReference
    end_ns: int
    rows: int
    quality: QualityBaseline | None = None
    promised: Mapping[str, float] = field(default_factory=dict)
    evaluated: bool = False
    errors: ErrorModel | None = None

    @property
    def offline(self) -> Mapping[str, float]:
        """Figures of the evaluation before deployment: those stated, else those measured."""
        measured = self.quality.performance if self.evaluated and self.quality else {}
        known = {name: value for name, value in measured.items() if name in OFFLINE_METRICS}
        return {**known, **self.promised}

    def to_json(self) -> dict[str, Any]:
        """Return plain values, with the version of their schema."""
        bounds, quality = self.operations, self.quality
        return {
            "kind": "barograph.baseline",
            "schema": _SCHEMA,
            "end_ns": self.end_ns,
            "rows": self.rows,
            "operations": {
                "latency_p95_s": bounds.p95,
                "error_rate": bounds.error_rate,
                "traffic": bounds.traffic,
            },
            "quality": None
            if quality is None
            else {
                "risk": quality.risk,
                "bound": quality.bound,
                "scale": quality.scale,
                "task": quality.task,
                "labels": quality.labels,
                "performance": dict(quality.performance),
                "slices": quality.slices,
                "scores": quality.scores,
            },
            "promised": dict(self.promised),
            "evaluated": self.evaluated,
            "errors": None if self.errors is None else self.errors.to_json(),
            "profile": self.profile.to_json(),
        }

    @classmethod
    def read(cls, file: Path) -> "Baseline":
        """Read a baseline file.

        Raises:
            ValueError: It cannot be read, or as for ``from_json``; names the file.
        """
        try:
            return cls.from_json(json.loads(file.read_text(encoding="utf-8")))
        except OSError as error:
            raise ValueError(f"{file}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{file}: {error}") from error

    @classmethod
    def from_json(cls, document: Any) -> "Baseline":
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: It is no baseline, of another schema, or damaged.
        """
        if not isinstance(document, Mapping) or document.get("kind") != "barograph.baseline":
            raise ValueError("this is no baseline file")
        if document.get("schema") not in _READ:
            read = ", ".join(map(str, _READ))
            raise ValueError(f"its schema is {document.get('schema')!r}, this version reads {read}")
        try:
            bounds, quality = document["operations"], document["quality"]
            traffic, errors = bounds["traffic"], document.get("errors")
            return cls(
                ReferenceProfile.from_json(document["profile"]),
                OperationsReference(
                    bounds["latency_p95_s"],
                    bounds["error_rate"],
                    None if traffic is None else (traffic[0], traffic[1]),
                ),
                int(document["end_ns"]),
                int(document["rows"]),
                None if quality is None else QualityBaseline(**quality),
                # Files of earlier versions have none of these.
                BaselineConfig(offline=document.get("promised", {})).offline,
                bool(document.get("evaluated", False)),
                None
                if errors is None or document["schema"] < _SCHEMA
                else ErrorModel.from_json(errors),
            )
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(f"the baseline is damaged: {error!r}") from error


def read_baselines(
    files: Mapping[str, str | None], tasks: Mapping[str, str | None]
) -> dict[str, Baseline]:
    """Read the references that a configuration names.

    Args:
        files: By model name, ``*`` for all others; None where there is none.
        tasks: Stated, by model name; None where it is not.

    Raises:
        ConfigurationError: One cannot be used; names its file.
    """
    try:
        read = {name: Baseline.read(Path(file)) for name, file in files.items() if file}
    except ValueError as error:
        raise ConfigurationError(f"reference.file: {error}") from error
    for name, baseline in read.items():
        task = tasks.get(name)
        if baseline.quality is not None and task not in (None, baseline.quality.task):
            raise ConfigurationError(
                f"reference.file: {files[name]}: its labels are of a {baseline.quality.task} "
                f"model, and the task of {name!r} is {task}"
            )
    return read
