"""``[tls]`` and ``[tokens]``: what servers show, and what clients have to show."""

from pathlib import Path

from barograph_processor.config.secret import check_source, file_of
from barograph_processor.config.table import Table

__all__ = ["TlsConfig", "TokensConfig"]


class TlsConfig(Table, frozen=True, kw_only=True):
    """Certificates of all that listens: OTLP over gRPC and HTTP, and the page.

    Attributes:
        cert: PEM file of the server's chain. None is plain text.
        key: PEM file of its private key.
        client_ca: PEM file of those who sign clients of OTLP; without a certificate
            of theirs nobody writes. The page asks for no certificate.
    """

    cert: str | None = None
    key: str | None = None
    client_ca: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together: give both, or none")
        if self.client_ca is not None and self.cert is None:
            raise ValueError("client_ca needs cert and key: clients show certificates to TLS alone")


class TokensConfig(Table, frozen=True, kw_only=True):
    """Bearer tokens by right: each key names the file or variable that holds them.

    Attributes:
        otlp: Those that may write OTLP. None lets everybody.
        read: Those that may read the page, the API and ``/metrics``. None lets everybody.
        review: Those that may answer reviews, and read. None lets nobody where
            reading takes a token, else everybody.
    """

    otlp: str | None = None
    read: str | None = None
    review: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in self.__struct_fields__:
            check_source(name, getattr(self, name))

    @property
    def files(self) -> list[Path]:
        """The files that hold them."""
        sources = [getattr(self, name) for name in self.__struct_fields__]
        return [file for source in sources if source and (file := file_of(source))]
