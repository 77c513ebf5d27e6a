"""What is shown to a downstream, and which downstream is trusted."""

import re
import ssl
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from barograph_processor.exceptions import ConfigurationError

__all__ = ["header_pairs", "tls_context"]

# What HTTP and gRPC both take.
_NAME: Final = re.compile(r"[a-z0-9_.-]+")


def header_pairs(lines: Iterable[str], where: str) -> dict[str, str]:
    """Read headers, ``name=value`` a line or separated by commas; names in lower case.

    Args:
        lines: Of a secret, or of OTEL_EXPORTER_OTLP_HEADERS. Values are percent-decoded.
        where: They are from, for messages.

    Raises:
        ConfigurationError: One is no ``name=value``, or none that can be sent.
    """
    found: dict[str, str] = {}
    for pair in (pair.strip() for line in lines for pair in line.split(",")):
        name, equals, value = pair.partition("=")
        if not pair:
            continue
        if not equals or not name.strip():
            # Not repeated: what stands there may be a secret.
            raise ConfigurationError(f"{where}: a header must be name=value")
        name, value = name.strip().lower(), unquote(value.strip())
        if not (_NAME.fullmatch(name) and value.isascii() and value.isprintable()):
            raise ConfigurationError(f"{where}: a header must be of ASCII, and on one line")
        found[name] = value
    return found


def tls_context(
    ca: str | None, cert: str | None = None, key: str | None = None, *, whose: str = "the exporter"
) -> ssl.SSLContext:
    """Return a context that checks servers, by the system's authorities if ``ca`` is None.

    Raises:
        ConfigurationError: A file cannot be read, or holds no certificate or key.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
        if cert is not None:
            context.load_cert_chain(cert, key, password=b"")
    except OSError as error:
        raise ConfigurationError(f"the certificates of {whose} cannot be used: {error}") from error
    return context
