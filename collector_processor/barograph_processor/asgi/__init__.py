"""HTTP servers: bounded, closed to strange names, with TLS."""

from barograph_processor.asgi.server import AsgiServer

__all__ = ["AsgiServer"]
