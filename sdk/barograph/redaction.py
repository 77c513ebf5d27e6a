"""What is taken out of a value before it leaves: secrets by default, and what a mask drops."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from barograph import reentry, telemetry
from barograph.limits import MAX_CATEGORY_CHARS
from barograph.scalar import wire_text
from barograph.text import is_category

__all__ = ["CARD_FROM", "Mask", "Redactor", "redact"]

Mask: TypeAlias = Callable[[str, Any], Any]

_EMAIL: Final = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
_DIGITS: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_SOCIAL_SECURITY: Final = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_TOKEN: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[\s\S]{0,8192}?"
    r"(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|\Z)"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # JSON web tokens
    r"|\b(?:sk|pk|rk)[-_][\w-]{16,}"  # OpenAI, Anthropic, Stripe, Langfuse
    r"|\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bhf_\w{20,}|\bxox[abeoprs]-[\w-]{10,}"
    r"|\b[Bb]earer\s+[\w.~+/=-]{16,}"
    r"|\b[a-z][a-z0-9+.-]{1,15}://[^\s:/@]{1,64}:[^\s:/@]{1,128}@"  # credentials in an address
)
# What any of the patterns needs: one pass decides that most strings need no other.
_SUSPECT: Final = re.compile(
    r"@|\d(?:[ -]?\d){8}|[A-Z]{2}\d\d|eyJ|[spr]k[-_]|gh[opsur]_|pat[-_]|AIza|hf_|xox|KIA|SIA"
    r"|earer|PRIVATE"
)
_SECRET_KEY: Final = re.compile(
    r"(?:^|[._-])(?:passwords?|passwd|pwd|secrets?|client_?secret|token|(?:access|auth|refresh|api|"
    r"bearer|session)_?token|api_?keys?|access_?key|private_?key|authorization|credentials?|ssn|"
    r"social_?security(?:_?number)?|cvv|cvc|iban|(?:credit_?)?card_?(?:number|no)|pan)(?:$|[._-])",
    re.IGNORECASE,
)
_REDACTED: Final = "[redacted]"
_MAX_CACHED = 4096
CARD_FROM: Final = 10**12
"""Whole numbers from here on might be card numbers."""


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if position % 2:
            value = value * 2 - 9 if value > 4 else value * 2  # noqa: PLR2004  # Luhn's rule
        total += value
    return total % 10 == 0


def _is_card(digits: str) -> bool:
    """A number in a range that card issuers use, with a valid check digit."""
    return digits.isascii() and digits[0] in "23456" and _luhn(digits)


def _card(match: re.Match[str]) -> str:
    digits = match[0].replace(" ", "").replace("-", "")
    return "[card]" if _is_card(digits) else match[0]


def _iban(match: re.Match[str]) -> str:
    """ISO 13616: rearranged, with letters as 10 to 35, the number is 1 modulo 97."""
    compact = match[0].replace(" ", "")
    number = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
    return "[iban]" if int(number) % 97 == 1 else match[0]


def redact(text: str) -> str:
    """Replace what looks like an e-mail address, a card or account number, or a token.

    >>> redact("write to ada@example.org, card 4111 1111 1111 1111")
    'write to [email], card [card]'
    """
    if _SUSPECT.search(text) is None:
        return text
    text = _TOKEN.sub("[token]", text)
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    text = _DIGITS.sub(_card, text)
    text = _SOCIAL_SECURITY.sub("[ssn]", text)
    return _IBAN.sub(_iban, text)


class Redactor:
    """Applies the patterns, then the user's mask, to everything a span or a fact carries.

    State: two bounded caches, filled without a lock; a lost update costs a recomputation.
    """

    __slots__ = ("_keys", "_mask", "_texts", "categories")

    def __init__(self, mask: Mask | None = None) -> None:
        self._mask = mask
        self._texts: dict[str, str] = {}
        self._keys: dict[str, bool] = {}
        self.categories: set[str] = set()
        """Strings known to be categories, and no secrets."""

    @property
    def masked(self) -> bool:
        """Whether the user gave a mask, which must then see every value."""
        return self._mask is not None

    def secret(self, key: str) -> bool:
        """Whether the name alone says that the value is a secret."""
        known = self._keys.get(key)
        if known is None:
            known = _SECRET_KEY.search(key) is not None
            if len(self._keys) < _MAX_CACHED:
                self._keys[key] = known
        return known

    def text(self, text: str) -> str:
        """Return `text` without secrets, from the cache if it is short and was seen before."""
        known = self._texts.get(text)
        if known is None:
            known = redact(text)
            if len(self._texts) < _MAX_CACHED and len(text) <= MAX_CATEGORY_CHARS:
                self._texts[text] = known
        return known

    def is_clean_category(self, text: str) -> bool:
        """Whether `text` may be sent as it is: a category, in valid Unicode, and no secret."""
        if text in self.categories:
            return True
        if not is_category(text) or _SUSPECT.search(text) or not text.isprintable():
            return False
        if len(self.categories) < _MAX_CACHED:
            self.categories.add(text)
        return True

    def value(self, key: str, value: Any) -> Any:
        """Return `value`, a scalar, as it may be sent under `key`; None if it may not."""
        kind = type(value)
        if self.secret(key):
            value = _REDACTED
        elif kind is str:
            value = self.text(value)
        elif kind is int and CARD_FROM <= value < 10**19 and _is_card(str(value)):
            value = "[card]"
        return self.mask(key, value) if self._mask is not None else value

    def mask(self, key: str, value: Any) -> Any:
        """Ask the user's mask alone; a mask that fails drops the value."""
        if self._mask is None:
            return value
        token = reentry.enter()
        try:
            masked = self._mask(key, value)
        except Exception as error:  # noqa: BLE001  # the user's code
            telemetry.failed("mask", error)
            return None
        finally:
            reentry.leave(token)
        return masked if type(masked) in {str, int, float, bool} else None

    def identity(self, key: str, value: str) -> str | None:
        """Return a prediction's id as it may be sent.

        An id that is a secret itself (an e-mail address) becomes a digest, the same in every
        process, so that late facts still meet their prediction.
        """
        if redact(value) != value:
            digest = hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
            value = f"sha256:{digest[:32]}"
        masked = self.mask(key, value) if self._mask is not None else value
        return None if masked is None else wire_text(str(masked))
