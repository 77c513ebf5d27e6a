"""Keys as environment variables: ``BAROGRAPH_<TABLE>_<KEY>``, those of ``[serve]`` without it."""

import tomllib
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import msgspec

from barograph_processor.config.access import TlsConfig, TokensConfig
from barograph_processor.config.alarm import AlarmConfig
from barograph_processor.config.exporter import ExporterConfig
from barograph_processor.config.limits import LimitsConfig
from barograph_processor.config.operations import OperationsConfig
from barograph_processor.config.reference import ReferenceConfig
from barograph_processor.config.review import ReviewConfig
from barograph_processor.config.serve import ServeConfig
from barograph_processor.config.table import Table
from barograph_processor.config.window import WindowConfig
from barograph_processor.exceptions import ConfigurationError

__all__ = ["from_environment"]

_TABLES: tuple[tuple[str, type[Table], str], ...] = (
    ("serve", ServeConfig, "BAROGRAPH_"),
    ("tls", TlsConfig, "BAROGRAPH_TLS_"),
    ("tokens", TokensConfig, "BAROGRAPH_TOKENS_"),
    ("exporter", ExporterConfig, "BAROGRAPH_EXPORTER_"),
    ("limits", LimitsConfig, "BAROGRAPH_LIMITS_"),
    ("reference", ReferenceConfig, "BAROGRAPH_REFERENCE_"),
    ("window", WindowConfig, "BAROGRAPH_WINDOW_"),
    ("alarm", AlarmConfig, "BAROGRAPH_ALARM_"),
    ("operations", OperationsConfig, "BAROGRAPH_OPERATIONS_"),
    ("review", ReviewConfig, "BAROGRAPH_REVIEW_"),
)


def from_environment(environ: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """Return table, key and value of every variable that is set and not empty.

    Raises:
        ConfigurationError: A variable has the prefix of a table, and no key is called so.
    """
    names: dict[str, tuple[str, msgspec.structs.FieldInfo]] = {}
    for table, kind, prefix in _TABLES:
        for field in msgspec.structs.fields(kind):
            names[f"{prefix}{field.name.upper()}"] = (table, field)
    prefixes = tuple(prefix for table, _, prefix in _TABLES if table != "serve")
    found = []
    for name, text in environ.items():
        if name in names and text:
            table, field = names[name]
            found.append((table, field.name, _literal(text, field.type)))
        elif name.startswith(prefixes) and name not in names:
            raise ConfigurationError(f"the environment variable {name} is not known")
    return found


def _literal(text: str, kind: Any) -> Any:
    """Read a number or a truth value as TOML does where the key takes one, names by commas."""
    if get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is str or not {int, float, bool} & {kind, *get_args(kind)}:
        return text
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, int | float) else text
