# What the C in `wire/` offers. Arrays are C-contiguous, offsets into the data of 64 bits. None
# says that something is unusual.

from typing_extensions import Buffer

def spans(data: bytes, start: int, stop: int, /) -> tuple[bytearray, int, int] | None: ...
def fields(
    data: bytes,
    start: Buffer,
    stop: Buffer,
    ids: Buffer,
    words: Buffer,
    places: Buffer,
    /,
) -> tuple[tuple[list[tuple[bytes, int, int]], bytearray], bool] | None: ...
def distinct(data: bytes, start: Buffer, stop: Buffer, codes: Buffer, /) -> bytearray: ...
def numbers(data: bytes, start: Buffer, stop: Buffer, values: Buffer, /) -> bool: ...
