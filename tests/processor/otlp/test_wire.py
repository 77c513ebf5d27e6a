"""Compiled code finds in spans what numpy finds, whatever the bytes are."""

from collections.abc import Mapping
from dataclasses import fields as fields_of_class
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph_processor.otlp import compiled
from barograph_processor.otlp.attribute_values import numbers_of
from barograph_processor.otlp.buffer import Buffer
from barograph_processor.otlp.chunks import RESOURCES, SCOPES, fields
from barograph_processor.otlp.distinct import distinct
from barograph_processor.otlp.message import length_delimited
from barograph_processor.otlp.spans import Spans, bounds_of, read_spans
from barograph_processor.otlp.walk import Stretches, UnusualError
from benchmarks.ingest.load import SHAPES, Shape, Template
from tests.processor.otlp.build import prediction, span

_WIRE = compiled.wire
pytestmark = pytest.mark.usefixtures("needs_compiled")
_SPAN_FIELDS = tuple(field.name for field in fields_of_class(Spans))


def both(read: Any, *arguments: Any) -> tuple[Any, Any]:
    """Return what compiled code and numpy make of the same; None where it is unusual."""
    found = []
    for wire in (_WIRE, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compiled, "wire", wire)
            try:
                found.append(read(*arguments))
            except UnusualError:
                found.append(None)
    return found[0], found[1]


def places(*numbers: int) -> npt.NDArray[np.intp]:
    return np.array(numbers, np.intp)


def assert_equal(found: Any, expected: Any) -> None:
    if isinstance(expected, Mapping):
        assert set(found) == set(expected)
        for key, value in expected.items():
            assert_equal(found[key], value)
    elif isinstance(expected, tuple):
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    elif isinstance(expected, np.ndarray):
        assert found.dtype.itemsize == expected.dtype.itemsize
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


_USUAL_FIELDS = [
    length_delimited(1, bytes(range(1, 17))),
    length_delimited(2, bytes(range(1, 9))),
    length_delimited(4, bytes(range(1, 9))),
    length_delimited(4, b"\1"),
    length_delimited(5, b"name"),
    length_delimited(5, b""),
    b"\x2a\x84\x80\x80\x00name",
    b"\x39" + bytes(range(8)),
    b"\x41" + bytes(range(8)),
    b"\x38\x05",
    b"\x45" + bytes(4),
    b"\x50\x00",
    b"\x48\x80\x01",
    length_delimited(11, b""),
    length_delimited(15, b"\x18\x02"),
    b"\x85\x01" + bytes(4),
    b"\x81\x01" + b"field 16",
    b"\xca\x00\x03\x0a\x01c",
    b"\xca\x01\x00",
    b"\x38" + b"\x80" * 9 + b"\x01",
]
_FIELDS = [
    *_USUAL_FIELDS,
    length_delimited(1, b"short"),
    length_delimited(9, b""),
    length_delimited(9, b"\x12\x01a"),
    b"\x2a\x84\x80\x80\x80\x00name",
    b"\x50\x01",
    length_delimited(15, b""),
    b"\x85\x81" + bytes(4),
    b"\x06",
    b"\x00",
    b"\xff" * 12,
    b"\x38" + b"\x80" * 10 + b"\x01",
]
_KEYS = st.sampled_from([b"a", b"b", b"", b"k" * 127, b"k" * 128, "größe".encode()])
_VALUES = st.sampled_from([b"", b"\x12\x00", b"\x12\x02\x18\x05", b"\x12\x09\x21" + bytes(8)])
_ATTRIBUTES = st.builds(
    lambda key, value: length_delimited(9, length_delimited(1, key) + value), _KEYS, _VALUES
)
_WHOLE = b"".join(_USUAL_FIELDS[at] for at in (0, 1, 7, 8))
_SPANS = st.lists(st.sampled_from(_FIELDS) | _ATTRIBUTES | st.binary(max_size=3), max_size=6).map(
    lambda drawn: _WHOLE + b"".join(drawn)
) | st.binary(max_size=40)
_SOUND = st.lists(st.sampled_from(_USUAL_FIELDS) | _ATTRIBUTES, max_size=5).map(
    lambda drawn: _WHOLE + b"".join(drawn)
)


