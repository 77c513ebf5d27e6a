"""Versions of the conventions, as schema addresses name them."""

from typing import Final

from barograph_processor.semconv import SCHEMA_URL

__all__ = ["is_newer_schema"]

_BASE, _, _VERSION = SCHEMA_URL.rpartition("/")
_MAJOR: Final = int(_VERSION.split(".")[0])


def is_newer_schema(schema_url: str) -> bool:
    """Return whether an address names a later major version of our conventions.

    >>> is_newer_schema("https://barograph.dev/schemas/2.0.0")
    True
    >>> is_newer_schema("https://barograph.dev/schemas/1.9.0"), is_newer_schema("")
    (False, False)
    """
    base, _, version = schema_url.rpartition("/")
    major = version.split(".")[0]
    return base == _BASE and major.isdecimal() and int(major) > _MAJOR
