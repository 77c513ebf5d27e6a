"""``[[webhooks]]``: who is told of alarms."""

import re
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from barograph_processor.config.secret import check_source, file_of
from barograph_processor.config.table import Table, positive, waits

__all__ = ["WebhookConfig"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_DAY: Final = 86_400.0


class WebhookConfig(Table, frozen=True, kw_only=True):
    """One receiver of alarms.

    Attributes:
        name: Of its own in the log, in metrics and on disk.
        url: http or https; or the file or variable that holds it, since whoever knows
            such an address may often write to it.
        format: Of what is posted.
        severity: The least that is told.
        updates: Whether to tell also what an open alarm says anew.
        headers: File or variable that holds headers, ``name=value`` a line.
        ca: PEM file of the authorities to trust instead of the system's.
        timeout_seconds: Time for each step of an attempt.
        queue_bytes: Alarms on disk that wait for it.
        give_up_seconds: An alarm that could not be told for so long is given up.
    """

    name: str
    url: str
    format: Literal["json", "slack", "alertmanager"] = "json"
    severity: Literal["page", "ticket", "note"] = "ticket"
    updates: bool = False
    headers: str | None = None
    ca: str | None = None
    timeout_seconds: float = 10.0
    queue_bytes: int = 16 * 1024 * 1024
    give_up_seconds: float = _DAY

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name must be lower case letters, digits, - and _, at most 63, got {self.name!r}"
            )
        waits(timeout_seconds=self.timeout_seconds, give_up_seconds=self.give_up_seconds)
        positive(queue_bytes=self.queue_bytes)
        check_source("headers", self.headers)
        if not self.url.startswith(("http://", "https://")):
            check_source("url", self.url)
        elif urlsplit(self.url).password is not None:
            raise ValueError('url holds a password: give "file:PATH" or "env:VARIABLE"')

    @property
    def files(self) -> list[Path]:
        """The files that its address, its headers and whom it trusts are read from."""
        secrets = (file_of(source) for source in (self.url, self.headers) if source is not None)
        authorities = None if self.ca is None else Path(self.ca)
        return [file for file in (*secrets, authorities) if file is not None]
