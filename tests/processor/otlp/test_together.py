"""Requests that are decoded together read as each alone."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from barograph_processor.exceptions import UndecodableError
from barograph_processor.otlp import (
    NOTHING,
    DecodedTraces,
    TraceDimensions,
    decode_together,
    decode_traces,
)
from barograph_processor.otlp.chunks import CHUNK_BYTES
from barograph_processor.pipeline.decoder import Decoder
from barograph_processor.stats.column import CategoricalColumn
from tests.processor.otlp.build import prediction, span, traces
from tests.processor.otlp.sameness import assert_same
from tests.processor.otlp.test_usual import DIMENSIONS, requests

pytestmark = pytest.mark.usefixtures("way")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(requests(), min_size=1, max_size=4), DIMENSIONS)
def test_each_reads_as_alone(payloads: list[bytes], dimensions: TraceDimensions) -> None:
    together = decode_together(payloads, dimensions)
    if together is not None:
        for found, payload in zip(together, payloads, strict=True):
            assert_same(found, decode_traces(payload, dimensions))


def test_call_sites_alike_are_read_together() -> None:
    payloads = [
        traces(
            *(
                prediction(10 * r + n, {"model.name": f"m{n % 3}", "input.c": f"{r}{n % 4}"})
                for n in range(10)
            ),
            span(99 + r, {"http.route": "/"}),
        )
        for r in range(3)
    ]
    payloads.insert(1, b"")
    together = decode_together(payloads)
    assert together is not None
    for found, payload in zip(together, payloads, strict=True):
        alone = decode_traces(payload)
        assert_same(found, alone)
        assert _levels(found) == _levels(alone)


def _levels(decoded: DecodedTraces) -> list[Any]:
    columns = [column for batch in decoded.batches for column in batch.inputs.values()]
    return [column.levels for column in columns if isinstance(column, CategoricalColumn)]


def test_what_lacks_its_end_does_not_find_it_in_the_next() -> None:
    whole = traces(*(prediction(n, {"input.x": 1.0}) for n in range(4)))
    assert decode_together([whole[:-30], whole]) is None
    assert decode_together([whole[:-30], whole[-30:]]) is None


def test_gaps_are_counted_by_request() -> None:
    """One that is mostly gaps alone is not read as part of others that are not."""
    wide = [prediction(n, {f"input.f{n}-{k}": 1.0 for k in range(8)}) for n in range(300)]
    narrow = [prediction(n, {"input.x": 1.0}) for n in range(300)]
    assert decode_together([traces(*wide), traces(*narrow)]) is None


def test_each_has_what_is_its_own() -> None:
    payloads = [traces(*(prediction(n, {}) for n in range(size))) for size in range(1, 100)]
    payloads[5] = b"\x0a\xff"
    found = Decoder(NOTHING).decode_all(payloads)
    assert isinstance(found[5], UndecodableError)
    accepted = [each.accepted for each in found if isinstance(each, DecodedTraces)]
    assert accepted == [n + 1 for n in range(99) if n != 5]


@pytest.mark.parametrize("payload", [b"", traces(span(1, {}))])
def test_nothing_of_ours_is_read_together_too(payload: bytes) -> None:
    together = decode_together([payload, payload])
    assert together is not None
    assert [found.predictions for found in together] == [(), ()]


def test_one_that_is_read_in_parts_holds_up_no_other() -> None:
    """Beside small ones it is read alone, and each has what it would have alone."""
    small = traces(prediction(1, {"input.x": 1.0}))
    text = "x" * 100_000
    large = traces(*(prediction(n, {"input.x": float(n), "input.t": text}) for n in range(12)))
    assert len(large) > CHUNK_BYTES
    found = Decoder(NOTHING).decode_all([small, large, small, large, large, small])
    accepted = [each.accepted for each in found if isinstance(each, DecodedTraces)]
    assert accepted == [1, 12, 1, 12, 12, 1]
