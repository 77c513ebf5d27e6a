"""What a model returned for a batch, read as columns of predictions."""

from dataclasses import dataclass, field
from typing import Any

from barograph.column import Array, as_category, homogeneous
from barograph.limits import chars_of_each
from barograph.outputs import LABEL_KEYS, VALUE_KEYS, are_distributions, confidence_of, understand
from barograph.scalar import Scalar, scalar
from barograph.table import Batch, Columns, columns_of, rows_of, thin
from barograph.text import is_category, summarize_text

__all__ = ["BatchOutcome", "confidences_of", "understand_batch"]

_CLASSES = frozenset({"binary", "multiclass"})
_NAN = float("nan")


@dataclass(slots=True)
class BatchOutcome:
    """The parts of a batch's result, each an array with one value a row, or None."""

    value: Array | None = None
    label: Array | None = None
    confidence: Array | None = None
    outputs: dict[str, Array] = field(default_factory=dict)


def understand_batch(
    result: Any,
    task: str | None,
    *,
    total: int | None,
    step: int = 1,
    offset: int = 0,
    classes: tuple[str, ...] = (),
) -> BatchOutcome | None:
    """Read the result of a batch call; None if it is no table of `total` rows.

    Args:
        result: One prediction a row: an array, a list, a frame with columns such as `label` and
            `confidence`, an array of class probabilities, or a pair of arrays of labels and
            confidences.
        task: The declared task.
        total: Rows of the batch; None if unknown, then those of the result count.
        step: Thinning of the batch, see `barograph.table.Batch`.
        offset: First row kept.
        classes: Names of the classes, in the order of the probabilities.
    """
    rows = rows_of(result)
    if type(result) is tuple and rows == 2:  # noqa: PLR2004  # a pair of columns
        labels, confidences = result
        paired = rows_of(labels)
        if paired is not None and paired == rows_of(confidences) and total in {None, paired}:
            result, rows = {"label": labels, "confidence": confidences}, paired
    if rows is None or rows == 0 or (total is not None and rows != total):
        return None
    columns = columns_of(thin(result, step, offset), "")
    if not columns:
        return None
    if len(columns) == 1 and ("" in columns or len(getattr(result, "shape", ())) == 1):
        return _single(next(iter(columns.values())), task)
    if all(name == f"f{position}" for position, name in enumerate(columns)):
        return _matrix(columns, task, classes)
    return _named(columns, task)


def confidences_of(value: Any, batch: Batch) -> Array | None:
    """Return one number in [0, 1] for each row of `batch` that is sent; None if there are none."""
    if rows_of(value) != batch.total:
        return None
    columns = columns_of(thin(value, batch.step, batch.offset), "") or {}
    if len(columns) != 1:
        return None
    (column,) = columns.values()
    read = [confidence_of(each) for each in column]
    return [_NAN if each is None else each for each in read]


def _single(values: list[Any], task: str | None) -> BatchOutcome:
    """One column: class labels, or quantities."""
    outcome = BatchOutcome()
    array = homogeneous(values)
    if array is None:
        return outcome
    kind = type(array[0])
    if kind is str and task not in _CLASSES:
        outcome.outputs = _texts([str(text) for text in array])
    elif _are_classes(array, task):
        outcome.label = _labels(array)
    else:
        outcome.value = [float(value) for value in array]
    return outcome


def _are_classes(array: Array, task: str | None) -> bool:
    """Whether the values of a column are the codes of classes and not quantities."""
    kind = type(array[0])
    if kind is float:
        return task == "multiclass" and all(float(value).is_integer() for value in array)
    return task in _CLASSES or (kind is bool and task != "regression")


def _labels(array: Array) -> list[str] | None:
    values: list[Scalar] = [*array]
    spelled = {value: as_category(value) for value in set(values)}
    return [spelled[value] for value in values] if all(map(is_category, spelled.values())) else None


def _texts(texts: list[str]) -> dict[str, Array]:
    """Summaries of one text a row; a part that only some rows have is NaN in the others."""
    limit = chars_of_each(len(texts))
    described = [summarize_text(text, limit) for text in texts]
    names = dict.fromkeys(name for row in described for name in row)
    found: dict[str, Array] = {}
    for name in names:
        array = homogeneous([row.get(name) for row in described])
        if array is not None:
            found[name] = array
    return found


def _matrix(columns: Columns, task: str | None, classes: tuple[str, ...]) -> BatchOutcome:
    """Several columns without names: class probabilities, (label, confidence) pairs, or vectors."""
    outcome = BatchOutcome()
    arrays = [homogeneous(column) for column in columns.values()]
    rows = list(zip(*columns.values(), strict=True))
    pairs = len(arrays) == 2 and arrays[0] is not None and type(arrays[0][0]) is not float  # noqa: PLR2004  # label, confidence
    if pairs and arrays[0] is not None and all(confidence_of(row[1]) is not None for row in rows):
        outcome.label = _labels(arrays[0])
        outcome.confidence = [confidence_of(row[1]) or 0.0 for row in rows]
        return outcome
    if any(array is None or type(array[0]) not in {float, int} for array in arrays):
        return outcome
    numbers = [list(map(float, row)) for row in rows]
    if task in (*_CLASSES, None) and are_distributions(numbers):
        if task == "binary" and len(arrays) == 2:  # noqa: PLR2004  # of two classes
            outcome.value = [row[1] for row in numbers]
            return outcome
        best = [max(range(len(row)), key=row.__getitem__) for row in numbers]
        named = len(classes) == len(arrays)
        outcome.label = [classes[at] if named else str(at) for at in best]
        outcome.confidence = [min(1.0, row[at]) for row, at in zip(numbers, best, strict=True)]
        return outcome
    described = [understand(row, task).outputs for row in numbers]
    for name in described[0]:
        array = homogeneous([row.get(name) for row in described])
        if array is not None:
            outcome.outputs[name] = array
    return outcome


def _quantity(value: Any) -> Any:
    """An output's value: flags count as numbers, so that their mean is a share."""
    plain = scalar(value)
    return int(plain) if type(plain) is bool else plain


def _named(columns: Columns, task: str | None) -> BatchOutcome:
    """Columns with names: those of a prediction, and any others as outputs."""
    outcome = BatchOutcome()
    rest = dict(columns)
    confidences = rest.pop("confidence", None)
    if confidences is not None:
        read = [confidence_of(value) for value in confidences]
        outcome.confidence = [_NAN if value is None else value for value in read]
    for key in LABEL_KEYS:
        if key not in rest or task == "regression":
            continue
        array = homogeneous(rest.pop(key))
        if array is None or (key == "prediction" and type(array[0]) is float):
            outcome.value = None if array is None else [float(value) for value in array]
        else:
            outcome.label = _labels(array)
        break
    for key in (*VALUE_KEYS, "prediction"):
        array = homogeneous(rest.pop(key)) if outcome.value is None and key in rest else None
        if array is not None and type(array[0]) is not str:
            outcome.value = [float(value) for value in array]
    for name, column in rest.items():
        array = homogeneous([_quantity(value) for value in column])
        if array is None:
            continue
        if type(array[0]) is str:
            texts = _texts([str(text) for text in array])
            outcome.outputs.update({f"{name}.{part}": values for part, values in texts.items()})
        else:
            outcome.outputs[name] = [float(value) for value in array]
    return outcome
