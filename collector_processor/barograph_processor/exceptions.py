"""What can go wrong, by who has to mend it."""

__all__ = ["BarographError", "ConfigurationError", "DataError", "StateError"]


class BarographError(Exception):
    """Base of every error that Barograph raises on purpose; its text is for people."""


class ConfigurationError(BarographError):
    """The configuration or the command line cannot be used as it is. Exit code 2."""


class DataError(BarographError):
    """The input data cannot be used as it is. Exit code 2."""


class StateError(BarographError):
    """A checkpoint, profile or journal cannot be read, or is of a version unknown here."""
