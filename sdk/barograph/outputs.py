"""What a model returned, read as a prediction: value, label, confidence, and summaries.

Nothing is invented: a part that the result does not state is left out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from barograph.capture import Capture
from barograph.column import as_category
from barograph.limits import MAX_FEATURES, MAX_FULL_CHARS
from barograph.record import fields_of, is_sequence, items_of
from barograph.responses import GenerationReading, read_response
from barograph.scalar import Scalar, number_of, scalar
from barograph.text import is_category, summarize_text
from barograph.vector import (
    length_of,
    numbers_of,
    project,
    shape_of,
    summarize_numbers,
    summarize_scores,
)

__all__ = ["Outcome", "are_distributions", "confidence_of", "is_distribution", "understand"]

LABEL_KEYS = ("label", "class", "class_name", "predicted_class", "prediction")
VALUE_KEYS = ("value", "probability", "proba", "score")
_PAIR = 2
_MAX_OUTPUTS = 64
_CLASSES = frozenset({"binary", "multiclass"})
_SUM_TOLERANCE = 1e-3  # probabilities in single or half precision


@dataclass(slots=True)
class Outcome:
    """A result in the parts that the wire knows; each is None, or empty, if not stated."""

    value: float | None = None
    label: str | None = None
    confidence: float | None = None
    outputs: dict[str, Scalar] = field(default_factory=dict)
    standard: dict[str, Any] = field(default_factory=dict)
    """Attributes by OpenTelemetry's conventions for generative models."""
    text: str | None = None
    """What a generative model wrote; only its summary is sent, unless content is asked for."""

    def state(self, stated: Mapping[str, Any]) -> None:
        """Replace parts by what a user states outright; a part that is None stays as read."""
        for name, given in stated.items():
            plain = scalar(given)
            if plain is None:
                continue
            if name == "label":
                self.label = as_category(plain) if is_category(as_category(plain)) else None
            elif name == "confidence":
                self.confidence = confidence_of(plain)
            elif type(plain) is not str:
                if name == "value":
                    self.value = float(plain)
                else:
                    self.outputs[name] = int(plain) if type(plain) is bool else plain
            elif name != "value":
                self.outputs.update({f"{name}.{k}": v for k, v in summarize_text(plain).items()})


def confidence_of(value: Any) -> float | None:
    """Return `value` as a confidence; None if it is no number in [0, 1]."""
    found = number_of(value)
    return found if found is not None and 0 <= found <= 1 else None


def is_distribution(numbers: list[float]) -> bool:
    """Whether `numbers` are the probabilities of at least two classes."""
    return (
        len(numbers) >= _PAIR
        and all(0 <= number <= 1 for number in numbers)
        and abs(math.fsum(numbers) - 1) <= _SUM_TOLERANCE
    )


def are_distributions(rows: list[list[float]]) -> bool:
    """Whether each of `rows`, of equal length, holds the probabilities of at least two classes."""
    if not rows or len(rows[0]) < _PAIR:
        return False
    if not (min(map(min, rows)) >= 0 and max(map(max, rows)) <= 1):
        return False
    return all(abs(total - 1) <= _SUM_TOLERANCE for total in map(math.fsum, rows))


def understand(
    result: Any,
    task: str | None,
    capture: Capture = Capture.SUMMARY,
    classes: tuple[str, ...] = (),
) -> Outcome:
    """Read the result of a scalar call.

    Args:
        result: What the user's function returned. It is not changed.
        task: The declared task, which says what an ambiguous result means.
        capture: In `full`, texts are part of the outputs.
        classes: Names of the classes, in the order of a probability vector.
    """
    reading = _Reading(task, capture, classes)
    reading.read(result)
    return reading.outcome


