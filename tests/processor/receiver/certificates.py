"""Certificates for tests: an authority, a server on loopback, a client, and a stranger."""

import ssl
from pathlib import Path

import trustme

__all__ = ["Authority"]


class Authority:
    """PEM files below a directory: ca, server, server.key, client, client.key, stranger, ..."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        ours, theirs = trustme.CA(), trustme.CA()
        ours.cert_pem.write_to_path(directory / "ca")
        issued = {
            "server": ours.issue_cert("127.0.0.1", "localhost"),
            "client": ours.issue_cert("client"),
            "stranger": theirs.issue_cert("client"),
        }
        for name, certificate in issued.items():
            certificate.private_key_pem.write_to_path(directory / f"{name}.key")
            for blob in certificate.cert_chain_pems:
                blob.write_to_path(directory / name, append=True)

    def file(self, name: str) -> str:
        return str(self._directory / name)

    def read(self, name: str) -> bytes:
        return (self._directory / name).read_bytes()

    def trusting(self, client: str | None = None) -> ssl.SSLContext:
        """What a client of HTTPS uses: it trusts us, and shows its certificate if it has one."""
        context = ssl.create_default_context(cafile=self.file("ca"))
        if client is not None:
            context.load_cert_chain(self.file(client), self.file(f"{client}.key"))
        return context
