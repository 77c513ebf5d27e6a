"""How commands ask a running service."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx

from barograph_processor.config import read_secret
from barograph_processor.exceptions import ConfigurationError

__all__ = ["TOKEN", "model_path", "service_client"]

TOKEN: Final = "BAROGRAPH_TOKEN"  # noqa: S105 - the variable that holds it
_TIMEOUT: Final = 30.0


def service_client(
    *,
    token_file: Path | None = None,
    timeout: float = _TIMEOUT,
    environ: Mapping[str, str] | None = None,
) -> httpx.Client:
    """Return a client that shows a token, if there is one.

    Certificates are checked against the system's authorities, or those in the file that
    ``SSL_CERT_FILE`` names.

    Args:
        token_file: Its first line that is not empty and no comment is the token; else the
            variable ``BAROGRAPH_TOKEN`` is.
        timeout: Seconds for each step of a request.
        environ: Where variables are read; the process's if None.

    Raises:
        ConfigurationError: The token cannot be read, or is none that a header can hold.
    """
    if token_file is None:
        source, token = TOKEN, (os.environ if environ is None else environ).get(TOKEN, "").strip()
    else:
        source, token = str(token_file), read_secret(f"file:{token_file}")[0]
    if not token:
        return httpx.Client(timeout=timeout)
    if not (token.isascii() and token.isprintable()):
        raise ConfigurationError(f"{source} holds no token")
    return httpx.Client(timeout=timeout, headers={"authorization": f"Bearer {token}"})


def model_path(name: str, version: str) -> str:
    """Return the end of an address of the API that says which model is meant.

    Dots are encoded too: a client would resolve a name such as ``..`` on its way.
    """
    return "/".join(quote(part, safe="").replace(".", "%2E") for part in (name, version))
