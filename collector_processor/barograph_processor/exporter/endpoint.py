"""Where to export to, as written on the command line."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from barograph_processor.exceptions import ConfigurationError

__all__ = ["Endpoint"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A downstream that speaks OTLP.

    Attributes:
        protocol: How it is spoken to.
        target: ``host:port`` for gRPC, the base address for HTTP.
        secure: Whether over TLS.
    """

    protocol: Literal["grpc", "http"]
    target: str
    secure: bool

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """Read ``host:port`` or ``grpc://`` (plain), ``grpcs://`` (TLS), ``http://``, ``https://``.

        Raises:
            ConfigurationError: It is none of these.

        >>> Endpoint.parse("127.0.0.1:14317")
        Endpoint(protocol='grpc', target='127.0.0.1:14317', secure=False)
        >>> Endpoint.parse("https://otel.example/base/").target
        'https://otel.example/base'
        """
        refusal = ConfigurationError(
            f"cannot export to {text!r}: use host:port, grpc://host:port, grpcs://host:port, "
            "http://host:port or https://host"
        )
        try:
            parts = urlsplit(text if "://" in text else f"grpc://{text}")
            named = bool(parts.hostname) and (parts.port is not None or parts.scheme[:4] == "http")
        except ValueError:
            raise refusal from None
        if not (named and text.isprintable() and " " not in text):
            raise refusal
        if parts.scheme in ("grpc", "grpcs") and parts.path in ("", "/"):
            return cls("grpc", parts.netloc, parts.scheme == "grpcs")
        if parts.scheme in ("http", "https") and not parts.query:
            return cls("http", text.rstrip("/"), parts.scheme == "https")
        raise refusal
