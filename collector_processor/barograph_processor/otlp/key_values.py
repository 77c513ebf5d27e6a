"""Attributes as OTLP writes them."""

from collections.abc import Mapping, Sequence

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

__all__ = ["Plain", "key_values"]

Plain = str | bool | float | int | Sequence[str]
"""What an attribute may be."""


def key_values(attributes: Mapping[str, Plain]) -> list[KeyValue]:
    """Return attributes in order."""
    return [KeyValue(key=key, value=_any(value)) for key, value in attributes.items()]


def _any(value: Plain) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=v) for v in value]))
