"""Responses of OpenAI's and Anthropic's clients, and of whatever has their shape, in numbers.

Recognized by shape alone: an object or dict with `choices` (OpenAI's chat and completions),
with `output` and `status` (OpenAI's responses), or with `content` and `stop_reason`
(Anthropic's messages). No client library is imported.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from barograph import semconv
from barograph.limits import MAX_SUMMARY_CHARS
from barograph.record import fields_of, is_sequence, items_of
from barograph.scalar import Scalar, library, number_of, scalar
from barograph.tool_calls import ToolCalls

__all__ = ["GenerationReading", "chunk_of", "read_response"]

_MAX_PARTS = 1_000
_PROVIDERS = frozenset({"openai", "anthropic"})
_MAX_TOKENS = 4_096  # whose log probabilities are read
_UNFINISHED = frozenset({"in_progress", "queued"})
# Events whose message is all that came before.
_REPEATS = frozenset(
    {"message_stop", "response.completed", "response.incomplete", "response.failed"}
)
_DERIVED = ("content.", "refusal.", "logprobs.", "tool_calls.")
_DERIVED_WHOLE = frozenset({"text", "input_json", "thinking", "signature", "citation"})


@dataclass(slots=True)
class GenerationReading:
    """A response, or a stream so far, in the terms of OpenTelemetry's conventions."""

    texts: list[str] = field(default_factory=list)
    model: str | None = None
    response_id: str | None = None
    finish_reasons: dict[str, None] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    tool_calls: ToolCalls = field(default_factory=ToolCalls)
    log_probabilities: list[float] = field(default_factory=list)
    refused: bool = False
    provider: str | None = None
    length: int = 0
    """Characters written; of a longer text only the beginning is kept."""

    def write(self, text: str) -> None:
        """Add a piece of text; beyond 65,536 characters it is only counted."""
        room = MAX_SUMMARY_CHARS - self.length
        if room > 0:
            self.texts.append(text[:room])
        self.length += len(text)

    def begin_again(self) -> None:
        """Forget what was written: a stream ends by repeating it as a whole."""
        self.texts.clear()
        self.log_probabilities.clear()
        self.length = 0

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
            semconv.RESPONSE_ID: self.response_id,
            "gen_ai.response.finish_reasons": list(self.finish_reasons) or None,
            "gen_ai.usage.input_tokens": self.input_tokens,
            "gen_ai.usage.output_tokens": self.output_tokens,
        }
        return {key: value for key, value in named.items() if value is not None}

    def outputs(self) -> dict[str, Scalar]:
        """Return what the standard has no name for."""
        found: dict[str, Scalar] = {}
        if len(self.tool_calls):
            found["tool_calls"] = len(self.tool_calls)
            if (valid := self.tool_calls.validity()) is not None:
                found["valid_tool_arguments"] = valid
        if self.length > MAX_SUMMARY_CHARS:
            found["length"] = self.length
        if self.refused:
            found["refusal"] = 1
        return found


def _part(value: Any, name: str) -> Any:
    """A field of a dict or record; of a client's own class, an attribute held by its instance."""
    if type(value) is dict:
        return value.get(name)
    if hasattr(type(value), "__pydantic_fields__"):
        return object.__getattribute__(value, "__dict__").get(name)
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
        status = _text(_part(response, "status")) or "unknown"
        if status not in _UNFINISHED:
            reading.finish_reasons[status] = None
    elif is_sequence(_part(response, "content")) and _part(response, "role") is not None:
        for block in _parts(response, "content"):
            _block(block, reading)
        _stopped(_part(response, "stop_reason"), reading)
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
            reading.write(text)
    if _text(_part(message, "refusal")):
        reading.refused = True
    for call in _parts(message, "tool_calls"):
        arguments = _text(_part(_part(call, "function"), "arguments")) or ""
        reading.tool_calls.add(_text(_part(call, "id")), _whole(_part(call, "index")), arguments)
    for token in _parts(_part(choice, "logprobs"), "content"):
        _log_probability(_part(token, "logprob"), reading)
    for number in _parts(_part(choice, "logprobs"), "token_logprobs"):
        _log_probability(number, reading)
    if (reason := _text(_part(choice, "finish_reason"))) is not None:
        reading.finish_reasons[reason] = None


def _log_probability(value: Any, reading: GenerationReading) -> None:
    found = number_of(value)
    if found is not None and len(reading.log_probabilities) < _MAX_TOKENS:
        reading.log_probabilities.append(found)


def _output_item(item: Any, reading: GenerationReading) -> None:
    """An item of OpenAI's responses."""
    if _part(item, "type") in {"function_call", "tool_call"}:
        arguments = _text(_part(item, "arguments")) or ""
        reading.tool_calls.replace(_text(_part(item, "call_id")), arguments)
    for block in _parts(item, "content"):
        _block(block, reading)


def _block(block: Any, reading: GenerationReading) -> None:
    """A block of content, of Anthropic's messages or OpenAI's responses."""
    if (text := _text(_part(block, "text"))) is not None:
        reading.write(text)
    if _text(_part(block, "refusal")):
        reading.refused = True
    if _part(block, "type") == "tool_use":  # its arguments are parsed already
        reading.tool_calls.replace(_text(_part(block, "id")), "")
    for token in _parts(block, "logprobs"):
        _log_probability(_part(token, "logprob"), reading)


def _stopped(reason: Any, reading: GenerationReading) -> None:
    """Note why Anthropic's model stopped."""
    if (text := _text(reason)) is not None:
        reading.finish_reasons[text] = None
        reading.refused = reading.refused or text == "refusal"


def _read_event(event: Any, reading: GenerationReading) -> bool:
    """An event of Anthropic's streams, of OpenAI's responses, or of OpenAI's streaming helper."""
    kind = _text(_part(event, "type"))
    if kind is None:
        return False
    if kind == "chunk":
        return _read(_part(event, "chunk"), reading)
    if kind.startswith(_DERIVED) or kind in _DERIVED_WHOLE:
        return True  # the helpers make them of events that they pass on as well
    if (message := _part(event, "message") or _part(event, "response")) is not None:
        if kind in _REPEATS:
            reading.begin_again()
        _read(message, reading)
    _delta(event, kind, reading)
    _tool(event, kind, reading)
    _usage(_part(event, "usage"), reading)
    return kind.split("_")[0] in {"message", "content", "ping"} or kind.startswith("response.")


def _delta(event: Any, kind: str, reading: GenerationReading) -> None:
    """What an event adds: a piece of text, of a tool's arguments, or why the model stopped."""
    delta = _part(event, "delta")
    if kind == "response.output_text.delta":
        if (text := _text(delta)) is not None:
            reading.write(text)
        for token in _parts(event, "logprobs"):
            _log_probability(_part(token, "logprob"), reading)
    elif (text := _text(_part(delta, "text"))) is not None:
        reading.write(text)
    elif (text := _text(_part(delta, "partial_json"))) is not None:
        reading.tool_calls.add(None, _whole(_part(event, "index")), text)
    _stopped(_part(delta, "stop_reason"), reading)
    reading.refused = reading.refused or kind == "response.refusal.delta"


def _tool(event: Any, kind: str, reading: GenerationReading) -> None:
    """A tool call that begins, or that is there as a whole."""
    if kind == "content_block_start":
        block = _part(event, "content_block")
        if _part(block, "type") == "tool_use":
            reading.tool_calls.begin(_text(_part(block, "id")), _whole(_part(event, "index")))
    elif kind == "response.output_item.done":
        item = _part(event, "item")
        if _part(item, "type") == "function_call":
            _output_item(item, reading)
