"""Compiled code finds in requests what numpy finds, whatever the bytes are."""

from collections.abc import Mapping
from dataclasses import fields as fields_of_class
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph_processor.otlp import compiled
from barograph_processor.otlp.compiled import read_spans
from barograph_processor.otlp.message import length_delimited
from barograph_processor.otlp.parts import NumberPart
from barograph_processor.otlp.spans import Cells, Spans, Way, WayOf
from barograph_processor.otlp.walk import UnusualError
from benchmarks.ingest.load import SHAPES, Shape, Template
from tests.processor.otlp.build import prediction, span

_WIRE = compiled.wire
pytestmark = pytest.mark.usefixtures("needs_compiled")


def both(payloads: list[bytes], way_of: WayOf) -> tuple[Spans | None, Spans | None]:
    """Return what compiled code and numpy make of the same; None where it is unusual."""
    found: list[Spans | None] = []
    for wire in (_WIRE, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compiled, "wire", wire)
            try:
                found.append(read_spans(payloads, way_of))
            except UnusualError:
                found.append(None)
    return found[0], found[1]


def assert_equal(found: Any, expected: Any) -> None:
    if isinstance(expected, Mapping):
        assert set(found) == set(expected)
        for key, value in expected.items():
            assert_equal(found[key], value)
    elif isinstance(expected, tuple):
        assert type(found) is type(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, list):
        # As they are written: 1, 1.0 and True are equal, and NaN is not.
        assert list(map(repr, found)) == list(map(repr, expected))
    else:
        assert found == expected


def assert_same(found: Spans | None, expected: Spans | None) -> None:
    assert found is not None
    assert expected is not None
    for field in fields_of_class(Spans):
        assert_equal(getattr(found, field.name), getattr(expected, field.name))


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
_KEYS = [b"a", b"b", b"", b"k" * 127, b"k" * 128, "größe".encode()]
_VALUES = st.sampled_from(
    [
        b"",
        b"\x12\x00",
        b"\x12\x02\x18\x05",
        b"\x12\x82\x00\x18\x05",
        b"\x12\x03\x18\x85\x00",
        b"\x12\x0b\x18" + b"\xff" * 9 + b"\x01",
        b"\x12\x0b\x18" + b"\xff" * 9 + b"\x7f",
        b"\x12\x0c\x18" + b"\xff" * 10 + b"\x01",
        b"\x12\x09\x21" + bytes(8),
        b"\x12\x02\x10\x02",
        b"\x12\x03\x0a\x01x",
        b"\x12\x03\x0a\x01\xff",
        b"\x12\x03\x0a\x02x",
        b"\x12\x02\x0a\x01x",
        b"\x12\x02\x3a\x00",
        b"\x18\x05",
    ]
)
_ATTRIBUTES = st.builds(
    lambda key, value: length_delimited(9, length_delimited(1, key) + value),
    st.sampled_from(_KEYS),
    _VALUES,
)
_WHOLE = b"".join(_USUAL_FIELDS[at] for at in (0, 1, 7, 8))
_SPANS = st.lists(st.sampled_from(_FIELDS) | _ATTRIBUTES | st.binary(max_size=3), max_size=6).map(
    lambda drawn: _WHOLE + b"".join(drawn)
) | st.binary(max_size=40)
_SOUND = st.lists(st.sampled_from(_USUAL_FIELDS) | _ATTRIBUTES, max_size=5).map(
    lambda drawn: _WHOLE + b"".join(drawn)
)


_KEY_WAYS = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(Way))


def ways(drawn: Mapping[bytes, Way]) -> WayOf:
    return lambda prefix: drawn.get(prefix[2:], Way.NUMBERS)


def all_cells(prefix: bytes) -> Way:
    del prefix
    return Way.CELLS


def all_numbers(prefix: bytes) -> Way:
    del prefix
    return Way.NUMBERS


def request(spans: list[bytes]) -> bytes:
    """Return a request of spans."""
    return length_delimited(
        1, length_delimited(2, b"".join(length_delimited(2, one) for one in spans))
    )


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(_SPANS, min_size=1, max_size=5) | st.lists(_SOUND, min_size=1, max_size=5),
    st.integers(0, 5),
    _KEY_WAYS,
)
def test_what_numpy_finds_usual_is_read_the_same(
    spans: list[bytes], first: int, drawn: dict[bytes, Way]
) -> None:
    payloads = [request(spans[:first]), request(spans[first:])]
    found, expected = both(payloads, ways(drawn))
    if expected is not None:
        assert_same(found, expected)


