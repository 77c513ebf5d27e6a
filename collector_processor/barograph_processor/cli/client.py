"""How commands ask a running service."""

import os
from collections.abc import Mapping
from typing import Final

import httpx

from barograph_processor.exceptions import ConfigurationError

__all__ = ["TOKEN", "service_client"]

TOKEN: Final = "BAROGRAPH_TOKEN"  # noqa: S105 - the variable that holds it
_TIMEOUT: Final = 30.0


def service_client(*, environ: Mapping[str, str] | None = None) -> httpx.Client:
    """Return a client that shows the token in ``BAROGRAPH_TOKEN``, if there is one.

    Certificates are checked against the system's authorities, or those in the file that
    ``SSL_CERT_FILE`` names.

    Raises:
        ConfigurationError: The token is none that a header can hold.
    """
    token = (os.environ if environ is None else environ).get(TOKEN, "").strip()
    if not token:
        return httpx.Client(timeout=_TIMEOUT)
    if not (token.isascii() and token.isprintable()):
        raise ConfigurationError(f"{TOKEN} holds no token")
    return httpx.Client(timeout=_TIMEOUT, headers={"authorization": f"Bearer {token}"})
