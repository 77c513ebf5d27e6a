"""Posts notices to one receiver in its form."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

from barograph_processor.config import WebhookConfig, read_secret
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter import (
    ExportSignal,
    Outcome,
    RenewedTransport,
    Transport,
    header_pairs,
    post,
    tls_context,
)
from barograph_processor.notify.alertmanager import alertmanager_body, alertmanager_url
from barograph_processor.notify.slack import slack_body
from barograph_processor.telemetry import Telemetry

__all__ = ["Webhook", "renewed_webhook"]

# A receiver behind a proxy answers any 5xx while it is restarted.
_RETRYABLE: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Webhook:
    """A transport for ``Exporter``: an alarm's step is a log, what stands open are metrics.

    What waits is stored in one form and takes the receiver's as it is sent, so that
    times are of then, and a change of the configuration holds for what waits too.

    Args:
        config: Where to, how, and with what.
        environ: Where secrets are read; the process's if None.

    Raises:
        ConfigurationError: A secret cannot be read, or the address is none.
    """

    def __init__(self, config: WebhookConfig, *, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        whose = f"webhook {config.name}"
        self._format = config.format
        self._patience = config.timeout_seconds
        self._url = _url(config, environ, whose)
        headers = {"content-type": "application/json", "user-agent": "barograph"}
        if config.headers is not None:
            lines = read_secret(config.headers, environ=environ)
            headers |= header_pairs(lines, f"{whose}: {config.headers}")
        # No proxy from the environment, and no redirects: what is told goes where the
        # configuration says.
        self._client = httpx.Client(
            headers=headers,
            timeout=config.timeout_seconds,
            verify=tls_context(config.ca, whose=whose),
            trust_env=False,
            follow_redirects=False,
        )

    @property
    def host(self) -> str:
        """Whom it posts to; the rest of the address may be a secret."""
        return httpx.URL(self._url).host

    @property
    def secure(self) -> bool:
        """Whether what it posts is encrypted."""
        return httpx.URL(self._url).scheme == "https"

    def send(self, signal: ExportSignal, payload: bytes) -> Outcome:
        """Post a notice, or a list of those that stand open; see ``Transport``."""
        try:
            body = self._body(signal, payload)
        except (LookupError, TypeError, ValueError) as error:
            # Of another version, on disk since before an update: one must not stop the rest.
            return Outcome("refused", f"what waited cannot be read: {error!r}")
        return post(self._client, self._url, body, retryable=_RETRYABLE, patience=self._patience)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _body(self, signal: ExportSignal, payload: bytes) -> bytes:
        if self._format == "json":
            return payload
        found = orjson.loads(payload)
        if self._format == "slack":
            return slack_body(found)
        notices = found if signal == "metrics" else [found]
        return alertmanager_body(notices, now=datetime.now(UTC))


def renewed_webhook(config: WebhookConfig, telemetry: Telemetry) -> Transport:
    """Return a webhook, anew once its address, headers or authorities are replaced."""
    return RenewedTransport(
        f"webhook {config.name} credentials", config.files, partial(Webhook, config), telemetry
    )


def _url(config: WebhookConfig, environ: Mapping[str, str], whose: str) -> str:
    secret = not config.url.startswith(("http://", "https://"))
    url = read_secret(config.url, environ=environ)[0] if secret else config.url
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(httpx.URL(url).host)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        # Not repeated: it may be a secret.
        raise ConfigurationError(f"{whose}: url is no http or https URL")
    return alertmanager_url(url) if config.format == "alertmanager" else url
