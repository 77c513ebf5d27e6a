"""Sockets to bytes: OTLP over gRPC and over HTTP."""

from barograph_processor.receiver.grpc import GrpcReceiver
from barograph_processor.receiver.http import http_receiver
from barograph_processor.receiver.intake import Authorize, Intake, Submit
from barograph_processor.receiver.limits import ReceiverLimits
from barograph_processor.receiver.tls import Certificates, ServerTls

__all__ = [
    "Authorize",
    "Certificates",
    "GrpcReceiver",
    "Intake",
    "ReceiverLimits",
    "ServerTls",
    "Submit",
    "http_receiver",
]
