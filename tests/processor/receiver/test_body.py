"""A bomb costs no more than the limit, whatever it would unpack to."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from barograph_processor.otlp.status import Code
from barograph_processor.receiver.body import decompress, unpack
from barograph_processor.receiver.intake import RefusedError


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_never_more_than_the_limit_is_unpacked(
    encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    bomb = compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError) as raised:
            decompress(bomb, encoding, 1000)
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


def test_deflate_is_zlib() -> None:
    body = zlib.compress(b"a" * 100)
    assert decompress(body, "deflate", 100) == b"a" * 100
    assert decompress(b"", "deflate", 100) == b""
    for damaged in (body[:-1], body[2:-4], b"a" * 100):
        with pytest.raises(RefusedError, match="no zlib") as raised:
            decompress(damaged, "deflate", 100)
        assert raised.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("message", [b"", b"plain", b"\x78", b"\x78\x9cno zlib behind it"])
def test_message_that_is_not_compressed_stays(message: bytes) -> None:
    assert unpack(message, 100) == (message, None)


def test_message_tells_how_it_is_compressed() -> None:
    packed = gzip.compress(b"a" * 100)
    assert unpack(packed, 100) == (b"a" * 100, packed)
    assert unpack(zlib.compress(b"a" * 100), 100) == (b"a" * 100, None)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zlib.compress])
def test_message_has_a_limit_however_it_is_compressed(compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RefusedError) as raised:
        unpack(compress(b"a" * 101), 100)
    assert raised.value.code is Code.RESOURCE_EXHAUSTED
