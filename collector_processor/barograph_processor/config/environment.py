"""Keys as environment variables: ``BAROGRAPH_<TABLE>_<KEY>``, those of ``[serve]`` without it."""

import tomllib
from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin

import msgspec

from barograph_processor.config.config import Config
from barograph_processor.config.table import Table
from barograph_processor.exceptions import ConfigurationError

__all__ = ["from_environment"]

# [[webhooks]] and [models.NAME] are no single table: there may be many, and none has variables.
_TABLES: Final[dict[str, type[Table]]] = {
    field.name: field.type
    for field in msgspec.structs.fields(Config)
    if isinstance(field.type, type) and issubclass(field.type, Table)
}


def from_environment(environ: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """Return table, key and value of every variable that is set and not empty.

    Raises:
        ConfigurationError: A variable has the prefix of a table, and no key is called so.
    """
    names = {
        f"{_prefix(table)}{field.name.upper()}": (table, field)
        for table, kind in _TABLES.items()
        for field in msgspec.structs.fields(kind)
    }
    prefixes = tuple(_prefix(table) for table in _TABLES if table != "serve")
    found = []
    for name, text in environ.items():
        if name in names and text:
            table, field = names[name]
            found.append((table, field.name, _literal(text, field.type)))
        elif name.startswith(prefixes) and name not in names:
            raise ConfigurationError(f"the environment variable {name} is not known")
    return found


def _prefix(table: str) -> str:
    return "BAROGRAPH_" if table == "serve" else f"BAROGRAPH_{table.upper()}_"


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
