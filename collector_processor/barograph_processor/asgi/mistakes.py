"""What a client is told where our own code fails, and the log."""

import logging
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Mistakes"]

_LOG: Final = logging.getLogger(__name__)


class Mistakes:
    """Answers 500 where the application raises, logs it once, and keeps the connection.

    An application may have answered before it raises, as Starlette's own does. An answer that
    broke off in the middle ends its connection, so that nobody takes a half for the whole.

    Args:
        app: The application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = complete = False

        async def noted(message: Message) -> None:
            nonlocal begun, complete
            begun = True
            await send(message)
            complete = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if begun and not complete:
                # The server logs it, and ends the connection.
                raise
            _LOG.exception("a mistake in our code at %s %r", scope["method"], scope["path"])
            if not begun:
                refusal = PlainTextResponse("a mistake of the server; see its log\n", 500)
                await refusal(scope, receive, send)
