"""Spans that come again are found among many others by parts of their key."""

import numpy as np
import pytest

from barograph_processor.observation import SpanBatch
from barograph_processor.state.trace import recent_spans
from barograph_processor.state.trace.recent_spans import RecentSpans
from barograph_processor.stats.column import CategoricalColumn


def _spans(*numbers: int) -> SpanBatch:
    n = len(numbers)
    ids = np.zeros((n, 3), np.uint64)
    ids[:, 2] = numbers
    return SpanBatch(
        ids=ids,
        parent=np.ones(n, np.uint64),
        model=np.full(n, -1, np.int32),
        rows=np.zeros(n, np.int32),
        micros=np.ones(n, np.int32),
        failed=np.zeros(n, np.bool_),
        name=CategoricalColumn(np.zeros(n, np.int32), ("call",)),
        models=(),
    )


def test_a_key_whose_parts_all_occur_is_not_one_that_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_spans, "span_keys", lambda _, spans: spans)
    known = 7 << 36 | 5 << 18 | 3
    alike = (8 << 36 | 5 << 18 | 3, 7 << 36 | 6 << 18 | 3, 7 << 36 | 5 << 18 | 4)
    spans = RecentSpans(1000)
    list(spans.add([_spans(known)], {}))
    list(spans.add([_spans(*alike)], {}))
    assert spans.count == 4
    list(spans.add([_spans(known, *alike, known)], {}))
    assert spans.count == 4
