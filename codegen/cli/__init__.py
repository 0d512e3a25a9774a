"""The command line of `codegen`."""

from codegen.cli.commands import main

__all__ = ["main"]