class _Reading:
    """One result being read."""

    __slots__ = ("capture", "classes", "outcome", "task")

    def __init__(self, task: str | None, capture: Capture, classes: tuple[str, ...]) -> None:
        self.task = task
        self.capture = capture
        self.classes = classes
        self.outcome = Outcome()

    def read(self, result: Any) -> None:  # noqa: C901  # one branch a kind of result
        if result is None:
            return
        plain = scalar(result)
        if plain is not None:
            self._plain(plain)
            return
        if self.task in {None, "generation"}:
            reading = result if type(result) is GenerationReading else read_response(result)
            if reading is not None:
                self._response(reading)
                return
        fields = fields_of(result)
        if fields is not None:
            self._fields(fields)
            return
        shape = shape_of(result)
        if shape is not None and len(shape) > 1 and shape[0] == 1:
            result = result[0]
        if is_sequence(result) and self._pair(items_of(result, _PAIR + 1)):
            return
        numbers = numbers_of(result)
        if numbers is not None:
            self._numbers(numbers, length_of(result), array=shape is not None)
        elif is_sequence(result):
            self._listed(result)
        elif shape is not None:
            for part, extent in zip(("rows", "columns", "depth"), shape, strict=False):
                self.outcome.outputs[part] = extent

    def _plain(self, plain: Scalar) -> None:
        if type(plain) is str:
            if self.task in _CLASSES and is_category(plain):
                self.outcome.label = plain
            else:
                self._text("text", "", plain)
        elif self._is_class(plain):
            self.outcome.label = as_category(plain)
        else:
            self.outcome.value = float(plain)

    def _is_class(self, plain: Scalar) -> bool:
        """Whether a number is the code of a class and not a quantity."""
        if type(plain) is bool:
            return self.task != "regression"
        if self.task not in _CLASSES:
            return False
        return type(plain) is int or (
            self.task == "multiclass" and type(plain) is float and plain.is_integer()
        )

    def _text(self, name: str, prefix: str, text: str) -> None:
        outputs = self.outcome.outputs
        if name == "text":
            self.outcome.text = text
        if self.capture is Capture.FULL:
            outputs[name] = text[:MAX_FULL_CHARS]
        for part, number in summarize_text(text).items():
            outputs[f"{prefix}{part}"] = number

    def _response(self, reading: GenerationReading) -> None:
        if reading.texts:
            self._text("text", "", reading.text)
        self.outcome.confidence = reading.confidence
        self.outcome.outputs.update(reading.outputs())
        self.outcome.standard = reading.standard()

    def _pair(self, items: list[Any]) -> bool:
        """Read a (label, confidence) or (text, confidence) pair."""
        if len(items) != _PAIR:
            return False
        first, confidence = scalar(items[0]), confidence_of(items[1])
        if first is None or confidence is None:
            return False
        if type(first) is float and not (self.task == "multiclass" and first.is_integer()):
            return False  # two floats: a distribution, a vector, or a value with its error
        if type(first) is str and (self.task == "generation" or not is_category(first)):
            self._text("text", "", first)
        else:
            self.outcome.label = as_category(first)
        self.outcome.confidence = confidence
        return True

    def _fields(self, fields: dict[Any, Any]) -> None:
        rest = dict(islice(fields.items(), MAX_FEATURES))
        self.outcome.confidence = confidence_of(rest.pop("confidence", None))
        for key in LABEL_KEYS:
            label = scalar(rest.get(key))
            if label is None or (key == "prediction" and self._is_quantity(label)):
                continue
            if type(label) is str and (self.task == "generation" or not is_category(label)):
                continue
            self.outcome.label = as_category(label)
            del rest[key]
            break
        for key in (*VALUE_KEYS, "prediction"):
            value = number_of(rest.get(key))
            if value is not None:
                self.outcome.value = value
                del rest[key]
                break
        for key, part in rest.items():
            self._output(key, part)

    def _is_quantity(self, label: Scalar) -> bool:
        return type(label) is not str and not self._is_class(label)

    def _output(self, key: Any, value: Any) -> None:
        name, plain = scalar(key), scalar(value)
        if name is None or plain is None or len(self.outcome.outputs) >= _MAX_OUTPUTS:
            return
        if type(plain) is str:
            self._text(str(name), f"{name}.", plain)
        else:
            self.outcome.outputs[str(name)] = int(plain) if type(plain) is bool else plain

    def _numbers(self, numbers: list[float], size: int, *, array: bool) -> None:
        outcome = self.outcome
        if (self.task in _CLASSES or (self.task is None and array)) and is_distribution(numbers):
            self._distribution(numbers)
            return
        if self.task == "ranking":
            outcome.outputs["size"] = size
            outcome.outputs.update(summarize_scores(numbers))
            return
        outcome.outputs.update(summarize_numbers(numbers, size))
        outcome.outputs.update(project(numbers))

    def _distribution(self, numbers: list[float]) -> None:
        outcome = self.outcome
        if self.task == "binary" and len(numbers) == _PAIR:
            outcome.value = numbers[1]
            return
        best = max(range(len(numbers)), key=numbers.__getitem__)
        named = len(self.classes) == len(numbers)
        outcome.label = self.classes[best] if named else str(best)
        outcome.confidence = min(1.0, numbers[best])
        outcome.outputs["entropy"] = summarize_scores(numbers).get("entropy", 0.0)

    def _listed(self, result: Any) -> None:
        """A list of items: of a ranking the scores, of anything else the size."""
        self.outcome.outputs["size"] = length_of(result)
        scores = [_score(item) for item in items_of(result, 1_000)]
        if self.task == "ranking" and scores and None not in scores:
            self.outcome.outputs.update(summarize_scores([s for s in scores if s is not None]))


def _score(item: Any) -> float | None:
    """The score of a ranked item: of a dict or record its `score`, of a pair its second part."""
    fields = fields_of(item)
    if fields is not None:
        return number_of(fields.get("score"))
    if is_sequence(item) and len(items_of(item, _PAIR)) == _PAIR:
        return number_of(items_of(item, _PAIR)[1])
    return None
