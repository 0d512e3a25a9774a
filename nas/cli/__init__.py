"""The command line of `nas`."""

from nas.cli.commands import main

__all__ = ["main"]
