"""Calls compiled code in every way, without and with memory that ends at each place in turn.

Run by test_wire_memory with a library that counts what it takes of C's memory, as
`taken_now`, and gets none of it when `left_to_take`, counted down, is at zero.
"""

import ctypes
import importlib
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from barograph_processor.otlp.message import length_delimited

_PLACES, _NEVER = 1000, -1  # more than any of them takes memory at
_MISTAKES = (OverflowError, TypeError, ValueError)


def _span(number: int, keys: int) -> bytes:
    """Return a span with values that differ and some that do not, of all kinds."""
    span = length_delimited(1, b"1" * 16) + length_delimited(2, b"1" * 8)
    span += b"\x39" + bytes(8) + b"\x41" + bytes(8)
    for key in range(keys):
        value = (b"\x18" + bytes([number % 5]), length_delimited(1, b"%d" % (number % 70)))[key % 2]
        value = value if key or number else length_delimited(1, b"a number from then on")
        pair = length_delimited(1, b"%04d" % key) + length_delimited(2, value)
        span += length_delimited(9, pair)
    return span


def _request(*spans: bytes) -> bytes:
    scope = b"".join(length_delimited(2, span) for span in spans) + length_delimited(3, b"url")
    return length_delimited(1, length_delimited(1, b"resource") + length_delimited(2, scope))


def _way_of(prefix: bytes) -> int:
    """Pass over one key of three, read numbers of another and whatever it is of the third."""
    return int(prefix[2:]) % 3


def _raises(prefix: bytes) -> int:
    raise ValueError(prefix)


def calls(wire: Any) -> dict[str, tuple[Callable[..., object], tuple[Any, ...]]]:
    """Return calls of each kind: of what is usual, of what is not, and of our own mistakes."""
    spans = [_span(number, keys=70 if number == 3 else 3) for number in range(600)]
    usual, whole = _request(*spans), _span(1, keys=70)
    repeated = _request(whole + length_delimited(9, length_delimited(1, b"0007")))
    array = length_delimited(9, length_delimited(1, b"0002") + b"\x12\x02\x2a\x00")
    return {
        "usual": (wire.read, ((usual, _request(whole)), _way_of)),
        "repeated key": (wire.read, ((usual, repeated), _way_of)),
        "array": (wire.read, ((usual, _request(_span(1, keys=2) + array)), _way_of)),
        "cut": (wire.read, ((usual[:-1],), _way_of)),
        "another field": (wire.read, ((usual + b"\x10\x01",), _way_of)),
        "way that raises": (wire.read, ((usual,), _raises)),
        "way that is none": (wire.read, ((usual,), bytes.decode)),
        "no bytes": (wire.read, ((usual, bytearray(usual)), _way_of)),
        "no tuple": (wire.read, ([usual], _way_of)),
    }


def _failures(
    call: Callable[..., object], arguments: tuple[Any, ...], end: Callable[[int], None]
) -> int:
    """Let memory end at each place in turn, and return at how many of them the call says so."""
    failures = 0
    for nth in range(_PLACES):
        end(nth)
        try:
            with suppress(*_MISTAKES):
                call(*arguments)
        except MemoryError:
            failures += 1
        finally:
            end(_NEVER)
    assert failures < _PLACES
    return failures


def main() -> None:
    path = sys.argv[1]
    spec = spec_from_file_location("_wire", path)
    assert spec is not None
    assert spec.loader is not None
    wire = module_from_spec(spec)
    spec.loader.exec_module(wire)
    library = ctypes.CDLL(path)
    taken_now = ctypes.c_long.in_dll(library, "taken_now")
    left_to_take = ctypes.c_long.in_dll(library, "left_to_take")
    try:
        python: Any = importlib.import_module("_testcapi")
    except ImportError:
        python = None  # not every Python is installed with its own tests

    def end(nth: int) -> None:
        left_to_take.value = nth

    def end_of_python(nth: int) -> None:
        if nth == _NEVER:
            python.remove_mem_hooks()
        else:
            python.set_nomemory(nth, nth + 1)

    for name, (call, arguments) in calls(wire).items():
        held = [sys.getrefcount(argument) for argument in arguments]
        for _ in range(2):
            blocks = sys.getallocatedblocks()
            failures = _failures(call, arguments, end)
            if python is not None:
                failures += _failures(call, arguments, end_of_python)
            assert taken_now.value == 0, (name, taken_now.value)
        # What the first round left is what Python keeps for the next.
        left_over = sys.getallocatedblocks() - blocks
        assert left_over < 50, (name, left_over)
        assert [sys.getrefcount(argument) for argument in arguments] == held, name
        sys.stdout.write(f"{name}: {failures}\n")


if __name__ == "__main__":
    main()
