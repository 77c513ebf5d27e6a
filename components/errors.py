"""What can go wrong with a component."""

__all__ = ["ComponentError", "ComponentMissingError"]


class ComponentError(RuntimeError):
    """A component could not be built, installed, started or asked.

    The message says what to do; where a program is to blame, it ends with what
    that program printed last.
    """


class ComponentMissingError(ComponentError):
    """A program is not on this machine. The message names the command that brings it."""
