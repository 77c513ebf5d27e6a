"""Span ids as text, written only where somebody reads it."""

import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, overload

import numpy as np
import numpy.typing as npt

__all__ = ["DIGITS", "SpanHexes", "span_bits"]

DIGITS: Final = 16
"""Hex digits of a span id."""

_BYTES: Final = 8
_HEX: Final = re.compile(f"[0-9a-f]{{{DIGITS}}}")


class SpanHexes(Sequence[str]):
    """The 16 lower-case hex digits of each of several span ids: equal to a tuple of them.

    Of most predictions nobody ever reads the id, and a text for each would cost more than
    to count it.

    Args:
        spans: The ids' 64 bits, shape ``(n,)``.

    >>> SpanHexes(np.array([255, 1], np.uint64))
    SpanHexes('00000000000000ff', '0000000000000001')
    """

    __slots__ = ("_spans",)

    def __init__(self, spans: npt.NDArray[np.uint64]) -> None:
        self._spans = spans

    @property
    def bits(self) -> npt.NDArray[np.uint64]:
        """The ids' 64 bits, shape ``(n,)``."""
        return self._spans

    def take(self, rows: npt.NDArray[np.intp] | slice) -> "SpanHexes":
        """Return the given rows, in the given order."""
        return SpanHexes(self._spans[rows])

    def crc32s(self) -> npt.NDArray[np.uint32]:
        """Return ``zlib.crc32`` of each text, shape ``(n,)``."""
        parts = self._spans.astype(">u8").view(np.uint8).reshape(-1, _BYTES)
        zeros, tables = _crc_tables()
        found = np.full(len(self), zeros, np.uint32)
        for at, table in enumerate(tables):
            found ^= table[parts[:, at]]
        return found

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> "SpanHexes": ...
    def __getitem__(self, at: int | slice) -> "str | SpanHexes":
        return self.take(at) if isinstance(at, slice) else f"{int(self._spans[at]):016x}"

    def __iter__(self) -> Iterator[str]:
        # Hex of all at once, then cut: one format a row would cost more than all the rest.
        digits = self._spans.astype(">u8").tobytes().hex()
        return iter([digits[at : at + DIGITS] for at in range(0, len(digits), DIGITS)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"SpanHexes({', '.join(map(repr, self))})"


def span_bits(names: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return the 64 bits of names that are a span id as ``SpanHexes`` writes it, of others 0.

    No span has the id 0.

    >>> span_bits(("00000000000000ff", "00000000000000FF", "order-17")).tolist()
    [255, 0, 0]
    """
    if isinstance(names, SpanHexes):
        return names.bits
    bits = (int(name, 16) if _HEX.fullmatch(name) else 0 for name in names)
    return np.fromiter(bits, np.uint64, len(names))


@cache
def _crc_tables() -> tuple[int, npt.NDArray[np.uint32]]:
    """Return the checksum of zeros alone, and what each byte in each place changes, ``(8, 256)``.

    Checksums of texts of one length are linear: what several bytes change is the exclusive
    or of what each of them changes.
    """
    zeros = zlib.crc32(b"0" * DIGITS)
    changed = [
        [
            zlib.crc32(f"{byte << 8 * (_BYTES - 1 - at):016x}".encode()) ^ zeros
            for byte in range(256)
        ]
        for at in range(_BYTES)
    ]
    return zeros, np.array(changed, np.uint32)
