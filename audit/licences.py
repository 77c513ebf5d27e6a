"""Which licences may come along at run time."""

import re
from importlib.metadata import Distribution
from typing import Final

__all__ = ["licence", "refusal"]

_ALLOWED: Final = frozenset(
    {
        *("0BSD", "APACHE-2.0", "BSD-2-CLAUSE", "BSD-3-CLAUSE", "ISC", "MIT", "PSF-2.0"),
        *("CC0-1.0", "UNLICENSE", "ZLIB", "BSL-1.0", "PYTHON-2.0"),
        # As older metadata says it.
        *("APACHE", "APACHE 2.0", "APACHE LICENSE 2.0", "APACHE LICENSE, VERSION 2.0"),
        *("APACHE SOFTWARE LICENSE", "BSD", "BSD LICENSE", "MIT LICENSE", "3-CLAUSE BSD LICENSE"),
        *("BSD 3-CLAUSE", "BSD-3-CLAUSE LICENSE", "ISC LICENSE (ISCL)"),
        *("PYTHON SOFTWARE FOUNDATION LICENSE", "THE UNLICENSE (UNLICENSE)"),
    }
)
# Only for what is named here, each with a reason.
_EXCEPTIONS: Final = {
    # A list of certificates; its licence asks for changes to that list alone to be shown.
    ("certifi", "MPL-2.0"),
    ("certifi", "MOZILLA PUBLIC LICENSE 2.0 (MPL 2.0)"),
    # The same holds for its files; we use it unchanged, as a library.
    ("orjson", "MPL-2.0"),
}


def licence(installed: Distribution) -> str:
    """Return what a distribution says of its licence, as an expression of SPDX if it can."""
    metadata = installed.metadata
    for expression in metadata.get_all("License-Expression") or ():
        return str(expression).strip()
    classifiers = [
        text.rpartition("::")[2].strip()
        for text in metadata.get_all("Classifier") or ()
        if text.startswith("License ::") and not text.endswith("OSI Approved")
    ]
    if classifiers:
        return " AND ".join(classifiers)
    # Some put the whole text there; its first line is its name then.
    texts = metadata.get_all("License") or [""]
    return str(texts[0]).strip().partition("\n")[0].strip()


def refusal(name: str, expression: str) -> str:
    """Say why a licence may not come along; empty if it may.

    Of alternatives (OR) one has to be allowed, of what holds together (AND) all.

    >>> refusal("a", "MIT"), refusal("b", "GPL-3.0-only OR MIT"), refusal("c", "MIT AND AGPL-3.0")
    ('', '', "c: 'AGPL-3.0' is not allowed")
    """
    if not expression:
        return f"{name}: says no licence"
    refused = ""
    for part in _split("AND", expression):
        if not any(_is_allowed(name, option) for option in _split("OR", part)):
            refused = refused or f"{name}: {part!r} is not allowed"
    return refused


def _split(operator: str, expression: str) -> list[str]:
    return [_bare(part) for part in re.split(rf"\s+{operator}\s+", expression)]


def _bare(part: str) -> str:
    """Take off the parentheses of a group that was split."""
    part = part.strip()
    while part.count("(") > part.count(")"):
        part = part.replace("(", "", 1)
    while part.count(")") > part.count("("):
        part = part[::-1].replace(")", "", 1)[::-1]
    return part.strip()


def _is_allowed(name: str, option: str) -> bool:
    return option.upper() in _ALLOWED or (name, option.upper()) in _EXCEPTIONS