@settings(max_examples=300, deadline=None)
@given(_SPANS, _KEY_WAYS)
def test_of_one_span_both_find_the_same_unusual(one: bytes, drawn: dict[bytes, Way]) -> None:
    """Of several in step numpy knows less: two field numbers of two bytes are unusual to it."""
    found, expected = both([request([one])], ways(drawn))
    assert (found is None) == (expected is None)


@pytest.mark.parametrize("count", [63, 64, 65, 512])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way_of", [all_numbers, all_cells])
def test_many_spans(shape: Shape, count: int, way_of: WayOf) -> None:
    """Compiled code lays columns of some lengths apart."""
    assert_same(*both([Template.make(shape, spans=count).request()] * 2, way_of))


@pytest.mark.parametrize("way_of", [all_numbers, all_cells])
def test_requests_that_are_cut_anywhere_are_unusual(way_of: WayOf) -> None:
    whole = prediction(1, {"input.a": 1.5, "input.b": "x"}, parent_span_id=bytes(8), name="n")
    encoded = whole.SerializeToString()
    sound = request([encoded])
    for size in range(1, len(sound)):
        # What lies behind a request is none of it, though it would be its end.
        assert both([sound[:size], sound[size:]], way_of) == (None, None)
    read = 0
    for size in range(len(encoded) + 1):
        found, expected = both([request([encoded[:size]])], way_of)
        assert (found is None) == (expected is None)
        read += found is not None
    # Between its last fields, where nothing that has to be there is missing.
    assert 1 <= read < 20


@pytest.mark.parametrize("count", [1024, 1025])
def test_spans_of_too_many_fields_are_unusual(count: int) -> None:
    # Beside others of whatever length: numpy takes them out of its steps as they end.
    spans = [_WHOLE + b"\x30\x01" * (size - 4) for size in (count, *range(4, 1024, 3))]
    found, expected = both([request(spans)], all_cells)
    assert (found is None) == (expected is None) == (count > 1024)


@pytest.mark.parametrize(
    ("field", "unusual"),
    [
        (length_delimited(1, bytes(16)), True),
        (length_delimited(2, bytes(8)), True),
        (b"\x39" + (2**63).to_bytes(8, "little"), True),
        (b"\x41" + (2**63).to_bytes(8, "little"), True),
        (b"\x41" + (2**63 - 1).to_bytes(8, "little"), False),
        (b"\x41" + bytes(8), True),
    ],
)
def test_ids_of_zeros_and_times_that_end_before_they_start(field: bytes, unusual: bool) -> None:
    found, expected = both([request([_WHOLE, _WHOLE + field])], all_cells)
    assert (found is None) == (expected is None) == unusual


_FRAMES = st.lists(
    st.tuples(st.sampled_from([0x0A, 0x12, 0x1A, 0x22, 0x08, 0x8A]), st.binary(max_size=4)).map(
        lambda drawn: bytes([drawn[0]]) + length_delimited(1, drawn[1])[1:]
    )
    | st.just(length_delimited(2, _WHOLE))
    | st.binary(max_size=3),
    max_size=4,
).map(b"".join)


@settings(max_examples=500, deadline=None)
@given(st.data(), st.integers(0, 2))
def test_frames_are_read_the_same(data: st.DataObject, depth: int) -> None:
    """Of a scope in a resource in a request, of a resource in a request, or of a request."""
    payload = data.draw(_FRAMES)
    for number in (2, 1)[2 - depth :]:
        payload = length_delimited(number, payload) + data.draw(st.just(b"") | _FRAMES)
    found, expected = both([payload], all_cells)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert_same(found, expected)


def test_many_spans_of_two_resources_and_some_schemas() -> None:
    scope = b"".join(length_delimited(2, _WHOLE) for _ in range(3000)) + length_delimited(3, b"a")
    first = length_delimited(1, b"one") + length_delimited(2, scope) + length_delimited(3, b"b")
    second = 2 * length_delimited(2, scope) + length_delimited(1, b"two")
    payloads = [length_delimited(1, first) + length_delimited(1, second), length_delimited(1, b"")]
    found, expected = both(payloads, all_cells)
    assert_same(found, expected)
    assert found is not None
    assert found.counts == [9000, 0]
    assert found.resources == [(b"one", 3000), (b"two", 6000)]
    assert found.urls == [b"a", b"b", b"a", b"a"]


