"""Names and sentences from elsewhere, made harmless for a terminal."""

import unicodedata

__all__ = ["printable"]

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""Return text in which what moves the cursor, hides or turns other text is spelt out.

    Control characters (escape sequences among them), format characters (those that
    write from right to left, or have no width) and line breaks become their escapes.
    rich's markup stays as it is: give the text to ``Text``, which reads none.

    >>> printable("a\x1b[31mb"), printable("\u202eevil")
    ('a\\x1b[31mb', '\\u202eevil')
    """
    return "".join(
        char if unicodedata.category(char) not in _HARMFUL else _escaped(char) for char in text
    )


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
