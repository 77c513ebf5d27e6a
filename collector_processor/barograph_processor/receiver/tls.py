"""Certificates of the receivers."""

from dataclasses import dataclass
from pathlib import Path

import grpc

from barograph_processor.exceptions import ConfigurationError

__all__ = ["ServerTls"]


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
            ConfigurationError: A file cannot be read.
        """
        pair = (_read(self.key), _read(self.certificate))
        if self.client_ca is None:
            return grpc.ssl_server_credentials([pair])
        return grpc.ssl_server_credentials(
            [pair], root_certificates=_read(self.client_ca), require_client_auth=True
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
