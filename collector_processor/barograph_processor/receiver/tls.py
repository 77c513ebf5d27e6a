"""Certificates of what listens."""

import ssl
from collections.abc import Sequence
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

    @property
    def files(self) -> list[Path]:
        """All of them."""
        return [self.certificate, self.key, *((self.client_ca,) if self.client_ca else ())]

    def grpc_configuration(self) -> grpc.ServerCertificateConfiguration:
        """Return them for a gRPC server.

        Raises:
            ConfigurationError: A file cannot be read, or is no certificate or its key.
        """
        # gRPC itself takes anything, and then fails every handshake without a word.
        self.http_context()
        return grpc.ssl_server_certificate_configuration(
            [(_read(self.key), _read(self.certificate))],
            root_certificates=None if self.client_ca is None else _read(self.client_ca),
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
        for file in self.files:
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


class Certificates:
    """What each server of the service shows, and newer ones while it runs.

    Connections begin with the newest; those that are there go on with what they began.

    Args:
        tls: Where they are; None is plain text.

    Attributes:
        files: All files that are read.
        otlp_grpc: For OTLP over gRPC; with ``client_ca`` others are not let in.
        otlp_http: For OTLP over HTTP, the same.
        web: For the page, which asks for no certificate.

    Raises:
        ConfigurationError: A file cannot be read, or is no certificate or its key.
    """

    def __init__(self, tls: ServerTls | None) -> None:
        self.files: Sequence[Path] = () if tls is None else tls.files
        self.otlp_grpc: grpc.ServerCredentials | None = None
        self.otlp_http: _Newest | None = None
        self.web: _Newest | None = None
        self._tls = tls
        if tls is not None:
            self._newest = self._shown = tls.grpc_configuration()
            self.otlp_grpc = grpc.dynamic_ssl_server_credentials(
                self._newest,
                self._changed,  # type: ignore[arg-type] # None keeps what there is
                require_client_authentication=tls.client_ca is not None,
            )
            self.otlp_http = _Newest.of(tls.http_context())
            self.web = _Newest.of(tls.http_context(ask_clients=False))

    @classmethod
    def configured(cls, config: TlsConfig) -> Self:
        """Read the files that the configuration names.

        Raises:
            ConfigurationError: One cannot be read, or is no certificate or its key.
        """
        if config.cert is None or config.key is None:
            return cls(None)
        client_ca = None if config.client_ca is None else Path(config.client_ca)
        return cls(ServerTls(Path(config.cert), Path(config.key), client_ca))

    def renew(self) -> None:
        """Read the files anew.

        Raises:
            ConfigurationError: One cannot be read, or is no certificate or its key; those
                before stay.
        """
        if self._tls is None or self.otlp_http is None or self.web is None:
            return
        newest = self._tls.grpc_configuration()
        otlp, web = self._tls.http_context(), self._tls.http_context(ask_clients=False)
        self._newest, self.otlp_http.newest, self.web.newest = newest, otlp, web

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return what a handshake has to show other than the one before; None if it has not."""
        if self._shown is self._newest:
            return None
        self._shown = self._newest
        return self._newest


class _Newest(ssl.SSLContext):
    """Begins each connection as the newest context does; itself it holds no certificate.

    To load others into a context that is in use would add to its authorities, and never
    take one away.
    """

    newest: ssl.SSLContext

    @classmethod
    def of(cls, newest: ssl.SSLContext) -> Self:
        """Return one that begins with this context."""
        made = cls(ssl.PROTOCOL_TLS_SERVER)
        made.newest = newest
        return made

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return self.newest.wrap_bio(incoming, outgoing, server_side, server_hostname, session)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
