"""Text in numbers: what may be said of a text without sending it."""

import json
import re
import zlib
from typing import Final

from barograph.limits import MAX_CATEGORY_CHARS, MAX_SUMMARY_CHARS

__all__ = ["is_category", "measure_text", "summarize_text"]

_LINE_BREAKS: Final = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_REFUSAL: Final = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|afraid|unable|not able)|i (?:can(?:no|')t|cannot|won't|will not|"
    r"must decline|apologi[sz]e)|as an ai\b|es tut mir leid|ich kann (?:dir|ihnen)? ?nicht|"
    r"je (?:suis désolée?|ne peux pas)|lo siento|no puedo)",
    re.IGNORECASE,
)
_REFUSAL_WINDOW = 300  # a refusal comes first


def is_category(text: str) -> bool:
    """Whether `text` is short enough, and on one line, to stand as a category."""
    return len(text) <= MAX_CATEGORY_CHARS and _LINE_BREAKS.search(text) is None


def measure_text(text: str, limit: int = MAX_SUMMARY_CHARS) -> dict[str, int]:
    """Return `length` in characters, and `words` among the first `limit` of them."""
    return {"length": len(text), "words": len(text[:limit].split())}


def summarize_text(text: str, limit: int = MAX_SUMMARY_CHARS) -> dict[str, int | float]:
    """Describe `text` in numbers.

    Args:
        text: Any text.
        limit: Characters that are read; the cost is bounded by them.

    Returns:
        `length` in characters, `words`; for text that is not empty `refusal` (0 or 1: it opens
        by declining, judged by common phrases), `repetition` (in [0, 1], what compression saves
        beyond ordinary prose), and, where it opens like JSON, `valid_json` (0 or 1).

    Examples:
        >>> summarize_text("I'm sorry, I can't help with that.")["refusal"]
        1
        >>> summarize_text('{"a": 1}')["valid_json"]
        1
    """
    head = text[:limit]
    found: dict[str, int | float] = {**measure_text(head), "length": len(text)}
    if not head:
        return found
    opening = head[:_REFUSAL_WINDOW].replace("\u2019", "'")
    found["refusal"] = int(_REFUSAL.search(opening) is not None)
    found["repetition"] = _repetition(head)
    if len(head) == len(text) and head.lstrip()[:1] in {"{", "["}:
        found["valid_json"] = int(_is_json(head))
    return found


def _repetition(text: str) -> float:
    """Saving by deflate beyond that of ordinary prose, scaled to [0, 1]; 0 for short text.

    Prose of this size deflates to about half; a loop of one phrase to nearly nothing.
    """
    raw = text.encode("utf-8", "replace")
    if len(raw) < 64:  # noqa: PLR2004  # the header of deflate would dominate
        return 0.0
    ratio = len(zlib.compress(raw, 1)) / len(raw)
    return round(min(1.0, max(0.0, 1.0 - ratio / 0.5)), 4)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
