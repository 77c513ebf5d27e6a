"""A bomb costs no more than the limit, whatever it would unpack to."""

import gzip
import tracemalloc

import pytest

from barograph_processor.otlp.status import Code
from barograph_processor.receiver.body import decompress
from barograph_processor.receiver.intake import RefusedError


def test_never_more_than_the_limit_is_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError) as raised:
            decompress(bomb, "gzip", 1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert raised.value.code is Code.RESOURCE_EXHAUSTED
    assert peak < 1_000_000


def test_limit_holds_over_all_parts_and_is_inclusive() -> None:
    body = gzip.compress(b"a" * 60) + gzip.compress(b"b" * 40)
    assert decompress(body, "gzip", 100) == b"a" * 60 + b"b" * 40
    with pytest.raises(RefusedError):
        decompress(body, "gzip", 99)
    assert decompress(b"x" * 100, "", 100) == b"x" * 100
    with pytest.raises(RefusedError):
        decompress(b"x" * 100, "identity", 99)
