"""Who may write: bearer tokens, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.receiver.intake import Authorize

__all__ = ["bearer_tokens"]

_SCHEME: Final = "bearer "
_SHORTEST: Final = 16


def bearer_tokens(tokens: Iterable[str]) -> Authorize:
    """Return a check of the ``authorization`` header, or of gRPC metadata of that name.

    All tokens are compared, each in a time that does not depend on where it
    differs, so that answers' timing tells nothing of a token, nor which one fits.

    Args:
        tokens: Of which one has to be given, each of at least 16 characters.

    Raises:
        ConfigurationError: There is none, or one is too short.

    >>> authorize = bearer_tokens(["correct-horse-battery"])
    >>> authorize({"authorization": "Bearer correct-horse-battery"})
    True
    >>> authorize({"authorization": "Bearer incorrect"}), authorize({})
    (False, False)
    """
    known = [_digest(token) for token in tokens]
    if not known:
        raise ConfigurationError("no token is given, so that nobody could write")

    def authorize(headers: Mapping[str, str]) -> bool:
        given = headers.get("authorization", "")
        if given[: len(_SCHEME)].lower() != _SCHEME:
            return False
        digest = hashlib.sha256(given[len(_SCHEME) :].strip().encode()).digest()
        # A list, not a generator: any() would stop at the first that fits.
        return any([hmac.compare_digest(digest, other) for other in known])  # noqa: C419 - see above

    return authorize


def _digest(token: str) -> bytes:
    if len(token) < _SHORTEST:
        raise ConfigurationError(f"a token has to have at least {_SHORTEST} characters")
    # Digests have one length, whatever length the tokens have.
    return hashlib.sha256(token.encode()).digest()
