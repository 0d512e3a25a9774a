"""What the SDK can do with each board."""

from firmware.verbs import Verb

BOARDS_VERB = Verb("boards", "list what can be done with each board", "codegen.boards.cli")
"""A verb of `codegen` and of `nas`."""
