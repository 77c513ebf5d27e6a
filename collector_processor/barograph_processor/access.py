"""Who may do what: bearer tokens by right, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from barograph_processor.config import TokensConfig, read_secret
from barograph_processor.exceptions import ConfigurationError

__all__ = ["RIGHTS", "Access", "Right", "bearer", "fingerprint"]

Right = Literal["otlp", "read", "review"]
"""Write OTLP; read the page, the API and ``/metrics``; answer reviews, and read."""

RIGHTS: Final[tuple[Right, ...]] = ("otlp", "read", "review")

_SCHEME: Final = "bearer "
_SHORTEST: Final = 16


class Access:
    """Knows the fingerprints of tokens by right, never the tokens.

    A right without tokens is everybody's. But where reading takes a token and
    reviews have none of their own, nobody answers them. Any thread may ask, also
    while another one renews it.

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
        self._holders = _holders(tokens or {})

    @classmethod
    def configured(cls, config: TokensConfig) -> "Access":
        """Read the tokens from where the configuration says.

        Raises:
            ConfigurationError: They are not there, or one is too short.
        """
        return cls(_configured(config))

    def renew(self, config: TokensConfig) -> None:
        """Read the tokens anew: those that are gone count no longer, at once.

        Raises:
            ConfigurationError: They are not there, or one is too short; those before stay.
        """
        self._holders = _holders(_configured(config))

    def guards(self, right: Right) -> bool:
        """Say whether the right takes a token."""
        return self._holders[right] is not None

    def allows(self, token: str | None, right: Right) -> bool:
        """Say whether who has this token has this right."""
        return self.entitles(None if token is None else fingerprint(token), right)

    def entitles(self, known: bytes | None, right: Right) -> bool:
        """Say whether who has shown a token of this fingerprint, None for none, has this right.

        All tokens are compared, each in a time that does not depend on where it
        differs, so that answers' timing tells nothing of a token, nor which one fits.
        """
        holders = self._holders[right]
        if holders is None:
            return True
        if known is None:
            return False
        fits = False
        for other in holders:
            fits |= hmac.compare_digest(known, other)
        return fits


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token of an ``authorization`` header, or of gRPC metadata of that name.

    >>> bearer({"authorization": "Bearer correct-horse-battery"})
    'correct-horse-battery'
    """
    given = headers.get("authorization", "")
    return given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else None


def fingerprint(token: str) -> bytes:
    """Return what is kept of a token; of one length, whatever length the token has."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _configured(config: TokensConfig) -> dict[Right, list[str]]:
    sources = {right: getattr(config, right) for right in RIGHTS}
    return {right: read_secret(where) for right, where in sources.items() if where}


def _holders(tokens: Mapping[Right, Iterable[str]]) -> dict[Right, list[bytes] | None]:
    """Return by right whose it is; None is everybody's."""
    own = {right: [_checked(token) for token in tokens.get(right, ())] for right in RIGHTS}
    reading = [*own["read"], *own["review"]] if own["read"] else None
    reviewing = own["review"] if own["review"] or own["read"] else None
    return {"otlp": own["otlp"] or None, "read": reading, "review": reviewing}


def _checked(token: str) -> bytes:
    if len(token) < _SHORTEST:
        raise ConfigurationError(f"a token has to have at least {_SHORTEST} characters")
    return fingerprint(token)