def test_nothing_is_kept_of_what_is_empty() -> None:
    """Of two bytes on the wire each, they would be many times the request."""
    payload = length_delimited(1, b"\x1a\x00" * 9 + length_delimited(2, b"\x1a\x00"))
    found, expected = both([b"\x0a\x00" * 9 + payload], all_cells)
    assert_same(found, expected)
    assert found is not None
    assert (len(found), found.counts, found.resources, found.urls) == (0, [0], [], [])


def named(texts: list[bytes]) -> list[bytes]:
    """Return spans whose names and attributes are texts, the attributes in another order."""
    return [
        _WHOLE
        + length_delimited(5, text)
        + b"".join(
            length_delimited(9, length_delimited(1, key) + length_delimited(2, value))
            for key, value in ((b"a", length_delimited(1, text)), (b"b", length_delimited(1, last)))
        )
        for text, last in zip(texts, texts[::-1], strict=True)
    ]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["", "a", "b", "ab" * 70]) | st.text(), min_size=1))
def test_texts_are_numbered_the_same(texts: list[str]) -> None:
    """Each column by itself, though the others have the same."""
    assert_same(*both([request(named([text.encode() for text in texts]))], all_cells))


def test_more_distinct_texts_than_a_first_table_holds() -> None:
    rng = np.random.default_rng(3)
    texts = [rng.bytes(size).hex().encode() for size in rng.integers(0, 10, 20_000)]
    found, expected = both([request(named(texts))], all_cells)
    assert expected is not None
    assert len(expected.name.texts) > 10_000
    assert_same(found, expected)


_NUMBERS = st.sampled_from(
    [0, 1, 127, 128, 2**28, 2**53 + 1, 2**56 - 1, 2**56, 2**63 - 1, -1, -(2**63)]
) | st.floats(allow_nan=False)
_OTHERS = st.booleans() | st.text(max_size=2)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(_NUMBERS, min_size=1, max_size=5)
    | st.lists(st.floats(), min_size=1)
    | st.lists(_NUMBERS | _OTHERS, min_size=1, max_size=5),
    st.data(),
    st.sampled_from([all_numbers, all_cells]),
)
def test_values_are_read_the_same(
    values: list[float | str], data: st.DataObject, way_of: WayOf
) -> None:
    encoded = [bytearray(attribute_of(value)) for value in values]
    if data.draw(st.booleans()):
        one = data.draw(st.sampled_from(encoded))
        one[data.draw(st.integers(3, len(one) - 1))] ^= data.draw(st.integers(0, 255))
    spans = [_WHOLE + length_delimited(9, bytes(one)) for one in encoded]
    found, expected = both([request(spans)], way_of)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert_same(found, expected)


def attribute_of(value: float | str) -> bytes:
    """Return a value as an attribute of the wire."""
    (pair,) = span(1, {"k": value}).attributes
    return pair.SerializeToString()


def test_what_turns_out_to_be_no_number_is_read_once_more() -> None:
    """Beside a column of numbers, and in a column that some rows lack."""
    values: list[float | str] = [0, 1, 2.5, "x", 1]
    spans = [
        _WHOLE
        + length_delimited(9, b"\x0a\x01a" + attribute_of(row)[3:])
        + (length_delimited(9, b"\x0a\x01b" + attribute_of(value)[3:]) if row else b"")
        for row, value in enumerate(values)
    ]
    found, expected = both([request(spans)], all_numbers)
    assert_same(found, expected)
    assert found is not None
    numbers, cells = found.columns[b"\x0a\x01a"], found.columns[b"\x0a\x01b"]
    assert isinstance(numbers, NumberPart)
    assert numbers.rows is None
    assert isinstance(cells, Cells)
    assert cells.cells == [1, 2.5, "x"]
    assert cells.rows is not None
    assert cells.rows.tolist() == [1, 2, 3, 4]
    assert cells.codes.tolist() == [0, 1, 2, 0]


def test_our_own_mistakes_are_told() -> None:
    """No bytes of a sender's lead there."""
    assert _WIRE is not None
    wire: Any = _WIRE
    payload = request([_WHOLE + length_delimited(9, attribute_of(1))])
    with pytest.raises(TypeError):
        wire.read([payload], all_cells)
    with pytest.raises(TypeError):
        wire.read((bytearray(payload),), all_cells)
    with pytest.raises(TypeError):
        wire.read((payload,), lambda _: "no way")
    with pytest.raises(UnusualError):
        wire.read((payload,), raises)


def raises(prefix: bytes) -> Way:
    del prefix
    raise UnusualError
