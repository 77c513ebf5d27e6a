"""Who may read the page and the API, and who may change something there."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from barograph_processor.access import Access, Right, bearer, fingerprint
from barograph_processor.telemetry import Telemetry
from barograph_processor.web.responses import error_response
from barograph_processor.web.sessions import Sessions

__all__ = ["Guard", "Guarded", "cookie_name", "is_same_site"]

_OPEN: Final = frozenset({"/healthz", "/readyz", "/login", "/logout"})
# The page's own files say nothing of anybody's models, and the login page needs some.
_OPEN_BELOW: Final = "/static/"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Decides on requests by their bearer token or by the session of their cookie.

    Args:
        access: Which token has which right.
        sessions: Browsers that have logged in.
        telemetry: Counts refusals.
    """

    def __init__(self, access: Access, sessions: Sessions, telemetry: Telemetry) -> None:
        self._access = access
        self._sessions = sessions
        self._telemetry = telemetry

    def authorize(self, request: Request, right: Right) -> None:
        """Let a request pass that may do this.

        A view that changes something calls this with the right that it takes.

        Raises:
            HTTPException: 401 without a token or session, 403 with one that has not
                this right, or if another site lets a browser ask.
        """
        if request.method not in _SAFE_METHODS and not is_same_site(request):
            self._refuse(HTTPStatus.FORBIDDEN, "cross_site", "another site asked for this")
        if not self._access.guards(right):
            return
        token = bearer(request.headers)
        shown = (
            fingerprint(token)
            if token is not None
            else self._sessions.shown(request.cookies.get(cookie_name(request), ""))
        )
        # What is everybody's does not tell that a token is known.
        known = self._access.guards("read") and self._access.entitles(shown, "read")
        allowed = self._access.entitles(shown, right)
        if not allowed and known:
            self._refuse(HTTPStatus.FORBIDDEN, "forbidden", f"this takes the right {right!r}")
        if not allowed:
            self._refuse(HTTPStatus.UNAUTHORIZED, "unauthenticated", "give a token, or log in")

    def _refuse(self, status: HTTPStatus, reason: str, message: str) -> None:
        self._telemetry.add("barograph.monitor.refused", reason=reason)
        raise HTTPException(status, message)


class Guarded:
    """Takes the right to read for everything but what is open to all.

    Args:
        app: The application inside.
        guard: Who decides.
    """

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and not _is_open(scope["path"]):
            request = Request(scope)
            try:
                self._guard.authorize(request, "read")
            except HTTPException as refusal:
                await _answer(request, refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_same_site(request: Request) -> bool:
    """Say whether a request that changes something comes from our own page, or no page at all.

    Browsers say where a request is from; what says nothing is no browser, and has no
    cookie that others could abuse.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or URL(origin).netloc == request.headers.get("host")


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie; over TLS browsers bind it to this very host."""
    return "__Host-barograph" if request.url.scheme == "https" else "barograph"


def _is_open(path: str) -> bool:
    return path in _OPEN or (path.startswith(_OPEN_BELOW) and ".." not in path)


def _answer(request: Request, refusal: HTTPException) -> Response:
    reads_pages = "text/html" in request.headers.get("accept", "")
    if refusal.status_code == HTTPStatus.UNAUTHORIZED and request.method == "GET" and reads_pages:
        return RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)
    response = error_response(refusal.status_code, refusal.detail)
    if refusal.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    return response
