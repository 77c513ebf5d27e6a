"""The arguments of a scalar call as attributes: one value a feature."""

from typing import Any

from barograph import semconv
from barograph.capture import Capture
from barograph.limits import (
    MAX_FEATURES,
    MAX_FULL_CHARS,
    MAX_KEY_CHARS,
    MAX_NESTING,
    MAX_ROW_VECTOR,
)
from barograph.record import fields_of, is_sequence
from barograph.redaction import Redactor
from barograph.scalar import Scalar, is_nan, scalar
from barograph.text import is_category, measure_text
from barograph.vector import length_of, numbers_of, shape_of, summarize_numbers

__all__ = ["Attributes", "InputWriter", "attribute_key"]

Attributes = dict[str, Any]

_keys: dict[tuple[str, str], str] = {}
_MAX_CACHED_KEYS = 16_384


def attribute_key(prefix: str, name: str) -> str:
    """Return the attribute key of `name` under `prefix`, made once and remembered."""
    key = _keys.get((prefix, name))
    if key is None:
        key = prefix + name.encode("utf-8", "replace").decode("utf-8")[:MAX_KEY_CHARS]
        if len(_keys) < _MAX_CACHED_KEYS:
            _keys[prefix, name] = key
    return key


class InputWriter:
    """Writes features into a dict of attributes, bounded, redacted, summarized.

    Made once for each call; not shared between threads.
    """

    __slots__ = ("_capture", "_out", "_redactor", "_text_only_length")

    def __init__(self, redactor: Redactor, capture: Capture, *, generation: bool) -> None:
        self._redactor = redactor
        self._capture = capture
        self._text_only_length = generation
        self._out: Attributes = {}

    def write(self, arguments: dict[str, Any]) -> Attributes:
        """Return the attributes of `arguments`, by name.

        The fields of a dict, dataclass, model or row count as features of their own name, or of
        `argument.field` where that name is taken. A lone short vector is the row `f0`, `f1`, ...
        """
        lone = len(arguments) == 1
        for name, value in arguments.items():
            fields = fields_of(value)
            if fields is not None:
                self._fields(name, fields, prefix="", depth=1)
            elif not (lone and self._row(value)):
                self._one(name, value, depth=0)
        return self._out

    def _fields(self, parent: str, fields: dict[Any, Any], *, prefix: str, depth: int) -> None:
        for field, value in fields.items():
            if len(self._out) >= MAX_FEATURES:
                return
            name = field if type(field) is str else scalar(field)
            if name is None:
                continue
            full = f"{prefix}{name}"
            if not prefix and attribute_key(semconv.INPUT_PREFIX, full) in self._out:
                full = f"{parent}.{name}"
            self._one(full, value, depth=depth)

    def _row(self, value: Any) -> bool:
        """Write a lone vector, or an array of one row, as features; False if it is none."""
        shape = shape_of(value)
        if shape is not None and len(shape) == 2 and shape[0] == 1:  # noqa: PLR2004  # a matrix
            value = value[0]
        numbers = numbers_of(value)
        if numbers is None or len(numbers) > MAX_ROW_VECTOR:
            return False
        for position, number in enumerate(numbers):
            self._put(f"f{position}", number)
        return True

    def _one(self, name: str, value: Any, *, depth: int) -> None:
        if len(self._out) >= MAX_FEATURES:
            return
        plain = scalar(value)
        if plain is None:
            self._structure(name, value, depth=depth)
        elif type(plain) is str:
            self._text(name, plain)
        else:
            self._put(name, plain)

    def _structure(self, name: str, value: Any, *, depth: int) -> None:
        if value is None or depth >= MAX_NESTING:
            return
        fields = fields_of(value)
        if fields is not None:
            self._fields(name, fields, prefix=f"{name}.", depth=depth + 1)
            return
        numbers = numbers_of(value)
        if numbers is not None:
            for part, number in summarize_numbers(numbers, length_of(value)).items():
                self._put(f"{name}.{part}", number)
            return
        shape = shape_of(value)
        if shape is not None:
            for part, extent in zip(("rows", "columns", "depth"), shape, strict=False):
                self._put(f"{name}.{part}", extent)
        elif is_sequence(value):
            self._put(f"{name}.size", length_of(value))

    def _text(self, name: str, text: str) -> None:
        if not self._text_only_length and is_category(text):
            self._put(name, text)
            return
        if self._redactor.secret(attribute_key(semconv.INPUT_PREFIX, name)):
            self._put(name, text)
            return
        if self._capture is Capture.FULL:
            self._put(name, text[:MAX_FULL_CHARS])
        for part, number in measure_text(text).items():
            self._put(f"{name}.{part}", number)

    def _put(self, name: str, value: Scalar) -> None:
        if is_nan(value):  # a gap; and it breaks what shows spans as JSON
            return
        key = attribute_key(semconv.INPUT_PREFIX, name)
        cleaned = self._redactor.value(key, value)
        if cleaned is not None:
            self._out[key] = cleaned
