"""Responses of OpenAI's and Anthropic's clients, and of whatever has their shape, in numbers.

Recognized by shape alone: an object or dict with `choices` (OpenAI's chat and completions),
with `output` and `status` (OpenAI's responses), or with `content` and `stop_reason`
(Anthropic's messages). No client library is imported.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from barograph.record import fields_of, is_sequence, items_of
from barograph.scalar import Scalar, library, scalar

__all__ = ["GenerationReading", "chunk_of", "read_response"]

_MAX_PARTS = 1_000
_PROVIDERS = frozenset({"openai", "anthropic"})
_MAX_TOKENS = 4_096  # whose log probabilities are read


@dataclass(slots=True)
class GenerationReading:
    """A response, or a stream so far, in the terms of OpenTelemetry's conventions."""

    texts: list[str] = field(default_factory=list)
    model: str | None = None
    response_id: str | None = None
    finish_reasons: dict[str, None] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    tool_calls: dict[str, None] = field(default_factory=dict)
    log_probabilities: list[float] = field(default_factory=list)
    refused: bool = False
    provider: str | None = None

    @property
    def text(self) -> str:
        """All text written."""
        return "".join(self.texts)

    @property
    def confidence(self) -> float | None:
        """The geometric mean of the tokens' probabilities; None if they were not asked for."""
        if not self.log_probabilities:
            return None
        return math.exp(min(0.0, math.fsum(self.log_probabilities) / len(self.log_probabilities)))

    def standard(self) -> dict[str, Any]:
        """Return the attributes that OpenTelemetry's conventions for generative models name."""
        named: dict[str, Any] = {
            "gen_ai.provider.name": self.provider,
            "gen_ai.response.model": self.model,
            "gen_ai.response.id": self.response_id,
            "gen_ai.response.finish_reasons": list(self.finish_reasons) or None,
            "gen_ai.usage.input_tokens": self.input_tokens,
            "gen_ai.usage.output_tokens": self.output_tokens,
        }
        return {key: value for key, value in named.items() if value is not None}

    def outputs(self) -> dict[str, Scalar]:
        """Return what the standard has no name for."""
        found: dict[str, Scalar] = {}
        if self.tool_calls:
            found["tool_calls"] = len(self.tool_calls)
        if self.refused:
            found["refusal"] = 1
        return found


def _part(value: Any, name: str) -> Any:
    """A field of a dict or record; of a client's own class, an attribute held by its instance."""
    fields = fields_of(value)
    if fields is not None:
        return fields.get(name)
    try:  # the base's own method: a class may have overridden this one with anything
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return held.get(name) if type(held) is dict else None


def _parts(value: Any, name: str) -> Iterable[Any]:
    listed = _part(value, name)
    return items_of(listed, _MAX_PARTS) if is_sequence(listed) else ()


def _text(value: Any) -> str | None:
    plain = scalar(value)
    return plain if type(plain) is str else None


def _whole(value: Any) -> int | None:
    plain = scalar(value)
    return plain if type(plain) is int else None


def read_response(response: Any) -> GenerationReading | None:
    """Read a whole response; None if it has no known shape."""
    reading = GenerationReading()
    return reading if _read(response, reading) else None


def chunk_of(item: Any, reading: GenerationReading) -> bool:
    """Add one item of a stream to `reading`; false if it has no known shape."""
    return _read(item, reading) or _read_event(item, reading)


def _read(response: Any, reading: GenerationReading) -> bool:
    if is_sequence(_part(response, "choices")):
        for choice in _parts(response, "choices"):
            _choice(choice, reading)
    elif is_sequence(_part(response, "output")) and _part(response, "status") is not None:
        for item in _parts(response, "output"):
            _output_item(item, reading)
        reading.finish_reasons[_text(_part(response, "status")) or "unknown"] = None
    elif is_sequence(_part(response, "content")) and _part(response, "role") is not None:
        for block in _parts(response, "content"):
            _block(block, reading)
        if (reason := _text(_part(response, "stop_reason"))) is not None:
            reading.finish_reasons[reason] = None
    else:
        return False
    _common(response, reading)
    return True