def laid(spans: list[bytes]) -> tuple[bytes, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return spans one behind the other, behind one byte, and where each begins and ends."""
    ends = np.cumsum([1, *map(len, spans)]).astype(np.intp)
    return b"\x0a" + b"".join(spans), ends[:-1].copy(), ends[1:].copy()


@settings(max_examples=1000, deadline=None)
@given(st.lists(_SPANS, min_size=1, max_size=5) | st.lists(_SOUND, min_size=1, max_size=5))
def test_what_numpy_finds_usual_is_read_the_same(spans: list[bytes]) -> None:
    payload, start, stop = laid(spans)
    found, expected = both(read_spans, Buffer(payload), start, stop)
    if expected is not None:
        assert found is not None
        for name in _SPAN_FIELDS:
            assert_equal(getattr(found, name), getattr(expected, name))


@settings(max_examples=300, deadline=None)
@given(_SPANS)
def test_of_one_span_both_find_the_same_unusual(one: bytes) -> None:
    """Of several in step numpy knows less: two field numbers of two bytes are unusual to it."""
    payload, start, stop = laid([one])
    found, expected = both(read_spans, Buffer(payload), start, stop)
    assert (found is None) == (expected is None)


@pytest.mark.parametrize("count", [63, 64, 65, 512])
@pytest.mark.parametrize("shape", SHAPES)
def test_many_spans(shape: Shape, count: int) -> None:
    """Compiled code lays columns of some lengths apart."""
    payload = Template.make(shape, spans=count).request()
    (resource,) = fields(payload, 0, len(payload), RESOURCES)
    (scope,) = fields(payload, *resource, SCOPES)
    bounds, _ = bounds_of(payload, *scope)
    found, expected = both(read_spans, Buffer(payload), *bounds.T.copy())
    for name in _SPAN_FIELDS:
        assert_equal(getattr(found, name), getattr(expected, name))


def test_spans_that_are_cut_anywhere_are_unusual() -> None:
    whole = prediction(1, {"input.a": 1.5, "input.b": "x"}, parent_span_id=bytes(8), name="n")
    encoded = whole.SerializeToString()
    read = 0
    for size in range(len(encoded) + 1):
        payload, start, stop = laid([encoded[:size]])
        # What lies behind a span is none of it, though it would be its end.
        found, expected = both(read_spans, Buffer(payload + encoded[size:]), start, stop)
        assert (found is None) == (expected is None)
        read += found is not None
    # Between its last fields, where nothing that has to be there is missing.
    assert 1 <= read < 20


@pytest.mark.parametrize("count", [1024, 1025])
def test_spans_of_too_many_fields_are_unusual(count: int) -> None:
    # Beside others of whatever length: numpy takes them out of its steps as they end.
    spans = [_WHOLE + b"\x30\x01" * (size - 4) for size in (count, *range(4, 1024, 3))]
    payload, start, stop = laid(spans)
    found, expected = both(read_spans, Buffer(payload), start, stop)
    assert (found is None) == (expected is None) == (count > 1024)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([0x0A, 0x12, 0x1A, 0x22]).flatmap(
            lambda tag: st.binary(max_size=200).map(lambda b: bytes([tag]) + length_of(b) + b)
        )
        | st.binary(max_size=3),
        max_size=6,
    )
)
def test_spans_of_a_scope_lie_at_the_same_places(parts: list[bytes]) -> None:
    payload = b"".join(parts)
    found, expected = both(bounds_of, payload, 0, len(payload))
    assert (found is None) == (expected is None)
    if found is not None:
        assert_equal(found, expected)


def length_of(content: bytes) -> bytes:
    return length_delimited(1, content)[1 : -len(content) or None]


def test_scope_of_many_spans() -> None:
    payload = b"".join(length_delimited(2, bytes(n % 7)) for n in range(5000))
    found, expected = both(bounds_of, payload, 0, len(payload))
    assert len(found[0]) == 5000
    assert_equal(found, expected)


@pytest.mark.parametrize("size", [2**21 - 1, 2**21])
def test_span_of_two_mebibytes_is_unusual(size: int) -> None:
    payload = length_delimited(2, bytes(size))
    found, expected = both(bounds_of, payload, 0, len(payload))
    assert (found is None) == (expected is None) == (size == 2**21)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([b"", b"a", b"b", b"ab" * 70]) | st.binary(), min_size=1))
def test_stretches_are_numbered_the_same(stretches: list[bytes]) -> None:
    ends = np.cumsum([0, *map(len, stretches)]).astype(np.intp)
    data = Buffer(b"".join(stretches))
    found, expected = both(distinct, data, ends[:-1].copy(), ends[1:].copy())
    assert_equal(found, expected)


def test_more_distinct_stretches_than_a_first_table_holds() -> None:
    rng = np.random.default_rng(3)
    stretches = [rng.bytes(size) for size in rng.integers(0, 20, 20_000)]
    ends = np.cumsum([0, *map(len, stretches)]).astype(np.intp)
    data = Buffer(b"".join(stretches))
    found, expected = both(distinct, data, ends[:-1].copy(), ends[1:].copy())
    assert len(expected[1]) > 10_000
    assert_equal(found, expected)


_NUMBERS = st.sampled_from(
    [0, 1, 127, 128, 2**28, 2**53 + 1, 2**56 - 1, 2**56, 2**63 - 1, -1]
) | st.floats(allow_nan=False)


@settings(max_examples=500, deadline=None)
@given(st.lists(_NUMBERS, min_size=1, max_size=5) | st.lists(st.floats(), min_size=1), st.data())
def test_numbers_are_read_the_same(numbers: list[float], data: st.DataObject) -> None:
    encoded = [bytearray(value_of(number)) for number in numbers]
    if data.draw(st.booleans()):
        one = data.draw(st.sampled_from(encoded))
        one[data.draw(st.integers(0, len(one) - 1))] ^= data.draw(st.integers(0, 255))
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.intp)
    values = Stretches(np.arange(len(numbers)), ends[:-1].copy(), ends[1:].copy())
    found, expected = both(numbers_of, Buffer(b"".join(encoded)), values)
    assert (found is None) == (expected is None)
    if found is not None:
        np.testing.assert_array_equal(found, expected)


def value_of(number: float) -> bytes:
    """Return a number as what stands behind a key on the wire."""
    (pair,) = span(1, {"k": number}).attributes
    return pair.SerializeToString()[3:]


def test_what_is_no_part_of_the_data_is_not_read() -> None:
    """No bytes of a sender's lead there: a mistake of ours would."""
    assert _WIRE is not None
    out, codes = np.zeros(1), np.zeros(1, np.int32)
    for start, stop in ((-1, 2), (2, 1), (0, 5), (5, 5)):
        with pytest.raises(ValueError, match="stretch"):
            _WIRE.distinct(b"abcd", places(start), places(stop), codes)
        with pytest.raises(ValueError, match="stretch"):
            _WIRE.numbers(b"abcd", places(start), places(stop), out)
        with pytest.raises(ValueError, match="stretch"):
            _WIRE.spans(b"abcd", start, stop)
        ids, words, where = (np.zeros((n, 1), np.int64) for n in (3, 3, 4))
        assert _WIRE.fields(b"abcd", places(start), places(stop), ids, words, where) is None
    # Zero stands for no place, so no span begins there.
    whole, end = _WHOLE, places(len(_WHOLE))
    assert _WIRE.fields(whole, places(0), end, ids, words, where) is None
    assert _WIRE.fields(b"-" + whole, places(1), end + 1, ids, words, where) is not None
    with pytest.raises(ValueError, match="lengths"):
        _WIRE.distinct(b"abcd", places(0), places(1), np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="lengths"):
        _WIRE.numbers(b"abcd", places(0, 1), places(1), out)
    with pytest.raises(ValueError, match="lengths"):
        _WIRE.fields(b"abcd", places(0), places(1), ids, words, np.zeros((3, 1), np.int64))
