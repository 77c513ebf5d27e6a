"""From TOML and the environment to a checked configuration."""

import os
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from barograph_processor.config.config import Config
from barograph_processor.config.environment import from_environment
from barograph_processor.config.model import MODEL_TABLES
from barograph_processor.exceptions import ConfigurationError

__all__ = ["load_config", "parse_config", "plain", "read_toml"]

# Ways to say the same: a model's own way is not mixed with the default's.
_ALTERNATIVES = (
    ("reference", ("rows", "until", "file")),
    ("window", ("rows", "seconds")),
    ("alarm", ("tolerance", "tolerated_risk")),
)


def parse_config(
    document: Mapping[str, Any], *, environ: Mapping[str, str] | None = None, source: str = "config"
) -> Config:
    """Check a parsed TOML document and merge the environment into it.

    Args:
        document: Tables by name.
        environ: Where ``BAROGRAPH_*`` is read; none if None.
        source: Where the document is from, for messages.

    Raises:
        ConfigurationError: A key is unknown, or a value of the wrong type or range.
    """
    merged: dict[str, Any] = {key: plain(value) for key, value in document.items()}
    for table, key, value in from_environment(environ or {}):
        known = merged.setdefault(table, {})
        if isinstance(known, dict):
            known[key] = value
    models = merged.get("models")
    if isinstance(models, dict):
        defaults = {name: merged.get(name, {}) for name in MODEL_TABLES}
        merged["models"] = {
            name: _with_defaults(own, defaults) if isinstance(own, Mapping) else own
            for name, own in models.items()
        }
    try:
        return msgspec.convert(merged, Config)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(f"{source}: {error}") from error


def load_config(path: str | Path | None, *, environ: Mapping[str, str] | None = None) -> Config:
    """Read a TOML file, if one is given, and the environment.

    Raises:
        ConfigurationError: The file cannot be read, is no TOML, or does not fit.
    """
    environment = os.environ if environ is None else environ
    if path is None:
        return parse_config({}, environ=environment, source="environment")
    return parse_config(read_toml(path), environ=environment, source=str(path))


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a file's tables.

    Raises:
        ConfigurationError: It cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def plain(value: Any) -> Any:
    """Copy tables, and write TOML's own dates and times as text."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _with_defaults(own: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(own)
    for table, values in defaults.items():
        mine = own.get(table, {})
        if isinstance(mine, Mapping) and isinstance(values, Mapping):
            merged[table] = {**_compatible(table, values, mine), **mine}
    return merged


def _compatible(table: str, values: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out defaults for which a model's own table says something else instead."""
    overruled = {
        key
        for name, keys in _ALTERNATIVES
        if name == table and not own.keys().isdisjoint(keys)
        for key in keys
    }
    return {key: value for key, value in values.items() if key not in overruled}
