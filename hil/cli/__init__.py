"""The command line of `hil`."""

from hil.cli.commands import main

__all__ = ["main"]
