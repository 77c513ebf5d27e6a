"""Bounds of what is taken in."""

from dataclasses import dataclass

__all__ = ["ReceiverLimits"]

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReceiverLimits:
    """Bounds of requests, each positive.

    Attributes:
        max_request_bytes: Size of one message, after decompression.
        max_json_bytes: The same for JSON, of which a byte may take twenty in memory.
        max_in_flight_bytes: Size of all bodies being read or decoded, of gRPC of those that
            are there, by each of gRPC and HTTP.
        drain_bytes: What is still read of a body that is too large, so that the
            client comes to read the answer; beyond it the connection is closed.
        body_seconds: Time for a body to arrive.
        connection_seconds: Age of a gRPC connection at which it is asked to come anew.
        idle_seconds: Time without a request after which a gRPC connection is ended.
        max_streams: Requests at once on a gRPC connection; further ones wait at the sender.
        max_connections: gRPC connections at once; further ones are ended as they come.
    """

    max_request_bytes: int = 64 * _MIB
    max_json_bytes: int = 16 * _MIB
    max_in_flight_bytes: int = 256 * _MIB
    drain_bytes: int = 128 * _MIB
    body_seconds: float = 60.0
    connection_seconds: float = 600.0
    idle_seconds: float = 300.0
    max_streams: int = 32
    max_connections: int = 1024

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if value <= 0:
                raise ValueError(f"{name} must be positive, got {value!r}")
