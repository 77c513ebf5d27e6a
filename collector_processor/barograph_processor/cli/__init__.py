"""The command line."""

from barograph_processor.cli.app import main

__all__ = ["main"]
