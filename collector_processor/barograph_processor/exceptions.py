"""What can go wrong, by who has to mend it."""

__all__ = [
    "BarographError",
    "ConfigurationError",
    "DataError",
    "OverloadedError",
    "StateError",
    "UndecodableError",
]


class BarographError(Exception):
    """Base of every error that Barograph raises on purpose; its text is for people."""


class ConfigurationError(BarographError):
    """The configuration or the command line cannot be used as it is. Exit code 2."""


class DataError(BarographError):
    """The input data cannot be used as it is. Exit code 2."""


class StateError(BarographError):
    """A checkpoint, profile or journal cannot be read, or is of a version unknown here."""


class UndecodableError(BarographError):
    """A request is no OTLP; sending it again cannot help."""


class OverloadedError(BarographError):
    """A request cannot be taken now; sending it again later will help.

    Attributes:
        retry_after: Seconds after which to try again.
    """

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
