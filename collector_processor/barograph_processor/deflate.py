"""Deflate and CRC-32 by zlib-ng, as zlib has them; of gzip it takes half of zlib's time."""

from collections.abc import Callable
from typing import Final, cast

from zlib_ng import gzip_ng, zlib_ng

__all__ = ["MAX_WINDOW_BITS", "DeflateError", "crc32", "deflated", "gunzip", "inflated", "inflater"]

MAX_WINDOW_BITS: Final = zlib_ng.MAX_WBITS

# Its stubs call the class an exception.
DeflateError: Final = cast("type[Exception]", zlib_ng.error)

crc32: Final[Callable[..., int]] = zlib_ng.crc32
deflated: Final = zlib_ng.compress
inflated: Final = zlib_ng.decompress
gunzip: Final[Callable[[bytes], bytes]] = gzip_ng.decompress
inflater: Final = zlib_ng.decompressobj
