"""How a browser shows its token: once, in a form."""

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from barograph_processor.access import Access, Right, fingerprint
from barograph_processor.telemetry import Telemetry
from barograph_processor.web.guard import cookie_name, is_same_site
from barograph_processor.web.responses import error_response
from barograph_processor.web.sessions import SESSION_SECONDS, Sessions

__all__ = ["Login"]

_PAGE_RIGHTS: Final[tuple[Right, ...]] = ("read", "review")
_MOST_BYTES: Final = 4096
_SECONDS: Final = 10.0
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # Without a referrer browsers would not say that the form was our own.
    "referrer-policy": "same-origin",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Barograph: log in</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/css/tokens.css">
<link rel="stylesheet" href="/static/css/page.css">
</head>
<body>
<main>
<h1>Barograph</h1>
<form method="post" class="login">
<label for="token">Token</label>
<input id="token" name="token" type="password" required autofocus
 autocomplete="current-password">
<button type="submit">Log in</button>
</form>
<p role="status">{message}</p>
</main>
</body>
</html>
"""


class Login:
    """A form that takes a token and gives a session in a cookie that scripts cannot read.

    Args:
        access: Which token has which right.
        sessions: Where sessions begin and end.
        telemetry: Counts refusals.
    """

    def __init__(self, access: Access, sessions: Sessions, telemetry: Telemetry) -> None:
        self._access = access
        self._sessions = sessions
        self._telemetry = telemetry

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/login", self.form, methods=["GET"]),
            Route("/login", self.login, methods=["POST"]),
            Route("/logout", self.logout, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """Answer with the form, or with the page where that takes no token for anything.

        The form goes to its own address, and the answer to it leads to ``/``: so a browser
        keeps the fragment, which is the place within the page.
        """
        if not any(map(self._access.guards, _PAGE_RIGHTS)):
            return RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)
        over = "Your session is over: log in again and go on where you were. "
        again = over if "again" in request.query_params else ""
        return _page(HTTPStatus.OK, f"{again}The token is the one that your operator gave you.")

    async def login(self, request: Request) -> Response:
        """Begin a session, if the token fits."""
        if not is_same_site(request):
            return self._refuse(HTTPStatus.FORBIDDEN, "cross_site", "Log in from this page.")
        token = await _token(request)
        # What is everybody's does not tell that a token fits.
        fits = [self._access.guards(r) and self._access.allows(token, r) for r in _PAGE_RIGHTS]
        if token is None or not any(fits):
            return self._refuse(
                HTTPStatus.UNAUTHORIZED, "unauthenticated", "This token does not fit."
            )
        response = RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)
        response.set_cookie(
            cookie_name(request),
            self._sessions.begin(fingerprint(token)),
            max_age=SESSION_SECONDS,
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    async def logout(self, request: Request) -> Response:
        """End the session of this browser."""
        if not is_same_site(request):
            return error_response(HTTPStatus.FORBIDDEN, "another site asked for this")
        name = cookie_name(request)
        self._sessions.end(request.cookies.get(name, ""))
        response = RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)
        response.delete_cookie(name, path="/", secure=request.url.scheme == "https", httponly=True)
        return response

    def _refuse(self, status: HTTPStatus, reason: str, message: str) -> Response:
        self._telemetry.add("barograph.monitor.refused", reason=reason)
        return _page(status, message)


async def _token(request: Request) -> str | None:
    """Read the form's only field; None if the body is none, too long or too slow."""
    body = b""
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=2)
    return fields.get("token", [""])[0].strip() or None


def _page(status: HTTPStatus, message: str) -> Response:
    return HTMLResponse(_PAGE.format(message=message), status_code=status, headers=_HEADERS)
