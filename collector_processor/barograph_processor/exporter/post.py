"""One POST and what became of it."""

import math
import time
from collections.abc import Collection, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from barograph_processor.exporter.transport import Outcome

__all__ = ["post"]

_ANSWER_BYTES: Final = 64 * 1024


def post(
    client: httpx.Client,
    url: str,
    content: bytes,
    *,
    retryable: Collection[int],
    patience: float,
    headers: Mapping[str, str] | None = None,
) -> Outcome:
    """Send a request; whatever happens is an outcome.

    The answer's body says nothing that is used: it is read, so that the connection can
    be used again, up to a bound of bytes and of time. Redirects are not followed; a
    downstream that moved is refused, so that nothing goes where nobody configured.

    Args:
        client: Follows no redirects.
        url: Where to.
        content: The body.
        retryable: Status codes after which another try may do better.
        patience: Seconds in which the answer is read.
        headers: Beside those of the client.
    """
    try:
        with client.stream("POST", url, content=content, headers=headers) as answer:
            _drain(answer, patience)
    except httpx.HTTPError as error:
        return Outcome("failed", str(error) or type(error).__name__)
    if answer.is_success:
        return Outcome("sent")
    message = f"HTTP {answer.status_code}"
    if answer.status_code in retryable:
        return Outcome("failed", message, _retry_after(answer.headers.get("retry-after")))
    unauthenticated = answer.status_code == HTTPStatus.UNAUTHORIZED
    return Outcome("refused", message, unauthenticated=unauthenticated)


def _drain(answer: httpx.Response, patience: float) -> None:
    deadline, size = time.monotonic() + patience, 0
    for chunk in answer.iter_raw():
        size += len(chunk)
        if size > _ANSWER_BYTES or time.monotonic() > deadline:
            return


def _retry_after(header: str | None) -> float | None:
    """Read seconds or a date; None if it is neither."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
