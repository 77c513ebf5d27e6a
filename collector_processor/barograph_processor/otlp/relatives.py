"""Who was called by whom, span by span."""

from collections.abc import Sequence

import numpy as np

from barograph_processor.observation import ModelKey, SpanBatch
from barograph_processor.otlp.lineage import MOST_MICROS
from barograph_processor.otlp.rows import SPAN_ID_BYTES, SpanFacts, SpanRows
from barograph_processor.otlp.values import bounded
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["Relatives"]


class Relatives:
    """Collects the spans of a request that are predictions or have a parent."""

    def __init__(self) -> None:
        self._ids: list[tuple[int, int, int]] = []
        self._parents: list[int] = []
        self._numbers: list[tuple[int, int, int, bool]] = []
        self._names: list[str] = []
        self._models: dict[ModelKey, int] = {}

    def add(self, span: SpanFacts, name: str, parent_id: bytes, rows: SpanRows | None) -> None:
        """Add a span; ``rows`` if it is a prediction."""
        # An id of a wrong length leads nowhere.
        parent = int.from_bytes(parent_id) if len(parent_id) == SPAN_ID_BYTES else 0
        if rows is None and not parent:
            return
        micros = min((span.end_ns - span.start_ns) // 1000, MOST_MICROS)
        model = usable = -1
        if rows is not None:
            model = self._models.setdefault(rows.group.model, len(self._models))
            usable = 0 if span.failed else len(rows)
        self._ids.append(span.ids)
        self._parents.append(parent)
        self._numbers.append((model, max(usable, 0), micros, span.failed))
        self._names.append(bounded(name))

    def batches(self) -> Sequence[SpanBatch]:
        """Return them in order of arrival, in one batch if there are any."""
        if not self._ids:
            return ()
        model, rows, micros, failed = np.array(self._numbers, np.int64).T
        return (
            SpanBatch(
                ids=np.array(self._ids, np.uint64).reshape(-1, 3),
                parent=np.array(self._parents, np.uint64),
                model=model.astype(np.int32),
                rows=rows.astype(np.int32),
                micros=micros.astype(np.int32),
                failed=failed.astype(np.bool_),
                name=CategoricalColumn.of(self._names),
                models=tuple(self._models),
            ),
        )
