"""The rows of a batch call as attributes: one array a feature."""

from barograph import semconv
from barograph.capture import Capture
from barograph.column import clean_array, homogeneous
from barograph.inputs import Attributes, attribute_key
from barograph.limits import MAX_FULL_CHARS, chars_of_each
from barograph.redaction import Redactor
from barograph.table import Columns
from barograph.text import is_category, measure_text

__all__ = ["write_columns"]


def write_columns(
    columns: Columns, redactor: Redactor, capture: Capture, *, generation: bool
) -> Attributes:
    """Return the attributes of `columns`, each an array with one value a row.

    A column with any text that is no category is summarized as a whole, into the columns
    `name.length` and `name.words`. Columns without a single value are left out.
    """
    found: Attributes = {}
    for name, values in columns.items():
        array = homogeneous(values)
        if array is None:
            continue
        key = attribute_key(semconv.INPUT_PREFIX, name)
        if type(array[0]) is str:
            texts = [str(text) for text in array]
            if generation or not all(map(is_category, set(texts))):
                if capture is not Capture.FULL:
                    _summaries(found, name, texts)
                    continue
                array = [text[:MAX_FULL_CHARS] for text in texts]
        cleaned = clean_array(key, array, redactor)
        if cleaned is not None:
            found[key] = cleaned
    return found


def _summaries(found: Attributes, name: str, texts: list[str]) -> None:
    limit = chars_of_each(len(texts))
    described = [measure_text(text, limit) for text in texts]
    for part in ("length", "words"):
        found[attribute_key(semconv.INPUT_PREFIX, f"{name}.{part}")] = [
            summary[part] for summary in described
        ]