def _common(response: Any, reading: GenerationReading) -> None:
    if (provider := library(type(response))) in _PROVIDERS:
        reading.provider = provider
    reading.model = _text(_part(response, "model")) or reading.model
    reading.response_id = _text(_part(response, "id")) or reading.response_id
    _usage(_part(response, "usage"), reading)


def _usage(usage: Any, reading: GenerationReading) -> None:
    for name in ("prompt_tokens", "input_tokens"):
        if (tokens := _whole(_part(usage, name))) is not None:
            reading.input_tokens = tokens
    for name in ("completion_tokens", "output_tokens"):
        if (tokens := _whole(_part(usage, name))) is not None:
            reading.output_tokens = tokens


def _choice(choice: Any, reading: GenerationReading) -> None:
    """A choice of OpenAI's: with a message, with the delta of a stream, or with a plain text."""
    message = _part(choice, "message") or _part(choice, "delta") or choice
    for name in ("content", "text"):
        if (text := _text(_part(message, name))) is not None:
            reading.texts.append(text)
    if _text(_part(message, "refusal")):
        reading.refused = True
    for call in _parts(message, "tool_calls"):
        if (name_or_id := _text(_part(call, "id"))) is not None:
            reading.tool_calls[name_or_id] = None
    for token in _parts(_part(choice, "logprobs"), "content"):
        _log_probability(_part(token, "logprob"), reading)
    for number in _parts(_part(choice, "logprobs"), "token_logprobs"):
        _log_probability(number, reading)
    if (reason := _text(_part(choice, "finish_reason"))) is not None:
        reading.finish_reasons[reason] = None


def _log_probability(value: Any, reading: GenerationReading) -> None:
    plain = scalar(value)
    numeric = type(plain) is float or type(plain) is int
    if numeric and len(reading.log_probabilities) < _MAX_TOKENS:
        reading.log_probabilities.append(float(plain))  # type: ignore[arg-type]  # a number


def _output_item(item: Any, reading: GenerationReading) -> None:
    """An item of OpenAI's responses."""
    if _part(item, "type") in {"function_call", "tool_call"}:
        reading.tool_calls[_text(_part(item, "call_id")) or str(len(reading.tool_calls))] = None
    for block in _parts(item, "content"):
        _block(block, reading)


def _block(block: Any, reading: GenerationReading) -> None:
    """A block of content, of Anthropic's messages or OpenAI's responses."""
    if (text := _text(_part(block, "text"))) is not None:
        reading.texts.append(text)
    if _text(_part(block, "refusal")):
        reading.refused = True
    if _part(block, "type") == "tool_use":
        reading.tool_calls[_text(_part(block, "id")) or str(len(reading.tool_calls))] = None
    for token in _parts(block, "logprobs"):
        _log_probability(_part(token, "logprob"), reading)


def _read_event(event: Any, reading: GenerationReading) -> bool:
    """An event of Anthropic's streams, or of OpenAI's responses."""
    kind = _text(_part(event, "type"))
    if kind is None:
        return False
    if (message := _part(event, "message") or _part(event, "response")) is not None:
        if kind == "response.completed":
            reading.texts.clear()  # it repeats all that came before
        _read(message, reading)
    delta = _part(event, "delta")
    text = _text(delta) if kind == "response.output_text.delta" else _text(_part(delta, "text"))
    if text is not None:
        reading.texts.append(text)
    if (reason := _text(_part(delta, "stop_reason"))) is not None:
        reading.finish_reasons[reason] = None
    block = _part(event, "content_block")
    if _part(block, "type") == "tool_use":
        reading.tool_calls[_text(_part(block, "id")) or str(len(reading.tool_calls))] = None
    _usage(_part(event, "usage"), reading)
    return kind.split("_")[0] in {"message", "content", "ping"} or kind.startswith("response.")
