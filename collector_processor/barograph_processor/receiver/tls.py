"""Certificates of what listens."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import grpc

from barograph_processor.config import TlsConfig
from barograph_processor.exceptions import ConfigurationError

__all__ = ["Certificates", "ServerTls"]


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a server shows, and what it wants to see.

    Attributes:
        certificate: PEM file of the server's chain.
        key: PEM file of its private key.
        client_ca: PEM file of those who may sign clients; None asks for no
            client certificate.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Return them for a gRPC server; with ``client_ca`` others are not let in.

        Raises:
            ConfigurationError: A file cannot be read, or is no certificate or its key.
        """
        # gRPC itself takes anything, and then fails every handshake without a word.
        self.http_context()
        pair = (_read(self.key), _read(self.certificate))
        if self.client_ca is None:
            return grpc.ssl_server_credentials([pair])
        return grpc.ssl_server_credentials(
            [pair], root_certificates=_read(self.client_ca), require_client_auth=True
        )

    def http_context(self, *, ask_clients: bool = True) -> ssl.SSLContext:
        """Return them for an HTTP server, TLS 1.2 or newer.

        Args:
            ask_clients: Whether ``client_ca`` counts here.

        Raises:
            ConfigurationError: A file cannot be read, or is no certificate or its key.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        for file in (self.certificate, self.key, self.client_ca):
            if file is not None:
                _read(file)
        try:
            # A key with a passphrase would else ask for it on the terminal.
            context.load_cert_chain(self.certificate, self.key, password=b"")
            if self.client_ca is not None and ask_clients:
                context.load_verify_locations(self.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except OSError as error:
            raise ConfigurationError(
                f"the certificates {self.certificate}, {self.key} or {self.client_ca} cannot be "
                f"used: {error}"
            ) from error
        return context


@dataclass(frozen=True, slots=True)
class Certificates:
    """What each server of the service shows; None where there is no TLS."""

    otlp_grpc: grpc.ServerCredentials | None = None
    otlp_http: ssl.SSLContext | None = None
    web: ssl.SSLContext | None = None

    @classmethod
    def configured(cls, config: TlsConfig) -> Self:
        """Read the files that the configuration names.

        Raises:
            ConfigurationError: One cannot be read, or is no certificate or its key.
        """
        if config.cert is None or config.key is None:
            return cls()
        client_ca = None if config.client_ca is None else Path(config.client_ca)
        files = ServerTls(Path(config.cert), Path(config.key), client_ca)
        return cls(
            files.grpc_credentials(), files.http_context(), files.http_context(ask_clients=False)
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
