"""Who may do what: bearer tokens by right, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from barograph_processor.config import TokensConfig, read_secret
from barograph_processor.exceptions import ConfigurationError

__all__ = ["RIGHTS", "Access", "Right", "bearer"]

Right = Literal["otlp", "read", "review"]
"""Write OTLP; read the page, the API and ``/metrics``; answer reviews, and read."""

RIGHTS: Final[tuple[Right, ...]] = ("otlp", "read", "review")

_SCHEME: Final = "bearer "
_SHORTEST: Final = 16


class Access:
    """Knows the digests of tokens by right, never the tokens; immutable.

    A right without tokens is everybody's. But where reading takes a token and
    reviews have none of their own, nobody answers them.

    Args:
        tokens: By right, each of at least 16 characters.

    Raises:
        ConfigurationError: A token is too short.

    >>> access = Access({"read": ["correct-horse-battery"]})
    >>> access.allows("correct-horse-battery", "read"), access.allows(None, "otlp")
    (True, True)
    >>> access.allows("incorrect", "read"), access.allows("correct-horse-battery", "review")
    (False, False)
    """

    def __init__(self, tokens: Mapping[Right, Iterable[str]] | None = None) -> None:
        given = tokens or {}
        own = {right: [_digest(token) for token in given.get(right, ())] for right in RIGHTS}
        self._guarded = {right: bool(own[right]) for right in RIGHTS}
        self._guarded["review"] = self._guarded["review"] or self._guarded["read"]
        self._holders = {**own, "read": [*own["read"], *own["review"]]}

    @classmethod
    def configured(cls, config: TokensConfig) -> "Access":
        """Read the tokens from where the configuration says.

        Raises:
            ConfigurationError: They are not there, or one is too short.
        """
        sources = {right: getattr(config, right) for right in RIGHTS}
        return cls({right: read_secret(where) for right, where in sources.items() if where})

    def guards(self, right: Right) -> bool:
        """Say whether the right takes a token."""
        return self._guarded[right]

    def allows(self, token: str | None, right: Right) -> bool:
        """Say whether who has this token has this right.

        All tokens are compared, each in a time that does not depend on where it
        differs, so that answers' timing tells nothing of a token, nor which one fits.
        """
        if not self._guarded[right]:
            return True
        if token is None:
            return False
        digest, fits = _hash(token), False
        for other in self._holders[right]:
            fits |= hmac.compare_digest(digest, other)
        return fits


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token of an ``authorization`` header, or of gRPC metadata of that name.

    >>> bearer({"authorization": "Bearer correct-horse-battery"})
    'correct-horse-battery'
    """
    given = headers.get("authorization", "")
    return given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else None


def _digest(token: str) -> bytes:
    if len(token) < _SHORTEST:
        raise ConfigurationError(f"a token has to have at least {_SHORTEST} characters")
    return _hash(token)


def _hash(token: str) -> bytes:
    # Digests have one length, whatever length the tokens have.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
