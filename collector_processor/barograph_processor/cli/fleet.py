"""All models of a running service and their open alarms, as its API tells them."""

from typing import Any, Final, Self, TypeVar

import httpx
import msgspec

from barograph_processor.exceptions import ConfigurationError, DataError
from barograph_processor.signal import URGENCY, Severity

__all__ = ["AlarmLine", "Fleet", "ModelLine", "Trend"]

_ALARMS: Final = 1000
_TROUBLE: Final = ("silent_degradation", "degraded", "blind", "drifting", "watch", "healthy")


class Quality(msgspec.Struct, frozen=True):
    """The figure that stands for quality; None where nothing is known yet.

    Attributes:
        metric: Its name.
        latest: What the latest labels say, with an interval.
        baseline: That of the reference.
        tolerated: The lowest that is tolerated.
        estimated: What the scores of the last window promise without labels.
        early: Whether ``latest`` stands for the quality, and no estimate, since an alarm of harm
            is about labels of the open window, or the last closed one has none; else that one
            does. Of a regression, which has no ``latest``, it is the last that has labels.
    """

    metric: str | None
    latest: dict[str, float] | None
    baseline: float | None
    tolerated: float | None
    estimated: dict[str, float] | None = None
    early: bool = False


class Reference(msgspec.Struct, frozen=True):
    """What is normal for the operations, if it is known."""

    complete: bool
    latency_p95_s: float | None


class Trend(msgspec.Struct, frozen=True):
    """Courses over the closed windows, oldest first; their ends are in ms since the epoch."""

    quality: list[float | None]
    latency_p95_s: list[float | None]
    error_rate: list[float | None]
    time: list[int] = []


class ModelLine(msgspec.Struct, frozen=True):
    """How a version of a model stands. All text is from outside.

    Attributes:
        since: When it came into its state: when that was noticed.
        change_since: When what is wrong began, by the alarms that say so.
    """

    name: str
    version: str
    state: str
    since: str | None
    reasons: list[str]
    predictions: int
    labels: int
    quality: Quality
    reference: Reference
    trend: Trend
    change_since: str | None = None

    @property
    def began(self) -> str | None:
        """Since when it stands as it does, as near as that is known."""
        return self.change_since or self.since


class AlarmLine(msgspec.Struct, frozen=True):
    """An open alarm. All text is from outside."""

    id: str
    model: str
    version: str
    signal: str
    severity: Severity
    since: str | None
    sentence: str


class _Models(msgspec.Struct, frozen=True):
    models: list[ModelLine]


class _Alarms(msgspec.Struct, frozen=True):
    alarms: list[AlarmLine]
    total: int


class Fleet(msgspec.Struct, frozen=True):
    """All at once, what is in most trouble first.

    Attributes:
        models: Worst state first, then by name.
        alarms: Open ones, most severe first, of those the newest; at most a thousand.
        more_alarms: How many open alarms the service has beyond them, of any model.
    """

    models: list[ModelLine]
    alarms: list[AlarmLine]
    more_alarms: int = 0

    @classmethod
    def ask(cls, client: httpx.Client, url: str, *, model: str | None = None) -> Self:
        """Ask a service.

        Args:
            client: Shows the token, if there is one.
            url: Of the page.
            model: Only versions of this one; None for all.

        Raises:
            ConfigurationError: The address is none, or the service refuses the token.
            DataError: Nobody answers, or not as a Barograph service does.
        """
        base = url.rstrip("/")
        models = _answer(client, base, "/api/page/overview", _Models).models
        answer = _answer(client, base, f"/api/alarms?state=open&limit={_ALARMS}", _Alarms)
        alarms = answer.alarms
        if model is not None:
            models = [line for line in models if line.name == model]
            alarms = [alarm for alarm in alarms if alarm.model == model]
        return cls(
            sorted(models, key=_rank),
            sorted(alarms, key=lambda alarm: URGENCY[alarm.severity]),
            max(answer.total - _ALARMS, 0),
        )

    def has(self, severity: str) -> bool:
        """Say whether an alarm of this severity, or of a higher one, is open."""
        return any(URGENCY[alarm.severity] <= URGENCY[severity] for alarm in self.alarms)

    def document(self) -> dict[str, Any]:
        """Return plain values, for ``--json``."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def _rank(line: ModelLine) -> tuple[int, str, str]:
    state = _TROUBLE.index(line.state) if line.state in _TROUBLE else 0
    return state, line.name, line.version


_T = TypeVar("_T", _Models, _Alarms)


def _answer(client: httpx.Client, base: str, path: str, kind: type[_T]) -> _T:
    try:
        answer = client.get(base + path)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ConfigurationError(f"--url must be an http or https URL: {error}") from error
    except httpx.HTTPError as error:
        raise DataError(f"{base} does not answer: {str(error) or type(error).__name__}") from error
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise ConfigurationError(
            f"{base} asks for a token that may read: put it into BAROGRAPH_TOKEN or give "
            "--token-file"
        )
    if not answer.is_success:
        raise DataError(f"{base} answers {answer.status_code}: is it a Barograph service?")
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{base} does not answer as a Barograph service: {error}") from error
