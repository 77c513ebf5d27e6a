"""Requests with text that is no UTF-8, which Go's exporters and the Collector send as it is."""

from functools import cache
from typing import Final

from google.protobuf.descriptor import FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default, DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

__all__ = ["with_sound_text"]

_TEXT: Final = FieldDescriptor.TYPE_STRING
_MESSAGE: Final = FieldDescriptor.TYPE_MESSAGE


def with_sound_text(kind: type[Message], payload: bytes) -> bytes | None:
    r"""Return a message with U+FFFD in its texts for what is no UTF-8 there.

    A text that was cut in the middle of a character, in a log record of an application that
    has no model, would else refuse the predictions that the Collector sends with it, for good.

    Args:
        kind: Class of the message, one of proto3.
        payload: The message, which that class does not take.

    Returns:
        The message again; None if that was not what is wrong with it.

    >>> from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    >>> KeyValue.FromString(with_sound_text(KeyValue, b"\n\x03a\xc3b")).key
    'a�b'
    """
    message = _lenient(kind.DESCRIPTOR.full_name)()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        return None
    _mend(message)
    return message.SerializeToString()


@cache
def _lenient(name: str) -> type[Message]:
    """Return a class of the message so named that hands out text that is no UTF-8 as bytes."""
    pool = DescriptorPool()
    for file in _files(Default().FindMessageTypeByName(name).file):
        copy = FileDescriptorProto()
        file.CopyToProto(copy)
        # Where texts need not be UTF-8: https://protobuf.dev/programming-guides/proto3/#scalar.
        copy.syntax = "proto2"
        pool.AddSerializedFile(copy.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(name))


def _files(file: FileDescriptor) -> dict[FileDescriptor, None]:
    """Return a file behind all that it depends on, each once."""
    found: dict[FileDescriptor, None] = {}
    for needed in file.dependencies:
        found |= _files(needed)
    return found | {file: None}


def _mend(message: Message) -> None:
    for field, value in message.ListFields():
        if field.type == _MESSAGE:
            for each in value if field.is_repeated else (value,):
                _mend(each)
        elif field.type == _TEXT and field.is_repeated:
            value[:] = [_sound(each) for each in value]
        elif field.type == _TEXT and isinstance(value, bytes):
            setattr(message, field.name, _sound(value))


def _sound(text: str | bytes) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text
