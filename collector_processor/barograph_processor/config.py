"""What can be configured: TOML tables, their defaults and their limits.

Every key of a table can also be set as ``BAROGRAPH_<TABLE>_<KEY>``; the keys of
``[serve]`` without the table's name. The environment wins over the file, a
command-line flag over both.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.semconv import TASKS

__all__ = [
    "AlarmConfig",
    "Config",
    "LimitsConfig",
    "ModelConfig",
    "OperationsConfig",
    "ReferenceConfig",
    "ServeConfig",
    "WindowConfig",
    "load_config",
    "parse_config",
    "plain",
]


_MODEL_TABLES = ("reference", "window", "alarm", "operations")
_SEASONS = ("hour_of_day", "day_of_week", "hour_of_week")
# Ways to say the same: a model's own way is not mixed with the default's.
_ALTERNATIVES = (
    ("reference", ("rows", "until", "file")),
    ("window", ("rows", "seconds")),
    ("alarm", ("tolerance", "tolerated_risk")),
)
_LONGEST_SECONDS = 1e9
_SHORTEST_SECONDS = 1e-3


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A TOML table: unknown keys are errors, since a misspelt key is a silent default."""


def _positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be positive, got {value!r}")


class ReferenceConfig(_Table, frozen=True, kw_only=True):
    """What "normal" is learnt from: the first rows, the rows until a time, or a profile.

    Attributes:
        rows: Rows of the reference, counted from the first.
        until: End of the reference, exclusive: ISO 8601 (naive is UTC) or epoch
            seconds; wins over rows.
        file: A profile written by ``barograph baseline create``; nothing is learnt then.
        season: A declared season: ``hour_of_day``, ``day_of_week``, ``hour_of_week``.
    """

    rows: int = 10_000
    until: str | int | float | None = None
    file: str | None = None
    season: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        _positive(rows=self.rows)
        if self.season is not None and self.season not in _SEASONS:
            raise ValueError(f"season must be one of {', '.join(_SEASONS)}, got {self.season!r}")
        self.until_ns()

    def until_ns(self) -> int | None:
        """Return the end of the reference in ns since the epoch, if it is a time."""
        if self.until is None:
            return None
        if not isinstance(self.until, str):
            if not abs(self.until) < _LONGEST_SECONDS * 8:
                raise ValueError(f"until must be epoch seconds, got {self.until!r}")
            return round(self.until * 1e9)
        try:
            moment = datetime.fromisoformat(self.until)
        except ValueError:
            raise ValueError(f"until must be a time in ISO 8601, got {self.until!r}") from None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        whole = moment.replace(microsecond=0)
        return int(whole.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


class WindowConfig(_Table, frozen=True, kw_only=True):
    """What is judged at once. Closed by rows or by time, whichever comes first.

    Attributes:
        rows: Rows of a window; the default where seconds is not given either.
        seconds: Length of a window in event time, aligned to the epoch.
        lateness: Seconds behind the newest event time within which a row still counts.
    """

    rows: int | None = None
    seconds: float | None = None
    lateness: float = 3600.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        _positive(rows=self.rows, seconds=self.seconds)
        if self.seconds is not None and not _SHORTEST_SECONDS <= self.seconds <= _LONGEST_SECONDS:
            raise ValueError(f"seconds must be in [0.001, 1e9], got {self.seconds!r}")
        if not 0 <= self.lateness <= _LONGEST_SECONDS:
            raise ValueError(f"lateness must be in [0, 1e9], got {self.lateness!r}")

    @property
    def max_rows(self) -> int | None:
        """Rows at which a window closes; None if only time closes it."""
        return 1000 if self.rows is None and self.seconds is None else self.rows


class AlarmConfig(_Table, frozen=True, kw_only=True):
    """The alarm budget and what counts as harm.

    Attributes:
        windows_between_false_alarms: Windows per false alarm, for the whole model.
        harm_share: Share of the budget for harm; the rest is for drift. In (0, 1).
        tolerance: Risk above the reference's that is tolerated. In [0, 1).
        tolerated_risk: An outright objective for the risk instead. In (0, 1).
        drift_tolerance: Effect below which drift is not reported, as a distance.
    """

    windows_between_false_alarms: float = 10_000
    harm_share: float = 0.5
    tolerance: float = 0.02
    tolerated_risk: float | None = None
    drift_tolerance: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        windows = self.windows_between_false_alarms
        if not (windows >= 1 and math.isfinite(windows)):
            raise ValueError(f"windows_between_false_alarms must be at least 1, got {windows!r}")
        if not 0 < self.harm_share < 1:
            raise ValueError(f"harm_share must be in (0, 1), got {self.harm_share!r}")
        if not 0 <= self.tolerance < 1:
            raise ValueError(f"tolerance must be in [0, 1), got {self.tolerance!r}")
        if self.tolerated_risk is not None and not 0 < self.tolerated_risk < 1:
            raise ValueError(f"tolerated_risk must be in (0, 1), got {self.tolerated_risk!r}")
        if not (self.drift_tolerance >= 0 and math.isfinite(self.drift_tolerance)):
            raise ValueError(f"drift_tolerance must not be negative, got {self.drift_tolerance!r}")


class OperationsConfig(_Table, frozen=True, kw_only=True):
    """What is normal for the operations of a model, where that is an objective.

    Attributes:
        latency_p95_s: Highest normal 95th percentile of the latency, s; else twice
            the reference's.
        error_rate: Highest normal share of failed calls; else one point above the
            reference's.
    """

    latency_p95_s: float | None = None
    error_rate: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        _positive(latency_p95_s=self.latency_p95_s)
        if self.error_rate is not None and not 0 <= self.error_rate <= 1:
            raise ValueError(f"error_rate must be in [0, 1], got {self.error_rate!r}")


class ModelConfig(_Table, frozen=True, kw_only=True):
    """How one model is watched.

    Attributes:
        task: Overrides the task that the spans name.
        threshold: Probability from which a binary prediction is positive.
        positive: The positive class.
        reference: What normal is learnt from.
        window: What is judged at once.
        alarm: The budget.
        operations: Objectives for latency and errors.
    """

    task: str | None = None
    threshold: float | None = None
    positive: str | int | bool | None = None
    reference: ReferenceConfig = ReferenceConfig()
    window: WindowConfig = WindowConfig()
    alarm: AlarmConfig = AlarmConfig()
    operations: OperationsConfig = OperationsConfig()

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.task is not None and self.task not in TASKS:
            raise ValueError(f"task must be one of {', '.join(TASKS)}, got {self.task!r}")
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise ValueError(f"threshold must be a number, got {self.threshold!r}")


class LimitsConfig(_Table, frozen=True, kw_only=True):
    """Bounds of everything that what comes in could make grow.

    Attributes:
        models: Versions of models with state; further ones are counted and dropped.
        features: Features of a model that are watched.
        categories: Levels kept for a categorical feature.
        pending_labels: Predictions of a model that wait for their label.
        pending_seconds: Event time after which a prediction no longer waits.
        early_labels: Late facts that wait for their prediction, of all models.
        history_windows: Closed windows of a model that the page shows.
        request_bytes: Size of a request, also after decompression.
        queue_bytes: Acknowledged requests not yet processed.
        journal_bytes: Size of the journal on disk.
        seen_ids: Ids remembered to drop duplicates.
        checkpoint_seconds: Time between checkpoints.
    """

    models: int = 1000
    features: int = 256
    categories: int = 100
    pending_labels: int = 200_000
    pending_seconds: float = 90 * 86400.0
    early_labels: int = 100_000
    history_windows: int = 2000
    request_bytes: int = 64 * 1024 * 1024
    queue_bytes: int = 256 * 1024 * 1024
    journal_bytes: int = 4 * 1024 * 1024 * 1024
    seen_ids: int = 1_000_000
    checkpoint_seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        _positive(**{name: getattr(self, name) for name in self.__struct_fields__})


class ServeConfig(_Table, frozen=True, kw_only=True):
    """Where the service listens, keeps its state, and exports to.

    Attributes:
        state_dir: Journal and checkpoints.
        otlp_grpc: ``HOST:PORT`` of OTLP/gRPC.
        otlp_http: ``HOST:PORT`` of OTLP/HTTP.
        web: ``HOST:PORT`` of the page, the API and ``/metrics``.
        export: Where metrics and alarms are sent: ``HOST:PORT`` for OTLP/gRPC, an
            http URL for OTLP/HTTP. None sends nothing.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
        evaluation_seconds: Time between two exports.
    """

    state_dir: str = "barograph-state"
    otlp_grpc: str = "127.0.0.1:34317"
    otlp_http: str = "127.0.0.1:34318"
    web: str = "127.0.0.1:34380"
    export: str | None = None
    trace_url: str | None = None
    evaluation_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        _positive(evaluation_seconds=self.evaluation_seconds)
        for name in ("otlp_grpc", "otlp_http", "web"):
            address = getattr(self, name)
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - a port
                raise ValueError(f"{name} must be HOST:PORT, got {address!r}")
        if self.trace_url is not None and "{trace_id}" not in self.trace_url:
            raise ValueError(f"trace_url must hold {{trace_id}}, got {self.trace_url!r}")


class Config(_Table, frozen=True, kw_only=True):
    """Everything. The model tables at the top are the defaults of every model."""

    serve: ServeConfig = ServeConfig()
    limits: LimitsConfig = LimitsConfig()
    reference: ReferenceConfig = ReferenceConfig()
    window: WindowConfig = WindowConfig()
    alarm: AlarmConfig = AlarmConfig()
    operations: OperationsConfig = OperationsConfig()
    models: dict[str, ModelConfig] = {}

    def model(self, name: str) -> ModelConfig:
        """Return how a model is watched: its own table over the defaults."""
        known = self.models.get(name)
        if known is None:
            return ModelConfig(
                reference=self.reference,
                window=self.window,
                alarm=self.alarm,
                operations=self.operations,
            )
        return known


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
    for table, key, value in _from_environment(environ or {}):
        known = merged.setdefault(table, {})
        if isinstance(known, dict):
            known[key] = value
    models = merged.get("models")
    if isinstance(models, dict):
        defaults = {name: merged.get(name, {}) for name in _MODEL_TABLES}
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
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return parse_config(document, environ=environment, source=str(path))


def plain(value: Any) -> Any:
    """Copy tables, and write TOML's own dates and times as text."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
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


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """Return table, key and value of every variable that is set and not empty."""
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


_TABLES: tuple[tuple[str, type[_Table], str], ...] = (
    ("serve", ServeConfig, "BAROGRAPH_"),
    ("limits", LimitsConfig, "BAROGRAPH_LIMITS_"),
    ("reference", ReferenceConfig, "BAROGRAPH_REFERENCE_"),
    ("window", WindowConfig, "BAROGRAPH_WINDOW_"),
    ("alarm", AlarmConfig, "BAROGRAPH_ALARM_"),
    ("operations", OperationsConfig, "BAROGRAPH_OPERATIONS_"),
)


def _literal(text: str, kind: Any) -> Any:
    """Read a number as TOML does where the key takes one; anything else is text."""
    if kind is str or not {int, float} & {kind, *get_args(kind)}:
        return text
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, int | float) else text
