"""Late facts as columns: one ``EventBatch`` a kind."""

import numpy as np

from barograph_processor.observation import EventBatch, EventKind
from barograph_processor.otlp.conventions.late_facts import LateFact

__all__ = ["FactGroups"]


class FactGroups:
    """Collects the late facts of a request; order of arrival is kept within a kind."""

    def __init__(self) -> None:
        self._groups: dict[EventKind, list[LateFact]] = {}

    def add(self, fact: LateFact) -> None:
        """Add one fact."""
        self._groups.setdefault(fact.kind, []).append(fact)

    def batches(self) -> tuple[EventBatch, ...]:
        """Return a batch for each kind, in order of its first fact."""
        return tuple(
            EventBatch(
                kind=kind,
                prediction_ids=tuple(fact.prediction_id for fact in facts),
                ids=np.array([fact.ids for fact in facts], np.uint64).reshape(-1, 3),
                time=np.array([fact.time for fact in facts], np.int64),
                number=np.array([fact.number for fact in facts], np.float64),
                text=tuple(fact.text for fact in facts),
                name=tuple(fact.name for fact in facts),
                source=tuple(fact.source for fact in facts),
                reviewer=tuple(fact.reviewer for fact in facts),
                model_names=tuple(fact.model_name for fact in facts),
                model_versions=tuple(fact.model_version for fact in facts),
                response_ids=tuple(fact.response_id for fact in facts),
            )
            for kind, facts in self._groups.items()
        )
