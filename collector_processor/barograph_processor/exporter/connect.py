"""From an endpoint and its configuration to a transport."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import grpc

from barograph_processor.config import ExporterConfig, file_of, read_secret
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter.credentials import header_pairs, tls_context
from barograph_processor.exporter.endpoint import Endpoint
from barograph_processor.exporter.grpc import GrpcTransport
from barograph_processor.exporter.http import HttpTransport
from barograph_processor.exporter.renewed import RenewedTransport
from barograph_processor.exporter.transport import Transport
from barograph_processor.telemetry import Telemetry

__all__ = ["connect", "connect_renewed"]

_VARIABLES: Final = {
    "ca": "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "cert": "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "key": "OTEL_EXPORTER_OTLP_CLIENT_KEY",
}
_HEADERS: Final = "OTEL_EXPORTER_OTLP_HEADERS"


def connect(
    endpoint: str,
    config: ExporterConfig | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Transport:
    """Return the transport for an endpoint; nothing is sent yet.

    Args:
        endpoint: See ``Endpoint.parse``.
        config: Headers, certificates and patience.
        environ: Where OTEL_EXPORTER_OTLP_* and secrets are read; the process's if None.

    Raises:
        ConfigurationError: The endpoint, the headers or the certificates cannot be used.
    """
    config = config or ExporterConfig()
    environ = os.environ if environ is None else environ
    parsed = Endpoint.parse(endpoint)
    headers = _headers(config, environ)
    files = _certificates(config, environ)
    for file in files.values():
        if file is not None:
            _read(file)
    if parsed.protocol == "http":
        return HttpTransport(
            parsed.target,
            trusted=tls_context(files["ca"], files["cert"], files["key"]),
            headers=headers,
            timeout=config.timeout_seconds,
        )
    credentials = None
    if parsed.secure:
        contents = {key: None if file is None else _read(file) for key, file in files.items()}
        credentials = grpc.ssl_channel_credentials(
            contents["ca"], contents["key"], contents["cert"]
        )
    return GrpcTransport(
        parsed.target, credentials=credentials, headers=headers, timeout=config.timeout_seconds
    )


def connect_renewed(endpoint: str, config: ExporterConfig, telemetry: Telemetry) -> Transport:
    """Return what ``connect`` does, anew once headers or certificates are replaced."""
    headers = None if config.headers is None else file_of(config.headers)
    files = (headers, *_certificates(config, os.environ).values())
    return RenewedTransport(
        "exporter credentials",
        [Path(file) for file in files if file is not None],
        partial(connect, endpoint, config),
        telemetry,
    )


def _certificates(config: ExporterConfig, environ: Mapping[str, str]) -> dict[str, str | None]:
    return {
        key: getattr(config, key) or environ.get(variable) or None
        for key, variable in _VARIABLES.items()
    }


def _headers(config: ExporterConfig, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the configuration, else those of the environment."""
    if config.headers is not None:
        return header_pairs(read_secret(config.headers, environ=environ), config.headers)
    return header_pairs([environ.get(_HEADERS, "")], _HEADERS)


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
