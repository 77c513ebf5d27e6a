"""Which names clients may call a server by: what keeps DNS rebinding out."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["KnownHosts", "is_known_host"]

_NAME_AND_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


class KnownHosts:
    """Refuses requests whose Host header is a name that is not ours.

    A page elsewhere can let its own name point to 127.0.0.1, and would then be of
    the same origin as this server for a browser. It cannot do that with an address,
    nor with a name without a dot, which no public zone holds.

    Args:
        app: The application inside.
        names: Further names, without a port.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            host = Headers(scope=scope).get("host", "")
            if not is_known_host(host, self._names):
                refusal = PlainTextResponse(
                    "this server is not known by that name; see [serve] hosts\n", status_code=400
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_known_host(host: str, names: frozenset[str]) -> bool:
    """Say whether a Host header is an address, a name without a dot, or one of ``names``.

    >>> [is_known_host(host, frozenset({"b.example"})) for host in (
    ...     "127.0.0.1:34380", "[::1]", "localhost:1", "barograph", "B.example:443",
    ...     "rebound.example", "127.0.0.1.rebound.example", "", "localhost.", "a b")]
    [True, True, True, True, True, False, False, False, False, False]
    """
    match = _NAME_AND_PORT.fullmatch(host)
    if match is None:
        return False
    name = match[1].lower()
    if name in names or "." not in name.strip("[]"):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
