"""Where a secret is read from: the configuration names the place and never holds it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from barograph_processor.exceptions import ConfigurationError

__all__ = ["check_source", "file_of", "read_secret"]

_KINDS: Final = ("file:", "env:")


def check_source(name: str, source: str | None) -> None:
    """Refuse what names no place.

    Raises:
        ValueError: It neither starts with ``file:`` nor with ``env:``. The message does
            not repeat it, since it may be the secret itself.
    """
    if source is not None and not (source.startswith(_KINDS) and source.partition(":")[2]):
        raise ValueError(
            f'{name} must be "file:PATH" or "env:VARIABLE"; a secret does not stand in '
            "the configuration"
        )


def file_of(source: str) -> Path | None:
    """Return the file that a source names; None if it is a variable, which never changes."""
    kind, _, place = source.partition(":")
    return Path(place) if kind == "file" else None


def read_secret(source: str, *, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the lines of a secret that are not empty and no comments, stripped.

    Args:
        source: ``file:PATH`` or ``env:VARIABLE``.
        environ: Where variables are read; the process's if None.

    Raises:
        ConfigurationError: The place does not exist, cannot be read, or is empty.
    """
    file = file_of(source)
    try:
        if file is not None:
            text = file.read_text(encoding="utf-8")
        else:
            text = (os.environ if environ is None else environ)[source.partition(":")[2]]
    except KeyError:
        raise ConfigurationError(f"the secret {source} is not there: no such variable") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"the secret {source} is no text") from None
    except OSError as error:
        raise ConfigurationError(f"the secret {source} cannot be read: {error.strerror}") from error
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise ConfigurationError(f"the secret {source} is empty")
    return found
