"""The verbs of a command. The module of a verb is imported when the verb is used. Imports modules.

Each module has a function `add_arguments`, which gives a parser the verb's description, its options
and its function: the default of `command`.
"""

import argparse
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of a command.

    Attributes:
        name: The word on the command line.
        help: Its line in the help of the command.
        module: Name of the module with its `add_arguments`.
    """

    name: str
    help: str
    module: str


class _VerbParser(argparse.ArgumentParser):
    """The parser of one verb, empty until it parses or until `complete`.

    Args:
        module: As in `Verb`; empty for a verb of a verb, whose arguments are added with it.
        settings: Of `argparse.ArgumentParser`.
    """

    def __init__(self, module: str = "", **settings: Any) -> None:
        super().__init__(**settings)
        self._module = module

    def complete(self) -> None:
        """Add the arguments of the verb, once."""
        module, self._module = self._module, ""
        if module:
            importlib.import_module(module).add_arguments(self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See `argparse.ArgumentParser`, which calls it for the verb that was chosen."""
        self.complete()
        return super().parse_known_args(args, namespace)


class CommandParser(argparse.ArgumentParser):
    """The parser of a command with verbs; the parsed verb's function is in `command`.

    Args:
        program: Name of the command.
        description: What it does.
        verbs: In the order of its help.
    """

    def __init__(self, program: str, description: str, verbs: Iterable[Verb]) -> None:
        super().__init__(prog=program, description=description)
        known = self.add_subparsers(required=True, metavar="VERB", parser_class=_VerbParser)
        self._verbs = [
            known.add_parser(verb.name, help=verb.help, module=verb.module) for verb in verbs
        ]

    def complete(self) -> None:
        """Add the arguments of all verbs, for those who read them without parsing."""
        for verb in self._verbs:
            verb.complete()
