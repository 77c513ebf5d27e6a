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

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.message import length_delimited

_SPAN = length_delimited(1, bytes(16)) + length_delimited(2, bytes(8))
_SPAN += b"\x39" + bytes(8) + b"\x41" + bytes(8)
_SPAN += b"".join(
    length_delimited(9, length_delimited(1, b"%04d" % key) + b"\x12\x00") for key in range(300)
)
_REPEATED = _SPAN + length_delimited(9, length_delimited(1, b"0007"))
_PLACES, _NEVER = 1000, -1  # more than any of them takes memory at
_MISTAKES = (BufferError, OverflowError, TypeError, ValueError)


def calls(wire: Any) -> dict[str, tuple[Callable[..., object], tuple[Any, ...]]]:
    """Return calls of each kind: of what is usual, of what is not, and of our own mistakes."""
    usual, unusual = b"-" + 4 * _SPAN, b"-" + 4 * _REPEATED
    out = [np.zeros((n, 4), np.int64) for n in (3, 3, 4)]
    scope = length_delimited(2, b"ab") * 1500
    noise, at = np.random.default_rng(5).bytes(4000), np.arange(0, 4008, 8)
    start, stop, after = at[:-1], at[1:], at[1:] + 8
    codes, values, fixed = np.empty(500, np.int32), np.empty(500), bytes(4000)
    return {
        "fields": (wire.fields, (usual, *_quarters(usual), *out)),
        "unusual": (wire.fields, (unusual, *_quarters(unusual), *out)),
        "fields of no array": (wire.fields, (usual, *_quarters(usual), *out[:2], fixed)),
        "fields of other lengths": (wire.fields, (usual, start, stop, *out)),
        "spans": (wire.spans, (scope, 0, len(scope))),
        "unusual scope": (wire.spans, (scope, 0, len(scope) - 1)),
        "spans outside": (wire.spans, (scope, 0, len(scope) + 1)),
        "spans far outside": (wire.spans, (scope, 0, 1 << 70)),
        "distinct": (wire.distinct, (noise, start, stop, codes)),
        "distinct outside": (wire.distinct, (noise, stop, after, codes)),
        "distinct of other lengths": (wire.distinct, (noise, start, stop, values)),
        "distinct of text": (wire.distinct, ("text", start, stop, codes)),
        "numbers": (wire.numbers, (noise, start, stop, values)),
        "numbers outside": (wire.numbers, (noise, stop, after, values)),
        "numbers of no array": (wire.numbers, (noise, start, stop, fixed)),
    }


def _quarters(data: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    ends = 1 + np.arange(5) * (len(data) // 4)
    return ends[:-1], ends[1:]


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
